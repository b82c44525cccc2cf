"""`huzhu clock set|show|clear`: the business time of this machine's services."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    clock = typer.Typer(help="The business time that commands are decided by, on this machine.", no_args_is_help=True)
    clock.command("set")(set_clock)
    clock.command()(show)
    clock.command()(clear)
    app.add_typer(clock, name="clock")


def set_clock(
    moment: Annotated[str, typer.Argument(help="ISO 8601, e.g. 2022-03-01T10:00; without an offset it is Shanghai's.")],
) -> None:
    """Set the business time; it runs on from there. What was recorded keeps its own time."""
    from datetime import datetime

    from chassis.clock import SHANGHAI, steer
    from huzhu.runner.home import Home

    try:
        business = datetime.fromisoformat(moment)
    except ValueError:
        typer.echo(f"{moment} is no ISO 8601 date and time.", err=True)
        raise typer.Exit(1) from None
    if business.tzinfo is None:
        business = business.replace(tzinfo=SHANGHAI)
    steer(Home.find().clock_file, business)
    show()


def show() -> None:
    """Show the business time, in Shanghai."""
    from chassis.clock import SHANGHAI, SteeredClock
    from huzhu.runner.home import Home

    file = Home.find().clock_file
    kind = "set" if file.exists() else "the machine's"
    typer.echo(f"{SteeredClock(file).now().astimezone(SHANGHAI).isoformat(timespec='seconds')} ({kind})")


def clear() -> None:
    """Go back to the machine's time."""
    from huzhu.runner.home import Home

    Home.find().clock_file.unlink(missing_ok=True)
    show()
