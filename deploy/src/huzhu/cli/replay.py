"""`huzhu replay --verify`: every read model rebuilt from the logs alone and compared with the live one."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from huzhu.replay.verify import Verified

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(replay)


def replay(
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Compare with what the services show.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Rebuild every read model of every service in a scratch database and compare row by row.

    Changes nothing, and may run while the services do. The exit code is 1 when something differs.
    """
    import msgspec
    from rich.console import Console

    from huzhu.replay.scratch import ReplayRuns
    from huzhu.runner.addresses import NotRunning

    if not verify:
        typer.echo("Say what the replay is for: huzhu replay --verify.", err=True)
        raise typer.Exit(2)
    console = Console(stderr=True)
    try:
        verified = _verify(console)
    except (NotRunning, ReplayRuns) as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("Stopped; the scratch database is gone, nothing else was touched.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        typer.echo(msgspec.json.encode(verified).decode())
    else:
        _show(Console(), verified)
    if not verified.equal:
        raise typer.Exit(1)


def _verify(console: Console) -> Verified:
    import asyncio

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from contracts.catalog import CATALOG
    from huzhu.replay import places
    from huzhu.replay.verify import verify as compare
    from huzhu.runner import addresses
    from huzhu.runner.home import Home

    home = Home.find()
    admin = addresses.admin_url(home)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        return asyncio.run(compare(places.places(home, admin), admin, CATALOG, show))


def _show(console: Console, verified: Verified) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("service", "read model", "log", "position", "rows", "equal")
    for one in verified.projections:
        outcome = "yes" if one.difference is None else f"[red]no:[/red] {escape(str(one.difference))}"
        table.add_row(one.service, one.projection, one.source, f"{one.position:,}", f"{one.rows:,}", outcome)
    console.print(table)
    verdict = "Every read model is what the logs give" if verified.equal else "Something differs"
    console.print(f"{verdict}: {verified.events:,} events replayed in {verified.seconds:.1f} s.")
