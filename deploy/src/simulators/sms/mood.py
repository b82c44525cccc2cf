"""How the providers misbehave: planned ahead by a test, played one request after the other."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import msgspec
from litestar.exceptions import HTTPException

DELAY_MS_MAX = 60_000


class Behaviour(msgspec.Struct, forbid_unknown_fields=True):
    """`fail` requests end in 503 untaken, `lose` are taken and answered 503.

    A mobile that ends in `refuse_suffix` is refused for good, in `illegal_suffix` is called no number, in
    `limit_suffix` has had enough for the day, in `unreachable_suffix` never rings. `silent` gives no receipts,
    `duplicate_receipts` gives each twice, `receipt_after` is how often a message is asked about before its receipt is
    there, `day_max` what one number may get in a day (0: no limit, nor for one text). `review_after` is how often a
    review is asked about before there is one; texts whose name begins with `refuse_template` are refused.
    `delay_ms` slows every answer.
    """

    delay_ms: int = 0
    fail: int = 0
    lose: int = 0
    refuse_suffix: str = ""
    illegal_suffix: str = ""
    limit_suffix: str = ""
    unreachable_suffix: str = ""
    silent: bool = False
    duplicate_receipts: bool = False
    receipt_after: int = 0
    day_max: int = 0
    review_after: int = 0
    refuse_template: str = ""


class Mood:
    """The behaviour in force."""

    def __init__(self) -> None:
        """Behave at first."""
        self.behaviour = Behaviour()

    async def before(self) -> None:
        """The delay, and a planned failure. Raises HTTPException."""
        behaviour = self.behaviour
        await asyncio.sleep(min(behaviour.delay_ms, DELAY_MS_MAX) / 1000)
        if behaviour.fail > 0:
            behaviour.fail -= 1
            raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)

    def after(self) -> None:
        """A planned loss of the answer. Raises HTTPException."""
        behaviour = self.behaviour
        if behaviour.lose > 0:
            behaviour.lose -= 1
            raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)


def ends(mobile: str, suffix: str) -> bool:
    """Whether a mobile is one that misbehaves so."""
    return bool(suffix) and mobile.endswith(suffix)
