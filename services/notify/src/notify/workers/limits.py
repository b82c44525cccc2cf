"""How much one number may get in a day (domain 9.1): held as keyed indexes of number and day, never the number."""

from __future__ import annotations

import hashlib
from datetime import date

from chassis.clock import local_day
from chassis.execute import Session
from notify.settings import Settings

PURPOSE = "sms-limits"
SCOPE = "sms-day-"


class LimitReached(Exception):
    """The number has had its share of the day; `reason` as in MessagePostponed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def take(
    session: Session, settings: Settings, message_id: str, mobile: str, template_code: str, text: str
) -> None:
    """Hold one of the number's places of the day, one of the text's kind, and the text itself. Raises LimitReached.

    The same message again holds what it held.
    """
    day = local_day(session.now)
    said = hashlib.sha256(text.encode()).hexdigest()
    await _hold(session, day, message_id, f"{mobile}|text|{said}", 1, "same-text")
    await _hold(session, day, message_id, f"{mobile}|any", settings.number_day_max, "number-limit")
    if settings.template_day_max < settings.number_day_max:
        await _hold(session, day, message_id, f"{mobile}|{template_code}", settings.template_day_max, "number-limit")


async def _hold(session: Session, day: date, message_id: str, what: str, places: int, reason: str) -> None:
    scope = f"{SCOPE}{day.isoformat()}"
    keys = [await session.keyring.blind_index(PURPOSE, f"{day}|{what}|{place}") for place in range(places)]
    held = await session.reserved(scope, keys)
    if message_id in held.values():
        return
    free = next((key for key in keys if key not in held), None)
    if free is None:
        raise LimitReached(reason)
    session.reserve(scope, free, message_id)
