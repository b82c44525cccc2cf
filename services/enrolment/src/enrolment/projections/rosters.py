"""Read model `rosters`: where every received roster stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.v1 import RosterImported, RosterReceived, RosterRowsImported
from contracts.envelope import Actor, Event

NAME = "rosters"
RECEIVED, IMPORTED = "RECEIVED", "IMPORTED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("organization", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("rows_done", sa.Integer, nullable=False),
    sa.Column("valid", sa.Integer),
    sa.Column("errors", sa.Text),
    sa.Column("warnings", sa.Text),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    sa.Column("imported_at", sa.Text),
    sa.Index("rosters_position", "position"),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """Counts stand in the last event; until then only the progress is known here."""
    match recorded.event:
        case RosterReceived() as event:
            yield Put(
                (event.batch_id,),
                position=recorded.position,
                plan_code=event.plan_code,
                organization=event.organization,
                org_path=event.org_path,
                format=event.format,
                state=RECEIVED,
                rows=event.rows,
                rows_done=0,
                received_at=recorded.header.time,
                received_by=recorded.header.actorsub,
            )
        case RosterRowsImported() as event:
            yield Patch((event.batch_id,), rows_done=event.last_row)
        case RosterImported() as event:
            yield Patch(
                (event.batch_id,),
                state=IMPORTED,
                valid=event.valid,
                errors=_text(event.errors),
                warnings=_text(event.warnings),
                imported_at=recorded.header.time,
            )
        case _:
            pass


def _text(counts: dict[str, int]) -> str:
    return msgspec.json.encode(dict(sorted(counts.items()))).decode()


EVENTS: frozenset[type[Event]] = frozenset({RosterReceived, RosterRowsImported, RosterImported})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Roster(msgspec.Struct, frozen=True):
    """A row. `valid`, `errors` and `warnings` are None until every row is decided."""

    batch_id: str
    position: int
    plan_code: str
    organization: str
    org_path: str
    format: str
    state: str
    rows: int
    rows_done: int
    valid: int | None
    errors: str | None
    warnings: str | None
    received_at: str
    received_by: str
    imported_at: str | None


def counts(text: str | None) -> Counter[str]:
    """The counts of a finished roster, by code."""
    return Counter(msgspec.json.decode(text, type=dict[str, int]) if text else {})


async def find(c: AsyncConnection, batch_id: str, actor: Actor) -> Roster | None:
    """A roster that the actor's organisation may see."""
    query = sa.select(TABLE).where(TABLE.c.batch_id == batch_id, in_subtree(TABLE.c.org_path, actor))
    row = (await c.execute(query)).first()
    return None if row is None else Roster(*row)


async def page(c: AsyncConnection, actor: Actor, before: int | None, limit: int) -> list[Roster]:
    """The newest rosters of the subtree, received before a log position."""
    query = sa.select(TABLE).where(in_subtree(TABLE.c.org_path, actor))
    if before is not None:
        query = query.where(TABLE.c.position < before)
    return [Roster(*row) for row in await c.execute(query.order_by(TABLE.c.position.desc()).limit(limit))]


async def unfinished(c: AsyncConnection) -> list[str]:
    """Batches with rows still to decide, oldest first."""
    query = sa.select(TABLE.c.batch_id).where(TABLE.c.state != IMPORTED).order_by(TABLE.c.position)
    return list((await c.execute(query)).scalars())
