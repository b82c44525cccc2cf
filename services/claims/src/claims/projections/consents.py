"""Read model `consents`: who agrees to be paid automatically (domain 6.1); other purposes are not kept here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.people import ConsentGiven, ConsentWithdrawn
from contracts.envelope import Event

NAME = "consents"
AUTO_PAY = "AUTO_PAY"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("given_on", sa.Text, nullable=False),
)
"""`given_on` is an ISO date."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person, as long as the consent stands."""
    match recorded.event:
        case ConsentGiven(purpose=purpose) as event if purpose == AUTO_PAY:
            yield Put((event.person_id,), given_on=event.given_on)
        case ConsentWithdrawn(purpose=purpose) as event if purpose == AUTO_PAY:
            yield Remove((event.person_id,))
        case _:
            pass


_ANSWERED: set[type[Event]] = {ConsentGiven, ConsentWithdrawn}
EVENTS: frozenset[type[Event]] = frozenset(_ANSWERED)
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def among(c: AsyncConnection, person_ids: Sequence[str]) -> frozenset[str]:
    """Which of these people agree."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(person_ids))
    return frozenset((await c.execute(query)).scalars())
