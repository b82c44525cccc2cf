"""What a fund will have been used by the end of its plan's period, over HTTP (domain 7.2)."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from chassis.context import Context
from chassis.web.problem import Problem
from contracts.envelope import Actor
from payments.api.reading import allow_province
from payments.api.relief_fund import PlanInPath
from payments.domain import ledger
from payments.domain.forecast import forecast
from payments.projections import account_balances, claim_history, donations


class KindView(msgspec.Struct, frozen=True):
    """One kind of incident or relief, in fen: expected of open cases, of unreported ones, and of those to come.

    `ibnr_claims` is None where the data do not allow a chain ladder.
    """

    mean_fen: int
    open_claims: int
    open_fen: int
    ibnr_claims: int | None
    ibnr_fen: int
    future_fen: int
    low_fen: int
    high_fen: int


class Forecast(msgspec.Struct, frozen=True):
    """What is used and expected of a fund, in fen; low and high enclose each kind's part with 90 %, and are summed.

    `available_fen` is what was given less what the plan sets aside of it.
    """

    plan_code: str
    on: str
    contribution_fen: int
    available_fen: int
    used_fen: int
    expected_fen: int
    low_fen: int
    high_fen: int
    by_kind: dict[str, KindView]


@get("/pool/{plan_code:str}/forecast")
async def foresee(plan_code: PlanInPath, actor: Actor, context: Context) -> Forecast:
    """Used, and what is still expected by the end of the period; 404 before a donation names the period."""
    allow_province(actor)
    return await foreseen(context, plan_code, ledger.POOL)


@get("/relief-fund/{plan_code:str}/forecast")
async def foresee_relief(plan_code: PlanInPath, actor: Actor, context: Context) -> Forecast:
    """As of the pool, of relief: cases that wait for their meeting, and as many more as so far."""
    allow_province(actor)
    return await foreseen(context, plan_code, ledger.RELIEF)


async def foreseen(context: Context, plan_code: str, fund: ledger.Fund = ledger.POOL) -> Forecast:
    """A fund as it is foreseen today. Raises Problem period-unknown."""
    today = context.clock.today()
    async with context.reads.connection() as c:
        start, end = await donations.period(c, plan_code)
        if not (start and end):
            raise Problem(404, "period-unknown", "No donation has named this plan's period.")
        kinds = await claim_history.by_kind(c, plan_code, fund, start[:7], today.isoformat()[:7])
        accounts = await account_balances.of_plan(c, plan_code)
    used_fen, available_fen = ledger.used_and_available(accounts, fund)
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    elapsed, left = (min(today, last) - first).days, (last - max(today, first)).days
    month_now = claim_history.months_between(start[:7], today.isoformat()[:7])
    told = {name: forecast(kind, month_now, max(elapsed, 1), max(left, 0)) for name, kind in kinds.items()}
    return Forecast(
        plan_code=plan_code,
        on=today.isoformat(),
        contribution_fen=-ledger.balance_fen(accounts, fund.contribution),
        available_fen=available_fen,
        used_fen=used_fen,
        expected_fen=used_fen + sum(one.expected_fen for one in told.values()),
        low_fen=used_fen + sum(one.low_fen for one in told.values()),
        high_fen=used_fen + sum(one.high_fen for one in told.values()),
        by_kind={
            name: KindView(
                mean_fen=one.mean_fen,
                open_claims=kinds[name].open,
                open_fen=one.open_fen,
                ibnr_claims=one.ibnr_claims,
                ibnr_fen=one.ibnr_fen,
                future_fen=one.future_fen,
                low_fen=one.low_fen,
                high_fen=one.high_fen,
            )
            for name, one in told.items()
        },
    )


ROUTES: list[ControllerRouterHandler] = [foresee, foresee_relief]
