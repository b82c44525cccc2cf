"""`huzhu settlements`: make synthetic files of the bureau, import a file, go through one again."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from huzhu.cli.asking import INTERRUPTED, check, client, counted, follow, progress_bar, refuse

if TYPE_CHECKING:
    import httpx

SENDER = "office_reviewer"
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")

Output = Annotated[Path, typer.Option("-o", "--output", help="Where to write; the extension decides the format.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    settlements = typer.Typer(help="Settlements of the bureau: generate, import, rematch.", no_args_is_help=True)
    settlements.command("generate")(generate)
    settlements.command("import")(import_settlements)
    settlements.command("rematch")(rematch)
    app.add_typer(settlements, name="settlements")


def generate(
    output: Output,
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = 1,
    members: Annotated[int, typer.Option(min=1, help="How many rows the roster had.")] = 1_000,
    roster_seed: Annotated[int, typer.Option(help="The seed the roster was generated with.")] = 1,
    roster_errors: Annotated[str, typer.Option(help="The roster's --errors.")] = "real",
    mix: Annotated[str, typer.Option(help="real, members or plain.")] = "real",
    encoding: Annotated[str, typer.Option(help="For CSV: utf-8, utf-8-sig or gb18030.")] = "utf-8",
) -> None:
    """Write a file of settlements (.csv or .xlsx) about the people of a synthetic roster, and many others."""
    from huzhu.synthetic import roster
    from huzhu.synthetic.settlements import MIXES, members_of, write
    from huzhu.synthetic.settlements import generate as rows_of

    if output.suffix not in {".csv", ".xlsx"} or encoding not in ENCODINGS:
        refuse(f"Settlements are a .csv or an .xlsx; --encoding is one of {', '.join(ENCODINGS)}.")
    if mix not in MIXES or roster_errors not in roster.MIXES:
        refuse(f"--mix is one of {', '.join(MIXES)}, --roster-errors one of {', '.join(roster.MIXES)}.")
    with progress_bar() as progress:
        task = progress.add_task(f"Writing {output.name}", total=rows)
        people = members_of(members, roster_seed, roster_errors)
        made = counted(rows_of(rows, people, seed, mix), lambda: progress.advance(task))
        written = write(output, made, encoding=encoding)
    typer.echo(f"{output}: {written} rows", err=True)


def import_settlements(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file of settlements, .csv or .xlsx.")],
    plan: Annotated[str, typer.Option(help="The plan's code; the one that files are matched with unless given.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Send a file and follow its matching. The same file again follows the same import, also after Ctrl-C."""
    import time

    started = time.monotonic()
    try:
        with client("claims", SENDER) as asked, file.open("rb") as content:
            sent = asked.post("/settlements", files={"file": (file.name, content)}, data={"plan": plan} if plan else {})
            check(sent)
            view = _followed(asked, sent.json()["import_id"], sent.headers.get("Log-Position", ""), started)
    except KeyboardInterrupt:
        typer.echo("Stopped watching; what was sent goes on. Run the same command again to follow it.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    told = {name: view[name] for name in ("rows", "by_result", "opened", "computed_fen")}
    told["seconds"] = round(time.monotonic() - started, 2)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(view["import_id"], told)


def rematch(
    import_id: Annotated[str, typer.Argument(help="The import's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Go through a finished file again: people who were covered late, names and numbers that were corrected."""
    import time

    started = time.monotonic()
    with client("claims", SENDER) as asked:
        answer = asked.post(f"/settlements/{import_id}/rematch")
        check(answer)
        view = _followed(asked, import_id, answer.headers.get("Log-Position", ""), started)
    told = {name: view[name] for name in ("rows", "by_result", "opened", "computed_fen")}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(import_id, {**told, "seconds": round(time.monotonic() - started, 2)})


def _followed(asked: httpx.Client, import_id: str, position: str, started: float) -> dict[str, Any]:
    def ended(view: dict[str, Any]) -> bool:
        if view["state"] == "REFUSED":
            _unreadable(view["refusal"])
        return bool(view["state"] == "MATCHED")

    return follow(asked, f"/settlements/{import_id}", position, started, ended, title="Matching")


def _unreadable(code: str) -> NoReturn:
    refuse(f"{code}: the file cannot be read to its end; nothing of it was imported.")


def _show(import_id: str, told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{told['rows']} rows, {told['opened']} claims opened, {told['computed_fen'] / 100:,.2f} 元"
    table = Table(title=f"{title}, {told['seconds']} s", title_justify="left")
    table.add_column("result")
    table.add_column("rows", justify="right")
    for code, count in told["by_result"].items():
        table.add_row(code, f"{count:,}")
    console = Console()
    console.print(table)
    console.print(f"import {import_id}")
