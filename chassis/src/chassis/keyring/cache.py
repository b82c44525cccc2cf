"""Unwrapped data keys in memory: few, for a short time, the least used leave first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from chassis.keyring.errors import Pair

CACHED_KEYS_MAX = 65_536
KEY_LIFE_S = 60.0
"""A key destroyed by another process is used here no longer than this."""


class KeyCache:
    """Least recently used out first; an entry never outlives KEY_LIFE_S."""

    def __init__(
        self, keys_max: int = CACHED_KEYS_MAX, life_s: float = KEY_LIFE_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`now` is a monotonic clock in seconds."""
        self.keys_max = keys_max
        self.life_s = life_s
        self.now = now
        self._entries: OrderedDict[Pair, tuple[bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are held, expired ones included."""
        return len(self._entries)

    def get(self, pair: Pair, *, life_min_s: float = 0.0) -> bytes | None:
        """The key, unless it is absent or has no more than `life_min_s` to live."""
        entry = self._entries.get(pair)
        if entry is None:
            return None
        if entry[1] - self.now() <= life_min_s:
            if life_min_s == 0.0:
                del self._entries[pair]
            return None
        self._entries.move_to_end(pair)
        return entry[0]

    def put(self, pairs: list[Pair], keys: list[bytes], *, read_at: float) -> None:
        """Keep keys that were asked for at `read_at`; their life counts from there."""
        ends = read_at + self.life_s
        entries = self._entries
        for pair, key in zip(pairs, keys, strict=True):
            entries[pair] = (key, ends)
            entries.move_to_end(pair)
        while len(entries) > self.keys_max:
            entries.popitem(last=False)

    def forget(self, pair: Pair) -> None:
        """Drop one key."""
        self._entries.pop(pair, None)
