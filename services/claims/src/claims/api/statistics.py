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

from chassis.auth import allow, allow_province, in_subtree
from chassis.cells import ASKED, Cell, Cells, Question, answer, dimensions, within
from chassis.clock import from_text, local_day
from chassis.context import Context
from chassis.web import Problem
from claims.api.access import READERS
from claims.api.plans import plans_of_period
from claims.api.sealed_figures import labels_of
from claims.domain.turnaround import STOPS, Passage, Times, quantile, working_days_of
from claims.intake.working_days import working_days_between
from claims.projections import claim_history, figures, outreach_assets, tickets
from claims.projections.outreach_assets import OutreachFigure
from claims.projections.tickets import TicketFigure
from contracts.envelope import Actor
from contracts.organization import PROVINCE_CODE

ASKERS = (*READERS, "finance")
COUNTERS = ("office_head", "supervisor", "auditor")
"""Who may have sealed facts counted; nobody is told one of them."""
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
    """Filings by channel, how many of them came by a call, stickers and leaflets, and what the hotline was asked."""

    channels: Cells
    calls: int
    assets: list[OutreachFigure]
    tickets: list[TicketFigure]


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
    if sealed := [name for name in asked if name in figures.OF_FACTS]:
        return await _of_facts(report, sealed[0], plans, question, asked, actor, context)
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await gather(c, actor, plans, question.days, by)

        told = await answer(tell, question, asked, actor, context.settings.public_cell_people_min)
        if report != "matching" or actor.org_path != PROVINCE_CODE or told.total.suppressed:
            return told
        # Most rows are of people who are not covered, and so of no county.
        rows = await figures.rows_in(c, plans, question.days)
        return Cells(told.by, told.cells, Cell({}, {"rows": rows, **told.total.figures}))


async def _of_facts(
    report: str, name: str, plans: list[str], question: Question, asked: list[str], actor: Actor, context: Context
) -> Cells:
    """By hospital level or class of illness: of few people for nobody, and alone (security 2.1: counts only)."""
    allow_province(actor, *COUNTERS)
    gather = figures.filed if report == "claims" else figures.paid
    ids = figures.filed_ids if report == "claims" else figures.paid_ids
    people_min = context.settings.public_cell_people_min

    async def counted_by(by: Sequence[str]) -> Cells:
        labels = await labels_of(context, ids(actor, plans, question.days), name)
        labelled = figures.labels(labels.numbers)
        async with context.reads.connection() as c:
            return labels.told(await gather(c, actor, plans, question.days, by, labelled), name)

    return await answer(counted_by, question, asked, actor, people_min, sensitive=True)


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
    """Through which channel members came, what was posted and scanned, and what was asked of 12351, on these days."""
    allow(actor, *ASKERS)
    plans = plans_of_period(period)
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await figures.filed(c, actor, plans, question.days, by)

        channels = await answer(tell, question, ["channel"], actor, context.settings.public_cell_people_min)
        calls = await figures.calls(c, actor, plans, question.days)
        assets = await outreach_assets.figures(c, in_subtree(outreach_assets.C.org_path, actor), *question.days)
        opened = sa.and_(in_subtree(tickets.C.org_path, actor), *within(tickets.C.opened_on, *question.days))
        asked = await tickets.figures(c, opened, context.clock.today().isoformat())
    return Service(channels, calls, assets, asked)


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
