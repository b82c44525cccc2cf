"""`huzhu claims`: explain a claim's amounts, and ask what a year would have come to under other rules."""

from __future__ import annotations

import typer

from huzhu.cli.rules import explain, what_if


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    claims = typer.Typer(help="Claims: explain one, or recompute a year.", no_args_is_help=True)
    claims.command("explain")(explain)
    claims.command("what-if")(what_if)
    app.add_typer(claims, name="claims")
