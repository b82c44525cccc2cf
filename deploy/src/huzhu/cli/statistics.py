"""`huzhu statistics REPORT`: the figures of domain 10, asked of the service that owns them."""

# ruff: noqa: PLC0415 - heavy imports stay inside the command, so that `huzhu` starts fast

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from huzhu.cli.asking import check, client, refuse

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
}
PLAN_PARAMETER = {"enrolment": "plan", "payments": "plan_code"}
NESTED = {"cover": "covered", "service": "channels"}
"""Reports whose cells stand beside other figures."""


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("statistics")(statistics)


def statistics(
    report: Annotated[str, typer.Argument(help=", ".join(OWNERS))],
    period: Annotated[str, typer.Option(help="The year in which the plans' periods begin.")] = "2022",
    plan: Annotated[str, typer.Option(help="The plan, for cover, payouts and returns.")] = "GS-NEF-2022",
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
    with client(service, "supervisor", org) as http:
        answer = http.get(f"/statistics/{report}", params={name: value for name, value in asked.items() if value})
        check(answer)
    told: dict[str, Any] = answer.json()
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(report, told)


def _show(report: str, told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    found = told[NESTED[report]] if report in NESTED else told
    names = list(dict.fromkeys(name for cell in [*found["cells"], found["total"]] for name in cell["figures"]))
    table = Table(title=f"统计 {report}", title_justify="left")
    for name in found["by"] or ["all"]:
        table.add_column(name)
    for name in names:
        table.add_column(name, justify="right")
    for cell in [*found["cells"], found["total"]]:
        of = [cell["of"].get(name, "合计") for name in found["by"]] or ["合计"]
        table.add_row(*of, *(_figure(name, cell) for name in names))
    console.print(table)
    for name, value in told.items():
        if name not in ("by", "cells", "total", NESTED.get(report)):
            console.print(f"{name}: {value}")


def _figure(name: str, cell: dict[str, Any]) -> str:
    if cell["suppressed"]:
        return "< 5"
    value = cell["figures"].get(name)
    if value is None:
        return ""
    return f"{value / 100:,.2f}" if name == "fen" or name.endswith("_fen") else f"{value:,}"
