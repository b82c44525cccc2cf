"""Members who died, as their claims say: nothing is sent to them any more (domain 9.1, 12.17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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


async def has_died(c: AsyncConnection, person_id: str) -> bool:
    """Whether a claim says that the person has died."""
    return await c.scalar(sa.select(TABLE.c.person_id).where(TABLE.c.person_id == person_id)) is not None


async def among(c: AsyncConnection, people: Sequence[str]) -> set[str]:
    """Those of the people of whom a claim says that they have died."""
    return {*(await c.scalars(sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(people))))}


PROJECTION = Projection(NAME, 1, "claims", TABLE, apply, frozenset({ClaimFiled}))
