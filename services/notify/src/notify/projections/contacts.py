"""How to reach a registered person: the sealed contact as enrolment published it; and whether they have died."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.people import ContactChanged, DeathWithdrawn, ErasureBegun, NameCorrected
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event, Sealed
from notify.projections import claimant_contacts, deceased, wechat_bindings
from notify.projections.claimant_contacts import FIELD as LEFT

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


@dataclass(frozen=True)
class Reach:
    """What is known of whoever is told something: sealed, and the field each was sealed in."""

    known: bool = False
    died: bool = False
    contact: Sealed | None = None
    field: str = REGISTERED
    openid: Sealed | None = None


async def reach(c: AsyncConnection, recipient_ids: Sequence[str]) -> dict[str, Reach]:
    """How to reach each recipient: what a payee left with a claim goes before what the roster says."""
    asked = sa.func.unnest(sa.cast([*recipient_ids], ARRAY(sa.Text))).table_valued("person_id", name="asked")
    asked = asked.render_derived()
    left, dead, bound = claimant_contacts.TABLE, deceased.TABLE, wechat_bindings.TABLE
    person_id = asked.c.person_id
    query = sa.select(
        person_id,
        TABLE.c.person_id.is_not(None).label("rostered"),
        TABLE.c.contact,
        TABLE.c.field,
        sa.or_(TABLE.c.died_on.is_not(None), dead.c.person_id.is_not(None)).label("died"),
        left.c.payee_id.is_not(None).label("claims"),
        left.c.contact.label("left_contact"),
        bound.c.openid,
    ).select_from(
        asked.outerjoin(TABLE, TABLE.c.person_id == person_id)
        .outerjoin(left, left.c.payee_id == person_id)
        .outerjoin(dead, dead.c.person_id == person_id)
        .outerjoin(bound, bound.c.person_id == person_id)
    )
    return {row.person_id: _reach(row) for row in await c.execute(query)}


def _reach(row: Any) -> Reach:
    openid = _sealed(row.openid)
    if row.claims:
        return Reach(known=True, died=row.died, contact=_sealed(row.left_contact), field=LEFT, openid=openid)
    field = row.field or REGISTERED
    return Reach(known=row.rostered, died=row.died, contact=_sealed(row.contact), field=field, openid=openid)


def _sealed(stored: bytes | None) -> Sealed | None:
    return msgspec.json.decode(stored, type=Sealed) if stored else None


async def died_among(c: AsyncConnection, people: Sequence[str]) -> set[str]:
    """Those of the people who have died, as enrolment or a claim says."""
    rostered = sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(people), TABLE.c.died_on.is_not(None))
    claimed = sa.select(deceased.TABLE.c.person_id).where(deceased.TABLE.c.person_id.in_(people))
    return {*(await c.scalars(rostered.union(claimed)))}


EVENTS: frozenset[type[Event]] = frozenset(
    {PersonRegistered, DeathRecorded, DeathWithdrawn, ContactChanged, NameCorrected, ErasureBegun}
)
PROJECTION = Projection(NAME, 2, "enrolment", TABLE, apply, events=EVENTS)
