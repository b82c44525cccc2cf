"""Read model `identities`: name and number of each registered person, sealed as enrolment published them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Event, Sealed

NAME = "identities"
FIELD = "enrolment.person-registered.v1/identity"
"""The field it was sealed in."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("identity", sa.LargeBinary, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person."""
    match recorded.event:
        case PersonRegistered(person_id=person_id, identity=identity):
            yield Put((person_id,), identity=msgspec.json.encode(identity))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({PersonRegistered})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def of_person(c: AsyncConnection, person_id: str) -> Sealed | None:
    """The sealed identity, if the person is known here."""
    row = (await c.execute(sa.select(TABLE.c.identity).where(TABLE.c.person_id == person_id))).first()
    return msgspec.json.decode(row.identity, type=Sealed) if row else None
