"""`huzhu claims`: what became of every settlement, how one claim came about, a year under other rules."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from huzhu.cli.asking import check, client
from huzhu.cli.rules import explain, what_if

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
CLASSES = {
    "paid": "已给付",
    "in_progress": "办理中",
    "rejected": "不予给付",
    "not_covered": "不在保障内",
    "waiting": "待人工",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    claims = typer.Typer(help="Claims: the completeness ledger, one explained, a what-if.", no_args_is_help=True)
    claims.command("completeness")(completeness)
    claims.command("explain")(explain)
    claims.command("what-if")(what_if)
    app.add_typer(claims, name="claims")


def completeness(
    period: Annotated[str, typer.Option(help="The year in which a plan's period begins.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Every settlement of a covered person, in one class each; the remainder has to be zero."""
    with client("claims", "supervisor") as asked:
        answer = asked.get("/completeness", params={"period": period})
        check(answer)
    told: dict[str, Any] = answer.json()
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(told)


def _show(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"应赔尽赔 {told['period']}: {told['settlements']:,} settlements", title_justify="left")
    for heading in ("class", "settlements", "at, by or because of"):
        table.add_column(heading, justify="right" if heading == "settlements" else "left")
    for name, label in CLASSES.items():
        details = "  ".join(f"{detail} {count:,}" for detail, count in told["details"][name].items())
        table.add_row(f"{label} {name}", f"{told['by_class'][name]:,}", details)
    table.add_row("余数 remainder", f"{told['remainder']:,}", "")
    console = Console()
    console.print(table)
    people = told["people"]
    seen = "  ".join(f"{insutype} {count:,}" for insutype, count in people["seen_by_insutype"].items()) or "-"
    console.print(f"{people['covered_people']:,} people covered; seen by insutype: {seen}")
    console.print(f"never seen in any file: {people['never_seen']:,}")
