"""Every transfer of the book, in the order it was written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.bank import OpenItemClosed, PayoutReleased
from contracts.payments.months import MonthClosed
from contracts.payments.v1 import (
    DonationBooked,
    PayoutBatched,
    PayoutRequested,
    PayoutReturned,
    PayoutSettled,
    RecoveryBooked,
    ReliefDonationBooked,
    Transfer,
)
from payments.domain import ledger
from payments.domain.month_end import last_day

NAME = "ledger_entries"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("transfer_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("debit", sa.Text, nullable=False),
    sa.Column("credit", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("pending_id", sa.Text, nullable=False),
    sa.Column("booked_on", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Index("ledger_entries_in_order", "plan_code", "position", "number"),
    sa.Index("ledger_entries_by_debit", "debit", "position"),
    sa.Index("ledger_entries_by_credit", "credit", "position"),
)
"""`number` orders the transfers of one event; `booked_on` is the ISO date of the business, the bank's where it has one.

`event` is the wire type that carried it, `about` a JSON object of plain ids: what it was booked for (domain 7.2).
"""
C = TABLE.c
READ_ROWS_MAX = 1_000
TRANSFERS_MAX = 64
"""Transfers of one event, for a cursor that is one number."""
MONTH_CLOSED = "payments.month-closed.v1"


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a transfer."""
    return [
        Put(
            (transfer.transfer_id,),
            plan_code=ledger.plan_and_name(transfer.debit)[0],
            kind=transfer.kind,
            debit=transfer.debit,
            credit=transfer.credit,
            amount_fen=transfer.amount_fen,
            pending_id=transfer.pending_id,
            booked_on=booked_on(recorded),
            event=recorded.header.type,
            about=json.dumps(_about(recorded), ensure_ascii=False),
            position=recorded.position,
            number=number,
        )
        for number, transfer in enumerate(transfers_of(recorded))
    ]


def transfers_of(recorded: Recorded) -> tuple[Transfer, ...]:
    """The transfers that an event carries."""
    match recorded.event:
        case (
            DonationBooked(transfers=transfers)
            | ReliefDonationBooked(transfers=transfers)
            | RecoveryBooked(transfers=transfers)
            | PayoutRequested(transfers=transfers)
            | PayoutBatched(transfers=transfers)
            | PayoutReleased(transfers=transfers)
            | PayoutSettled(transfers=transfers)
            | PayoutReturned(transfers=transfers)
            | OpenItemClosed(transfers=transfers)
            | MonthClosed(transfers=transfers)
        ):
            return transfers
        case _:
            return ()


def booked_on(recorded: Recorded) -> str:
    """The date that a booking belongs to: the bank's where it has one, else that of the decision."""
    match recorded.event:
        case (
            DonationBooked(received_on=day)
            | ReliefDonationBooked(received_on=day)
            | PayoutSettled(settled_on=day)
            | PayoutReturned(returned_on=day)
        ) if day:
            return day
        case MonthClosed(month=month):
            return last_day(month)
        case _:
            return local_day(from_text(recorded.header.time)).isoformat()


def _about(recorded: Recorded) -> dict[str, str]:
    """What a booking is linked to: a donation, a receipt, or a claim with its payout and attempt (domain 7.2)."""
    match recorded.event:
        case DonationBooked(donation_id=donation_id):
            return {"donation": donation_id}
        case ReliefDonationBooked(reference=reference):
            return {"donation": reference}
        case RecoveryBooked() as event:
            return {"claim": event.claim_id, "receipt": event.receipt_id}
        case PayoutRequested() as event:
            return {"claim": event.claim_id, "payout": event.payout_id}
        case PayoutBatched() | PayoutReleased() as event:
            return {"payout": event.payout_id, "attempt": str(event.attempt), "batch": event.batch_id}
        case OpenItemClosed(item_id=item_id):
            return {"open_item": item_id}
        case MonthClosed(month=month):
            return {"month": month}
        case PayoutSettled() | PayoutReturned() as event:
            return {"claim": event.claim_id, "payout": event.payout_id, "attempt": str(event.attempt)}
        case _:
            return {}


PROJECTION = Projection(NAME, version=7, source="payments", table=TABLE, apply=apply)


async def book(c: AsyncConnection, plan_code: str) -> AsyncIterator[Transfer]:
    """A plan's transfers in the order they were written, READ_ROWS_MAX at a time."""
    position, number = 0, -1
    while True:
        later = sa.tuple_(C.position, C.number) > sa.tuple_(sa.literal(position), sa.literal(number))
        query = sa.select(TABLE).where(C.plan_code == plan_code, later).order_by(C.position, C.number)
        rows = (await c.execute(query.limit(READ_ROWS_MAX))).all()
        for row in rows:
            yield Transfer(
                transfer_id=row.transfer_id,
                kind=row.kind,
                debit=row.debit,
                credit=row.credit,
                amount_fen=row.amount_fen,
                pending_id=row.pending_id,
            )
        if len(rows) < READ_ROWS_MAX:
            return
        position, number = rows[-1].position, rows[-1].number


async def page(c: AsyncConnection, plan_code: str, account: str, after: int, limit: int) -> Sequence[sa.RowMapping]:
    """Entries after a cursor in the order they were written; of one account (its name in the chart), if named."""
    position, number = divmod(after, TRANSFERS_MAX)
    later = sa.tuple_(C.position, C.number) > sa.tuple_(sa.literal(position), sa.literal(number))
    query = sa.select(TABLE).where(C.plan_code == plan_code, later).order_by(C.position, C.number).limit(limit)
    if account:
        full = ledger.account(plan_code, account)
        query = query.where((C.debit == full) | (C.credit == full))
    return (await c.execute(query)).mappings().all()


def cursor(row: sa.RowMapping) -> int:
    """The cursor that goes on after an entry; 0 is before the first."""
    return int(row["position"]) * TRANSFERS_MAX + int(row["number"])


Closed = tuple[str, int]
"""The last closed month and the position that its figures hold."""


async def month(
    c: AsyncConnection, plan_code: str, of_month: str, closed: Closed | None
) -> tuple[int, int, dict[str, tuple[int, int, int]]]:
    """What a month moves: everything dated up to its end that no closed month holds.

    Returns the last position of it, how much is dated in a month closed before, and for each account (its name in the
    chart) the balance before the month, its debits and its credits; after a closed month nothing stands before.
    """
    entries = (await c.execute(_until(plan_code, of_month, closed))).all()
    moved: dict[str, list[int]] = {}
    late_fen = 0
    for row in entries:
        early = closed is None and row.booked_on < of_month
        if closed is not None and row.booked_on <= _end_of(closed[0]):
            late_fen += row.fen
        for full, side in ((row.debit, 1), (row.credit, 2)):
            sums = moved.setdefault(ledger.plan_and_name(full)[1], [0, 0, 0])
            if early:
                sums[0] += row.fen if side == 1 else -row.fen
            else:
                sums[side] += row.fen
    as_of = max((row.position for row in entries), default=closed[1] if closed else 0)
    return as_of, late_fen, {name: (one[0], one[1], one[2]) for name, one in moved.items()}


def _until(plan_code: str, of_month: str, closed: Closed | None) -> sa.Select[tuple[str, str, str, int, int]]:
    """Sums by day and accounts of what moved money up to the end of a month and stands in no closed one."""
    fen, position = sa.func.sum(C.amount_fen).cast(sa.BigInteger), sa.func.max(C.position)
    of = sa.select(C.booked_on, C.debit, C.credit, fen.label("fen"), position.label("position")).where(
        C.plan_code == plan_code, C.kind.in_((ledger.SINGLE, ledger.POST)), C.booked_on <= _end_of(of_month)
    )
    if closed is not None:
        # What a close itself booked is in its own figures, and is written after the position that it holds.
        of = of.where((C.booked_on > _end_of(closed[0])) | (C.position > closed[1]), C.event != MONTH_CLOSED)
    return of.group_by(C.booked_on, C.debit, C.credit)


def _end_of(month: str) -> str:
    """No date of a month is later in its text, and none of the next is earlier."""
    return f"{month}-31"
