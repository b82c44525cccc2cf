"""Check-ins made without network that did not fit what was known."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.health_checkup.stops import CheckInConflictFound

NAME = "conflicts"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("row_id", sa.Text, primary_key=True),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("attended", sa.Boolean, nullable=False),
)


class Conflict(msgspec.Struct, frozen=True):
    """One of them: `attended` whether the person counts as having been there."""

    row_id: str
    device_id: str
    person_id: str
    seen_at: str
    reason: str
    attended: bool


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a check-in."""
    match recorded.event:
        case CheckInConflictFound() as event:
            yield Put(
                (event.stop_id, event.row_id),
                device_id=event.device_id,
                person_id=event.person_id,
                seen_at=event.seen_at,
                reason=event.reason,
                attended=event.attended,
            )
        case _:
            pass


async def of_stop(c: AsyncConnection, stop_id: str, after: str, limit: int) -> list[Conflict]:
    """A stop's conflicts in the order of their rows' ids."""
    columns = [TABLE.c[name] for name in Conflict.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.stop_id == stop_id, TABLE.c.row_id > after)
    return [Conflict(*row) for row in await c.execute(query.order_by(TABLE.c.row_id).limit(limit))]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
