"""Where the truck stands on which day, for who is reminded of a booking."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.health_checkup.v1 import StopOpened

NAME = "stops"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop; `day` is an ISO date."""
    match recorded.event:
        case StopOpened(stop_id=stop_id, place=place, date=day):
            yield Put((stop_id,), place=place, day=day)
        case _:
            pass


async def find(c: AsyncConnection, stop_id: str) -> tuple[str, str] | None:
    """Place and day of a stop."""
    row = (await c.execute(sa.select(TABLE.c.place, TABLE.c.day).where(TABLE.c.stop_id == stop_id))).first()
    return (row.place, row.day) if row else None


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply, events=frozenset({StopOpened}))
