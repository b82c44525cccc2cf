"""Members who died, as their claims say: nothing is sent to them any more (domain 9.1, 12.17)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import ClaimFiled

NAME = "deceased"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("died_on", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a deceased member; `died_on` is an ISO date."""
    match recorded.event:
        case ClaimFiled(person_id=person_id, incident=incident) if incident.died_on:
            yield Put((person_id,), died_on=incident.died_on)
        case _:
            pass


PROJECTION = Projection(NAME, 1, "claims", TABLE, apply, frozenset({ClaimFiled}))
