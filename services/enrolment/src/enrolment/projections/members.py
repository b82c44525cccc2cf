"""Read model `members`: every registered person as recorded now, sealed as the events carry the values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.people import (
    ContactChanged,
    DeathWithdrawn,
    ErasureBegun,
    IdentityNumberCorrected,
    NameCorrected,
)
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event, Sealed
from enrolment.domain.person_stages import (
    CHANGED_CONTACT,
    CORRECTED_NAME_CONTACT,
    CORRECTED_NAME_IDENTITY,
    CORRECTED_NUMBER_IDENTITY,
    REGISTERED_CONTACT,
    REGISTERED_IDENTITY,
    Kept,
)

NAME = "members"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("identity", sa.LargeBinary, nullable=False),
    sa.Column("identity_field", sa.Text),
    sa.Column("contact", sa.LargeBinary),
    sa.Column("contact_field", sa.Text),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("birth_year", sa.Integer, nullable=False),
    sa.Column("died_on", sa.Text),
)

"""A field is null while it is the registration's."""

_IDS = postgresql.ARRAY(sa.Text)
_encode = msgspec.json.Encoder().encode


def apply(recorded: Recorded) -> Iterable[Write]:
    """Sealed values stay the JSON that the event carries; an erasure that has begun leaves no row."""
    match recorded.event:
        case PersonRegistered() as event:
            yield Put(
                (event.person_id,),
                identity=_encode(event.identity),
                contact=_encode(event.contact) if event.contact else None,
                sex=event.sex,
                birth_year=event.birth_year,
            )
        case ContactChanged() as event:
            yield Patch((event.person_id,), contact=_encode(event.contact), contact_field=CHANGED_CONTACT)
        case NameCorrected() as event:
            yield Patch(
                (event.person_id,),
                identity=_encode(event.identity),
                identity_field=CORRECTED_NAME_IDENTITY,
                contact=_encode(event.contact),
                contact_field=CORRECTED_NAME_CONTACT,
            )
        case IdentityNumberCorrected() as event:
            yield Patch(
                (event.person_id,),
                identity=_encode(event.identity),
                identity_field=CORRECTED_NUMBER_IDENTITY,
                sex=event.sex,
                birth_year=event.birth_year,
            )
        case DeathRecorded() as event:
            yield Patch((event.person_id,), died_on=event.died_on)
        case DeathWithdrawn() as event:
            yield Patch((event.person_id,), died_on=None)
        case ErasureBegun() as event:
            yield Remove((event.person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset(
    {
        PersonRegistered,
        ContactChanged,
        NameCorrected,
        IdentityNumberCorrected,
        DeathRecorded,
        DeathWithdrawn,
        ErasureBegun,
    }
)
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Member(msgspec.Struct, frozen=True):
    """A row with its sealed values decoded, not opened."""

    person_id: str
    identity: Kept
    contact: Kept | None
    sex: str
    birth_year: int
    died_on: str | None


async def find(c: AsyncConnection, person_id: str) -> Member | None:
    """A person by id; whether the asker may see them is decided by their covers."""
    return (await find_many(c, [person_id])).get(person_id)


async def find_many(c: AsyncConnection, people: Sequence[str]) -> dict[str, Member]:
    """Those of the people who are registered, by id."""
    rows = await c.execute(sa.select(TABLE).where(TABLE.c.person_id == sa.any_(sa.literal([*people], _IDS))))
    return {row.person_id: _member(row) for row in rows}


async def died(c: AsyncConnection, people: Sequence[str]) -> dict[str, str]:
    """Those of the people who have died, with the ISO date."""
    query = sa.select(TABLE.c.person_id, TABLE.c.died_on).where(
        TABLE.c.person_id == sa.any_(sa.literal([*people], _IDS)), TABLE.c.died_on.is_not(None)
    )
    return {row.person_id: row.died_on for row in await c.execute(query)}


def _member(row: Any) -> Member:
    contact = None
    if row.contact:
        contact = Kept(msgspec.json.decode(row.contact, type=Sealed), row.contact_field or REGISTERED_CONTACT)
    identity = Kept(msgspec.json.decode(row.identity, type=Sealed), row.identity_field or REGISTERED_IDENTITY)
    return Member(row.person_id, identity, contact, row.sex, row.birth_year, row.died_on)
