"""Who has filed a claim for a stay in hospital: asked first (domain 8.2). Nothing of the stay is kept."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import ClaimFiled
from contracts.envelope import Event

NAME = "inpatients"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim for a stay."""
    match recorded.event:
        case ClaimFiled(claim_id=claim_id, person_id=person_id, incident=incident) if (
            incident.kind == "INPATIENT" or incident.discharged_on
        ):
            yield Put((claim_id,), person_id=person_id)
        case _:
            pass


def has_stay(person_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition on another table's person."""
    return sa.exists().where(TABLE.c.person_id == person_id)


EVENTS: frozenset[type[Event]] = frozenset({ClaimFiled})
PROJECTION = Projection(NAME, 1, "claims", TABLE, apply, events=EVENTS)
