"""Read model `deceased`: members whose death enrolment has recorded; their own filing ends with it (domain 12.17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.people import DeathWithdrawn
from contracts.enrolment.v1 import DeathRecorded
from contracts.envelope import Event

NAME = "deceased"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("died_on", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a deceased member, until the record proves a mistake; `died_on` is an ISO date."""
    match recorded.event:
        case DeathRecorded(person_id=person_id, died_on=died_on):
            yield Put((person_id,), died_on=died_on)
        case DeathWithdrawn(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({DeathRecorded, DeathWithdrawn})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def died_on(c: AsyncConnection, person_id: str) -> str:
    """The recorded day of death, or ""."""
    return str(await c.scalar(sa.select(TABLE.c.died_on).where(TABLE.c.person_id == person_id)) or "")


async def among(c: AsyncConnection, person_ids: Sequence[str]) -> frozenset[str]:
    """Which of these people are recorded as dead."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(person_ids))
    return frozenset((await c.execute(query)).scalars())
