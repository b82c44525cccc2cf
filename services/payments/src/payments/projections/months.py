"""Every closed month with its frozen figures."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.months import MonthClosed

NAME = "months"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("figures", sa.Text, nullable=False),
)
"""`figures` is the event's data as JSON."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a closed month."""
    match recorded.event:
        case MonthClosed() as event:
            return [Put((event.plan_code, event.month), figures=msgspec.json.encode(event).decode())]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def of_plan(c: AsyncConnection, plan_code: str) -> list[MonthClosed]:
    """A plan's closed months, the newest first."""
    query = sa.select(C.figures).where(C.plan_code == plan_code).order_by(C.month.desc())
    return [msgspec.json.decode(figures, type=MonthClosed) for figures in (await c.execute(query)).scalars()]
