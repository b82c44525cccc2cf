"""What the bank said against what it had said before: a worklist for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.v1 import PayoutDisputed
from payments.projections import attempts, bank_words

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
    """Disputes that nobody has ended, in the order they arose.

    One has ended by itself where its attempt failed and what was booked of it came back.
    """
    attempt = (attempts.C.payout_id == C.payout_id, attempts.C.attempt == C.attempt)
    failed = sa.exists().where(*attempt, attempts.C.outcome.in_(("returned", "released")))
    settled_itself = failed & ~bank_words.maybe_paid(C.payout_id, C.attempt)
    standing = (C.position > bank_words.judged_at(C.payout_id, C.attempt)) & ~settled_itself
    query = sa.select(TABLE).where(C.position > after, standing).order_by(C.position).limit(limit)
    return (await c.execute(query)).mappings().all()
