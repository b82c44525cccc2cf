"""How to reach a registered person: the sealed contact as enrolment published it; and whether they have died."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.people import ContactChanged, DeathWithdrawn, ErasureBegun, NameCorrected
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event, Sealed
from notify.projections import claimant_contacts

NAME = "contacts"
REGISTERED = "enrolment.person-registered.v1/contact"
CHANGED = "enrolment.contact-changed.v1/contact"
CORRECTED = "enrolment.name-corrected.v1/contact"
"""The fields a contact is sealed in."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("contact", sa.LargeBinary, nullable=True),
    sa.Column("field", sa.Text, nullable=True),
    sa.Column("died_on", sa.Text, nullable=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person; an erased one stays known, without a contact. The field is null while it is REGISTERED."""
    match recorded.event:
        case PersonRegistered(person_id=person_id, contact=contact):
            yield Put((person_id,), contact=msgspec.json.encode(contact) if contact else None)
        case DeathRecorded(person_id=person_id, died_on=died_on):
            yield Patch((person_id,), died_on=died_on)
        case DeathWithdrawn(person_id=person_id):
            yield Patch((person_id,), died_on=None)
        case ContactChanged(person_id=person_id, contact=contact):
            yield Patch((person_id,), contact=msgspec.json.encode(contact), field=CHANGED)
        case NameCorrected(person_id=person_id, contact=contact):
            yield Patch((person_id,), contact=msgspec.json.encode(contact), field=CORRECTED)
        case ErasureBegun(person_id=person_id):
            yield Patch((person_id,), contact=None, field=None)
        case _:
            pass


async def find(c: AsyncConnection, person_id: str) -> tuple[bool, Sealed | None, str]:
    """Whether the person is known here, the sealed contact if there is one, and the field it was sealed in."""
    query = sa.select(TABLE.c.contact, TABLE.c.field).where(TABLE.c.person_id == person_id)
    row = (await c.execute(query)).first()
    if row is None:
        return False, None, REGISTERED
    return True, msgspec.json.decode(row.contact, type=Sealed) if row.contact else None, row.field or REGISTERED


async def reach(c: AsyncConnection, recipient_id: str) -> tuple[bool, Sealed | None, str]:
    """The same of whoever is told something: what a payee left with a claim goes before what the roster says."""
    known, sealed = await claimant_contacts.find(c, recipient_id)
    return (known, sealed, claimant_contacts.FIELD) if known else await find(c, recipient_id)


async def has_died(c: AsyncConnection, person_id: str) -> bool:
    """Whether enrolment knows of the person's death."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id == person_id, TABLE.c.died_on.is_not(None))
    return await c.scalar(query) is not None


async def died_among(c: AsyncConnection, people: Sequence[str]) -> set[str]:
    """Those of the people whose death enrolment knows of."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(people), TABLE.c.died_on.is_not(None))
    return {*(await c.scalars(query))}


EVENTS: frozenset[type[Event]] = frozenset(
    {PersonRegistered, DeathRecorded, DeathWithdrawn, ContactChanged, NameCorrected, ErasureBegun}
)
PROJECTION = Projection(NAME, 2, "enrolment", TABLE, apply, events=EVENTS)
