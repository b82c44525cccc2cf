"""One run: a fresh database, a tailing reader in one process, a writer in another."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from bench import child
from bench.account import Account, balance
from bench.load import CATEGORY, EVENT_TYPE, IDLE_POLL_S, PAGE, Job, Replayed, Written, measured_event, metadata
from bench.peers import HERE, SCRIPT
from bench.server import Cluster, umadb_server
from bench.stores import EMMETT, UMADB, Store

CHILD_GRACE_S = 60.0
PREPARE = {
    "ours": "bench.stores.ours",
    "eventsourcing": "bench.stores.eventsourcing_peer",
    "eventsourcing-recorder": "bench.stores.eventsourcing_peer",
    "message-db": "bench.stores.message_db",
    "message-db-categories": "bench.stores.message_db",
    "raw-insert": "bench.stores.raw_insert",
}


class RunFailed(Exception):
    """A child process did not do its job; says what it wrote last."""


class AppendRun(msgspec.Struct, frozen=True, kw_only=True):
    """One append run and what its tailing reader made of it."""

    events_per_s: float
    p50_ms: float
    p99_ms: float
    missed: int
    reordered: int
    repeated: int
    wal_bytes_per_event: float | None


class Bench:
    """Runs against one cluster, all files under one folder."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        """`folder` is emptied of a run's files when the run is over."""
        self.cluster = cluster
        self.folder = folder
        self.number = 0

    @contextmanager
    def target(self, store: Store) -> Iterator[str]:
        """An empty store, with its schema, after a checkpoint."""
        self.number += 1
        if store is UMADB:
            folder = self.folder / f"umadb-{self.number}"
            try:
                with umadb_server(folder) as address:
                    yield address
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return
        name = f"run_{self.number}"
        address = self.cluster.create(name)
        try:
            if store is EMMETT:
                _finish(_spawn(Job(store=store.name, role="prepare", target=address)), CHILD_GRACE_S)
            else:
                asyncio.run(import_module(PREPARE[store.name]).prepare(address))
            yield address
        finally:
            self.cluster.drop(name)

    def append(self, store: Store, concurrency: int, warmup_s: float, seconds: float) -> AppendRun:
        """Measure appends of one event to new streams, with a reader at the tail."""
        delivered_file = self.folder / "delivered.txt"
        delivered_file.unlink(missing_ok=True)
        with self.target(store) as target:
            job = Job(
                store=store.name,
                role="write",
                target=target,
                concurrency=concurrency,
                warmup_s=warmup_s,
                seconds=seconds,
                delivered_file=str(delivered_file),
            )
            reader = _spawn(msgspec.structs.replace(job, role="tail", concurrency=1))
            try:
                _expect(reader, "ready")
                self.cluster.checkpoint()
                wal_before = self.cluster.wal_bytes()
                line = _finish(_spawn(job), warmup_s + seconds + CHILD_GRACE_S)
                written = msgspec.json.decode(line, type=Written)
                total = sum(written.acknowledged)
                wal = self.cluster.wal_bytes() - wal_before
                _finish(reader, CHILD_GRACE_S, f"{total}\n")
            finally:
                _end(reader)
        account = balance(_delivered(delivered_file), written.acknowledged)
        return _append_run(written, account, wal / max(total, 1) if store.on_postgres else None)

    @contextmanager
    def filled(self, store: Store, events: int) -> Iterator[Callable[[], Replayed]]:
        """Fill a store once; yield what replays and decodes it, in a fresh process each time."""
        with self.target(store) as target:
            child.fill(Job(store=store.name, role="fill", target=target), events)
            self.cluster.checkpoint()

            def replay() -> Replayed:
                line = _finish(_spawn(Job(store=store.name, role="replay", target=target)), CHILD_GRACE_S)
                return msgspec.json.decode(line, type=Replayed)

            yield replay


def _append_run(written: Written, account: Account, wal_bytes_per_event: float | None) -> AppendRun:
    return AppendRun(
        events_per_s=written.events / written.seconds,
        p50_ms=written.p50_ms,
        p99_ms=written.p99_ms,
        missed=account.missed,
        reordered=account.reordered,
        repeated=account.repeated,
        wal_bytes_per_event=wal_bytes_per_event,
    )


def _delivered(path: Path) -> Iterator[tuple[str, int]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            stream, position = line.split()
            yield stream, int(position)


def _spawn(job: Job) -> subprocess.Popen[str]:
    """Start the child that does this job in the store's own language."""
    if job.store == EMMETT.name:
        own: dict[str, Any] = {
            **msgspec.structs.asdict(job),
            "category": CATEGORY,
            "event_type": EVENT_TYPE,
            "data": msgspec.to_builtins(measured_event("")),
            "metadata": metadata(""),
            "page": PAGE,
            "idle_poll_s": IDLE_POLL_S,
            "quiet_s": child.QUIET_S,
        }
        argv = ["node", str(SCRIPT), msgspec.json.encode(own).decode()]
    else:
        argv = [sys.executable, "-m", "bench.child", msgspec.json.encode(job).decode()]
    return subprocess.Popen(
        argv,
        cwd=HERE.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _expect(running: subprocess.Popen[str], word: str) -> None:
    """Wait for a child's first line. A child that cannot start ends, and its end is what we hear of."""
    assert running.stdout is not None
    line = running.stdout.readline().strip()
    if line != word:
        _, errors = running.communicate(timeout=CHILD_GRACE_S)
        raise RunFailed(errors.strip()[-2000:] or f"the child said {line!r}")


def _finish(running: subprocess.Popen[str], timeout_s: float, say: str = "") -> str:
    """Say the last word to a child, wait for its end and return its last line."""
    try:
        output, errors = running.communicate(say, timeout=timeout_s)
    except subprocess.TimeoutExpired as late:
        _end(running)
        raise RunFailed(f"the child took longer than {timeout_s:.0f} s") from late
    if running.returncode != 0:
        raise RunFailed(errors.strip()[-2000:] or f"the child ended with {running.returncode}")
    lines = output.strip().splitlines()
    return lines[-1] if lines else ""


def _end(running: subprocess.Popen[str]) -> None:
    if running.poll() is None:
        running.kill()
        running.wait(CHILD_GRACE_S)
