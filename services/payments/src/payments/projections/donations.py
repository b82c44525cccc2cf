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
    sa.Column("period_start", sa.Text, nullable=False),
    sa.Column("period_end", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("donations_by_plan", "plan_code"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a donation."""
    match recorded.event:
        case DonationBooked() as event:
            return [
                Put(
                    (event.donation_id,),
                    plan_code=event.plan_code,
                    amount_fen=event.amount_fen,
                    period_start=event.period_start,
                    period_end=event.period_end,
                    position=recorded.position,
                )
            ]
        case _:
            return []


PROJECTION = Projection(NAME, version=2, source="payments", table=TABLE, apply=apply)


async def total_fen(c: AsyncConnection, plan_code: str) -> int:
    """What a plan was given."""
    given = sa.select(sa.func.coalesce(sa.func.sum(C.amount_fen), 0)).where(C.plan_code == plan_code)
    return int((await c.execute(given)).scalar_one())


async def period(c: AsyncConnection, plan_code: str) -> tuple[str, str]:
    """The half-open period that a plan's donations name, as ISO dates; ("", "") where none does."""
    named = sa.select(sa.func.max(C.period_start), sa.func.max(C.period_end)).where(C.plan_code == plan_code)
    start, end = (await c.execute(named)).one()
    return start or "", end or ""
