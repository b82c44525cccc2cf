"""What banks sent back: each return with its reason, when it came, and when the payout was sent again (domain 10)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.clock import from_text
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.payments.v1 import PayoutBatched, PayoutReturned

NAME = "returns"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("payout_id", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("after_booking", sa.Boolean, nullable=False),
    sa.Column("returned_ms", sa.BigInteger, nullable=False),
    sa.Column("again_ms", sa.BigInteger, nullable=True),
)
"""Business times in milliseconds since 1970; `again_ms` is when the next attempt entered a batch."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a return."""
    at_ms = round(from_text(recorded.header.time).timestamp() * 1000)
    match recorded.event:
        case PayoutReturned() as event:
            key = (event.payout_id, event.attempt)
            yield Put(key, reason=event.reason, after_booking=event.after_booking, returned_ms=at_ms)
        case PayoutBatched(payout_id=payout_id, attempt=attempt) if attempt > 1:
            yield Patch((payout_id, attempt - 1), again_ms=at_ms)
        case _:
            pass


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)
