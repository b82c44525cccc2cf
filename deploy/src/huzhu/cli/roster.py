"""`huzhu roster`: make synthetic rosters, import a roster file, fetch what was wrong in it."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from huzhu.cli.asking import INTERRUPTED, check, client, counted, follow, progress_bar, refuse

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030")

Output = Annotated[Path, typer.Option("-o", "--output", help="Where to write; the extension decides the format.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    roster = typer.Typer(help="Rosters: generate, template, import, errors.", no_args_is_help=True)
    roster.command("generate")(generate)
    roster.command("template")(template)
    roster.command("import")(import_roster)
    roster.command("errors")(errors)
    app.add_typer(roster, name="roster")


def generate(
    output: Output,
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal rosters.")] = 1,
    mix: Annotated[str, typer.Option("--errors", help="none, light, real or heavy.")] = "real",
    encoding: Annotated[str, typer.Option(help="For CSV: utf-8, utf-8-sig or gb18030.")] = "utf-8",
) -> None:
    """Write a roster of synthetic workers (.csv or .xlsx)."""
    from huzhu.synthetic.roster import MIXES, write
    from huzhu.synthetic.roster import generate as rows_of

    _demand_writable(output, encoding)
    if mix not in MIXES:
        refuse(f"--errors is one of {', '.join(MIXES)}.")
    with progress_bar() as progress:
        task = progress.add_task(f"Writing {output.name}", total=rows)
        made = counted(rows_of(rows, seed, mix), lambda: progress.advance(task))
        written = write(output, made, encoding=encoding)
    typer.echo(f"{output}: {written} rows", err=True)


def template(
    output: Output, encoding: Annotated[str, typer.Option(help="For CSV: utf-8, utf-8-sig or gb18030.")] = "utf-8-sig"
) -> None:
    """Write the empty template: the columns, in their order."""
    from huzhu.synthetic.roster import write

    _demand_writable(output, encoding)
    write(output, (), encoding=encoding)


def import_roster(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A roster, .csv or .xlsx.")],
    plan: Annotated[str, typer.Option(help="The plan's code, e.g. GS-NEF-2022.")],
    org: Annotated[str, typer.Option(help="The sending organisation's code.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Send a roster and follow its import. The same file again follows the same import, also after Ctrl-C."""
    import time

    started = time.monotonic()
    try:
        with client("enrolment", role_of(org), org) as asked, file.open("rb") as content:
            sent = asked.post(
                "/rosters", files={"file": (file.name, content)}, data={"plan": plan, "organization": org}
            )
            check(sent)
            path, position = f"/rosters/{sent.json()['batch_id']}", sent.headers.get("Log-Position", "")
            view = follow(asked, path, position, started, lambda one: one["state"] == "IMPORTED", title="Importing")
    except KeyboardInterrupt:
        typer.echo("Stopped watching; what was sent goes on. Run the same command again to follow it.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    told = {name: view[name] for name in ("rows", "valid", "errors", "warnings")}
    told["seconds"] = round(time.monotonic() - started, 2)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(view["batch_id"], told)


def errors(
    batch: Annotated[str, typer.Argument(help="The batch id that the import printed.")],
    output: Output,
    org: Annotated[str, typer.Option(help="Your organisation's code.")] = "620000",
) -> None:
    """Fetch the copy of a roster with a column of what was found on each row."""
    if output.suffix != ".xlsx" or not output.parent.is_dir():
        refuse("The error copy is an .xlsx in a folder that exists.")
    with client("enrolment", role_of(org), org) as asked:
        answer = asked.get(f"/rosters/{batch}/errors.xlsx")
        check(answer)
    output.write_bytes(answer.content)
    output.chmod(0o600)
    typer.echo(f"{output}: holds personal data; keep it where only officers can read it.", err=True)


def _demand_writable(output: Path, encoding: str) -> None:
    if output.suffix not in {".csv", ".xlsx"}:
        refuse("A roster is a .csv or an .xlsx.")
    if not output.parent.is_dir():
        refuse(f"There is no folder {output.parent}.")
    if encoding not in ENCODINGS:
        refuse(f"--encoding is one of {', '.join(ENCODINGS)}.")


def role_of(org: str) -> str:
    """Who sends rosters at this level of the organisation."""
    if org == "620000":
        return "office_head"
    if len(org) != len("620000"):
        return "unit_clerk"
    return "city_clerk" if org.endswith("00") else "county_clerk"


def _show(batch_id: str, told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from enrolment.domain.row import PROBLEMS

    table = Table(title=f"{told['valid']} of {told['rows']} rows valid, {told['seconds']} s", title_justify="left")
    for heading in ("code", "rows", "meaning"):
        table.add_column(heading, justify="right" if heading == "rows" else "left")
    for code, count in {**told["errors"], **told["warnings"]}.items():
        table.add_row(code, str(count), PROBLEMS.get(code, ""))
    console = Console()
    console.print(table)
    console.print(f"huzhu roster errors {batch_id} -o errors.xlsx")
