"""Claims that a member may open because of a confirmed illness; which one it is stays sealed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.envelope import Sealed
from contracts.health_checkup.records import ClaimOffered, FindingWithdrawn

NAME = "claim_offers"
FIELD = "health_checkup.claim-offered.v1/illness"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("illness", sa.LargeBinary, nullable=False),
    sa.Column("offered_on", sa.Text, nullable=False),
)


class OfferRow(msgspec.Struct, frozen=True):
    """One offer; `illness` stays sealed here, `offered_on` is an ISO date."""

    finding_id: str
    illness: Sealed
    offered_on: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an offer."""
    match recorded.event:
        case ClaimOffered() as event:
            yield Put(
                (event.finding_id,),
                person_id=event.person_id,
                illness=msgspec.json.encode(event.illness),
                offered_on=event.offered_on,
            )
        case FindingWithdrawn(finding_id=finding_id):
            yield Remove((finding_id,))
        case _:
            pass


async def of_person(c: AsyncConnection, person_id: str) -> list[OfferRow]:
    """A member's offers, the oldest first."""
    t = TABLE.c
    query = sa.select(t.finding_id, t.illness, t.offered_on).where(t.person_id == person_id)
    rows = await c.execute(query.order_by(t.offered_on, t.finding_id))
    return [OfferRow(finding, msgspec.json.decode(illness, type=Sealed), day) for finding, illness, day in rows]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
