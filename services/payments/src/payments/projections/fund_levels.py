"""How much of each fund was used when somebody was last told, and the last request for more."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.fund import FundAlertRaised, FundEased, TopUpAnswered, TopUpRequested

NAME = "fund_levels"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("used_fen", sa.BigInteger, nullable=False),
    sa.Column("contribution_fen", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("fund_levels_by_plan", "plan_code", "fund", "position"),
)
"""`kind` alert, eased (`number` is the percent), top-up or answer (the request's number); `at` RFC 3339 in UTC."""
C = TABLE.c
ALERT, EASED, TOP_UP, ANSWER = "alert", "eased", "top-up", "answer"


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a change, by the position of its event."""
    match recorded.event:
        case FundAlertRaised(percent=percent) as event:
            return [_row(recorded, event, ALERT, percent, event.used_fen, event.contribution_fen)]
        case FundEased(percent=percent) as event:
            return [_row(recorded, event, EASED, percent, event.used_fen, event.contribution_fen)]
        case TopUpRequested(request_no=number) as event:
            return [_row(recorded, event, TOP_UP, number, event.used_fen, event.contribution_fen)]
        case TopUpAnswered(request_no=number) as event:
            told = {"outcome": event.outcome, "reason": event.reason, "by": event.by}
            return [_row(recorded, event, ANSWER, number, 0, 0, **told)]
        case _:
            return []


def _row(
    recorded: Recorded,
    event: FundAlertRaised | FundEased | TopUpRequested | TopUpAnswered,
    kind: str,
    number: int,
    used_fen: int,
    contribution_fen: int,
    *,
    outcome: str = "",
    reason: str = "",
    by: str = "",
) -> Put:
    return Put(
        (recorded.position, kind, number),
        plan_code=event.plan_code,
        fund=event.fund,
        used_fen=used_fen,
        contribution_fen=contribution_fen,
        outcome=outcome,
        reason=reason,
        by=by,
        at=recorded.header.time,
    )


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


async def told(c: AsyncConnection, plan_code: str, fund: str, limit: int) -> list[sa.RowMapping]:
    """What was told and asked of a fund, the newest first."""
    query = sa.select(TABLE).where(C.plan_code == plan_code, C.fund == fund).order_by(C.position.desc(), C.number)
    return list((await c.execute(query.limit(limit))).mappings())


async def answered(c: AsyncConnection) -> dict[tuple[str, str], int]:
    """How much was missing when more was asked for last, of each fund whose request has been answered."""
    asked = sa.select(TABLE).where(C.kind.in_((TOP_UP, ANSWER))).order_by(C.position)
    found: dict[tuple[str, str], int] = {}
    missing: dict[tuple[str, str], int] = {}
    for row in (await c.execute(asked)).mappings():
        key = (row["plan_code"], row["fund"])
        if row["kind"] == TOP_UP:
            missing[key] = max(row["used_fen"] - row["contribution_fen"], 0)
            found.pop(key, None)
        else:
            found[key] = missing[key]
    return found


async def standing(c: AsyncConnection) -> dict[tuple[str, str], tuple[int, int]]:
    """The percent told last and what had been given then, for each plan and fund that was told of."""
    levels = sa.select(TABLE).where(C.kind.in_((ALERT, EASED))).order_by(C.position, C.number)
    rows = (await c.execute(levels)).mappings()
    return {(row["plan_code"], row["fund"]): (row["number"], row["contribution_fen"]) for row in rows}
