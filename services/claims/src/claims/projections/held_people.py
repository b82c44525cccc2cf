"""Read model `held_people`: members whose name is in doubt until the county has seen the ID card (domain 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.envelope import Event

NAME = "held_people"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("batch_id", sa.Text, nullable=False),
)
"""`batch_id` is the roster that raised the doubt."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person, as long as the doubt stands."""
    match recorded.event:
        case NameConflictFound(person_id=person_id, batch_id=batch_id):
            yield Put((person_id,), batch_id=batch_id)
        case NameConflictResolved(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({NameConflictFound, NameConflictResolved})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def among(c: AsyncConnection, person_ids: Sequence[str]) -> frozenset[str]:
    """Which of these people are held."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(person_ids))
    return frozenset((await c.execute(query)).scalars())
