"""`huzhu token`: a bearer token of the local issuer, for trying things on one machine."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(token)


def token(
    role: Annotated[str, typer.Option(help="One role, e.g. unit_clerk, office_reviewer, member.")],
    org: Annotated[str, typer.Option(help="The organisation's code: 620000, a prefecture, a county, a union.")],
    sub: Annotated[str | None, typer.Option(help="Who it is; a member's person id.")] = None,
    ttl_s: Annotated[int, typer.Option(help="How long it lives, at most 12 hours.")] = 3_600,
) -> None:
    """Print a token signed by this machine's own issuer."""
    from contracts.organization import UnknownOrganization
    from huzhu.runner import issuer
    from huzhu.runner.home import Home

    try:
        typer.echo(issuer.mint(Home.find(), role, org, sub, ttl_s))
    except (issuer.Refused, UnknownOrganization) as refusal:
        typer.echo(f"refused: {refusal}", err=True)
        raise typer.Exit(1) from refusal
