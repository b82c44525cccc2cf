"""`huzhu ledger`: the book of pool and relief fund, for software of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from huzhu.cli.asking import check, client
from huzhu.cli.journal import journal

if TYPE_CHECKING:
    import httpx

PAGE = 200


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    ledger = typer.Typer(help="The ledger: an export for hledger.", no_args_is_help=True)
    ledger.command("export")(export)
    app.add_typer(ledger, name="ledger")


def export(
    plan: Annotated[str, typer.Option(help="One plan; all unless given.")] = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", dir_okay=False, help="A file; standard output.")] = None,
) -> None:
    """Write the book as an hledger journal; `hledger check --strict` reads it from end to end."""
    with client("payments", "auditor") as asked:
        answer = asked.get("/ledger/accounts", params={"plan_code": plan})
        check(answer)
        plans: list[dict[str, Any]] = answer.json()["plans"]
        text = "\n".join(journal(plans, _entries(asked, [one["plan_code"] for one in plans]))) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        typer.echo(f"{out}: check it with `hledger -f {out} check --strict`.", err=True)


def _entries(asked: httpx.Client, plans: list[str]) -> Iterator[dict[str, Any]]:
    """Every entry of these plans, page by page."""
    for plan_code in plans:
        after: int | None = 0
        while after is not None:
            params: dict[str, Any] = {"plan_code": plan_code, "after": after, "limit": PAGE}
            answer = asked.get("/ledger/entries", params=params)
            check(answer)
            page = answer.json()
            yield from page["items"]
            after = page["next"]
