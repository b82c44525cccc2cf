"""How to reach a registered person: the sealed contact as enrolment published it; and whether they have died."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event, Sealed

NAME = "contacts"
FIELD = "enrolment.person-registered.v1/contact"
"""The field it was sealed in."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("contact", sa.LargeBinary, nullable=True),
    sa.Column("died_on", sa.Text, nullable=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person."""
    match recorded.event:
        case PersonRegistered(person_id=person_id, contact=contact):
            yield Put((person_id,), contact=msgspec.json.encode(contact) if contact else None)
        case DeathRecorded(person_id=person_id, died_on=died_on):
            yield Patch((person_id,), died_on=died_on)
        case _:
            pass


async def find(c: AsyncConnection, person_id: str) -> tuple[bool, Sealed | None]:
    """Whether the person is known here, and the sealed contact if there is one."""
    row = (await c.execute(sa.select(TABLE.c.contact).where(TABLE.c.person_id == person_id))).first()
    if row is None:
        return False, None
    return True, msgspec.json.decode(row.contact, type=Sealed) if row.contact else None


async def has_died(c: AsyncConnection, person_id: str) -> bool:
    """Whether enrolment knows of the person's death."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id == person_id, TABLE.c.died_on.is_not(None))
    return await c.scalar(query) is not None


EVENTS: frozenset[type[Event]] = frozenset({PersonRegistered, DeathRecorded})
PROJECTION = Projection(NAME, 1, "enrolment", TABLE, apply, events=EVENTS)
