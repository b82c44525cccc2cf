"""One decision at a time on a stop that many want: without turns, two hundred bookings would mostly meet conflicts."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def turn(stop_id: str) -> asyncio.Lock:
    """To be held around a command. Of this process only, for speed: what is right is decided by the log's versions."""
    lock = _turns.get(stop_id)
    if lock is None:
        lock = _turns[stop_id] = asyncio.Lock()
    return lock
