"""What the bank said against what it had said before: a worklist for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.v1 import PayoutDisputed
from payments.projections import payouts

NAME = "disputes"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("payout_id", sa.Text, nullable=False),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("bank_reference", sa.Text, nullable=False),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a dispute, by the position of its event."""
    match recorded.event:
        case PayoutDisputed() as event:
            return [
                Put(
                    (recorded.position,),
                    payout_id=event.payout_id,
                    claim_no=event.claim_no,
                    attempt=event.attempt,
                    outcome=event.outcome,
                    reason=event.reason,
                    amount_fen=event.amount_fen,
                    bank_reference=event.bank_reference,
                )
            ]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def page(c: AsyncConnection, after: int, limit: int) -> Sequence[sa.RowMapping]:
    """Disputes that nobody has ended, in the order they arose."""
    standing = sa.exists().where(payouts.C.payout_id == C.payout_id, payouts.C.disputes > 0)
    query = sa.select(TABLE).where(C.position > after, standing).order_by(C.position).limit(limit)
    return (await c.execute(query)).mappings().all()
