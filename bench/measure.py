"""The order of the runs: round by round, concurrency by concurrency, every store in turn."""

import os
import platform
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import peers
from bench.load import Replayed
from bench.report import Results, Row, append_row, ratios, replay_row
from bench.runs import AppendRun, Bench, RunFailed
from bench.server import Cluster
from bench.stores import STORES, Store

FSYNC_PROBE_S = 1.0
FSYNC_BLOCK_BYTES = 8_192


@dataclass(frozen=True)
class Plan:
    """How long and how often. `install` fetches the npm peers when they are missing."""

    seconds: float = 4.0
    warmup_s: float = 0.5
    rounds: int = 3
    concurrencies: tuple[int, ...] = (1, 4, 32)
    replay_events: int = 50_000
    only: tuple[str, ...] = ()
    install: bool = True

    @classmethod
    def quick(cls, only: tuple[str, ...] = ()) -> "Plan":
        """One short round at the concurrency that is compared."""
        return cls(0.5, 0.2, 1, (32,), 5_000, only, install=False)

    def __post_init__(self) -> None:
        """Refuse a store that does not exist."""
        unknown = set(self.only) - {store.name for store in STORES}
        if unknown:
            raise ValueError(f"no such store: {', '.join(sorted(unknown))}")

    @property
    def stores(self) -> tuple[Store, ...]:
        """The stores to measure."""
        return tuple(store for store in STORES if not self.only or store.name in self.only)


@dataclass
class Found:
    """What the runs of one row found so far."""

    appends: list[AppendRun] = field(default_factory=list)
    replays: list[Replayed] = field(default_factory=list)
    error: str = ""


def measure(plan: Plan, folder: Path, console: Console) -> Results:
    """Run everything; a store that is missing or fails is a row that says so."""
    error = peers.install() if plan.install else ""
    absent = {store.name: _absence(store, error) for store in plan.stores}
    for name, reason in absent.items():
        if reason:
            console.print(f"[bold red]{name} is NOT measured: {reason}[/]")
    cluster = Cluster(folder / "home")
    try:
        cluster.start()
        bench = Bench(cluster, folder)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress:
            rows = _appends(plan, bench, absent, progress) + _replays(plan, bench, absent, progress)
        environment = _environment(cluster, folder)
    finally:
        cluster.destroy()
    return Results(rows=rows, ratios=ratios(rows), environment=environment)


def _absence(store: Store, install_error: str) -> str:
    return next((reason for need in store.needs if (reason := peers.missing(need, install_error))), "")


def _appends(plan: Plan, bench: Bench, absent: dict[str, str], progress: Progress) -> list[Row]:
    appending = [store for store in plan.stores if store.appends]
    found = {(c, s.name): Found(error=absent[s.name]) for c in plan.concurrencies for s in appending}
    present = [store for store in appending if not absent[store.name]]
    task = progress.add_task("append", total=plan.rounds * len(plan.concurrencies) * len(present))
    for _ in range(plan.rounds):
        for concurrency in plan.concurrencies:
            for store in present:
                progress.update(task, description=f"append, {concurrency} at once, {store.name}")
                cell = found[concurrency, store.name]
                try:
                    cell.appends.append(bench.append(store, concurrency, plan.warmup_s, plan.seconds))
                except Exception as failure:  # noqa: BLE001 - the row says so, and the other stores go on
                    cell.error = f"{type(failure).__name__}: {failure}"
                progress.advance(task)
    return [append_row(name, concurrency, cell.appends, cell.error) for (concurrency, name), cell in found.items()]


def _replays(plan: Plan, bench: Bench, absent: dict[str, str], progress: Progress) -> list[Row]:
    replayed = [store for store in plan.stores if store.replays and not absent[store.name]]
    found = {store.name: Found() for store in replayed}
    task = progress.add_task("replay", total=len(replayed) * (plan.rounds + 1))
    with ExitStack() as filled:
        replays = {}
        for store in replayed:
            progress.update(task, description=f"replay, filling {store.name}")
            replays[store.name] = filled.enter_context(bench.filled(store, plan.replay_events))
            progress.advance(task)
        for _ in range(plan.rounds):
            for store in replayed:
                progress.update(task, description=f"replay, {store.name}")
                try:
                    found[store.name].replays.append(replays[store.name]())
                except RunFailed as failure:
                    found[store.name].error = str(failure)
                progress.advance(task)
    return [replay_row(name, cell.replays, plan.replay_events, cell.error) for name, cell in found.items()]


def _environment(cluster: Cluster, folder: Path) -> dict[str, str]:
    packages: Sequence[str] = ("asyncpg", "eventsourcing", "msgspec", "psycopg", "umadb")
    return {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average_1min": f"{os.getloadavg()[0]:.2f}",
        "fdatasync_per_s": f"{_fdatasync_rate(folder):.0f}",
        **{f"postgres.{name}": value for name, value in cluster.settings().items()},
        **{name: version(name) for name in packages},
        **{f"npm.{name}": pin for name, pin in peers.pinned().items()},
    }


def _fdatasync_rate(folder: Path) -> float:
    """How many 8 kB blocks a second this disk makes durable one after the other."""
    path = folder / "fsync.probe"
    count = 0
    begun = time.perf_counter()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while time.perf_counter() - begun < FSYNC_PROBE_S:
            os.pwrite(handle, b"\0" * FSYNC_BLOCK_BYTES, 0)
            os.fdatasync(handle)
            count += 1
    finally:
        os.close(handle)
        path.unlink()
    return count / (time.perf_counter() - begun)
