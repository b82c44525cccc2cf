"""Read model `claimants`: for whose cover a claim was filed, so that the row is not given to another (domain 5.1)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import ClaimFiled
from contracts.envelope import Event

NAME = "claimants"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, primary_key=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person and plan, however many claims there are."""
    match recorded.event:
        case ClaimFiled(person_id=person_id, plan_code=plan_code):
            yield Put((person_id, plan_code))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({ClaimFiled})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def has_claimed(c: AsyncConnection, person_id: str, plan_code: str) -> bool:
    """Whether a claim was filed for the person's cover."""
    query = sa.select(TABLE.c.person_id).where(TABLE.c.person_id == person_id, TABLE.c.plan_code == plan_code)
    return await c.scalar(query) is not None
