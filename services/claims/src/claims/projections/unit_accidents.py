"""Read model `unit_accidents`: accidents claimed in one union, the cluster that raises a signal (domain 4.10)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import ClaimFiled, Incident

NAME = "unit_accidents"
ACCIDENT = "ACCIDENT"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("decisive_on", sa.Text, nullable=False),
    sa.Index("unit_accidents_by_day", "org_path", "decisive_on"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim on an accident."""
    match recorded.event:
        case ClaimFiled(claim_id=claim_id, org_path=path, incident=Incident(kind="ACCIDENT", decisive_on=day)):
            yield Put((claim_id,), org_path=path, decisive_on=day)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


async def between(c: AsyncConnection, org_path: str, first: str, last: str, limit: int) -> list[str]:
    """The claims on accidents of one union between two ISO dates, both included; the newest first."""
    days = sa.and_(C.org_path == org_path, C.decisive_on >= first, C.decisive_on <= last)
    query = sa.select(C.claim_id).where(days).order_by(C.decisive_on.desc(), C.claim_id).limit(limit)
    return [*(await c.scalars(query))]
