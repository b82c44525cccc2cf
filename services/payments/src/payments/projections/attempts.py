"""Every attempt by what the bank calls it: how a statement line finds its payout, also years later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.payments.bank import DisputeEnded, PayoutReleased
from contracts.payments.v1 import PayoutBatched, PayoutDisputed, PayoutReturned, PayoutSettled, PayoutUnknown
from payments.domain import ledger
from payments.domain.payout import end_to_end_id

NAME = "attempts"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("end_to_end_id", sa.Text, primary_key=True),
    sa.Column("payout_id", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("after_booking", sa.Boolean, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("batched_on", sa.Text, nullable=False),
    sa.Column("bank_code", sa.Text, nullable=False),
    sa.Column("also_booked", sa.Boolean, nullable=False),
    sa.Index("attempts_by_payout", "payout_id"),
    sa.Index("attempts_by_batch", "batch_id"),
    sa.Index("attempts_by_day", "batched_on"),
)
"""`also_booked`: beside its outcome the bank has said that it booked it, and neither that it came back nor
that two people have ended the dispute."""
C = TABLE.c
CLEARING = {fund.clearing: fund.name for fund in ledger.FUNDS.values()}


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an attempt."""
    match recorded.event:
        case PayoutBatched() as event:
            row = {"payout_id": event.payout_id, "attempt": event.attempt, "batch_id": event.batch_id}
            (reserved,) = event.transfers
            plan_code, name = ledger.plan_and_name(reserved.credit)
            money = {"amount_fen": reserved.amount_fen, "plan_code": plan_code, "fund": CLEARING[name]}
            day = local_day(from_text(recorded.header.time)).isoformat()
            told = {"outcome": "open", "reason": "", "after_booking": False, "also_booked": False}
            return [Put((event.end_to_end_id,), **row, **money, **told, batched_on=day, bank_code=event.bank_code)]
        case PayoutSettled() as event:
            return [Patch((end_to_end_id(event.payout_id, event.attempt),), outcome="settled")]
        case PayoutReturned() as event:
            key = (end_to_end_id(event.payout_id, event.attempt),)
            return [Patch(key, outcome="returned", reason=event.reason, after_booking=event.after_booking)]
        case PayoutReleased() as event:
            return [Patch((end_to_end_id(event.payout_id, event.attempt),), outcome="released", reason=event.reason)]
        case PayoutUnknown() as event:
            return [Patch((end_to_end_id(event.payout_id, event.attempt),), outcome="unknown")]
        case PayoutDisputed(outcome="BOOKED") as event:
            return [Patch((end_to_end_id(event.payout_id, event.attempt),), also_booked=True)]
        case DisputeEnded() | PayoutDisputed(outcome="RETURNED" | "REVERSED") as event:
            return [Patch((end_to_end_id(event.payout_id, event.attempt),), also_booked=False)]
        case _:
            return []


PROJECTION = Projection(NAME, version=6, source="payments", table=TABLE, apply=apply)


async def found(c: AsyncConnection, end_to_end_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Payout and attempt of each end-to-end id that is ours."""
    query = sa.select(C.end_to_end_id, C.payout_id, C.attempt).where(C.end_to_end_id.in_(end_to_end_ids))
    return {row.end_to_end_id: (row.payout_id, row.attempt) for row in await c.execute(query)}


async def of_payout(c: AsyncConnection, payout_id: str) -> Sequence[sa.RowMapping]:
    """A payout's attempts in order."""
    return (await c.execute(sa.select(TABLE).where(C.payout_id == payout_id).order_by(C.attempt))).mappings().all()
