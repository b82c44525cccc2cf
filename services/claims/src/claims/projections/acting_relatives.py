"""Read model `acting_relatives`: who acts for a member in hospital, as the member is shown (domain 4.3)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import ClaimFiled

NAME = "acting_relatives"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim that a relative filed."""
    match recorded.event:
        case ClaimFiled(claim_id=claim_id, agent=agent) if agent is not None:
            yield Put((claim_id,), relation=agent.relation, proof=agent.proof)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


class ActingRelative(msgspec.Struct, frozen=True):
    """A relative who acts: relation, and PAPER or CALL_BACK."""

    relation: str
    proof: str


async def of_claims(c: AsyncConnection, claim_ids: list[str]) -> dict[str, ActingRelative]:
    """Who acts, by claim."""
    query = sa.select(C.claim_id, C.relation, C.proof).where(C.claim_id.in_(claim_ids))
    return {row.claim_id: ActingRelative(row.relation, row.proof) for row in await c.execute(query)}
