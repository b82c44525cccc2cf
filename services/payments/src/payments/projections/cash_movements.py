"""The ledger's leg: every transfer to or from cash, by what the bank calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.bank import OpenItemClosed
from contracts.payments.v1 import (
    DonationBooked,
    PayoutReturned,
    PayoutSettled,
    RecoveryBooked,
    ReliefDonationBooked,
)
from payments.domain import ledger
from payments.domain.payout import end_to_end_id
from payments.domain.payout_stages import ON_PAPER
from payments.domain.reconciliation import BACK, PAID, RECEIVED, REVERSED, Movement
from payments.projections.ledger_entries import booked_on, transfers_of

NAME = "cash_movements"
CORRECTED = "corrected"
"""A transfer by which the ledger follows the statement: what it answers is explained already."""

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("transfer_id", sa.Text, primary_key=True),
    sa.Column("order_key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Index("cash_movements_by_day", "day"),
    sa.Index("cash_movements_by_key", "order_key"),
)
C = TABLE.c
CASH = {fund.cash: fund.name for fund in ledger.FUNDS.values()}


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a transfer that touches cash."""
    writes = []
    for transfer in transfers_of(recorded):
        if transfer.kind != ledger.SINGLE:
            continue
        plan_code, debit = ledger.plan_and_name(transfer.debit)
        credit = ledger.plan_and_name(transfer.credit)[1]
        if not {debit, credit} & CASH.keys():
            continue
        key, kind = _called(recorded, transfer.transfer_id)
        inward = debit in CASH
        writes.append(
            Put(
                (transfer.transfer_id,),
                order_key=key,
                kind=kind,
                amount_fen=transfer.amount_fen if inward else -transfer.amount_fen,
                plan_code=plan_code,
                fund=CASH[debit if inward else credit],
                day=booked_on(recorded),
            )
        )
    return writes


def _called(recorded: Recorded, transfer_id: str) -> tuple[str, str]:
    match recorded.event:
        case PayoutSettled() as event:
            return end_to_end_id(event.payout_id, event.attempt), PAID
        case PayoutReturned(bank_reference=reference) if reference.startswith(ON_PAPER):
            return transfer_id, CORRECTED
        case PayoutReturned() as event:
            return end_to_end_id(event.payout_id, event.attempt), REVERSED if event.reversal else BACK
        case DonationBooked(donation_id=key) | ReliefDonationBooked(reference=key) | RecoveryBooked(receipt_id=key):
            return key, RECEIVED
        case OpenItemClosed():
            return transfer_id, CORRECTED
        case _:
            return transfer_id, RECEIVED


PROJECTION = Projection(NAME, version=3, source="payments", table=TABLE, apply=apply)


async def until(c: AsyncConnection, day: str, keys: Sequence[str] | None = None) -> Sequence[Movement]:
    """Every movement that belongs to a day or an earlier one; of these orders, if any are named."""
    query = sa.select(TABLE).where(C.day <= day).order_by(C.transfer_id)
    rows = await c.execute(query if keys is None else query.where(C.order_key.in_(keys)))
    return [Movement(row.transfer_id, row.order_key, row.kind, row.amount_fen, row.plan_code, row.fund) for row in rows]
