"""Read model `people`: sex and year of birth of everyone registered, for figures only; nothing sealed is opened."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.people import ErasureBegun, IdentityNumberCorrected
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Event

NAME = "people"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("birth_year", sa.Integer, nullable=False),
)
"""`sex` is empty and `birth_year` 0 where the document shows neither."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person, until an erasure has begun."""
    match recorded.event:
        case PersonRegistered(person_id=person_id, sex=sex, birth_year=birth_year):
            yield Put((person_id,), sex=sex, birth_year=birth_year)
        case IdentityNumberCorrected(person_id=person_id, sex=sex, birth_year=birth_year):
            yield Patch((person_id,), sex=sex, birth_year=birth_year)
        case ErasureBegun(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({PersonRegistered, IdentityNumberCorrected, ErasureBegun})
PROJECTION = Projection(NAME, 1, "enrolment", TABLE, apply, events=EVENTS)
