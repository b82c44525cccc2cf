"""Received files gone through in the background: one at a time, oldest first, chunk by chunk in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Contended
from chassis.log import LogClosed
from chassis.log.writer import QueueFull
from chassis.projecting import PositionNotReached
from chassis.tail.fence import Fence

CHUNKS_AHEAD_MAX = 2
"""Chunks prepared while one is being written."""
PASSING: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DBAPIError,
    Contended,
    Rejected,
    LogClosed,
    QueueFull,
    PositionNotReached,
)
"""What may be different on the next attempt; anything else ends the attempts on a file at once."""

Row = TypeVar("Row")
Prepared = TypeVar("Prepared")


@dataclass(frozen=True)
class Pace:
    """How often to look for a file and to try again, in milliseconds, and how many attempts a file has."""

    poll_ms: int
    retry_delay_ms: int
    attempts_max: int


class Intake:
    """One file at a time, oldest first; one replica takes in. `stalled` names those given up until a restart."""

    def __init__(
        self,
        context: Context,
        *,
        fence: str,
        logger: str,
        stalled_as: str,
        id_name: str,
        pace: Pace,
        unfinished: Callable[[AsyncConnection], Awaitable[Sequence[str]]],
        take_in: Callable[[str], Awaitable[None]],
        passing: tuple[type[Exception], ...] = PASSING,
        when_idle: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`stalled_as` is the log line of a file given up, `id_name` what the file's id is called in it.

        `when_idle` looks for other work and says whether it found some.
        """
        self._context = context
        self._fence = fence
        self._log = structlog.get_logger(logger)
        self._stalled_as = stalled_as
        self._id_name = id_name
        self._pace = pace
        self._unfinished = unfinished
        self._take_in = take_in
        self._passing = passing
        self._when_idle = when_idle
        self._attempts: dict[str, int] = {}
        self.stalled: dict[str, str] = {}

    async def run(self) -> None:
        """Take in whatever is unfinished, then wait for more; ends by being cancelled."""
        fence = Fence(self._context.log.dsn, self._fence)
        try:
            while True:
                try:
                    if not await fence.acquire() or not await self._work():
                        await asyncio.sleep(self._pace.poll_ms / 1000)
                except self._passing:
                    # Something is away: what was decided is in the log, and the next attempt goes on from there.
                    await asyncio.sleep(self._pace.retry_delay_ms / 1000)
        finally:
            await fence.release()

    async def _work(self) -> bool:
        return await self.step() or (self._when_idle is not None and await self._when_idle())

    async def step(self) -> bool:
        """Take in the oldest unfinished file; False when there is none."""
        context = self._context
        await context.projecting.wait_for(context.log.known_head)
        async with context.reads.connection() as c:
            waiting = [one for one in await self._unfinished(c) if one not in self.stalled]
        if not waiting:
            return False
        file_id = waiting[0]
        try:
            await self._take_in(file_id)
        except self._passing as error:
            self._attempts[file_id] = self._attempts.get(file_id, 0) + 1
            if self._attempts[file_id] >= self._pace.attempts_max:
                self._stall(file_id, error)
            raise
        except Exception as error:  # noqa: BLE001 - one broken file must not keep the others from being taken in
            self._stall(file_id, error)
        return True

    def done(self, file_id: str) -> None:
        """The file has been gone through: its failed attempts count no more."""
        self._attempts.pop(file_id, None)

    def _stall(self, file_id: str, error: Exception) -> None:
        self.stalled[file_id] = type(error).__name__
        self._log.error(self._stalled_as, **{self._id_name: file_id}, error=type(error).__name__)


async def in_order(
    rows: Iterator[Row],
    chunk_rows: int,
    prepare: Callable[[list[Row]], Coroutine[Any, Any, Prepared]],
    write: Callable[[Prepared], Coroutine[Any, Any, None]],
) -> None:
    """Write the rows chunk by chunk, in order; the next chunks are read and prepared while one is being written."""
    ahead: deque[asyncio.Task[Prepared]] = deque()
    writing: asyncio.Task[None] | None = None
    try:
        more = True
        while more:
            chunk = await asyncio.to_thread(_take, rows, chunk_rows)
            more = bool(chunk)
            if chunk:
                ahead.append(asyncio.create_task(prepare(chunk)))
            while ahead and (len(ahead) > CHUNKS_AHEAD_MAX or not more):
                prepared = await ahead[0]
                if writing is not None:
                    await writing
                writing = asyncio.create_task(write(prepared))
                ahead.popleft()
        if writing is not None:
            await writing
    finally:
        await _cancel([*ahead, *([writing] if writing else [])])


def _take(rows: Iterator[Row], count: int) -> list[Row]:
    return list(islice(rows, count))


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """End what is still running; what it raises belongs to an attempt that has already failed."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
