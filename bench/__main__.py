"""`python -m bench`: measure the log and its peers side by side; `python -m bench profile append`: look inside."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from bench import messages as telling
from bench import papers
from bench.hot_path import record
from bench.measure import Plan, measure
from bench.peers import HERE
from bench.report import save, show
from huzhu.cli.up import bring_up
from huzhu.runner.control import shut_down, supervisor_pid
from huzhu.runner.home import Home

app = typer.Typer(add_completion=False, help="Side-by-side measurements of the log and its peers.")
WIDTH_MIN = 150
QUICK_PICTURES = 2
console = Console()
if not console.is_terminal:
    console = Console(width=WIDTH_MIN)
OUT = HERE / "out"


def working_folder() -> Path:
    """A fresh folder for servers and files, on the disk of the data and never in a home that is in use."""
    home = os.environ.get("HUZHU_HOME")
    root = Path(home) if home else HERE.parent / ".huzhu"
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=root))
    folder.chmod(0o711)
    return folder


@app.callback(invoke_without_command=True)
def side_by_side(
    context: typer.Context,
    *,
    seconds: Annotated[float, typer.Option(help="Measured seconds of every append run.")] = 4.0,
    rounds: Annotated[int, typer.Option(help="Interleaved rounds; the median is shown.")] = 3,
    replay_events: Annotated[int, typer.Option(help="Events in the log that is replayed.")] = 50_000,
    stores: Annotated[str, typer.Option(help="Only these stores, by name, separated by commas.")] = "",
    pictures: Annotated[int, typer.Option(help="Cards that are read by machine; 0 for none.")] = 40,
    quick: Annotated[bool, typer.Option("--quick", help="One short round: does everything work?")] = False,
    out: Annotated[Path, typer.Option(help="Where results.json is written.")] = OUT,
) -> None:
    """Measure, print the table and write results.json."""
    if context.invoked_subcommand is not None:
        return
    names = tuple(name for name in stores.split(",") if name)
    pictures = min(pictures, QUICK_PICTURES) if quick else pictures
    plan = Plan.quick(names) if quick else Plan(seconds=seconds, rounds=rounds, replay_events=replay_events, only=names)
    folder = working_folder()
    try:
        results = measure(plan, folder, console)
        if pictures:
            results = msgspec.structs.replace(results, papers=papers.measure(pictures))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(results, console)
    console.print(f"written to {save(results, out)}")


@app.command()
def profile(
    workload: Annotated[str, typer.Argument(help="append")] = "append",
    seconds: Annotated[float, typer.Option(help="How long to record.")] = 8.0,
    concurrency: Annotated[int, typer.Option(help="Concurrent appends.")] = 32,
    out: Annotated[Path, typer.Option(help="Where the recordings are written.")] = OUT,
) -> None:
    """Record our append path with py-spy: a speedscope file, and the heaviest lines."""
    if workload != "append":
        raise typer.BadParameter(f"Only append is profiled, not {workload}.")
    folder = working_folder()
    try:
        record(folder, out, seconds, concurrency, console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@app.command()
def messages(
    members: Annotated[int, typer.Option(help="How many covers start.")] = 100_000,
    claims: Annotated[int, typer.Option(help="Claims filed meanwhile, and as many again afterwards.")] = 60,
    every_s: Annotated[float, typer.Option(help="Seconds between two claims.")] = 5.0,
) -> None:
    """Tell a whole roster of its cover while claims are filed; on the machine at HUZHU_HOME, which must be empty."""
    home = Home.find().make()
    os.environ.setdefault("HUZHU_TELL_COVER_STARTS", "true")
    stays = supervisor_pid(home) is not None
    bring_up(home)
    try:
        telling.show(telling.measure(home, members, claims, every_s, console), console)
    finally:
        if not stays:
            shut_down(home)


if __name__ == "__main__":
    app()
