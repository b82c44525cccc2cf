"""The completeness ledger over HTTP: what became of every settlement, and whether anything is left (domain 6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.context import Context
from claims.api.access import OFFICE, OVERSIGHT
from claims.api.plans import plans_of_period
from claims.projections import completeness
from claims.projections.completeness import Seen
from contracts.envelope import Actor

READERS = ("city_clerk", *OFFICE, *OVERSIGHT, "service")


class Completeness(msgspec.Struct, frozen=True):
    """`settlements` = all classes + `remainder`; `details` name step, code or person within each class.

    Beside it the covered people whom no file ever named, by insurance type of those who were.
    """

    period: str
    settlements: int
    by_class: dict[str, int]
    remainder: int
    details: dict[str, dict[str, int]]
    people: Seen


@get("/completeness")
async def completeness_ledger(
    actor: Actor, context: Context, period: Annotated[str, QueryParameter(pattern=r"^[0-9]{4}$")]
) -> Completeness:
    """The ledger of all plans whose period begins in a year."""
    allow(actor, *READERS)
    plans = plans_of_period(period)
    async with context.reads.connection() as c:
        found = await completeness.ledger(c, actor, plans)
        people = await completeness.seen(c, actor, plans)
    return Completeness(period, found.settlements, found.by_class, found.remainder, found.details, people)


ROUTES: list[ControllerRouterHandler] = [completeness_ledger]
