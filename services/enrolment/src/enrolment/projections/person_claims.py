"""Read model `person_claims`: which claims a person has, over without money or not: what has to be kept (PIPL 47)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.process import (
    AdvanceGranted,
    ClaimClosedIncomplete,
    ClaimReopened,
    ClaimWithdrawn,
    ObjectionDecided,
    ObjectionFiled,
)
from contracts.claims.v1 import ClaimFiled, ClaimRejected
from contracts.envelope import Event

NAME = "person_claims"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.Column("advanced", sa.Boolean, nullable=False),
)
"""`closed` when nothing is granted and nothing is under way; `advanced` when money was granted ahead all the same."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim; one that is not closed is paid or may be, also after an objection or with late papers."""
    match recorded.event:
        case ClaimFiled() as event:
            yield Put(
                (event.claim_id,), person_id=event.person_id, plan_code=event.plan_code, closed=False, advanced=False
            )
        case ClaimRejected() | ClaimWithdrawn() | ClaimClosedIncomplete() as event:
            yield Patch((event.claim_id,), closed=True)
        case ClaimReopened() | ObjectionFiled() as event:
            yield Patch((event.claim_id,), closed=False)
        case ObjectionDecided(against="REFUSAL") as event:
            yield Patch((event.claim_id,), closed=not event.lines)
        case AdvanceGranted() as event:
            yield Patch((event.claim_id,), advanced=True)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset(
    {
        ClaimFiled,
        ClaimRejected,
        ClaimWithdrawn,
        ClaimClosedIncomplete,
        ClaimReopened,
        ObjectionFiled,
        ObjectionDecided,
        AdvanceGranted,
    }
)
PROJECTION = Projection(name=NAME, version=3, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def plans_claimed(c: AsyncConnection, person_id: str) -> frozenset[str]:
    """The plans under which the person has a claim that was paid, in part or whole, or still may be."""
    kept = TABLE.c.closed.is_(False) | TABLE.c.advanced
    query = sa.select(TABLE.c.plan_code).where(TABLE.c.person_id == person_id, kept)
    return frozenset(await c.scalars(query))
