"""`huzhu demo`: the main job from beginning to end, and a table of what happened."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from huzhu.demo.gateway import Gateway
    from huzhu.demo.result import Result
    from huzhu.demo.story import Step, Told

INTERRUPTED = 130
TELLS_COVERS = "HUZHU_TELL_COVER_STARTS"
"""A setting of notify; what the environment says already stands."""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(demo)


def demo(
    members: Annotated[
        int, typer.Option(help="How many rows the roster has; the donation stays 100,000 seats.")
    ] = 100_000,
    *,
    year: Annotated[bool, typer.Option("--year", help="Play the whole of 2022 with so many covered members.")] = False,
    seed: Annotated[int, typer.Option(help="Of the year: equal seeds give equal members and incidents.")] = 2022,
    detach: Annotated[bool, typer.Option(help="Leave everything running afterwards.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Run the main job on this machine and show what happened; or a whole year, on an empty machine."""
    import os
    import time

    import msgspec
    from rich.console import Console

    from huzhu.cli.up import bring_up
    from huzhu.cli.year import play_year, show_year
    from huzhu.demo.gateway import Gateway, StepFailed
    from huzhu.demo.result import read_result
    from huzhu.demo.story import Story
    from huzhu.runner.control import shut_down, supervisor_pid
    from huzhu.runner.home import Home
    from huzhu.runner.process import StartFailed

    home = Home.find().make()
    console = Console(stderr=True)
    # What ran before goes on afterwards.
    stays = detach or supervisor_pid(home) is not None
    if year:
        # Everybody's cover starts and ends on two days: to tell them all would take longer than the year.
        os.environ.setdefault(TELLS_COVERS, "false")
    try:
        bring_up(home)
        started = time.monotonic()
        gateway = Gateway(home)
        with _bars(console) as show:
            if year:
                found: Any = play_year(home, gateway, members, seed, show)
            else:
                told = Story(gateway, members, show).run()
                found = read_result(gateway, told, time.monotonic() - started)
    except (StepFailed, StartFailed) as failed:
        console.print(f"[red]The demonstration stopped.[/red] {failed}")
        again = "Another HUZHU_HOME begins anew." if year else "The same command again goes on where it stopped."
        console.print(f"Logs: {home.logs}. {again}")
        if not stays:
            shut_down(home)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("Stopped. Nothing that was written is lost; huzhu down stops what still runs.")
        raise typer.Exit(INTERRUPTED) from None
    if year:
        show_year(Console(), found)
    else:
        _show(Console(), found, told, gateway)
    if not stays:
        _linger(console)
        shut_down(home)
        console.print("Everything has been stopped; `make demo DETACH=1` leaves it running.")
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())


def _linger(console: Console) -> None:
    """A person at a terminal may look around before everything stops; a script goes on."""
    import sys
    import threading

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    console.print("Everything is running. Ctrl-C stops it in order; nothing is lost.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopping …")


@contextmanager
def _bars(console: Console) -> Iterator[Step]:
    """A bar for each thing that is shown, the ones before it full."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            for name, task in tasks.items():
                if name != what and not progress.tasks[task].finished:
                    progress.update(task, completed=progress.tasks[task].total)
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield show


def _show(console: Console, result: Result, told: Told, gateway: Gateway) -> None:
    from rich.table import Table

    table = Table(
        title="甘肃省新就业形态劳动者专项综合互助保障: what happened", title_justify="left", show_header=False
    )
    table.add_column("what", no_wrap=True)
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("note")
    for row in _rows(result, told):
        table.add_row(*row)
    console.print(table)
    where = Table(title="Running services", title_justify="left")
    where.add_column("service")
    where.add_column("address")
    where.add_column("memory", justify="right")
    where.add_row("gateway", f"{gateway.state['gateway_url']}/api/<service>/", "")
    for name, url in gateway.state["services"].items():
        where.add_row(name.replace("_", "-"), url, f"{result.memory_mb_max[name]} MB")
    console.print(where)


def _rows(result: Result, told: Told) -> list[tuple[str, str, str]]:
    errors = "  ".join(f"{code} {count:,}" for code, count in told.roster["errors"].items())
    rows = [
        ("名册 roster rows", f"{result.roster.rows:,}", f"{result.roster.seconds:.1f} s; {errors}"),
        ("参保 people covered", f"{result.covered:,}", (f"published after {result.published_seconds:.1f} s, "
         f"every service caught up after {result.caught_up_seconds:.1f} s")),
        ("给付 people / person-times", f"{result.paid.people} / {result.paid.person_times}", "人 / 人次"),
    ]  # fmt: skip
    rows += [(f"  {code}", _yuan(fen), "元") for code, fen in sorted(result.paid.fen_by_benefit.items())]
    rows += [
        ("  合计 total paid", _yuan(result.paid.fen), "元"),
        ("退票 returned by the bank", f"{result.returned}", "paid at the second attempt"),
        ("未明 not answered by the bank", f"{result.unanswered}", _silence(result)),
        ("不予给付 rejected", f"{result.rejected}", "inside the waiting period"),
        ("重复申领 filed twice", f"{result.duplicates}", "counted once"),
        ("特事特办 special decisions", f"{result.special_decisions}", "listed for the auditor"),
        ("短信 messages sent", f"{result.messages_sent}", _receipts(result)),
        (
            "体检车 at the truck",
            f"{result.checkups_attended}",
            (
                f"{result.checkups_booked} booked, "
                f"{result.checkup_no_shows} did not come, {result.checkup_walk_ins} walked in"
            ),
        ),
        ("体检 check-ups done", f"{result.checkups_done}", f"{result.findings_followed_up} finding followed up"),
        *_matching(result),
        ("对账 reconciliation, open items", f"{result.open_items}", f"{result.batches_reconciled} batches reconciled"),
        ("资金池 the pool's balance", _yuan(result.pool_fen), "元"),
        ("submitted → paid, median", f"{result.submitted_to_paid_ms_p50:,.0f} ms", "real time, reviews included"),
        ("paid → told, median", f"{result.paid_to_told_ms_p50:,.0f} ms", "real time"),
        ("events in all logs", f"{result.events:,}", ""),
        ("the whole demonstration", f"{result.seconds:.1f} s", "after set-up"),
    ]
    return rows


def _matching(result: Result) -> list[tuple[str, str, str]]:
    """The bureau's file and the completeness ledger."""
    matched, ledger = result.matching, result.completeness
    if matched is None or ledger is None:
        return []
    codes = "  ".join(f"{code} {count:,}" for code, count in matched.by_result.items())
    classes = "  ".join(f"{name} {count:,}" for name, count in ledger.by_class.items())
    return [
        ("数据比对 settlement rows", f"{matched.rows:,}", f"{matched.seconds:.1f} s; {codes}"),
        ("  主动立案 claims opened", f"{matched.opened:,}", f"computed {_yuan(matched.computed_fen)} 元"),
        ("应赔尽赔 accounted for", f"{ledger.settlements:,}", classes),
        ("  余数 remainder", f"{ledger.remainder:,}", "has to be zero"),
    ]


def _silence(result: Result) -> str:
    return f"{result.unanswered_settled} settled by its statement; asked about, never sent again"


def _receipts(result: Result) -> str:
    """What the provider says of the messages, and why some could not be sent."""
    failed = "  ".join(f"{code} {count:,}" for code, count in sorted(result.sms_failed.items()))
    return f"receipts: {result.sms_delivered:,} delivered" + (f"; not reached: {failed}" if failed else "")


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
