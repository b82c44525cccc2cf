"""The figures of domain 10 over HTTP: who is covered, and how good the rosters were."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import get
from litestar.params import FromQuery
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.cells import ASKED, PLACES, Cells, Question, answer, dimensions
from chassis.context import Context
from contracts.envelope import Actor
from enrolment.api.access import ONLOOKERS, the_plan
from enrolment.projections import figures, seats


class CoverStatistics(msgspec.Struct, frozen=True):
    """Covered people by dimension; seats of the whole plan; rows of the subtree's rosters and what was wrong with them.

    `error_percent` of the rows were refused, rounded; `mobile_missing` of them had no usable mobile when they came.
    `rosters` tells rows and errors by those of the asked dimensions that are places, of the sender.
    """

    seats: int
    rows: int
    valid: int
    error_percent: int
    errors: dict[str, int]
    mobile_missing: int
    covered: Cells
    rosters: Cells


@get("/statistics/cover", dependencies=ASKED)
async def cover_statistics(
    plan: FromQuery[str],
    question: Question,
    actor: Actor,
    context: Context,
) -> CoverStatistics:
    """Covers that began from one day until another, both counted."""
    allow(actor, *ONLOOKERS)
    known = the_plan(plan)
    asked = dimensions(question.by, figures.COVERED_BY)
    today = context.clock.today().isoformat()
    async with context.reads.connection() as c:

        async def tell(by: Sequence[str]) -> Cells:
            return await figures.covered(c, actor, known.code, question.days, by, today)

        covered = await answer(tell, question, asked, actor, context.settings.public_cell_people_min)
        given = (await seats.of_plan(c, known.code)).given
        rows, valid, errors, warnings = await figures.roster_rows(c, actor, known.code)
        places = [name for name in asked if name in PLACES]
        by_sender = await figures.roster_quality(c, actor, known.code, places)
    refused = round((rows - valid) * 100 / rows) if rows else 0
    missing = warnings.get(figures.MISSING_MOBILE, 0)
    return CoverStatistics(given, rows, valid, refused, errors, missing, covered, by_sender)


ROUTES: list[ControllerRouterHandler] = [cover_statistics]
