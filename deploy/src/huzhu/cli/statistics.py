"""`huzhu statistics REPORT`: the figures of domain 10, asked of the service that owns them."""

# ruff: noqa: PLC0415 - heavy imports stay inside the command, so that `huzhu` starts fast

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from huzhu.cli.asking import check, client, refuse

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

OWNERS = {
    "cover": "enrolment",
    "claims": "claims",
    "paid": "claims",
    "turnaround": "claims",
    "matching": "claims",
    "relief": "claims",
    "service": "claims",
    "risk": "claims",
    "payouts": "payments",
    "returns": "payments",
    "fund": "payments",
    "outreach": "claims",
    "check-ups": "health-checkup",
}
PATHS = {"outreach": "/outreach/figures", "check-ups": "/campaigns/{campaign}/figures"}
PLAN_PARAMETER = {"enrolment": "plan", "payments": "plan_code"}
NESTED = {"cover": "covered", "service": "channels", "fund": "fund"}
"""Reports whose cells stand beside other figures."""
FEW = "< 5"


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("statistics")(statistics)


def statistics(
    report: Annotated[str, typer.Argument(help=", ".join(OWNERS))],
    period: Annotated[str, typer.Option(help="The year in which the plans' periods begin.")] = "2022",
    plan: Annotated[str, typer.Option(help="The plan, for cover, payouts, returns and fund.")] = "GS-NEF-2022",
    campaign: Annotated[str, typer.Option(help="The campaign, for check-ups.")] = "",
    by: Annotated[str, typer.Option(help="Up to three dimensions, with commas: city,month")] = "",
    first: Annotated[str, typer.Option("--from", help="The first day, as 2022-01-01.")] = "",
    until: Annotated[str, typer.Option(help="The last day, as 2022-07-31.")] = "",
    org: Annotated[str, typer.Option(help="The organisation whose subtree is counted.")] = "620000",
    *,
    public: Annotated[bool, typer.Option("--public", help="Without cells of few people.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Figures by dimension: 人 people, 人次 person_times, money in fen."""
    if report not in OWNERS:
        refuse(f"There is no such report; there are {', '.join(OWNERS)}.")
    service = OWNERS[report]
    asked = {"by": by, "from": first, "until": until, "public": str(public).lower()}
    asked |= {PLAN_PARAMETER[service]: plan} if service in PLAN_PARAMETER else {"period": period}
    if report == "check-ups":
        asked = {"by": by}
        if not campaign:
            refuse("Name the campaign with --campaign.")
    path = PATHS.get(report, f"/statistics/{report}").format(campaign=campaign)
    with client(service, "supervisor", org) as http:
        answer = http.get(path, params={name: value for name, value in asked.items() if value})
        check(answer)
    told: dict[str, Any] = answer.json()
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(report, told)


def _show(report: str, told: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    name = NESTED.get(report)
    found = told[name] if name else told
    if "by" in found and isinstance(found.get("cells"), list):
        console.print(_cells_table(f"统计 {report}", found))
    for other, value in told.items():
        if other not in ("by", "cells", "total", name) or (report == "check-ups" and other in ("cells", "total")):
            _show_other(console, other, value)


def _cells_table(title: str, found: dict[str, Any]) -> Table:
    """A row a cell and one for them all; money in yuan."""
    rows: list[tuple[list[str], dict[str, Any]]] = []
    for cell in [*found["cells"], found["total"]]:
        of = [str(cell["of"].get(name, "合计")) for name in found["by"]] or ["合计"]
        rows.append((of, {"people": FEW} if cell["suppressed"] else cell["figures"]))
    return _table(title, found["by"] or ["all"], rows)


def _show_other(console: Console, name: str, value: Any) -> None:
    """What stands beside the cells: a list of rows or rows by name as a table, anything else in a line."""
    match value:
        case {"by": [*_], "cells": [*_], "total": _}:
            console.print(_cells_table(name, value))
        case dict() if value and all(isinstance(row, dict) for row in value.values()):
            rows: dict[str, dict[str, Any]] = value
            console.print(_table(name, ["kind"], [([key], row) for key, row in rows.items()]))
        case dict() if any(isinstance(one, dict) for one in value.values()):
            for inner, one in value.items():
                _show_other(console, f"{name}.{inner}", one)
        case [dict(), *_]:
            listed: list[dict[str, Any]] = value
            names = [key for key, one in listed[0].items() if isinstance(one, str)]
            split = [([str(row[key]) for key in names], {k: row[k] for k in row if k not in names}) for row in listed]
            console.print(_table(name, names, split))
        case dict():
            console.print(f"{name}: " + ", ".join(f"{key} {_figure(key, one)}" for key, one in value.items()))
        case _:
            console.print(f"{name}: {_figure(name, value)}")


def _table(title: str, keys: list[str], rows: list[tuple[list[str], dict[str, Any]]]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for key in keys:
        table.add_column(key)
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    for name in names:
        table.add_column(name, justify="right")
    for of, figures in rows:
        table.add_row(*of, *(_figure(name, figures.get(name, "")) for name in names))
    return table


def _figure(name: str, value: Any) -> str:
    """A figure for people: fen as yuan, thousands apart, "-" for what is not known or not told."""
    match value:
        case None:
            return "-"
        case int():
            return f"{value / 100:,.2f}" if name == "fen" or name.endswith("_fen") else f"{value:,}"
        case _:
            return str(value)
