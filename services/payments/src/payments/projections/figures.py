"""The figures of domain 10 over payouts and what banks sent back, by dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.cells import UNKNOWN, Cells, counted, level, month, percent, within
from contracts.envelope import Actor
from payments.projections import attempts, payouts, returns

PAYOUTS_BY = ("month", "city", "county", "benefit", "fund", "state", "bank")
RETURNS_BY = ("month", "city", "county", "benefit", "fund", "reason", "bank")


def _day(moment_ms: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The day in Asia/Shanghai of a moment in milliseconds."""
    return sa.func.to_char(sa.func.timezone("Asia/Shanghai", sa.func.to_timestamp(moment_ms / 1000.0)), "YYYY-MM-DD")


def _dimensions(day: sa.ColumnElement[str]) -> dict[str, sa.ColumnElement[Any]]:
    p = payouts.C
    return {
        "month": month(day),
        "city": level(p.org_path, 2),
        "county": level(p.org_path, 3),
        "benefit": p.benefit_code,
        "fund": p.fund,
        "state": p.state,
        "reason": returns.C.reason,
        # Of the attempt that is counted; what was never sent has none.
        "bank": sa.func.coalesce(sa.func.nullif(attempts.C.bank_code, ""), UNKNOWN),
    }


def _line() -> sa.ColumnElement[str]:
    """A claim's benefit, however many are paid for it."""
    return payouts.C.claim_id + "." + payouts.C.benefit_code


def _attempt(number: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return sa.and_(attempts.C.payout_id == payouts.C.payout_id, attempts.C.attempt == number)


async def requested(c: AsyncConnection, actor: Actor, plan: str, days: tuple[str, str], by: Sequence[str]) -> Cells:
    """Payouts that were requested within the days, and where they stand; `unclaimed` were sent back and wait."""
    p = payouts.C
    day = _day(p.requested_ms)
    dimension = _dimensions(day)
    columns = (
        p.person_id,
        p.claim_id,
        _line().label("line"),
        p.amount_fen,
        p.attempt,
        p.returns,
        (p.settled_ms - p.requested_ms).label("took"),
    )
    query = sa.select(*columns, p.state.label("stands"), *(dimension[name].label(name) for name in by))
    query = query.select_from(payouts.TABLE.outerjoin(attempts.TABLE, _attempt(p.attempt)))
    facts = query.where(*_of(actor, plan), *within(day, *days)).subquery()
    f = facts.c
    settled, unclaimed = f.stands == payouts.SETTLED, f.stands == payouts.RETURNED
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "person_times": sa.func.count(f.claim_id.distinct()),
        "lines": sa.func.count(f.line.distinct()),
        "payouts": sa.func.count(),
        "fen": sa.func.sum(f.amount_fen),
        "sent": sa.func.count().filter(f.attempt > 0),
        "settled": sa.func.count().filter(settled),
        "settled_fen": sa.func.sum(f.amount_fen).filter(settled),
        "settled_percent": percent(sa.func.count().filter(settled), sa.func.count().filter(f.attempt > 0)),
        "settled_at_once": sa.func.count().filter(sa.and_(settled, f.returns == 0)),
        "returned": sa.func.count().filter(f.returns > 0),
        "returns": sa.func.sum(f.returns),
        "unclaimed": sa.func.count().filter(unclaimed),
        "unclaimed_fen": sa.func.sum(f.amount_fen).filter(unclaimed),
        "median_settle_ms": sa.func.percentile_disc(0.5).within_group(f.took).filter(settled),
    }
    return await counted(c, facts, by, measures)


async def sent_back(c: AsyncConnection, actor: Actor, plan: str, days: tuple[str, str], by: Sequence[str]) -> Cells:
    """Returns within the days by reason, and how long until the money was sent again."""
    p, r = payouts.C, returns.C
    day = _day(r.returned_ms)
    dimension = _dimensions(day)
    took = (r.again_ms - r.returned_ms).label("took")
    columns = (p.person_id, p.claim_id, _line().label("line"), p.amount_fen, r.after_booking, took)
    query = sa.select(*columns, *(dimension[name].label(name) for name in by))
    joined = returns.TABLE.join(payouts.TABLE, p.payout_id == r.payout_id)
    query = query.select_from(joined.outerjoin(attempts.TABLE, _attempt(r.attempt)))
    facts = query.where(*_of(actor, plan), *within(day, *days)).subquery()
    f = facts.c
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "person_times": sa.func.count(f.claim_id.distinct()),
        "lines": sa.func.count(f.line.distinct()),
        "returns": sa.func.count(),
        "fen": sa.func.sum(f.amount_fen),
        "after_booking": sa.func.count().filter(f.after_booking),
        "sent_again": sa.func.count(f.took),
        "median_again_ms": sa.func.percentile_disc(0.5).within_group(f.took),
    }
    return await counted(c, facts, by, measures)


def _of(actor: Actor, plan: str) -> list[sa.ColumnElement[bool]]:
    return [in_subtree(payouts.C.org_path, actor), payouts.C.plan_code == plan]
