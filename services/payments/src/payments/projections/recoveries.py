"""What came back of wrongly paid money, beside the ledger: a side of the bank balance equation (domain 12.11)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.v1 import RecoveryBooked

NAME = "recoveries"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("recovery_id", sa.Text, primary_key=True),
    sa.Column("receipt_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("recoveries_by_plan", "plan_code"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a receipt."""
    match recorded.event:
        case RecoveryBooked() as event:
            key = (event.recovery_id, event.receipt_id)
            told = {"plan_code": event.plan_code, "fund": event.fund, "amount_fen": event.amount_fen}
            return [Put(key, **told, position=recorded.position)]
        case _:
            return []


PROJECTION = Projection(NAME, version=2, source="payments", table=TABLE, apply=apply)


async def total_fen(c: AsyncConnection, plan_code: str, fund: str) -> int:
    """What came back to a plan's fund."""
    back = sa.select(sa.func.coalesce(sa.func.sum(C.amount_fen), 0)).where(C.plan_code == plan_code, C.fund == fund)
    return int((await c.execute(back)).scalar_one())
