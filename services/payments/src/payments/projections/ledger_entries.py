"""Every transfer of the book, in the order it was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
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
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Index("ledger_entries_in_order", "plan_code", "position", "number"),
)
"""`number` orders the transfers of one event."""
C = TABLE.c
READ_ROWS_MAX = 1_000


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
            | PayoutSettled(transfers=transfers)
            | PayoutReturned(transfers=transfers)
        ):
            return transfers
        case _:
            return ()


PROJECTION = Projection(NAME, version=3, source="payments", table=TABLE, apply=apply)


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
