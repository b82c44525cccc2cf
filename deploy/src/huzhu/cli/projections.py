"""`huzhu projections list|rebuild`: read models, how far they have come, and building one afresh."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import Annotated, Any, NoReturn

import typer

INTERRUPTED = 130

Service = Annotated[str | None, typer.Option(help="One service; all when not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    projections = typer.Typer(help="Read models: list them, build one afresh.", no_args_is_help=True)
    projections.command("list")(list_projections)
    projections.command("rebuild")(rebuild)
    app.add_typer(projections, name="projections")


def list_projections(service: Service = None, *, as_json: AsJson = False) -> None:
    """Show every read model and its position in the log that it follows."""
    import json

    from rich.console import Console
    from rich.table import Table

    from huzhu.runner.home import Home
    from huzhu.runner.operator import Operator, Refused

    try:
        with Operator(Home.find()) as operator:
            found = {name: _positions(operator, name) for name in operator.named(service)}
    except Refused as refusal:
        _refuse(refusal)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("service", "read model", "position")
    for name, positions in found.items():
        for projection, position in positions.items():
            table.add_row(name, projection, f"{position:,}")
    Console().print(table)


def rebuild(
    name: Annotated[str, typer.Argument(help="The read model's name, as `huzhu projections list` shows it.")],
    service: Service = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Build a read model from position 1 beside the old one and swap them; reads go on meanwhile.

    A name that several services use is rebuilt in each of them, unless one is given.
    """
    import json
    import time

    from rich.console import Console

    from huzhu.runner.home import Home
    from huzhu.runner.operator import LONG_ANSWER_S_MAX, Operator, Refused

    console = Console(stderr=True)
    started = time.monotonic()
    reached: dict[str, int] = {}
    try:
        with Operator(Home.find()) as operator:
            owners = [one for one in operator.named(service) if name in _positions(operator, one)]
            if not owners:
                _refuse(f"There is no read model {name}; `huzhu projections list` shows all.")
            for owner in owners:
                with _progress(console, f"Building {name} of {owner} afresh"):
                    told = operator.post(owner, f"/projections/{name}/rebuild", LONG_ANSWER_S_MAX)
                reached[owner] = told["position"]
    except Refused as refusal:
        _refuse(refusal)
    except KeyboardInterrupt:
        console.print("Stopped waiting. The service goes on and swaps when it is done; the old one serves until then.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps({"positions": reached, "seconds": round(time.monotonic() - started, 2)}))
        return
    for owner, position in reached.items():
        typer.echo(f"{owner}: {name} built afresh up to position {position:,}")


def _positions(operator: Any, service: str) -> dict[str, int]:
    positions: dict[str, int] = operator.get(service, "/status")["projections"]
    return positions


def _progress(console: Any, what: str) -> Any:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    progress.add_task(what, total=None)
    return progress


def _refuse(sentence: object) -> NoReturn:
    typer.echo(str(sentence), err=True)
    raise typer.Exit(1)
