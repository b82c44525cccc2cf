"""Read model `members`: every registered person, sealed as the events carry them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.batches import NameConflictResolved
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event, Sealed

NAME = "members"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("identity", sa.LargeBinary, nullable=False),
    sa.Column("contact", sa.LargeBinary),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("birth_year", sa.Integer, nullable=False),
    sa.Column("died_on", sa.Text),
)

_encode = msgspec.json.Encoder().encode


def apply(recorded: Recorded) -> Iterable[Write]:
    """Sealed values stay the JSON that the event carries."""
    match recorded.event:
        case PersonRegistered() as event:
            yield Put(
                (event.person_id,),
                identity=_encode(event.identity),
                contact=_encode(event.contact) if event.contact else None,
                sex=event.sex,
                birth_year=event.birth_year,
            )
        case NameConflictResolved() as event if event.identity and event.contact:
            yield Patch((event.person_id,), identity=_encode(event.identity), contact=_encode(event.contact))
        case DeathRecorded() as event:
            yield Patch((event.person_id,), died_on=event.died_on)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({PersonRegistered, NameConflictResolved, DeathRecorded})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Member(msgspec.Struct, frozen=True):
    """A row with its sealed values decoded, not opened."""

    person_id: str
    identity: Sealed
    contact: Sealed | None
    sex: str
    birth_year: int
    died_on: str | None


async def find(c: AsyncConnection, person_id: str) -> Member | None:
    """A person by id; whether the asker may see them is decided by their covers."""
    row = (await c.execute(sa.select(TABLE).where(TABLE.c.person_id == person_id))).first()
    if row is None:
        return None
    contact = msgspec.json.decode(row.contact, type=Sealed) if row.contact else None
    identity = msgspec.json.decode(row.identity, type=Sealed)
    return Member(row.person_id, identity, contact, row.sex, row.birth_year, row.died_on)


async def deceased(c: AsyncConnection, people: Iterable[str]) -> set[str]:
    """Which of the people have died."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(list(people)), TABLE.c.died_on.is_not(None))
    return set((await c.execute(query)).scalars())
