"""Read model `places`: who has or had the seat of a row that waits for confirmation (domain 5.1)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.batches import CoverageReserved, CoverageWithdrawn
from contracts.envelope import Event

NAME = "places"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("row_no", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("withdrawn", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """`withdrawn` is "" while the seat is the person's, then why it is not."""
    match recorded.event:
        case CoverageReserved() as event:
            yield Put((event.batch_id, event.row_no, event.person_id), withdrawn="")
        case CoverageWithdrawn() as event:
            yield Patch((event.batch_id, event.row_no, event.person_id), withdrawn=event.reason)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset((CoverageReserved, CoverageWithdrawn))
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Place(msgspec.Struct, frozen=True):
    """A person who has or had the seat of a row."""

    row_no: int
    person_id: str
    withdrawn: str


async def of_rows(c: AsyncConnection, batch_id: str, after: int, until: int) -> list[Place]:
    """The places of the rows beyond `after` up to `until`."""
    columns = [TABLE.c[name] for name in Place.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.batch_id == batch_id, TABLE.c.row_no > after, TABLE.c.row_no <= until)
    return [Place(*row) for row in await c.execute(query.order_by(TABLE.c.row_no, TABLE.c.person_id))]
