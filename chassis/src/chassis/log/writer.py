"""Group commit: concurrent appends gathered and written by one writer, one transaction a batch."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import asyncpg

from chassis.log.model import (
    REFUSALS,
    Appended,
    AppendRefused,
    EmptyAppend,
    Group,
    LogClosed,
    Touched,
)
from chassis.telemetry.metrics import APPEND_BATCH_EVENTS, APPEND_SECONDS

BATCH_EVENTS_MAX = 4_000
"""A batch takes groups until this many events; one larger group goes alone."""
QUEUE_GROUPS_MAX = 10_000
"""More waiting groups than this and an append is refused at once: the caller tells its client to come back."""
RECONNECT_ATTEMPTS_MAX = 60
RECONNECT_DELAY_MS = 500
STATEMENT_TIMEOUT_S = 30
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
)
"""After these nobody knows whether the batch landed: a new connection asks."""

APPEND_SQL = (
    "select base, bad_group, bad_reason, bad_detail from log_append(" + ", ".join(f"${n}" for n in range(1, 31)) + ")"
)


class QueueFull(Exception):
    """QUEUE_GROUPS_MAX appends are waiting."""


@dataclass(slots=True)
class _Waiting:
    group: Group
    events: int
    touches: list[Touched]
    done: asyncio.Future[Appended]
    since: float


class Writer:
    """The single writer of one process. Several processes are serialised by the head row's lock."""

    def __init__(self, dsn: str, on_written: Callable[[int], None]) -> None:
        """`on_written(head)` is called after each batch that carried events."""
        self._dsn = dsn
        self._on_written = on_written
        self._interactive: deque[_Waiting] = deque()
        self._bulk: deque[_Waiting] = deque()
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.Future[None] = self._loop.create_future()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._closed: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to write."""
        await self._connect()
        self._task = asyncio.create_task(self._run(), name="log-writer")

    async def stop(self) -> None:
        """Write what waits, then stop."""
        self._closed = "The service is stopping."
        if not self._wake.done():
            self._wake.set_result(None)
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    def refuse(self, reason: str | None) -> None:
        """Take no appends, for this reason; None takes them again."""
        self._closed = reason

    @property
    def refusing(self) -> str | None:
        """Why no appends are taken, if so."""
        return self._closed

    async def append(self, group: Group) -> Appended:
        """Write one group. Raises a subclass of AppendRefused, EmptyAppend, QueueFull or LogClosed.

        A cancelled caller does not cancel the write: the batch goes on without it.
        """
        if self._closed is not None:
            raise LogClosed(self._closed)
        for append in group.appends:
            if not append.events:
                raise EmptyAppend("An append needs at least one event.")
        if not (group.appends or group.command or group.moves or group.parked or group.reservations):
            raise EmptyAppend("A group needs events, a command record, a checkpoint or a reservation.")
        if len(self._interactive) + len(self._bulk) >= QUEUE_GROUPS_MAX:
            raise QueueFull(f"{QUEUE_GROUPS_MAX} appends are waiting.")
        waiting = _Waiting(group, group.events, group.touches(), self._loop.create_future(), perf_counter())
        (self._bulk if group.bulk else self._interactive).append(waiting)
        if not self._wake.done():
            self._wake.set_result(None)
        # The future only carries the answer: a cancelled caller cancels it, and the write goes on.
        return await waiting.done

    async def _run(self) -> None:
        while True:
            if not self._interactive and not self._bulk:
                if self._closed == "The service is stopping.":
                    return
                self._wake = self._loop.create_future()
                await self._wake
                continue
            # One turn of the loop lets every append that is ready join the batch.
            await asyncio.sleep(0)
            await self._write(self._gather())

    def _gather(self) -> list[_Waiting]:
        """The next batch: interactive groups first, at most one bulk group, no two that touch the same thing."""
        batch: list[_Waiting] = []
        touched: set[Touched] = set()
        later: deque[_Waiting] = deque()
        events = 0
        while self._interactive:
            waiting = self._interactive.popleft()
            if not touched.isdisjoint(waiting.touches) or (batch and events + waiting.events > BATCH_EVENTS_MAX):
                later.append(waiting)
            else:
                events += waiting.events
                batch.append(waiting)
            # What waits behind a group it shares a stream with must not overtake it.
            touched.update(waiting.touches)
        self._interactive = later
        if self._bulk and touched.isdisjoint(self._bulk[0].touches):
            batch.append(self._bulk.popleft())
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        arguments = _arguments([waiting.group for waiting in batch])
        for attempt in range(RECONNECT_ATTEMPTS_MAX):
            try:
                if self._connection is None or self._connection.is_closed():
                    await self._connect()
                    batch = await self._unresolved(batch) if attempt else batch
                    if not batch:
                        return
                    arguments = _arguments([waiting.group for waiting in batch])
                assert self._connection is not None
                row = await self._connection.fetchrow(APPEND_SQL, *arguments, timeout=STATEMENT_TIMEOUT_S)
            except LOST as lost:
                await self._disconnect()
                error: Exception = lost
                await asyncio.sleep(RECONNECT_DELAY_MS / 1000 if attempt else 0)
                continue
            except asyncpg.PostgresError as refused:
                await self._alone(batch, refused)
                return
            except Exception as unforeseen:  # noqa: BLE001 - the callers are told; the writer itself must live
                await self._disconnect()
                for waiting in batch:
                    _fail(waiting, unforeseen)
                return
            assert row is not None
            self._answer(batch, row)
            return
        for waiting in batch:
            _fail(waiting, LogClosed(f"Postgres could not be reached: {type(error).__name__}"))

    async def _alone(self, batch: list[_Waiting], refused: asyncpg.PostgresError) -> None:
        """A batch that Postgres refuses as a whole is written group by group: one fault fails one group."""
        if len(batch) == 1:
            _fail(batch[0], refused)
            return
        for waiting in batch:
            await self._write([waiting])

    def _answer(self, batch: list[_Waiting], row: asyncpg.Record) -> None:
        refused = {
            group: (reason, detail)
            for group, reason, detail in zip(row["bad_group"], row["bad_reason"], row["bad_detail"], strict=True)
        }
        position = row["base"]
        now = perf_counter()
        for number, waiting in enumerate(batch):
            if number in refused:
                reason, detail = refused[number]
                _fail(waiting, REFUSALS[reason](detail))
                continue
            first = position + 1
            position += waiting.events
            APPEND_SECONDS.observe(now - waiting.since)
            if not waiting.done.done():
                waiting.done.set_result(Appended(min(first, position), position))
        if position > row["base"]:
            APPEND_BATCH_EVENTS.observe(position - row["base"])
            self._on_written(position)

    async def _unresolved(self, batch: list[_Waiting]) -> list[_Waiting]:
        """After a lost connection: which groups did not land. The head's lock waits for the old transaction."""
        assert self._connection is not None
        left = []
        async with self._connection.transaction():
            # An append of nothing: the service's role may not lock the head itself.
            await self._connection.fetchrow(APPEND_SQL, *_arguments([]))
            for waiting in batch:
                landed = await self._landed(waiting.group)
                if landed is None:
                    left.append(waiting)
                elif not waiting.done.done():
                    waiting.done.set_result(landed)
                    self._on_written(landed.last)
        return left

    async def _landed(self, group: Group) -> Appended | None:
        assert self._connection is not None
        if group.appends:
            first = group.appends[0]
            row = await self._connection.fetchrow(
                "select position, body from event where stream = $1 and version = $2",
                first.stream,
                first.events[0].version,
            )
            if row is None or row["body"] != first.events[0].body:
                return None
            return Appended(row["position"], row["position"] + group.events - 1)
        if group.moves:
            move = group.moves[0]
            at = await self._connection.fetchval(
                "select position from checkpoint where tail = $1 and source = $2", move.tail, move.source
            )
            return Appended(0, 0) if at == move.target else None
        if group.command is not None:
            row = await self._connection.fetchrow(
                "select position, answer from command where key = $1", group.command.key
            )
            if row is not None and row["answer"] == group.command.answer:
                return Appended(row["position"], row["position"])
        return None

    async def _connect(self) -> None:
        self._connection = await asyncpg.connect(self._dsn, timeout=STATEMENT_TIMEOUT_S)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.terminate()
        self._connection = None


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
        # A caller that has gone away leaves the refusal unread; that is not an error of the writer.
        waiting.done.exception()


def _arguments(groups: list[Group]) -> list[list[Any]]:
    """The thirty arrays of log_append, in its order."""
    streams: list[tuple[object, ...]] = []
    events: list[tuple[object, ...]] = []
    commands: list[tuple[object, ...]] = []
    claims: list[tuple[object, ...]] = []
    moves: list[tuple[object, ...]] = []
    parked: list[tuple[object, ...]] = []
    for number, group in enumerate(groups):
        for append in group.appends:
            stream = append.stream
            streams.append((number, stream, append.expected, append.events[-1].version))
            events += [(number, stream, one.version, one.type, one.body) for one in append.events]
        if group.command is not None:
            record = group.command
            commands.append((number, record.key, record.request_hash, record.answer, record.keep_s))
        claims += [(number, one.scope, one.key, one.owner) for one in group.reservations]
        moves += [(number, one.tail, one.source, one.start, one.target) for one in group.moves]
        parked += [
            (number, one.tail, one.source, one.position, one.stream, one.body, one.error) for one in group.parked
        ]
    widths = ((streams, 4), (events, 5), (commands, 5), (claims, 4), (moves, 5), (parked, 7))
    return [column for rows, width in widths for column in _columns(rows, width)]


def _columns(rows: list[tuple[object, ...]], width: int) -> Iterable[Any]:
    return zip(*rows, strict=True) if rows else ((),) * width


__all__ = ["AppendRefused", "QueueFull", "Writer"]
