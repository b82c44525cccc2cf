"""`huzhu contracts generate|check|publish`: the published schemas, and whether a change to them breaks a reader."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    group = typer.Typer(help="JSON Schemas and AsyncAPI documents of every event.", no_args_is_help=True)
    group.command()(generate)
    group.command()(check)
    group.command()(publish)
    app.add_typer(group, name="contracts")


def generate() -> None:
    """Write the schemas, the AsyncAPI documents and the table of personal data; make missing golden documents."""
    from contracts.publishing import files
    from huzhu.runner.home import CHECKOUT

    changed = files.write(CHECKOUT)
    for path in changed:
        typer.echo(f"written: {path}")
    typer.echo(f"{len(changed)} files changed.")


def publish() -> None:
    """Add today's schemas to what is published for ever; refused when that would break a reader."""
    from contracts.publishing import files
    from huzhu.runner.home import CHECKOUT

    try:
        changed = files.publish(CHECKOUT)
    except files.Breaking as refusal:
        for what in refusal.found:
            typer.echo(f"breaks: {what}", err=True)
        raise typer.Exit(1) from None
    for path in changed:
        typer.echo(f"published: {path}")
    typer.echo(f"{len(changed)} schemas are new or wider.")


def check(
    against: Annotated[
        Path | None, typer.Option(help="A folder of published schemas that must go on being valid.")
    ] = None,
) -> None:
    """Tell which generated files are stale, and what would break a reader; the exit code is 1 if anything is."""
    from contracts.publishing import files, schemas
    from contracts.publishing.compatibility import incompatibilities
    from huzhu.runner.home import CHECKOUT

    found = [f"stale: {path}" for path in files.differing(CHECKOUT)]
    if against is not None:
        published = files.load_schemas(against)
        if not published:
            typer.echo(f"There are no schemas in {against}.", err=True)
            raise typer.Exit(2)
        found += [f"breaks: {what}" for what in incompatibilities(published, schemas.schemas())]
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("The contracts are as published.")
