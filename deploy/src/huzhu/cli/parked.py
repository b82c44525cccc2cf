"""`huzhu parked list|retry`: events, jobs and deadlines that could not be handled, shown and tried again."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import Annotated, Any

import typer

Service = Annotated[str | None, typer.Option(help="One service; all when not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    parked = typer.Typer(help="Parked events, jobs and deadlines: list them, try them again.", no_args_is_help=True)
    parked.command("list")(list_parked)
    parked.command("retry")(retry)
    app.add_typer(parked, name="parked")


def list_parked(service: Service = None, *, as_json: AsJson = False) -> None:
    """Show what is parked and not worked off, oldest first."""
    import json

    found = _each("GET", "/parked", service)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _show(found)


def retry(service: Service = None, *, as_json: AsJson = False) -> None:
    """Ask for another try of everything that is parked; `huzhu parked list` shows what is left."""
    import json

    asked = {name: told["asked"] for name, told in _each("POST", "/parked/retry", service).items()}
    if as_json:
        typer.echo(json.dumps(asked))
        return
    for name, count in asked.items():
        typer.echo(f"{name}: {count} asked to be tried again")


def _each(method: str, path: str, service: str | None) -> dict[str, Any]:
    from huzhu.runner.home import Home
    from huzhu.runner.operator import Operator, Refused

    try:
        with Operator(Home.find()) as operator:
            ask = operator.get if method == "GET" else operator.post
            return {name: ask(name, path) for name in operator.named(service)}
    except Refused as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    rows = [(name, one) for name, parked in found.items() for one in parked]
    if not rows:
        typer.echo("Nothing is parked.")
        return
    table = Table("service", "what", "in", "from", "position", "stream", "attempts", "state", "since", "error")
    for name, one in rows:
        where = (one["kind"], one["waits_in"], one["source"], str(one["position"]), one["stream"])
        shown = (*where, str(one["attempts"]), one["state"], one["since"])
        table.add_row(name, *shown, escape(one["error"]))
    Console().print(table)
