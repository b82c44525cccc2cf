"""Starts and ends of covers, told to a whole roster a little at a time, behind everything else (domain 9.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from chassis.clock import utc_text
from chassis.context import Context
from chassis.execute import Session
from notify.domain.message import MESSAGE, promised
from notify.domain.quiet_hours import QuietHours
from notify.domain.template import full_day_text
from notify.projections import approvals, contacts, covers, messages
from notify.projections.covers import Cover
from notify.settings import Settings
from notify.workers.rounds import for_ever

INTERVAL_S = 1.0
AGAIN_INTERVAL_S = 0.05
IDLE_INTERVAL_S = 60.0
CHUNK = 250
"""More than the bulk lane may let go in a second."""
WAITING_MAX = 400
"""More than so many are not queued ahead of the bulk lane's pace."""


@dataclass(frozen=True)
class Occasion:
    """What is told when: covers whose `column` lies `days` from today, and the variables of the text."""

    template_code: str
    column: str
    days: Callable[[date, Settings], tuple[date, date]]
    variables: Callable[[Cover, Settings], dict[str, str]]


def _last_day(cover: Cover) -> date:
    return date.fromisoformat(cover.ends_on) - timedelta(days=1)


def _starts(today: date, settings: Settings) -> tuple[date, date]:
    return today - timedelta(days=settings.cover_told_days_max), today


def _ends(today: date, settings: Settings) -> tuple[date, date]:
    soon = today + timedelta(days=settings.cover_ends_days)
    return max(today + timedelta(days=1), soon - timedelta(days=settings.cover_told_days_max)), soon


def _ended(today: date, settings: Settings) -> tuple[date, date]:
    then = today - timedelta(days=settings.run_off_reminder_days)
    return then - timedelta(days=settings.cover_told_days_max), then


OCCASIONS = (
    Occasion(
        "cover-starts",
        "effective_on",
        _starts,
        lambda cover, _: {
            "d1": full_day_text(date.fromisoformat(cover.effective_on)),
            "d2": full_day_text(_last_day(cover)),
        },
    ),
    Occasion("cover-ends", "ends_on", _ends, lambda cover, _: {"d": full_day_text(_last_day(cover))}),
    Occasion(
        "cover-run-off",
        "ends_on",
        _ended,
        lambda cover, settings: {"d": full_day_text(_last_day(cover) + timedelta(days=settings.run_off_days))},
    ),
)


async def tell_covers(context: Context) -> None:
    """Queue what is due, chunk by chunk, while the bulk lane has room; for ever."""
    after = {occasion.template_code: (date.min, 0) for occasion in OCCASIONS}

    async def one_round() -> float:
        looked = queued = 0
        for occasion in OCCASIONS if context.settings.tell_cover_starts else ():
            today = context.clock.today()
            day, position = after[occasion.template_code]
            chunk = await tell_chunk(context, occasion, position if day == today else 0)
            after[occasion.template_code] = (today, chunk.position)
            looked += chunk.looked
            queued += chunk.queued
        if looked and not queued:
            # Told already, before a restart or in another replica: nothing to wait for.
            return AGAIN_INTERVAL_S
        return INTERVAL_S if looked else IDLE_INTERVAL_S

    await for_ever("covering", one_round)


@dataclass(frozen=True)
class Chunk:
    """How many covers were looked at, how many of them are to be told now, and the last one's position."""

    looked: int
    queued: int
    position: int


async def tell_chunk(context: Context, occasion: Occasion, after: int) -> Chunk:
    """Look at the next covers after a position, and queue what nobody was told; none while the lane is full."""
    first, last = occasion.days(context.clock.today(), context.settings)
    async with context.reads.connection() as c:
        if await messages.count_waiting_bulk(c) > WAITING_MAX:
            return Chunk(1, 1, after)
        days = (first.isoformat(), last.isoformat())
        chunk = await covers.between(c, occasion.column, days, after, CHUNK)
        if not chunk:
            return Chunk(0, 0, after)
        people = [cover.person_id for cover in chunk]
        gone = await contacts.died_among(c, people)
        keys = {_key(occasion, cover): cover for cover in chunk if cover.person_id not in gone}
        told = await messages.known(c, [*keys])
        template = await approvals.wording(c, occasion.template_code)

    quiet = QuietHours(context.settings.quiet_from_h, context.settings.quiet_until_h)

    fresh = {key: cover for key, cover in keys.items() if key not in told}

    async def work(session: Session) -> None:
        session.bulk = True
        await session.load_many(MESSAGE, [*fresh])
        for key, cover in fresh.items():
            variables = occasion.variables(cover, context.settings)
            now = utc_text(session.now)
            command = promised(template, key, cover.person_id, "", variables, now, utc_text(quiet.release(session.now)))
            await session.decide(MESSAGE, key, command)

    if fresh:
        await context.executor.run(work)
    return Chunk(len(chunk), len(fresh), chunk[-1].position)


def _key(occasion: Occasion, cover: Cover) -> str:
    return f"{occasion.template_code}-{cover.plan_code}-{cover.effective_on}-{cover.person_id}"
