"""The figures of domain 10 over HTTP: claims, money, turnaround, matching, relief, channels, risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow
from chassis.cells import ASKED, Cell, Cells, Question, answer, dimensions
from chassis.clock import from_text, local_day
from chassis.context import Context
from chassis.web import Problem
from claims.api.access import READERS
from claims.api.plans import plans_of_period
from claims.domain.turnaround import STOPS, Passage, Times, quantile, working_days_of
from claims.intake.working_days import working_days_between
from claims.projections import claim_history, figures
from contracts.envelope import Actor

ASKERS = (*READERS, "finance")
MEDIAN, NINETIETH = 50, 90
KEPT = frozenset((*STOPS, "OVERDUE"))

Period = Annotated[str, QueryParameter(pattern=r"^[0-9]{4}$", description="The year in which a plan's period begins.")]
REPORTS = {
    "claims": (figures.filed, figures.FILED_BY),
    "paid": (figures.paid, figures.PAID_BY),
    "matching": (figures.matched, figures.MATCHED_BY),
    "relief": (figures.relief, figures.RELIEF_BY),
    "risk": (figures.risk, figures.RISK_BY),
}


class Service(msgspec.Struct, frozen=True):
    """Filings by channel, and how many of them came by a call."""

    channels: Cells
    calls: int


@get("/statistics/{report:str}", dependencies=ASKED)
async def statistics(
    report: FromPath[str], period: Period, question: Question, actor: Actor, context: Context
) -> Cells:
    """One report: claims (by filing), paid (by the bank's booking), matching (by the file's receipt), relief, risk.

    The days are ISO dates, both counted; without them everything. `not_reached_people` of matching has to become zero.
    """
    allow(actor, *ASKERS)
    if report not in REPORTS:
        raise Problem(404, "report-unknown", f"There is no such report; there are {', '.join(REPORTS)}.", "report")
    gather, known = REPORTS[report]
    asked = dimensions(question.by, known)
    plans = plans_of_period(period)
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await gather(c, actor, plans, question.days, by)

        return await answer(tell, question, asked, actor, context.settings.public_cell_people_min)


@get("/statistics/turnaround", dependencies=ASKED)
async def turnaround(period: Period, question: Question, actor: Actor, context: Context) -> Cells:
    """Working days by step of the claims filed within the days: median, 90th percentile, how often overdue."""
    allow(actor, *ASKERS)
    asked = dimensions(question.by, figures.TURNAROUND_BY)
    ids = figures.filed_ids(actor, plans_of_period(period), question.days)
    async with context.reads.connection() as c:
        claims_max = context.settings.turnaround_claims_max
        if (await c.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0) > claims_max:
            raise Problem(422, "claims-too-many", f"At most {claims_max} claims at once; ask for fewer days.", "from")

        async def tell(by: Sequence[str]) -> Cells:
            return await _turnaround(c, ids, by)

        return await answer(tell, question, asked, actor, context.settings.public_cell_people_min)


@get("/statistics/service", dependencies=ASKED)
async def service_statistics(period: Period, question: Question, actor: Actor, context: Context) -> Service:
    """Through which channel members came."""
    allow(actor, *ASKERS)
    plans = plans_of_period(period)
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await figures.filed(c, actor, plans, question.days, by)

        channels = await answer(tell, question, ["channel"], actor, context.settings.public_cell_people_min)
        calls = await figures.calls(c, actor, plans, question.days)
    return Service(channels, calls)


async def _turnaround(c: AsyncConnection, ids: sa.Select[tuple[str]], by: Sequence[str]) -> Cells:
    """Every claim's history folded into working days by step; the cells are step and dimensions."""
    about = await figures.filed_as(c, ids, by)
    times: dict[tuple[str, ...], Times] = {}
    people: dict[tuple[str, ...], set[str]] = {}
    concerned: dict[tuple[str, ...], set[str]] = {}
    for claim_id, rows in (await claim_history.passages(c, ids, KEPT)).items():
        person_id, *of = about[claim_id]
        passages = [Passage(what, step, local_day(from_text(at))) for what, step, at in rows]
        days, overdue = working_days_of(passages, working_days_between)
        for step, taken in days.items():
            times.setdefault((step, *of), Times()).days.append(taken)
        for step in overdue:
            times.setdefault((step, *of), Times()).overdue += 1
        for step in {*days, *overdue}:
            people.setdefault((step, *of), set()).add(person_id)
            concerned.setdefault((step, *of), set()).add(claim_id)
    names = ("step", *by)
    cells = [
        _timed(dict(zip(names, key, strict=True)), of, len(people[key]), len(concerned[key]))
        for key, of in sorted(times.items())
    ]
    everyone = {values[0] for values in about.values()}
    total = Cell({}, {"people": len(everyone), "claims": len(about), "overdue": sum(t.overdue for t in times.values())})
    return Cells([*names], cells, total)


def _timed(of: dict[str, str], times: Times, people: int, claims: int) -> Cell:
    figures_of = {
        "people": people,
        "claims": claims,
        "passed": len(times.days),
        "median_workdays": quantile(times.days, MEDIAN),
        "p90_workdays": quantile(times.days, NINETIETH),
        "overdue": times.overdue,
    }
    return Cell(of, figures_of)


ROUTES: list[ControllerRouterHandler] = [statistics, turnaround, service_statistics]
