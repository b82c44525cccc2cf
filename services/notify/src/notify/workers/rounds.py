"""What is done again and again beside the messages: a neighbour that is away, or one odd case, does not end it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from chassis.decider import Rejected
from chassis.execute import Contended
from chassis.tail.failures import is_away
from notify.workers.provider import ProviderAway

RETRY_S = 5.0

Round = Callable[[], Awaitable[float]]


async def for_ever(name: str, one_round: Round) -> None:
    """Run rounds; each says after how many seconds the next is due. What is no passing failure ends the process."""
    while True:
        try:
            wait_s = await one_round()
        except (ProviderAway, Contended, Rejected) as error:
            structlog.get_logger().warning("round-not-finished", round=name, error=type(error).__name__)
            wait_s = RETRY_S
        except Exception as error:
            if not is_away(error):
                raise
            wait_s = RETRY_S
        await asyncio.sleep(wait_s)
