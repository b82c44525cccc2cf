"""The figures of domain 10 over HTTP: what was sent and arrived, what banks sent back, the pool month by month."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.cells import ASKED, Cells, Question, answer, dimensions
from chassis.context import Context
from chassis.web import Problem
from contracts.envelope import Actor
from payments.api.foreseeing import Forecast, foreseen
from payments.api.reading import STAFF, PlanCode, allow_province
from payments.projections import figures, fund_figures, months

REPORTS = {
    "payouts": (figures.requested, figures.PAYOUTS_BY),
    "returns": (figures.sent_back, figures.RETURNS_BY),
}


class FundStatistics(msgspec.Struct, frozen=True):
    """The pool by month and kind of benefit, and what is foreseen of it today, by kind of incident."""

    fund: Cells
    foreseen: Forecast


@get("/statistics/{report:str}", dependencies=ASKED)
async def statistics(
    report: FromPath[str],
    plan_code: PlanCode,
    question: Question,
    actor: Actor,
    context: Context,
) -> Cells:
    """One report: payouts (by the day of the request), returns (by the day they came back). Both days are counted."""
    allow(actor, *STAFF)
    if report not in REPORTS:
        raise Problem(404, "report-unknown", f"There is no such report; there are {', '.join(REPORTS)}.", "report")
    gather, known = REPORTS[report]
    asked = dimensions(question.by, known)
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await gather(c, actor, plan_code, question.days, by)

        return await answer(tell, question, asked, actor, context.settings.public_cell_people_min)


@get("/statistics/fund", dependencies=ASKED)
async def fund_statistics(plan_code: PlanCode, question: Question, actor: Actor, context: Context) -> FundStatistics:
    """The pool's money by month and kind; a closed month as it was closed. For the public, not by kind."""
    allow_province(actor)
    asked = dimensions(question.by, fund_figures.FUND_BY)
    if question.public and "kind" in asked:
        raise Problem(422, "not-for-the-public", "One month's kind of benefit may be one family's money.", "by")
    if any(question.days):
        raise Problem(422, "months-only", "The pool is told by whole months, from the first.", "from")
    forecast = await foreseen(context, plan_code)
    async with context.reads.connection() as c:
        closed = await months.of_plan(c, plan_code)
        found = await fund_figures.by_month(c, plan_code, closed, asked, context.clock.today().isoformat())
    return FundStatistics(found, forecast)


ROUTES: list[ControllerRouterHandler] = [statistics, fund_statistics]
