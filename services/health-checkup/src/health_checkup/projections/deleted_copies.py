"""Up to where in the log members deleted their own copies of the health record."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.health_checkup.records import RecordCopyDeleted

NAME = "deleted_copies"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("deleted_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a member; the last deletion counts."""
    match recorded.event:
        case RecordCopyDeleted(person_id=person_id, deleted_on=deleted_on):
            yield Put((person_id,), deleted_on=deleted_on, position=recorded.position)
        case _:
            pass


async def deleted_to(c: AsyncConnection, person_id: str) -> int:
    """The position up to which nothing is shown to the member; 0 for all."""
    position: int | None = await c.scalar(sa.select(TABLE.c.position).where(TABLE.c.person_id == person_id))
    return position or 0


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
