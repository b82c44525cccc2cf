"""The figures of domain 10 over HTTP: what was sent and arrived, what banks sent back."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.cells import ASKED, Cells, Question, dimensions
from chassis.context import Context
from chassis.web import Problem
from contracts.envelope import Actor
from payments.api.reading import STAFF, PlanCode
from payments.projections import figures

REPORTS = {
    "payouts": (figures.requested, figures.PAYOUTS_BY),
    "returns": (figures.sent_back, figures.RETURNS_BY),
}


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
        found = await gather(c, actor, plan_code, question.days, asked)
    return question.shown(found, context.settings.public_cell_people_min)


ROUTES: list[ControllerRouterHandler] = [statistics]
