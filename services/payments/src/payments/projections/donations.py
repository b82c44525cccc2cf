"""What donors gave, beside the ledger: one side of the bank balance equation (domain 12.11)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.v1 import DonationBooked

NAME = "donations"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("donation_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("donations_by_plan", "plan_code"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a donation."""
    match recorded.event:
        case DonationBooked() as event:
            amount_fen, position = event.amount_fen, recorded.position
            return [Put((event.donation_id,), plan_code=event.plan_code, amount_fen=amount_fen, position=position)]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def total_fen(c: AsyncConnection, plan_code: str) -> int:
    """What a plan was given."""
    given = sa.select(sa.func.coalesce(sa.func.sum(C.amount_fen), 0)).where(C.plan_code == plan_code)
    return int((await c.execute(given)).scalar_one())
