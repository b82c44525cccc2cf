"""What `huzhu claims explain` and `huzhu claims what-if` do: the plan's rules, as they were and as they might be."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from huzhu.cli.asking import check, client, refuse

PAGE = 1_000
SHOWN_MAX = 20

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def explain(claim: Annotated[str, typer.Argument(help="The claim's id.")]) -> None:
    """Tell in plain Chinese how a claim's amounts came about, as the office may read it."""
    with client("claims", "supervisor") as asked:
        answer = asked.get(f"/claims/{claim}/explanation")
        check(answer)
    typer.echo(answer.text, nl=False)


def what_if(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A whole plan, as JSON.")],
    period: Annotated[int, typer.Option(help="The year of the incidents.")],
    plan: Annotated[str, typer.Option(help="Whose claims; the file's plan unless given.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Recompute a year's decided claims under the rules of a file, beside what was decided; nothing is changed."""
    told = _asked(_document(file), period, plan)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(told)


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        refuse(f"{file.name} is no JSON: {error}.")
    if not isinstance(document, dict):
        refuse(f"{file.name} is no plan: one JSON object is expected.")
    return document


def _asked(document: dict[str, Any], period: int, plan: str) -> dict[str, Any]:
    """The whole answer: every page of the claims that change, after one another."""
    body = {"plan": plan or document.get("code", ""), "period": period, "document": document, "limit": PAGE}
    with client("claims", "supervisor") as asked:
        answer = asked.post("/claims/what-if", json=body)
        check(answer)
        told: dict[str, Any] = answer.json()
        after = told["next_after"]
        while after:
            answer = asked.post("/claims/what-if", json={**body, "after": after})
            check(answer)
            told["differences"] += answer.json()["differences"]
            after = answer.json()["next_after"]
    return {name: value for name, value in told.items() if name != "next_after"}


def _show(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{told['plan_code']} {told['period']}: {told['claims']:,} claims recomputed, {told['changed']:,} change"
    table = Table(title=title, title_justify="left")
    for heading in ("claim", "before 元", "after 元", "difference 元", "because of"):
        table.add_column(heading, justify="right" if "元" in heading else "left")
    for one in told["differences"][:SHOWN_MAX]:
        amounts = (_yuan(one[name]) for name in ("before_fen", "after_fen", "difference_fen"))
        table.add_row(one["claim_no"], *amounts, "  ".join(one["why"]))
    totals = (_yuan(told[name]) for name in ("before_fen", "after_fen", "difference_fen"))
    table.add_row("合计 total", *totals, "", style="bold")
    console = Console()
    console.print(table)
    if told["changed"] > SHOWN_MAX:
        console.print(f"{told['changed'] - SHOWN_MAX:,} more change; --json tells all of them.")
    console.print(f"{told['open']:,} claims are open, {told['erased']:,} are of erased people: neither is recomputed.")


def _yuan(fen: int) -> str:
    return f"{fen / 100:,.2f}"
