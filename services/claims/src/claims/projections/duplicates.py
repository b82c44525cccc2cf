"""Read model `duplicates`: filings of an incident that already was the matter of a claim."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import DuplicateFiled

NAME = "duplicates"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("first_claim_id", sa.Text, nullable=False),
    sa.Column("incident_key", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("filed_by", sa.Text, nullable=False),
    sa.Column("filed_at", sa.Text, nullable=False),
)
"""`claim_id` is the id the filing would have had."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a second filing."""
    match recorded.event:
        case DuplicateFiled() as event:
            yield Put(
                (event.plan_code, event.person_id, event.claim_id),
                first_claim_id=event.first_claim_id,
                incident_key=event.incident_key,
                channel=event.channel,
                filed_by=recorded.header.actorsub,
                filed_at=recorded.header.time,
            )
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


async def count(c: AsyncConnection, claims: sa.Select[tuple[str]]) -> int:
    """How many second filings there are of the selected claim ids."""
    query = sa.select(sa.func.count()).select_from(TABLE).where(TABLE.c.first_claim_id.in_(claims))
    return int((await c.execute(query)).scalar_one())
