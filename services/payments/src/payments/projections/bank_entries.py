"""The statement's leg: every entry of every finished day of the bank account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.bank import BankDayTaken
from payments.domain.reconciliation import Entry

NAME = "bank_entries"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("entry_no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("order_key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Index("bank_entries_by_day", "day"),
    sa.Index("bank_entries_by_key", "order_key"),
)
"""`amount_fen` is what the entry does to the balance; `entry_no` says which of its day it is."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an entry."""
    match recorded.event:
        case BankDayTaken() as event:
            return [
                Put(
                    (event.day, entry.entry_no),
                    order_key=entry.end_to_end_id,
                    kind=entry.kind,
                    amount_fen=entry.amount_fen,
                    reference=entry.reference,
                )
                for entry in event.entries
            ]
        case _:
            return []


PROJECTION = Projection(NAME, version=2, source="payments", table=TABLE, apply=apply)


async def until(c: AsyncConnection, day: str, keys: Sequence[str] | None = None) -> Sequence[Entry]:
    """Every entry up to the end of a day; of these orders, if any are named."""
    query = sa.select(TABLE).where(C.day <= day).order_by(C.day, C.entry_no)
    rows = await c.execute(query if keys is None else query.where(C.order_key.in_(keys)))
    return [Entry(row.entry_no, row.day, row.order_key, row.kind, row.amount_fen, row.reference) for row in rows]
