"""The rows, the ratios, the table and `results.json`."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.load import Replayed
from bench.papers import Papers
from bench.papers import show as show_papers
from bench.runs import AppendRun
from bench.stores import OURS, STORES

APPEND = "append"
REPLAY = "replay"
COMPARED_AT = 32
"""Ratios of appends are taken at this many concurrent appends."""


class Row(msgspec.Struct, kw_only=True):
    """One store under one workload: medians over the rounds; missed, reordered and repeated are sums.

    `spread` is (highest - lowest) / median of the rounds' events_per_s. `error` says why there is no figure.
    """

    store: str
    workload: str
    concurrency: int
    events_per_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    missed: int | None = None
    reordered: int | None = None
    repeated: int | None = None
    void: bool = False
    spread: float | None = None
    rounds: list[float] = []
    wal_bytes_per_event: float | None = None
    promise: str = ""
    error: str = ""


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """Ours over another. `aim` None: shown for honesty, not aimed at. `met` None: there was no figure."""

    name: str
    against: str
    ratio: float | None
    aim: float | None
    met: bool | None


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run of the bench found."""

    rows: list[Row]
    ratios: list[Ratio]
    environment: dict[str, str]
    papers: Papers | None = None


def append_row(store: str, concurrency: int, runs: Sequence[AppendRun], error: str) -> Row:
    """Fold the rounds of one store at one concurrency."""
    row = Row(store=store, workload=APPEND, concurrency=concurrency, error=error, promise=_promise(store))
    if not runs:
        return row
    row.rounds = [round(run.events_per_s, 1) for run in runs]
    row.events_per_s = statistics.median(row.rounds)
    row.spread = round((max(row.rounds) - min(row.rounds)) / max(row.events_per_s, 1e-9), 3)
    row.p50_ms = round(statistics.median(run.p50_ms for run in runs), 3)
    row.p99_ms = round(statistics.median(run.p99_ms for run in runs), 3)
    row.missed = sum(run.missed for run in runs)
    row.reordered = sum(run.reordered for run in runs)
    row.repeated = sum(run.repeated for run in runs)
    row.void = row.missed > 0 or row.reordered > 0
    wal = [run.wal_bytes_per_event for run in runs if run.wal_bytes_per_event is not None]
    row.wal_bytes_per_event = round(statistics.median(wal)) if wal else None
    return row


def replay_row(store: str, runs: Sequence[Replayed], events: int, error: str) -> Row:
    """Fold the rounds of a replay; its p50 and p99 are of one page. It must have seen every event."""
    row = Row(store=store, workload=REPLAY, concurrency=1, error=error, promise=_promise(store))
    if not runs:
        return row
    row.rounds = [round(run.events / run.seconds, 1) for run in runs]
    row.events_per_s = statistics.median(row.rounds)
    row.spread = round((max(row.rounds) - min(row.rounds)) / row.events_per_s, 3)
    row.p50_ms = round(statistics.median(run.p50_ms for run in runs), 3)
    row.p99_ms = round(statistics.median(run.p99_ms for run in runs), 3)
    row.missed = sum(events - run.events for run in runs)
    row.reordered = row.repeated = 0
    row.void = row.missed != 0
    return row


def _promise(name: str) -> str:
    return next(store.promise for store in STORES if store.name == name)


def ratios(rows: Sequence[Row]) -> list[Ratio]:
    """Ours over each peer. A peer's void run still counts as its speed: that can only make it harder for us."""
    return [
        _over("ours / eventsourcing", rows, APPEND, ["eventsourcing"], 15),
        _over("ours / best other Postgres peer", rows, APPEND, ["emmett-postgresql", "message-db"], 7),
        _over("ours / umadb", rows, APPEND, ["umadb"], 2.5),
        _over("ours / raw single-row INSERT", rows, APPEND, ["raw-insert"], 1),
        _over("ours / message-db, a category a writer", rows, APPEND, ["message-db-categories"], None),
        _over("replay: ours / eventsourcing", rows, REPLAY, ["eventsourcing"], 3),
        _over("replay: ours / its rows with our decoder", rows, REPLAY, ["eventsourcing-recorder"], None),
    ]


def _over(name: str, rows: Sequence[Row], workload: str, others: Sequence[str], aim: float | None) -> Ratio:
    concurrency = COMPARED_AT if workload == APPEND else 1
    figures = {
        row.store: row.events_per_s
        for row in rows
        if row.workload == workload and row.concurrency == concurrency and row.events_per_s
        if not (row.store == OURS.name and row.void)
    }
    present = [other for other in others if other in figures]
    best = max(present, key=lambda other: figures[other], default=None)
    ours = figures.get(OURS.name)
    if best is None or ours is None:
        return Ratio(name=name, against=best or " or ".join(others), ratio=None, aim=aim, met=None)
    ratio = ours / figures[best]
    complete = len(present) == len(others)
    met = None if aim is None or (ratio >= aim and not complete) else ratio >= aim
    return Ratio(name=name, against=best, ratio=round(ratio, 2), aim=aim, met=met)


def save(results: Results, folder: Path) -> Path:
    """Write `results.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    return path


def show(results: Results, console: Console) -> None:
    """Print the tables; whatever is missing or void stands out."""
    table = Table(title="Side by side, one run, rounds interleaved (median)")
    for heading in ("workload", "at once", "store", "events/s", "± spread", "p50 ms", "p99 ms", "WAL B/event"):
        table.add_column(heading, justify="left" if heading in {"workload", "store"} else "right")
    table.add_column("the tailing reader")
    for row in sorted(results.rows, key=lambda row: (row.workload, row.concurrency, -(row.events_per_s or 0))):
        table.add_row(
            row.workload,
            str(row.concurrency),
            f"[bold]{row.store}[/]" if row.store == OURS.name else row.store,
            *(_figure(value, form) for value, form in _figures(row)),
            _verdict(row),
        )
    console.print(table)
    console.print(_ratio_table(results.ratios))
    if results.papers is not None:
        show_papers(results.papers, console)
    for row in results.rows:
        if row.error:
            console.print(f"[bold red]{row.store} ({row.workload} at {row.concurrency}): {row.error}[/]")


def _figures(row: Row) -> list[tuple[float | None, str]]:
    return [
        (row.events_per_s, ",.0f"),
        (row.spread, ".0%"),
        (row.p50_ms, ".2f"),
        (row.p99_ms, ".2f"),
        (row.wal_bytes_per_event, ",.0f"),
    ]


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _verdict(row: Row) -> str:
    if row.error and row.events_per_s is None:
        return "[bold red]NOT MEASURED[/]"
    if row.void:
        return f"[red]VOID: missed {row.missed}, reordered {row.reordered}, repeated {row.repeated}[/]"
    return "[green]missed 0, reordered 0[/]" + (" [red](a round failed)[/]" if row.error else "")


def _ratio_table(found: Sequence[Ratio]) -> Table:
    table = Table(title=f"Ratios (appends at {COMPARED_AT} at once)")
    for heading in ("ratio", "against", "measured", "aim", ""):
        table.add_column(heading)
    for ratio in found:
        verdict = {True: "[green]met[/]", False: "[red]not met[/]", None: "[yellow]open[/]" if ratio.aim else ""}
        table.add_row(
            ratio.name,
            ratio.against,
            "not measured" if ratio.ratio is None else f"{ratio.ratio:.2f} x",
            "" if ratio.aim is None else f"{ratio.aim:g} x",
            verdict[ratio.met],
        )
    return table
