"""What goes to a county in a day: one stream decides, so two drafts at once cannot both stay below its limit."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.owing import CountyDayDrawn

COUNTY_LEVELS = 3
"""A county is the third part of a path: province, prefecture, county (domain 5.6)."""


@dataclass(frozen=True)
class CountyDay:
    """What has gone into batches, in fen, and the batches."""

    drawn_fen: int = 0
    batches: frozenset[str] = frozenset()


def evolve(day: CountyDay, event: CountyDayDrawn) -> CountyDay:
    """The day after an event."""
    return CountyDay(day.drawn_fen + event.amount_fen, day.batches | {event.batch_id})


@dataclass(frozen=True)
class DrawCountyDay:
    """Payouts of a county go into a batch; `day` is an ISO date, `amount_fen` is above zero."""

    plan_code: str
    county: str
    day: str
    batch_id: str
    amount_fen: int


def county_of(org_path: str) -> str:
    """The path of the county that an organisation belongs to; an organisation above counties stands for itself."""
    return ".".join(org_path.split(".")[:COUNTY_LEVELS])


def county_day_key(plan_code: str, county: str, day: str) -> str:
    """One stream for each day of a county, by plan."""
    return f"{plan_code}.{county}.{day}"


def decide(command: DrawCountyDay, day: CountyDay) -> list[CountyDayDrawn]:
    """Counted once for each batch; whether it passes a limit is asked before, of the same version of this stream."""
    if command.batch_id in day.batches:
        return []
    if command.amount_fen <= 0:
        raise Rejected("amount-not-positive", "What goes out is more than nothing.", "amount_fen")
    return [CountyDayDrawn(**vars(command))]


COUNTY_DAY: Decider[DrawCountyDay, CountyDay, CountyDayDrawn] = Decider("county_day", CountyDay(), evolve, decide)
