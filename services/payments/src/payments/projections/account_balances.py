"""The balance of every account of every plan, with what is reserved on it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from payments.domain import ledger
from payments.projections.ledger_entries import transfers_of

NAME = "account_balances"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("debit_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("credit_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("pending_debit_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("pending_credit_fen", sa.BigInteger, nullable=False, server_default="0"),
)
"""`account` is the name within the plan's chart (domain 7.2)."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """Both sides of every transfer."""
    return [
        Count(
            ledger.plan_and_name(movement.account),
            debit_fen=movement.debit_fen,
            credit_fen=movement.credit_fen,
            pending_debit_fen=movement.pending_debit_fen,
            pending_credit_fen=movement.pending_credit_fen,
        )
        for transfer in transfers_of(recorded)
        for movement in ledger.movements(transfer)
    ]


PROJECTION = Projection(NAME, version=6, source="payments", table=TABLE, apply=apply)


async def of_plan(c: AsyncConnection, plan_code: str) -> dict[str, ledger.Movement]:
    """A plan's accounts by name."""
    rows = await c.execute(sa.select(TABLE).where(C.plan_code == plan_code).order_by(C.account))
    return {
        row.account: ledger.Movement(
            row.account, row.debit_fen, row.credit_fen, row.pending_debit_fen, row.pending_credit_fen
        )
        for row in rows
    }


async def plans(c: AsyncConnection) -> list[str]:
    """Every plan that has an account."""
    return list((await c.execute(sa.select(C.plan_code).distinct().order_by(C.plan_code))).scalars())
