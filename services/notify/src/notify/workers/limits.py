"""How much one number may get in a day (domain 9.1): held as keyed indexes of number and day, never the number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from chassis.clock import local_day
from chassis.execute import Session
from notify.settings import Settings

PURPOSE = "sms-limits"
SCOPE = "sms-day-"


@dataclass(frozen=True)
class Asked:
    """A message that wants its places."""

    message_id: str
    mobile: str
    template_code: str
    text: str


@dataclass
class _Day:
    """What is held of a day, as far as it was looked at, and by whom."""

    session: Session
    day: date
    held: dict[bytes, str] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)

    @property
    def scope(self) -> str:
        return f"{SCOPE}{self.day.isoformat()}"

    def key(self, what: str, place: int) -> bytes:
        return self.session.keyring.blind_index_now(PURPOSE, f"{self.day}|{what}|{place}")

    async def look(self, keys: Iterable[bytes]) -> None:
        missing = [key for key in keys if key not in self.seen]
        if missing:
            self.held |= await self.session.reserved(self.scope, missing)
            self.seen.update(missing)

    async def free(self, what: str, places: int, message_id: str) -> bytes | str:
        """The first free place, or whoever is in the way: the message itself when it has one already."""
        # Most numbers get one message in a day: the other places are looked at when the first is taken.
        for last in (1, places):
            keys = [self.key(what, place) for place in range(last)]
            await self.look(keys)
            holders = [self.held.get(key, "") for key in keys]
            if message_id in holders:
                return message_id
            if "" in holders:
                return keys[holders.index("")]
        return holders[-1]


def _wants(settings: Settings, asked: Asked) -> list[tuple[str, int, str]]:
    """What is counted, how many places of it there are, and why a message waits that finds none."""
    said = hashlib.sha256(asked.text.encode()).hexdigest()
    wants = [
        (f"{asked.mobile}|text|{said}", 1, "same-text"),
        (f"{asked.mobile}|any", settings.number_day_max, "number-limit"),
    ]
    if settings.template_day_max < settings.number_day_max:
        wants.append((f"{asked.mobile}|{asked.template_code}", settings.template_day_max, "number-limit"))
    return wants


async def take(session: Session, settings: Settings, asked: Sequence[Asked]) -> dict[str, str]:
    """Hold one of each number's places of the day, one of the text's kind, and the text itself.

    Whoever finds none holds nothing: the reason by message, as in MessagePostponed. The same message again holds what
    it held.
    """
    await session.keyring.ensure_purpose(PURPOSE)
    day = _Day(session, local_day(session.now))
    wanted = {one.message_id: _wants(settings, one) for one in asked}
    await day.look(day.key(what, 0) for wants in wanted.values() for what, _, _ in wants)
    over: dict[str, str] = {}
    for message_id, wants in wanted.items():
        keys = []
        for what, places, reason in wants:
            place = await day.free(what, places, message_id)
            if isinstance(place, bytes):
                keys.append(place)
            elif place != message_id:
                over[message_id] = reason
                break
        else:
            for key in keys:
                session.reserve(day.scope, key, message_id)
                day.held[key] = message_id
    return over
