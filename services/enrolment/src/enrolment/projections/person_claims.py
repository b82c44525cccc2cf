"""Read model `person_claims`: which claims a person has, refused or not: what has to be kept (PIPL 47)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.v1 import ClaimFiled, ClaimRejected
from contracts.envelope import Event

NAME = "person_claims"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("refused", sa.Boolean, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim; one that is not refused is paid or may be."""
    match recorded.event:
        case ClaimFiled() as event:
            yield Put((event.claim_id,), person_id=event.person_id, plan_code=event.plan_code, refused=False)
        case ClaimRejected() as event:
            yield Patch((event.claim_id,), refused=True)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({ClaimFiled, ClaimRejected})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def plans_claimed(c: AsyncConnection, person_id: str) -> frozenset[str]:
    """The plans under which the person has a claim that was not refused."""
    query = sa.select(TABLE.c.plan_code).where(TABLE.c.person_id == person_id, TABLE.c.refused.is_(False))
    return frozenset(await c.scalars(query))
