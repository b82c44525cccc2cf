"""How far the bank's statement has been taken in, and what of it was not ours."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from contracts.payments.v1 import StatementImported

NAME = "statements"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("bank_account", sa.Text, primary_key=True),
    sa.Column("lines", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("unmatched", sa.BigInteger, nullable=False, server_default="0"),
)
"""`lines` is the last line taken in: lines count from 1 and none is left out."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a bank account."""
    match recorded.event:
        case StatementImported() as event:
            lines = event.last_line - event.first_line + 1
            return [Count((event.bank_account,), lines=lines, unmatched=len(event.unmatched))]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def last_line(c: AsyncConnection, bank_account: str) -> int:
    """The last line taken in; 0 before the first."""
    return (await c.execute(sa.select(C.lines).where(C.bank_account == bank_account))).scalar_one_or_none() or 0
