"""Closed months over HTTP: one person of finance proposes, a second confirms, and the figures are frozen."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from contracts.payments.months import AccountMonth, MonthClosed
from payments.api.reading import BOOKKEEPERS
from payments.api.relief_fund import PlanInPath
from payments.domain.month_end import MONTH_END, ConfirmClose, Figures, ProposeClose
from payments.projections import ledger_entries, months, reserves

Month = Annotated[str, PathParameter(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class MonthTold(msgspec.Struct, frozen=True):
    """A month after a step: proposed or closed."""

    plan_code: str
    month: str
    state: str


class Months(msgspec.Struct, frozen=True):
    """A plan's closed months, the newest first, as they were frozen."""

    items: list[MonthClosed]


@post("/months/{plan_code:str}/{month:str}/close", status_code=200)
async def propose_close(
    plan_code: PlanInPath, month: Month, request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[MonthTold]:
    """The first person's step: the figures as the ledger has them now."""
    allow_province(actor, "finance")

    async def work(session: Session) -> MonthTold:
        figures = await _figures(session, plan_code, month)
        command = ProposeClose(plan_code, month, figures, session.today.isoformat(), actor.sub)
        await session.decide(MONTH_END, plan_code, command)
        return MonthTold(plan_code, month, "proposed")

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/months/{plan_code:str}/{month:str}/close/confirm", status_code=200)
async def confirm_close(
    plan_code: PlanInPath, month: Month, request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[MonthTold]:
    """The second person's step: the figures are frozen, unless something was booked since."""
    allow_province(actor, "finance")

    async def work(session: Session) -> MonthTold:
        figures = await _figures(session, plan_code, month)
        await session.decide(MONTH_END, plan_code, ConfirmClose(month, figures, actor.sub))
        return MonthTold(plan_code, month, "closed")

    return await context.command(request, actor, work, status=200, keep_s=None)


@get("/months/{plan_code:str}")
async def list_months(plan_code: PlanInPath, actor: Actor, context: Context) -> Months:
    """Every closed month of a plan."""
    allow_province(actor, *BOOKKEEPERS)
    async with context.reads.connection() as c:
        return Months(await months.of_plan(c, plan_code))


async def _figures(session: Session, plan_code: str, month: str) -> Figures:
    """Everything dated up to the month's end that no closed month holds, and what claims will still cost then."""
    last = (await session.load(MONTH_END, plan_code)).closed
    async with session.reads.connection() as c:
        as_of, late_fen, moved = await ledger_entries.month(
            c, plan_code, month, (last.month, last.as_of) if last else None
        )
        foreseen = await reserves.at_end_of(c, plan_code, month)
    openings = {one.account: one.closing_fen for one in last.accounts} if last else {}
    accounts = []
    for account in sorted(openings.keys() | moved.keys()):
        before, debit, credit = moved.get(account, (0, 0, 0))
        opening = openings.get(account, 0) + before
        accounts.append(
            AccountMonth(
                account=account,
                opening_fen=opening,
                debit_fen=debit,
                credit_fen=credit,
                closing_fen=opening + debit - credit,
            )
        )
    return Figures(tuple(accounts), as_of, late_fen, foreseen)


ROUTES: list[ControllerRouterHandler] = [propose_close, confirm_close, list_months]
