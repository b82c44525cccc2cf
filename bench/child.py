"""One process of a measurement: it writes, tails or replays one store and says on stdout what it did.

A tail says `ready`, reads until a line on stdin tells it how many events there are to be found, goes on until
it has them or has heard nothing for `QUIET_S`, writes what it was given to a file and says `done`.
"""

import asyncio
import selectors
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from bench.load import IDLE_POLL_S, PAGE, Job, Replayed, Written, latencies, stream_id
from bench.stores import Adapter, Page, ThreadAdapter

QUIET_S = 1.0
ADAPTERS = {
    "ours": ("ours", "Ours"),
    "eventsourcing": ("eventsourcing_peer", "EventsourcingApplication"),
    "eventsourcing-recorder": ("eventsourcing_peer", "EventsourcingPeer"),
    "umadb": ("umadb_peer", "UmadbPeer"),
    "message-db": ("message_db", "MessageDb"),
    "message-db-categories": ("message_db", "MessageDbCategories"),
    "raw-insert": ("raw_insert", "RawInsert"),
}
THREADED = ("eventsourcing", "eventsourcing-recorder", "umadb")


class Window:
    """The measured stretch of time after the warm-up; only appends that end inside it count."""

    def __init__(self, job: Job) -> None:
        """Open after the warm-up, from now."""
        self.opens = time.perf_counter() + job.warmup_s
        self.closes = self.opens + job.seconds
        self.taken_s: list[float] = []
        self.acknowledged = [0] * job.concurrency

    def note(self, worker: int, begun: float) -> None:
        """Count an acknowledged append."""
        done = time.perf_counter()
        self.acknowledged[worker] += 1
        if self.opens < done <= self.closes:
            self.taken_s.append(done - begun)

    def written(self) -> Written:
        """The result."""
        p50_ms, p99_ms = latencies(self.taken_s)
        return Written(
            acknowledged=self.acknowledged,
            events=len(self.taken_s),
            seconds=self.closes - self.opens,
            p50_ms=p50_ms,
            p99_ms=p99_ms,
        )


async def write(adapter: Adapter, job: Job) -> Written:
    """Append with one task a worker, each waiting for its acknowledgement before the next."""
    await adapter.connect(job.target, job.concurrency)
    window = Window(job)

    async def work(worker: int) -> None:
        while (begun := time.perf_counter()) < window.closes:
            await adapter.append(worker, stream_id(worker, window.acknowledged[worker]))
            window.note(worker, begun)

    async with asyncio.TaskGroup() as tasks:
        for worker in range(job.concurrency):
            tasks.create_task(work(worker))
    await adapter.close()
    return window.written()


def write_with_threads(adapter: ThreadAdapter, job: Job) -> Written:
    """Append with one thread a worker, each waiting for its acknowledgement before the next."""
    adapter.connect(job.target, job.concurrency)
    window = Window(job)
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            while (begun := time.perf_counter()) < window.closes:
                adapter.append(worker, stream_id(worker, window.acknowledged[worker]))
                window.note(worker, begun)
        except BaseException as failure:  # noqa: BLE001 - carried to the main thread and raised there
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(job.concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    adapter.close()
    if failures:
        raise failures[0]
    return window.written()


class Delivery:
    """What a tail has been given so far, and when it may stop."""

    def __init__(self) -> None:
        """Nothing yet; stdin is watched for the number of events to be found."""
        self.delivered: Page = []
        self.expected: int | None = None
        self.heard = time.perf_counter()
        self._stdin = selectors.DefaultSelector()
        self._stdin.register(sys.stdin, selectors.EVENT_READ)

    @property
    def after(self) -> int:
        """The last position read."""
        return self.delivered[-1][1] if self.delivered else 0

    def take(self, page: Page) -> bool:
        """Keep a page and tell whether to go on."""
        if page:
            self.delivered += page
            self.heard = time.perf_counter()
        if self.expected is None and self._stdin.select(0):
            self.expected = int(sys.stdin.readline())
            self.heard = time.perf_counter()
        if self.expected is None:
            return True
        return len(self.delivered) < self.expected and time.perf_counter() - self.heard < QUIET_S

    def save(self, path: Path) -> None:
        """One line an event: stream and position."""
        path.write_text("\n".join(f"{stream} {position}" for stream, position in self.delivered), encoding="utf-8")


async def tail(adapter: Adapter, job: Job) -> None:
    """Follow the log from its start, resuming after the last position read."""
    await adapter.connect(job.target, 1)
    delivery = Delivery()
    _say("ready")
    while delivery.take(page := await adapter.page(delivery.after, PAGE)):
        if not page:
            await asyncio.sleep(IDLE_POLL_S)
    delivery.save(Path(job.delivered_file))
    await adapter.close()


def tail_with_threads(adapter: ThreadAdapter, job: Job) -> None:
    """Follow the log from its start, resuming after the last position read."""
    adapter.connect(job.target, 1)
    delivery = Delivery()
    _say("ready")
    while delivery.take(page := adapter.page(delivery.after, PAGE)):
        if not page:
            time.sleep(IDLE_POLL_S)
    delivery.save(Path(job.delivered_file))
    adapter.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def adapter(store: str) -> Any:
    """The adapter of a store; imported only now, so that one peer's absence does not stop the others."""
    module, name = ADAPTERS[store]
    return getattr(import_module(f"bench.stores.{module}"), name)()


def fill(job: Job, events: int) -> None:
    """Append `events` events, `PAGE` at a time, for a replay."""
    pages = [[stream_id(0, number) for number in range(start, start + PAGE)] for start in range(0, events, PAGE)]
    store = adapter(job.store)
    if job.store in THREADED:
        store.connect(job.target, 1)
        for page in pages:
            store.fill(page)
        store.close()
        return

    async def fill_all() -> None:
        await store.connect(job.target, 1)
        for page in pages:
            await store.fill(page)
        await store.close()

    uvloop.run(fill_all())


def replay_with_threads(store: Any, job: Job) -> Replayed:
    """Read and decode the whole log, page by page."""
    store.connect(job.target, 1)
    taken_s: list[float] = []
    events, after, count = 0, 0, PAGE
    while count == PAGE:
        begun = time.perf_counter()
        count, after = store.decoded(after, PAGE)
        taken_s.append(time.perf_counter() - begun)
        events += count
    store.close()
    return _replayed(events, taken_s)


async def replay(store: Any, job: Job) -> Replayed:
    """Read and decode the whole log, page by page."""
    await store.connect(job.target, 1)
    taken_s: list[float] = []
    events, after, count = 0, 0, PAGE
    while count == PAGE:
        begun = time.perf_counter()
        count, after = await store.decoded(after, PAGE)
        taken_s.append(time.perf_counter() - begun)
        events += count
    await store.close()
    return _replayed(events, taken_s)


def _replayed(events: int, taken_s: list[float]) -> Replayed:
    seconds = sum(taken_s)
    p50_ms, p99_ms = latencies(taken_s)
    return Replayed(events=events, seconds=seconds, p50_ms=p50_ms, p99_ms=p99_ms)


def main(text: str) -> None:
    """Do the job that is given as JSON."""
    job = msgspec.json.decode(text, type=Job)
    store = adapter(job.store)
    result: Written | Replayed
    match job.role, job.store in THREADED:
        case "tail", True:
            tail_with_threads(store, job)
            _say("done")
            return
        case "tail", _:
            uvloop.run(tail(store, job))
            _say("done")
            return
        case "write", True:
            result = write_with_threads(store, job)
        case "write", _:
            result = uvloop.run(write(store, job))
        case "replay", True:
            result = replay_with_threads(store, job)
        case "replay", _:
            result = uvloop.run(replay(store, job))
        case _:
            raise ValueError(f"No role {job.role}.")
    _say(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main(sys.argv[1])
