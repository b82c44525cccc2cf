"""What donors gave to the relief fund, beside the ledger: one side of its own balance equation (domain 12.11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.v1 import ReliefDonationBooked

NAME = "relief_donations"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("donor", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("received_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a donation."""
    match recorded.event:
        case ReliefDonationBooked() as event:
            return [
                Put(
                    (event.plan_code, event.reference),
                    donor=event.donor,
                    amount_fen=event.amount_fen,
                    received_on=event.received_on,
                    position=recorded.position,
                )
            ]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def total_fen(c: AsyncConnection, plan_code: str) -> int:
    """What a plan's relief fund was given."""
    given = sa.select(sa.func.coalesce(sa.func.sum(C.amount_fen), 0)).where(C.plan_code == plan_code)
    return int((await c.execute(given)).scalar_one())


async def latest(c: AsyncConnection, plan_code: str, limit: int) -> Sequence[sa.RowMapping]:
    """A plan's relief donations, the newest first."""
    query = sa.select(TABLE).where(C.plan_code == plan_code).order_by(C.position.desc()).limit(limit)
    return (await c.execute(query)).mappings().all()
