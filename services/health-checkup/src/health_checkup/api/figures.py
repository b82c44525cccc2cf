"""A campaign in figures, by prefecture, stop or package: people counts only, small cells never told (domain 8.2)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import PathParameter, QueryParameter

from chassis.auth import allow
from chassis.context import Context
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from contracts.envelope import Actor
from health_checkup.api.access import COUNTERS
from health_checkup.api.counting import By, Counted, Disclosure, Tables, tables
from health_checkup.api.shapes import ID_PATTERN, PathId
from health_checkup.domain.rules import rules_of
from health_checkup.domain.small_cells import protect_counts
from health_checkup.projections import campaigns

QUESTIONS_BURST, QUESTIONS_PER_HOUR = 30, 600
_questions = Limiter(QUESTIONS_BURST, QUESTIONS_PER_HOUR)


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


def _share(part: int, of: int) -> int | None:
    return part * 1_000 // of if of else None


def _cell(one: Counted, health: Disclosure, *, told: frozenset[str], whole: bool) -> Cell:
    """One cell: `told` are the people counts that may be; of health what its disclosure lets be told."""

    def people(name: str) -> int | None:
        count: int = getattr(one, name)
        return count if name in told else None

    abnormal = health.abnormal.whole if whole else one.key in health.abnormal.parts
    class_a = health.class_a.whole if whole else one.key in health.class_a.parts
    return Cell(
        key=one.key,
        invited=people("invited"),
        booked=people("booked"),
        attended=people("attended"),
        walk_ins=people("walk_ins"),
        missed=people("missed"),
        no_show_permille=_share(one.missed, one.booked) if {"missed", "booked"} <= told else None,
        reported=people("reported"),
        reported_in_time_permille=(
            _share(one.in_time, one.reported) if one.reported >= health.least and "reported" in told else None
        ),
        abnormal_permille=_share(one.abnormal, one.reported) if abnormal and "reported" in told else None,
        class_a=one.class_a if class_a else None,
        contact_minutes=one.contact_minutes if class_a and one.contacted >= health.least else None,
    )


PEOPLE = ("invited", "booked", "attended", "walk_ins", "missed", "reported")


def _cells(counted: Tables, by: By, least: int, *, public: bool) -> tuple[Cell, list[Cell]]:
    """The whole and its parts. In public no people count of few is told, nor one that the others would give away."""
    parts, total = counted.by[by], counted.whole
    health = counted.disclosure(by, least)
    shown: dict[str, set[str]] = {one.key: set() for one in parts}
    of_whole = set()
    for name in PEOPLE:
        counts = {one.key: int(getattr(one, name)) for one in parts}
        told = protect_counts(counts, least) if public else None
        few = 0 < getattr(total, name) < least
        of_whole |= {name} if told is None or (told.whole and not few) else set()
        for key in counts if told is None else told.parts:
            shown[key].add(name)
    if public:
        health = health.withheld()
    cells = [_cell(one, health, told=frozenset(shown[one.key]), whole=False) for one in parts]
    return _cell(total, health, told=frozenset(of_whole), whole=True), cells


async def _figures(context: Context, campaign: str, by: By, within: Actor | None) -> Figures:
    async with context.reads.connection() as c:
        known = await campaigns.find(c, campaign)
        if known is None:
            raise Problem(404, "campaign-unknown", "No such campaign.")
        rules = rules_of(known.rules)
        counted = await tables(c, campaign, within, rules.report_within_days)
        everywhere = counted if within is None else await tables(c, campaign, None, rules.report_within_days)
    total, cells = _cells(counted, by, rules.cell_min, public=within is None)
    attended = everywhere.whole.attended
    # The bills divided by it would give the number away.
    told = attended if within is not None or total.attended is not None else 0
    return Figures(
        campaign=campaign,
        quota=known.quota,
        budget_fen=known.budget_fen,
        cost_fen=known.cost_fen,
        cost_a_head_fen=known.cost_fen // told if told else None,
        total=total,
        cells=cells,
    )


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
