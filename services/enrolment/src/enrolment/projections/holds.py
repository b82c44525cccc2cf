"""Read model `holds`: people whose ID number came under two names, until the county has seen the card (domain 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.envelope import Actor, Event, Sealed
from enrolment.projections import covers

NAME = "holds"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("row_no", sa.Integer, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("identity", sa.LargeBinary, nullable=False),
    sa.Column("found_at", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person on hold; the claimed identity stays sealed."""
    match recorded.event:
        case NameConflictFound() as event:
            yield Put(
                (event.person_id,),
                position=recorded.position,
                plan_code=event.plan_code,
                batch_id=event.batch_id,
                row_no=event.row_no,
                org_path=event.org_path,
                identity=msgspec.json.encode(event.identity),
                found_at=recorded.header.time,
            )
        case NameConflictResolved(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({NameConflictFound, NameConflictResolved})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Hold(msgspec.Struct, frozen=True):
    """A person on hold and the row that named them otherwise; `identity` is what the row says."""

    person_id: str
    position: int
    plan_code: str
    batch_id: str
    row_no: int
    org_path: str
    identity: Sealed
    found_at: str


def _seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Both counties see a hold: the one whose row it is, and the one through which the person is covered."""
    covered = sa.select(covers.TABLE.c.person_id).where(in_subtree(covers.TABLE.c.org_path, actor))
    return sa.or_(in_subtree(TABLE.c.org_path, actor), TABLE.c.person_id.in_(covered))


async def page(c: AsyncConnection, actor: Actor, after: int, limit: int) -> list[Hold]:
    """The subtree's holds, oldest first, beyond a log position."""
    query = sa.select(TABLE).where(_seen_by(actor), TABLE.c.position > after).order_by(TABLE.c.position).limit(limit)
    return [_hold(row) for row in await c.execute(query)]


async def find(c: AsyncConnection, person_id: str, actor: Actor) -> Hold | None:
    """A hold that the actor's organisation may see."""
    row = (await c.execute(sa.select(TABLE).where(TABLE.c.person_id == person_id, _seen_by(actor)))).first()
    return None if row is None else _hold(row)


async def held(c: AsyncConnection, people: Sequence[str]) -> frozenset[str]:
    """Those of the people on whose cover nothing may be decided before the county has seen the card."""
    ids = sa.literal([*people], postgresql.ARRAY(sa.Text))
    return frozenset(await c.scalars(sa.select(TABLE.c.person_id).where(TABLE.c.person_id == sa.any_(ids))))


def _hold(row: sa.Row[tuple[object, ...]]) -> Hold:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for a row by columns
    return Hold(**{**fields, "identity": msgspec.json.decode(fields["identity"], type=Sealed)})
