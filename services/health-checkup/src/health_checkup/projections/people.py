"""Sex, year of birth, death and restriction of everyone registered: for reference ranges and invitations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.people import (
    DeathWithdrawn,
    ErasureBegun,
    IdentityNumberCorrected,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Event

NAME = "people"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("birth_year", sa.Integer, nullable=False),
    sa.Column("died_on", sa.Text, nullable=True),
    sa.Column("restricted", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""`sex` is empty and `birth_year` 0 where the document shows neither."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person."""
    match recorded.event:
        case PersonRegistered(person_id=person_id, sex=sex, birth_year=birth_year):
            yield Put((person_id,), sex=sex, birth_year=birth_year)
        case DeathRecorded(person_id=person_id, died_on=died_on):
            yield Patch((person_id,), died_on=died_on)
        case DeathWithdrawn(person_id=person_id):
            yield Patch((person_id,), died_on=None)
        case IdentityNumberCorrected(person_id=person_id, sex=sex, birth_year=birth_year):
            yield Patch((person_id,), sex=sex, birth_year=birth_year)
        case ProcessingRestricted(person_id=person_id):
            yield Patch((person_id,), restricted=True)
        case RestrictionLifted(person_id=person_id):
            yield Patch((person_id,), restricted=False)
        case ErasureBegun(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


async def sex_of(c: AsyncConnection, person_id: str) -> str | None:
    """As enrolment derived it, None for a person not known here."""
    sex: str | None = await c.scalar(sa.select(TABLE.c.sex).where(TABLE.c.person_id == person_id))
    return sex


class Known(msgspec.Struct, frozen=True):
    """What ranges are chosen by: `sex` is empty and `birth_year` 0 where the document shows neither."""

    sex: str
    birth_year: int


async def known(c: AsyncConnection, person_ids: Sequence[str]) -> dict[str, Known]:
    """Sex and year of birth of those who are known here."""
    t = TABLE.c
    rows = await c.execute(sa.select(t.person_id, t.sex, t.birth_year).where(t.person_id.in_([*person_ids])))
    return {person_id: Known(sex, birth_year) for person_id, sex, birth_year in rows}


EVENTS: frozenset[type[Event]] = frozenset(
    {
        PersonRegistered,
        DeathRecorded,
        DeathWithdrawn,
        IdentityNumberCorrected,
        ProcessingRestricted,
        RestrictionLifted,
        ErasureBegun,
    }
)
PROJECTION = Projection(NAME, 2, "enrolment", TABLE, apply, events=EVENTS)
