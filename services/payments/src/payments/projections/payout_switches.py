"""Every turn of the switch that holds all payouts: who, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.owing import PayoutsPaused, PayoutsResumed

NAME = "payout_switches"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
"""`at` is RFC 3339 in UTC."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a turn, by the position of its event."""
    match recorded.event:
        case PayoutsPaused(by=by, reason=reason):
            return [Put((recorded.position,), paused=True, by=by, reason=reason, at=recorded.header.time)]
        case PayoutsResumed(by=by, reason=reason):
            return [Put((recorded.position,), paused=False, by=by, reason=reason, at=recorded.header.time)]
        case _:
            return []


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def latest(c: AsyncConnection, limit: int) -> Sequence[sa.RowMapping]:
    """The last turns, the newest first."""
    return (await c.execute(sa.select(TABLE).order_by(C.position.desc()).limit(limit))).mappings().all()
