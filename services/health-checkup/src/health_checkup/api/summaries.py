"""The counts of one's subtree: what union staff may know of health without learning of a few people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from litestar import get
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow
from chassis.context import Context
from contracts.envelope import Actor
from health_checkup.api.access import COUNTERS, PROVIDER
from health_checkup.api.counting import tables
from health_checkup.api.shapes import Filter, SummaryView
from health_checkup.domain.package import CLASSES
from health_checkup.domain.rules import rules_of
from health_checkup.domain.small_cells import Part, steps_told, tells_of_few
from health_checkup.projections import attendances, campaigns, exams, findings


@dataclass(frozen=True)
class Said:
    """What a summary says of health; None is not told."""

    abnormal: int | None
    by_class: tuple[int | None, ...]
    followed_up: int | None
    ended: int | None


@get("/summary")
async def summary(actor: Actor, context: Context, campaign: Filter = "") -> SummaryView:
    """Counts of one campaign, or of all, in the caller's subtree; its provider, who knows the people, is told all."""
    allow(actor, *COUNTERS)
    async with context.reads.connection() as c:
        came = await attendances.totals(c, campaign, actor)
        done, _ = await exams.totals(c, campaign, actor)
        named = [campaign] if campaign else await exams.campaigns(c, actor)
        exact = [await _counted(c, one, actor) for one in named]
        if PROVIDER not in actor.roles:
            exact = [await _told(c, one, actor, said) for one, said in zip(named, exact, strict=True)]
    return SummaryView(
        stops=came.stops,
        invited=came.invited,
        booked=came.booked,
        attended=came.attended,
        walk_ins=came.walk_ins,
        done=done,
        abnormal=_together(said.abnormal for said in exact),
        findings={
            one: count
            for place, one in enumerate(CLASSES)
            if (count := _together(said.by_class[place] for said in exact)) != 0
        },
        followed_up=_together(said.followed_up for said in exact),
        ended=_together(said.ended for said in exact),
        missed=came.missed,
    )


def _together(counts: Iterable[int | None]) -> int | None:
    """The sum over campaigns, told where each one's is: otherwise it would give away the one that is not."""
    known: Sequence[int | None] = [*counts]
    return None if None in known else sum(count or 0 for count in known)


async def _counted(c: AsyncConnection, campaign: str, actor: Actor) -> Said:
    _, abnormal = await exams.totals(c, campaign, actor)
    found = {row[0]: row[1:] for row in await findings.totals(c, campaign, actor)}
    followed_up, ended = (sum(row[place] for row in found.values()) for place in (1, 2))
    return Said(abnormal, tuple(found[one][0] if one in found else 0 for one in CLASSES), followed_up, ended)


async def _told(c: AsyncConnection, campaign: str, actor: Actor, said: Said) -> Said:
    """The same with what may be told beside the figures of the same campaign."""
    known = await campaigns.find(c, campaign)
    least = rules_of(known.rules if known else "").cell_min
    counted = await tables(c, campaign, actor, 0)
    if not counted.whole.reported:
        return said
    told = counted.disclosure("prefecture", least)
    abnormal, class_a, class_b = counted.whole.abnormal, counted.whole.class_a, counted.whole.class_b
    others = Part(class_b, abnormal - class_a if told.class_a.whole else abnormal)
    both = told.class_a.whole and not tells_of_few(others, least)
    steps = steps_told((class_a + class_b, said.followed_up or 0, said.ended or 0), least) if both else (None, None)
    return Said(
        abnormal if told.abnormal.whole else None,
        (class_a if told.class_a.whole else None, None if tells_of_few(others, least) else class_b),
        *steps,
    )
