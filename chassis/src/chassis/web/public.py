"""What anyone may ask without an account: a handler says so with `opt=PUBLIC`, and bounds how often it is asked.

The gateway lets the same paths pass without a token (`deploy/gateway/envoy.yaml.tmpl`), and bounds them too. A public
handler takes no `actor`, and its answer holds no personal data.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler

from chassis.web.problem import Problem

PUBLIC: Mapping[str, Any] = {"public": True}
"""`@get("/things/{no:str}", opt=PUBLIC)`."""
LIMITER_KEYS_MAX = 100_000
FORWARDED_HEADER = "X-Forwarded-For"


def is_public(handler: BaseRouteHandler) -> bool:
    """Whether a handler is marked as public."""
    return bool(handler.opt.get("public"))


def client_address(request: Request[Any, Any, Any]) -> str:
    """Who asks, for a limit: the address that the gateway saw; it takes away what clients say of themselves."""
    seen = request.headers.get(FORWARDED_HEADER, "").rpartition(",")[2].strip()
    return seen or (request.client.host if request.client else "")


class Limiter:
    """A bucket of tokens for each key, in memory and bounded: the least used key is forgotten first.

    Each process counts for itself, so n replicas let n times as much pass; a restart fills every bucket.
    """

    def __init__(
        self,
        burst: int,
        per_hour: int,
        *,
        keys_max: int = LIMITER_KEYS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """So many at once, then so many an hour. `now` is a monotonic clock in seconds: real time, never business."""
        self._burst = float(burst)
        self._per_second = per_hour / 3600
        self._keys_max = keys_max
        self._now = now
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)

    def take(self, key: Hashable) -> None:
        """Take one token of the key. Raises Problem 429 too-many-requests."""
        now = self._now()
        left, at = self._buckets.get(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        if not allowed:
            raise Problem(429, "too-many-requests", "This has been asked too often; ask again later.")
