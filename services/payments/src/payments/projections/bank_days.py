"""Finished days of the bank account: the bank's own balances."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.bank import BankDayTaken

NAME = "bank_days"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("bank_account", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("opening_fen", sa.BigInteger, nullable=False),
    sa.Column("closing_fen", sa.BigInteger, nullable=False),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a day, once it is whole."""
    match recorded.event:
        case BankDayTaken(last=True) as event:
            key = (event.bank_account, event.day)
            return [Put(key, opening_fen=event.opening_fen, closing_fen=event.closing_fen)]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def last(c: AsyncConnection, bank_account: str, until: str = "9999-12-31") -> tuple[str, int] | None:
    """The last day that was taken in, up to a day, and where it closed; None before the first."""
    query = sa.select(C.day, C.closing_fen).where(C.bank_account == bank_account, C.day <= until)
    row = (await c.execute(query.order_by(C.day.desc()).limit(1))).one_or_none()
    return None if row is None else (row.day, row.closing_fen)
