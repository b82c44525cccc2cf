"""A campaign in figures, by prefecture, stop or package: people counts only, small cells never told (domain 8.2)."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, get
from litestar.params import PathParameter, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from contracts.envelope import Actor
from health_checkup.api.access import COUNTERS
from health_checkup.api.shapes import ID_PATTERN, PathId
from health_checkup.domain.rules import rules_of
from health_checkup.projections import attendances, campaigns, exams, findings, stops

CELLS_MAX = 2_000
"""A campaign has fewer stops than this."""
QUESTIONS_BURST, QUESTIONS_PER_HOUR = 30, 600
_questions = Limiter(QUESTIONS_BURST, QUESTIONS_PER_HOUR)
By = Literal["prefecture", "stop", "package"]


class Cell(msgspec.Struct, frozen=True):
    """One prefecture, stop or package. Shares are per thousand. None is not told: fewer than `cell_min` people.

    `missed` of `booked` at closed stops; `reported_in_time` of the `reported`; `contact_minutes` is the median from a
    class A finding to the contact.
    """

    key: str
    invited: int | None
    booked: int | None
    attended: int | None
    walk_ins: int | None
    missed: int | None
    no_show_permille: int | None
    reported: int | None
    reported_in_time_permille: int | None
    abnormal_permille: int | None
    class_a: int | None
    contact_minutes: int | None


class Figures(msgspec.Struct, frozen=True):
    """A campaign; money in fen, the cost a head by the bills so far and whoever came."""

    campaign: str
    quota: int
    budget_fen: int
    cost_fen: int
    cost_a_head_fen: int | None
    total: Cell
    cells: list[Cell]


class _Counted(msgspec.Struct, frozen=True):
    key: str
    invited: int = 0
    booked: int = 0
    attended: int = 0
    walk_ins: int = 0
    missed: int = 0
    reported: int = 0
    in_time: int = 0
    abnormal: int = 0
    class_a: int = 0
    contact_minutes: int | None = None


def _key(by: By) -> sa.ColumnElement[str]:
    s = stops.TABLE.c
    return {"prefecture": s.prefecture, "stop": s.stop_id, "package": s.package}[by]


async def _counted(c: AsyncConnection, campaign: str, by: By | None, within: Actor | None, days: int) -> list[_Counted]:
    """The attendances, results and class A findings of each cell; without `by`, of the whole."""
    s, a, e, f = stops.TABLE.c, attendances.TABLE.c, exams.TABLE.c, findings.TABLE.c
    key = _key(by) if by else sa.literal("")
    where = [s.campaign == campaign, *([in_subtree(s.org_path, within)] if within else [])]
    people = (
        sa.select(
            key.label("key"),
            sa.func.count(sa.distinct(a.person_id)).filter(a.wave.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.slot_id.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.attended_at.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.walk_in),
            sa.func.count(sa.distinct(a.person_id)).filter(a.missed_at.is_not(None)),
        )
        .join_from(stops.TABLE, attendances.TABLE, a.stop_id == s.stop_id)
        .where(*where)
        .group_by(sa.text("key"))
        .order_by(sa.text("key"))
        .limit(CELLS_MAX)
    )
    took = sa.cast(e.recorded_on, sa.Date) - sa.cast(e.examined_on, sa.Date)
    contact = sa.cast(f.contacted_at, sa.DateTime(timezone=True)) - sa.cast(f.raised_at, sa.DateTime(timezone=True))
    minutes = sa.func.percentile_cont(0.5).within_group(sa.extract("epoch", contact) / 60)
    results = (
        sa.select(
            key.label("key"),
            sa.func.count(e.exam_id),
            sa.func.count(e.exam_id).filter(took <= days),
            sa.func.count(e.exam_id).filter(e.abnormal > 0),
            sa.func.count(f.finding_id).filter(f.finding_class == "A"),
            minutes.filter(f.finding_class == "A", f.contacted_at.is_not(None)),
        )
        .join_from(stops.TABLE, exams.TABLE, e.stop_id == s.stop_id)
        .outerjoin(findings.TABLE, f.exam_id == e.exam_id)
        .where(*where)
        .group_by(sa.text("key"))
    )
    examined = {row[0]: row[1:] for row in await c.execute(results)}
    told = []
    for row in await c.execute(people):
        reported, in_time, abnormal, class_a, median = examined.get(row[0], (0, 0, 0, 0, None))
        contact_minutes = None if median is None else int(median)
        told.append(_Counted(*row, reported, in_time, abnormal, class_a, contact_minutes))
    return told


def _share(part: int, of: int) -> int | None:
    return part * 1_000 // of if of else None


def _cell(one: _Counted, cell_min: int, *, public: bool) -> Cell:
    """What may be told: of health nothing about few people, and of whoever came the same in public."""

    def people(count: int) -> int | None:
        return count if not public or count == 0 or count >= cell_min else None

    # A share of few, or one that few are the rest of, tells of each of them.
    healthy = cell_min <= one.abnormal <= one.reported - cell_min
    return Cell(
        key=one.key,
        invited=people(one.invited),
        booked=people(one.booked),
        attended=people(one.attended),
        walk_ins=people(one.walk_ins),
        missed=people(one.missed),
        no_show_permille=_share(one.missed, one.booked) if not public or one.missed >= cell_min else None,
        reported=people(one.reported),
        reported_in_time_permille=_share(one.in_time, one.reported) if one.reported >= cell_min else None,
        abnormal_permille=_share(one.abnormal, one.reported) if healthy else None,
        class_a=one.class_a if one.class_a >= cell_min and not public else None,
        contact_minutes=one.contact_minutes if one.class_a >= cell_min and not public else None,
    )


async def _figures(context: Context, campaign: str, by: By, within: Actor | None) -> Figures:
    async with context.reads.connection() as c:
        known = await campaigns.find(c, campaign)
        if known is None:
            raise Problem(404, "campaign-unknown", "No such campaign.")
        rules = rules_of(known.rules)
        counted = await _counted(c, campaign, by, within, rules.report_within_days)
        whole = await _counted(c, campaign, None, within, rules.report_within_days)
        everywhere = await _counted(c, campaign, None, None, rules.report_within_days)
    public = within is None
    attended = everywhere[0].attended if everywhere else 0
    cells = [_cell(one, rules.cell_min, public=public) for one in counted]
    return Figures(
        campaign=campaign,
        quota=known.quota,
        budget_fen=known.budget_fen,
        cost_fen=known.cost_fen,
        cost_a_head_fen=known.cost_fen // attended if attended else None,
        total=_cell(whole[0] if whole else _Counted(""), rules.cell_min, public=public),
        cells=_protected(cells) if public else cells,
    )


def _protected(cells: list[Cell]) -> list[Cell]:
    """One count left out alone is found by subtraction from the total: then the smallest told one is left out too."""
    kept = cells
    for name in ("invited", "booked", "attended", "walk_ins", "missed", "reported"):
        told = [cell for cell in kept if getattr(cell, name)]
        if sum(1 for cell in kept if getattr(cell, name) is None) == 1 and told:
            least = min(told, key=attrgetter(name))
            kept = [msgspec.structs.replace(cell, **{name: None}) if cell is least else cell for cell in kept]
    return kept


@get("/campaigns/{campaign:str}/figures")
async def campaign_figures(
    campaign: PathId, actor: Actor, context: Context, by: Annotated[By, QueryParameter()] = "prefecture"
) -> Figures:
    """The figures of one's own subtree; the cost is the whole campaign's."""
    allow(actor, *COUNTERS)
    return await _figures(context, campaign, by, actor)


@get("/public/campaigns/{campaign:str}/figures", opt=PUBLIC)
async def public_figures(
    campaign: Annotated[str, PathParameter(pattern=ID_PATTERN)], request: Request[Any, Any, Any], context: Context
) -> Figures:
    """The campaign by prefecture, for anyone."""
    _questions.take(client_address(request))
    return await _figures(context, campaign, "prefecture", None)
