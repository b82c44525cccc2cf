"""`huzhu roster`: make synthetic rosters, import a roster file, fetch what was wrong in it."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import httpx
    from rich.progress import Progress

POLL_S = 0.25
IMPORT_WAIT_S_MAX = 3_600
"""An import that takes longer goes on without being watched."""
REQUEST_TIMEOUT_S = 120
UNANSWERED_MAX = 100
"""So many polls in a row may fail, while a service restarts, before the watching ends."""
TOKEN_S = 12 * 3600
INTERRUPTED = 130
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
        _refuse(f"--errors is one of {', '.join(MIXES)}.")
    with _progress() as progress:
        task = progress.add_task(f"Writing {output.name}", total=rows)
        made = _counted(rows_of(rows, seed, mix), lambda: progress.advance(task))
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
        with _client(org) as client, file.open("rb") as content:
            sent = client.post(
                "/rosters", files={"file": (file.name, content)}, data={"plan": plan, "organization": org}
            )
            _check(sent)
            view = _follow(client, sent.json()["batch_id"], sent.headers.get("Log-Position", ""), started)
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
        _refuse("The error copy is an .xlsx in a folder that exists.")
    with _client(org) as client:
        answer = client.get(f"/rosters/{batch}/errors.xlsx")
        _check(answer)
    output.write_bytes(answer.content)
    output.chmod(0o600)
    typer.echo(f"{output}: holds personal data; keep it where only officers can read it.", err=True)


def _demand_writable(output: Path, encoding: str) -> None:
    if output.suffix not in {".csv", ".xlsx"}:
        _refuse("A roster is a .csv or an .xlsx.")
    if not output.parent.is_dir():
        _refuse(f"There is no folder {output.parent}.")
    if encoding not in ENCODINGS:
        _refuse(f"--encoding is one of {', '.join(ENCODINGS)}.")


def _counted(rows: Iterable[list[str]], step: Callable[[], None]) -> Iterator[list[str]]:
    for row in rows:
        step()
        yield row


def _client(org: str) -> httpx.Client:
    """Speaks to enrolment through this machine's gateway, as the organisation's own officer."""
    import httpx

    from contracts.organization import UnknownOrganization
    from huzhu.runner import issuer
    from huzhu.runner.home import Home

    home = Home.find()
    gateway = (home.state() or {}).get("gateway_url")
    if not gateway:
        _refuse("Nothing is running here: start it with `huzhu up --detach`.")
    try:
        token = issuer.mint(home, role_of(org), org, ttl_s=TOKEN_S)
    except (issuer.Refused, UnknownOrganization) as refusal:
        _refuse(str(refusal))
    return httpx.Client(
        base_url=f"{gateway}/api/enrolment",
        headers={"Authorization": f"Bearer {token}"},
        timeout=REQUEST_TIMEOUT_S,
        trust_env=False,
    )


def role_of(org: str) -> str:
    """Who sends rosters at this level of the organisation."""
    if org == "620000":
        return "office_head"
    if len(org) != len("620000"):
        return "unit_clerk"
    return "city_clerk" if org.endswith("00") else "county_clerk"


def _follow(client: httpx.Client, batch_id: str, position: str, started: float) -> dict[str, Any]:
    """Poll until every row is decided; the roster's view."""
    import time

    import httpx

    unanswered = 0
    with _progress() as progress:
        task = progress.add_task("Importing", total=None)
        while time.monotonic() - started < IMPORT_WAIT_S_MAX:
            try:
                answer = client.get(f"/rosters/{batch_id}", headers={"If-Log-Position": position} if position else {})
                failed = answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
            except httpx.TransportError:
                failed = True
            unanswered = unanswered + 1 if failed else 0
            if unanswered >= UNANSWERED_MAX:
                _refuse("Enrolment does not answer; the import goes on when it does. Run the same command again.")
            if not failed:
                _check(answer)
                view: dict[str, Any] = answer.json()
                progress.update(task, total=view["rows"], completed=view["rows_done"])
                if view["state"] == "IMPORTED":
                    return view
            time.sleep(POLL_S)
    return _refuse("The import takes longer than an hour; run the same command again to follow it.")


def _check(answer: httpx.Response) -> None:
    """Show the service's own sentence when it refuses."""
    if answer.is_success:
        return
    try:
        problem = answer.json()
        sentence = f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        sentence = f"The gateway answered {answer.status_code}."
    _refuse(sentence)


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


def _progress() -> Progress:
    """A bar on standard error, so that standard output stays the answer's."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _refuse(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
