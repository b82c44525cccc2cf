"""Read model `phone_calls`: claims opened by telephone, and the papers that are to follow (domain 4.9)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.heirs import ClaimPhoned

NAME = "phone_calls"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("relation", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("needs", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False),
)
"""`needs` is JSON."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim."""
    match recorded.event:
        case ClaimPhoned() as event:
            yield Put(
                (event.claim_id,),
                person_id=event.person_id,
                relation=event.relation,
                cause=event.cause,
                needs=msgspec.json.encode(event.needs).decode(),
                due_on=event.due_on,
            )
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


async def followed_by(c: AsyncConnection, claim_ids: list[str]) -> dict[str, tuple[list[str], str]]:
    """The papers to follow and their day, by claim."""
    query = sa.select(C.claim_id, C.needs, C.due_on).where(C.claim_id.in_(claim_ids))
    rows = await c.execute(query)
    return {row.claim_id: (msgspec.json.decode(row.needs, type=list[str]), row.due_on) for row in rows}
