"""`huzhu broker plan|apply|accounts`: streams, durable consumers and users of NATS, as configured."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from huzhu.runner.broker import Difference


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    group = typer.Typer(help="Compare NATS with deploy/nats/streams.yaml, and apply it.", no_args_is_help=True)
    group.command()(plan)
    group.command()(apply)
    group.command()(accounts)
    app.add_typer(group, name="broker")


Url = Annotated[str | None, typer.Option(help="NATS address; the running machine's when not given.")]


def plan(url: Url = None) -> None:
    """Show what differs; the exit code is 1 when something does."""
    found = _run(url, applying=False)
    for difference in found:
        typer.echo(str(difference))
    if found:
        raise typer.Exit(1)
    typer.echo("Streams and consumers are as configured.")


def apply(url: Url = None) -> None:
    """Make NATS as configured, and show what had differed."""
    for difference in _run(url, applying=True):
        typer.echo(f"applied: {difference}")
    typer.echo("Streams and consumers are as configured.")


def accounts() -> None:
    """Print the server's `authorization` block, passwords included: for a server that is not ours."""
    import json

    from huzhu.runner import broker
    from huzhu.runner.home import Home

    home = Home.find()
    typer.echo(json.dumps(broker.authorization(lambda user: home.password(f"nats-{user}")), indent=1))


def _run(url: str | None, *, applying: bool) -> list[Difference]:
    import asyncio
    import os

    from huzhu.runner import broker
    from huzhu.runner.home import LOOPBACK, Home

    home = Home.find()
    address = url or os.environ.get("HUZHU_NATS_URL")
    if address is None:
        port = ((home.state() or {}).get("nats") or {}).get("port")
        if port is None:
            typer.echo("NATS does not run; start it with `huzhu up`, or give --url.", err=True)
            raise typer.Exit(2)
        address = f"nats://{LOOPBACK}:{port}"

    async def work() -> list[Difference]:
        client = await broker.connect(address, broker.ADMIN, lambda user: home.password(f"nats-{user}"))
        try:
            return await (broker.apply(client) if applying else broker.plan(client))
        finally:
            await client.close()

    return asyncio.run(work())
