"""`huzhu log catch-up`: puts back the events that a restored log has lost, from its stream."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from huzhu.runner.home import Home

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    group = typer.Typer(help="The logs: put back what a restored one has lost.", no_args_is_help=True)
    group.callback()(_log)
    group.command("catch-up")(catch_up)
    app.add_typer(group, name="log")


def _log() -> None:
    """Keep `catch-up` a command of its own: a group of one would become it."""


def catch_up(
    service: Annotated[str, typer.Argument(help="Whose log: enrolment, claims, payments, notify or health-checkup.")],
) -> None:
    """Put back, byte for byte, the events that the stream holds and the log has lost.

    Safe to run at any time and to run again; refused when the two do not agree where the log ends.
    """
    import asyncio

    from rich.console import Console

    from chassis.broker import ApiRefused
    from chassis.relay import StreamDiffers
    from huzhu.runner.addresses import NotRunning
    from huzhu.runner.home import Home
    from huzhu.runner.machine import SERVICES

    word = service.replace("-", "_")
    if word not in SERVICES:
        _refuse(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    console = Console(stderr=True)
    try:
        with console.status(f"putting back what the log of {word} has lost …"):
            restored = asyncio.run(_catch_up(Home.find(), word))
    except (NotRunning, StreamDiffers, ApiRefused, OSError) as refusal:
        _refuse(refusal)
    except KeyboardInterrupt:
        console.print("Stopped. What was put back stays; run the same command again to go on.")
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"{word}: {restored:,} events put back" if restored else f"{word}: the log has lost nothing")


async def _catch_up(home: Home, service: str) -> int:
    """As the service itself: its role may restore its own log, and its NATS user may read its own stream."""
    from chassis import relay
    from chassis.broker import Broker
    from chassis.log import Log
    from contracts.catalog import CATALOG
    from huzhu.runner import addresses, roles

    admin = addresses.admin_url(home)
    dsn = roles.url_for(admin, roles.services()[service], service, home.password(f"postgres-{service}"))
    broker = Broker(
        addresses.nats_url(home), name=f"{service}-catch-up", user=service, password=home.password(f"nats-{service}")
    )
    log = await Log.open(dsn, service=service, catalog=CATALOG)
    try:
        await broker.start()
        try:
            return await relay.catch_up(log, broker)
        finally:
            await broker.stop()
    finally:
        await log.close()


def _refuse(sentence: object) -> NoReturn:
    typer.echo(str(sentence), err=True)
    raise typer.Exit(1)
