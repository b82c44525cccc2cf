"""Read model `arrivals`: each payout that has arrived, on the day the bank booked it (domain 10: the amount's date)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.claims.v1 import PaymentFailed, PayoutArrived
from contracts.envelope import Event

NAME = "arrivals"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("payout_id", sa.Text, primary_key=True),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("benefit_code", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("arrived_on", sa.Text, nullable=False),
    sa.Index("arrivals_by_claim", "claim_id"),
    sa.Index("arrivals_by_day", "arrived_on"),
)
"""What came back later has no row until it arrives again. An ISO date in Asia/Shanghai."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a payout."""
    match recorded.event:
        case PayoutArrived() as event:
            yield Put(
                (event.payout_id,),
                claim_id=event.claim_id,
                benefit_code=event.benefit_code,
                amount_fen=event.amount_fen,
                arrived_on=local_day(from_text(recorded.header.time)).isoformat(),
            )
        case PaymentFailed(payout_id=payout_id, came_back_fen=came_back_fen) if came_back_fen:
            yield Remove((payout_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({PayoutArrived, PaymentFailed})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)
