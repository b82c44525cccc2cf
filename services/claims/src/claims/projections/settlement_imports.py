"""Read model `settlement_imports`: the bureau's files, how far each is, and what its last run came to."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.claims.matching import (
    MatchingStarted,
    SettlementRowsMatched,
    SettlementsMatched,
    SettlementsReceived,
    SettlementsRefused,
)
from contracts.envelope import Event

NAME = "settlement_imports"
RECEIVED, MATCHING, MATCHED, REFUSED = "RECEIVED", "MATCHING", "MATCHED", "REFUSED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("refusal", sa.Text, nullable=False, server_default=""),
    sa.Column("run", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rows", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_done", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("opened", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("computed_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("counts", sa.Text, nullable=False, server_default="{}"),
    sa.Column("enrolment_position", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("matched_at", sa.Text, nullable=False, server_default=""),
    sa.Index("settlement_imports_by_state", "state", "position"),
)
"""`counts` is JSON, of the last run that has ended; `opened` and `computed_fen` are of the run under way."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a file."""
    match recorded.event:
        case SettlementsReceived() as event:
            yield Put(
                (event.import_id,),
                plan_code=event.plan_code,
                format=event.format,
                size_bytes=event.size_bytes,
                received_by=event.by,
                received_at=recorded.header.time,
                position=recorded.position,
                state=RECEIVED,
            )
        case SettlementsRefused(import_id=import_id, code=code):
            yield Patch((import_id,), state=REFUSED, refusal=code)
        case MatchingStarted() as event:
            yield Patch(
                (event.import_id,),
                state=MATCHING,
                run=event.run,
                rows=event.rows,
                enrolment_position=event.enrolment_position,
                rows_done=0,
                opened=0,
                computed_fen=0,
            )
        case SettlementRowsMatched() as event:
            key = (event.import_id,)
            yield Patch(key, rows_done=event.last_row)
            yield Count(key, opened=event.opened, computed_fen=event.computed_fen)
        case SettlementsMatched() as event:
            counts = msgspec.json.encode(event.counts).decode()
            yield Patch((event.import_id,), state=MATCHED, counts=counts, matched_at=recorded.header.time)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset(
    {SettlementsReceived, SettlementsRefused, MatchingStarted, SettlementRowsMatched, SettlementsMatched}
)
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


class ImportRow(msgspec.Struct, frozen=True):
    """A file as it stands."""

    import_id: str
    plan_code: str
    format: str
    received_by: str
    received_at: str
    position: int
    state: str
    refusal: str
    run: int
    rows: int
    rows_done: int
    opened: int
    computed_fen: int
    counts: str
    matched_at: str


_COLUMNS = [C[name] for name in ImportRow.__struct_fields__]


async def find(c: AsyncConnection, import_id: str) -> ImportRow | None:
    """One file."""
    row = (await c.execute(sa.select(*_COLUMNS).where(C.import_id == import_id))).first()
    return ImportRow(*row) if row else None


async def page(c: AsyncConnection, before: int | None, limit: int) -> list[ImportRow]:
    """Newest first."""
    query = sa.select(*_COLUMNS).order_by(C.position.desc()).limit(limit)
    if before is not None:
        query = query.where(C.position < before)
    return [ImportRow(*row) for row in await c.execute(query)]


async def unfinished(c: AsyncConnection) -> list[str]:
    """Files with rows that have no result in their run, oldest first."""
    query = sa.select(C.import_id).where(C.state.in_((RECEIVED, MATCHING))).order_by(C.position)
    return [*(await c.scalars(query))]


async def behind(c: AsyncConnection, position: int) -> list[str]:
    """Finished files whose last run began before enrolment's log had reached a position, oldest first."""
    query = sa.select(C.import_id).where(C.state == MATCHED, C.enrolment_position < position).order_by(C.position)
    return [*(await c.scalars(query))]
