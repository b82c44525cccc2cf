"""Read model `consents`: what each person agreed to last, and since when no more."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.people import ConsentGiven, ConsentWithdrawn
from contracts.envelope import Event

NAME = "consents"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("given_on", sa.Text, nullable=False),
    sa.Column("withdrawn_on", sa.Text),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a purpose; what was before stands in the log."""
    match recorded.event:
        case ConsentGiven() as event:
            yield Put((event.person_id, event.purpose), given_on=event.given_on)
        case ConsentWithdrawn() as event:
            yield Patch((event.person_id, event.purpose), withdrawn_on=event.withdrawn_on)
        case _:
            pass


_ANSWERED: set[type[Event]] = {ConsentGiven, ConsentWithdrawn}
EVENTS: frozenset[type[Event]] = frozenset(_ANSWERED)
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Consent(msgspec.Struct, frozen=True):
    """A purpose and its ISO dates; `withdrawn_on` None while the consent stands."""

    purpose: str
    given_on: str
    withdrawn_on: str | None


async def of_person(c: AsyncConnection, person_id: str) -> list[Consent]:
    """Every purpose the person ever agreed to."""
    query = sa.select(TABLE.c.purpose, TABLE.c.given_on, TABLE.c.withdrawn_on).where(TABLE.c.person_id == person_id)
    return [Consent(*row) for row in await c.execute(query.order_by(TABLE.c.purpose))]
