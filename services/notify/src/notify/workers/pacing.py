"""When messages may go: the end of quiet hours, the pace of the bulk lane, and SMS for what nobody opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import environment
from chassis.clock import utc_text
from chassis.execute import Session
from chassis.sweep import Sweep
from notify.domain.message import MESSAGE, DivertMessage, ReleaseMessage
from notify.domain.quiet_hours import QuietHours
from notify.domain.stages import BULK, Queued
from notify.projections import messages
from notify.settings import Settings

RELEASE_INTERVAL_MS = 500
BULK_INTERVAL_MS = 1_000
BULK_MAX = 190
"""Fewer than a sweep takes in one turn: a full turn is followed by another without a pause."""
UNREAD_INTERVAL_MS = 30_000


@cache
def settings() -> Settings:
    """Read once; a sweep gets no settings handed."""
    return environment.read(Settings)


async def release(message_id: str, session: Session) -> None:
    """Let go what waited for the end of quiet hours, or for its turn."""
    await session.decide(MESSAGE, message_id, ReleaseMessage(message_id, utc_text(session.now)))


async def load(message_ids: Sequence[str], session: Session) -> None:
    """All that a turn lets go, in one question; thousands let codes and money pass on their way into the log."""
    messages = await session.load_many(MESSAGE, message_ids)
    session.bulk = all(isinstance(one, Queued) and one.content.lane == BULK for one in messages.values())


async def due_bulk(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """The next of the bulk lane: as many as have room on their way. Nobody is woken by them."""
    if QuietHours(settings().quiet_from_h, settings().quiet_until_h).covers(now):
        return []
    return await messages.due_bulk(c, now, min(limit, BULK_MAX, settings().bulk_per_s))


async def due_unread(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """WeChat notices that nobody has opened in time."""
    return await messages.unread(c, now - timedelta(hours=settings().wechat_read_wait_h), limit)


async def divert(message_id: str, session: Session) -> None:
    """Let an unopened notice go by SMS, outside quiet hours (domain 9.2)."""
    quiet = QuietHours(settings().quiet_from_h, settings().quiet_until_h)
    await session.decide(MESSAGE, message_id, DivertMessage(message_id, utc_text(quiet.release(session.now))))


SWEEPS: tuple[Sweep, ...] = (
    Sweep(name="release", due=messages.due, act=release, interval_ms=RELEASE_INTERVAL_MS, ahead=load),
    Sweep(name="release-bulk", due=due_bulk, act=release, interval_ms=BULK_INTERVAL_MS, ahead=load),
    Sweep(name="divert-unread", due=due_unread, act=divert, interval_ms=UNREAD_INTERVAL_MS, ahead=load),
)
