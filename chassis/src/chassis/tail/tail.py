"""Follows another service's log: in order, every effect once, whatever happens to the road."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.broker import Broker, stream_name
from chassis.clock import real_now
from chassis.log import Log, Recorded, Stored
from chassis.tail.failures import is_away
from chassis.tail.fence import Fence, FenceLost
from chassis.tail.reader import BATCH_MESSAGES_MAX, Reader, Silent
from chassis.tail.source import PAGE_EVENTS_MAX, PageWrong

FAR_BEHIND_EVENTS = 2_000
"""Further behind than this, a tail reads the source's log in pages, which costs both sides less."""
BURST_EVENTS = 1_000
"""So many within a second are a bulk write at the source: the tail stands back and reads them in pages afterwards."""
BURST_S = 1.0
BURST_LOOK_S = 0.5
BURST_WAIT_S_MAX = 15.0
"""A source that writes on and on is not waited for longer than this."""
STANDBY_S = 1.0
"""A replica that does not hold the tail asks for it this often."""
WORK_OFF_EVERY_S = 1.0
RETRY_DELAY_MS_MIN = 100
RETRY_DELAY_MS_MAX = 5_000

Fetch = Callable[[int, int], Awaitable[list[Stored]]]
"""`(after, limit)` -> the source's events that follow, straight from its log."""


class Sink(Protocol):
    """What a tail feeds. A sink keeps its own checkpoint, moved in the transaction of its effects."""

    name: str

    @property
    def wires(self) -> frozenset[str] | None:
        """The wire types it answers to; what no sink names is not decoded. None is every type."""
        ...

    @property
    def failure(self) -> str:
        """Why the sink stands still, if so: later sinks then wait as well."""
        ...

    async def position(self) -> int:
        """The checkpoint, read afresh."""
        ...

    async def take(self, batch: Sequence[Recorded], stored: Sequence[Stored]) -> None:
        """Take effect for every event beyond the checkpoint."""
        ...

    async def work_off(self) -> None:
        """Do what someone asked for between two batches (parked events)."""
        ...


class SourceWentBack(Exception):
    """The source has lost events that were already taken from it: stop until they are put back."""


class _Again(Exception):
    """Go on from the checkpoints; says why."""


@dataclass(frozen=True, slots=True)
class TailStatus:
    """Where a tail stands: `state` is starting, standby, catching-up, running, held, waiting or stopped."""

    name: str
    source: str
    position: int
    lag_events: int
    lag_seconds: float
    state: str
    reason: str


class Tail:
    """One source of one service. Its sinks take each batch in the order given: read models, then reactions."""

    def __init__(
        self,
        source: str,
        sinks: Sequence[Sink],
        broker: Broker,
        log: Log,
        fetch: Fetch,
        *,
        batch_max: int = BATCH_MESSAGES_MAX,
        far_behind: int = FAR_BEHIND_EVENTS,
    ) -> None:
        """`source` is the publishing service; `log` the own one, whose catalogue decodes the source's events."""
        self.name = f"{log.service}-{source}".replace("_", "-")
        self.source = source
        self._stream = stream_name(source)
        self._sinks = tuple(sinks)
        self._wires = _together(sinks)
        self._broker = broker
        self._log = log
        self._fetch = fetch
        self._batch_max = batch_max
        self._far_behind = far_behind
        self._fence = Fence(log.dsn, f"tail/{source}")
        self._position = 0
        self._known_last = 0
        self._published_at = 0.0
        self._held = False
        self._burst = False
        self._counted = 0
        self._counted_from = 0.0
        self._worked_off_at = 0.0
        self._state = "starting"
        self._reason = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow in the background."""
        self._task = asyncio.create_task(self.run(), name=f"tail-{self.source}")

    async def stop(self) -> None:
        """Stop; what was in hand comes again from the checkpoint."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def status(self) -> TailStatus:
        """For /status: lag 0 means that everything the stream is known to hold has taken effect."""
        lag = max(self._known_last - self._position, 0)
        seconds = max(real_now().timestamp() - self._published_at, 0.0) if lag and self._published_at else 0.0
        return TailStatus(self.name, self.source, self._position, lag, round(seconds, 3), self._state, self._reason)

    async def run(self) -> None:
        """Follow until cancelled. An error that is nobody's absence ends the task, and with it the process."""
        try:
            await self._run()
        finally:
            await self._fence.release()

    async def _run(self) -> None:
        delay_ms = RETRY_DELAY_MS_MIN
        while True:
            before = self._position
            try:
                while await self._fence.acquire():
                    await self._follow()
                self._state, self._reason = "standby", "Another replica holds the tail."
                await asyncio.sleep(STANDBY_S)
                continue
            except (SourceWentBack, PageWrong) as wrong:
                self._state, self._reason = "stopped", str(wrong)
            except (Silent, _Again, FenceLost) as again:
                self._state, self._reason = "waiting", str(again)
            except Exception as error:
                if not is_away(error):
                    self._state, self._reason = "stopped", type(error).__name__
                    raise
                self._state, self._reason = "waiting", f"{type(error).__name__}: {error}"
            delay_ms = RETRY_DELAY_MS_MIN if self._position != before else min(delay_ms * 2, RETRY_DELAY_MS_MAX)
            await asyncio.sleep(delay_ms / 1000)

    async def _follow(self) -> None:
        self._held = False
        self._position = min([await sink.position() for sink in self._sinks])
        await self._compare()
        await self._stand_back()
        while self._known_last - self._position > self._far_behind:
            self._state, self._reason = "catching-up", ""
            await self._page(PAGE_EVENTS_MAX)
        reader = Reader(self._broker, self._stream, label=self.name, batch_max=self._batch_max)
        try:
            await reader.open(self._position)
            while True:
                arrived = await reader.take()
                self._fence.check()
                await self._deliver(arrived)
                self._note(reader, arrived)
                await self._between()
                if self._bursting(len(arrived)):
                    return
        finally:
            await reader.close()

    def _bursting(self, arrived: int) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._counted_from > BURST_S:
            self._counted, self._counted_from = 0, now
        self._counted += arrived
        self._burst = self._counted >= BURST_EVENTS
        return self._burst

    async def _stand_back(self) -> None:
        """While the source writes in bulk it needs the machine more than its readers do; the wait is bounded."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BURST_WAIT_S_MAX
        waits = self._burst or self._known_last - self._position > self._far_behind
        self._burst, self._counted = False, 0
        while waits and loop.time() < until:
            before = self._known_last
            self._state, self._reason = "catching-up", "The source writes in bulk."
            await asyncio.sleep(BURST_LOOK_S)
            await self._compare()
            waits = self._known_last - before >= BURST_EVENTS * BURST_LOOK_S

    async def _compare(self) -> None:
        """Ask the stream where it stands; a source that no longer has what was taken from it stops the tail."""
        info = await self._broker.api(f"STREAM.INFO.{self._stream}")
        self._known_last = int(info["state"]["last_seq"])
        # A stream that is shorter is refilled from the source's log; the log itself must still reach this far.
        if self._known_last < self._position and not await self._fetch(self._position - 1, 1):
            raise SourceWentBack(f"{self.source} no longer has position {self._position}.")

    async def _deliver(self, arrived: Sequence[Stored]) -> None:
        """Hand on what follows the position: known events are skipped, a hole is filled from the source first."""
        batch: list[Stored] = []
        reached = self._position
        for stored in arrived:
            if stored.position <= reached:
                continue
            if stored.position > reached + 1:
                await self._apply(batch)
                batch = []
                while self._position < stored.position - 1:
                    await self._page(min(PAGE_EVENTS_MAX, stored.position - 1 - self._position))
            batch.append(stored)
            reached = stored.position
        await self._apply(batch)

    async def _page(self, limit: int) -> None:
        page = await self._fetch(self._position, limit)
        if not page or page[0].position != self._position + 1:
            raise PageWrong(f"{self.source} did not give what follows {self._position}.")
        await self._apply(page)

    async def _apply(self, batch: Sequence[Stored]) -> None:
        if not batch:
            return
        recorded = self._log.recorded_of(batch, self._wires)
        for sink in self._sinks:
            await sink.take(recorded, batch)
            if sink.failure:
                self._held = True
                self._state, self._reason = "held", sink.failure
                break
        self._position = batch[-1].position

    def _note(self, reader: Reader, arrived: Sequence[Stored]) -> None:
        if arrived:
            self._known_last = max(self._position, arrived[-1].position + reader.pending)
            self._published_at = reader.published_at
        if not self._held:
            self._state, self._reason = "running", ""

    async def _between(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._worked_off_at < WORK_OFF_EVERY_S:
            return
        self._worked_off_at = now
        if self._held and not any(sink.failure for sink in self._sinks):
            raise _Again("What stood still goes on.")
        for sink in self._sinks:
            await sink.work_off()


def _together(sinks: Sequence[Sink]) -> frozenset[str] | None:
    wires: frozenset[str] = frozenset()
    for sink in sinks:
        if sink.wires is None:
            return None
        wires |= sink.wires
    return wires
