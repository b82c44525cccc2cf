"""`huzhu up`, `huzhu down`, `huzhu status`: the whole platform on one machine."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import subprocess

    from rich.console import Console

    from huzhu.runner.home import Home


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return once everything is ready.")] = False,
) -> None:
    """Start everything on this machine: Postgres, NATS, the services, the gateway."""
    from rich.console import Console
    from rich.markup import escape

    from huzhu.runner import control
    from huzhu.runner.home import Home
    from huzhu.runner.process import StartFailed

    console = Console()
    home = Home.find()
    if control.supervisor_pid(home) is not None:
        console.print(f"Already running for {home.root}.")
        _print_status(console, control.status(home))
        return
    supervisor = control.launch(home, detach=detach)
    try:
        _follow_start(console, home, supervisor)
        _print_status(console, control.status(home))
        if detach:
            console.print("Stop it with [bold]huzhu down[/bold].")
            return
        console.print("Running. Ctrl-C stops everything in order; nothing is lost.")
        supervisor.wait()
        raise typer.Exit(supervisor.returncode)
    except KeyboardInterrupt:
        console.print("Stopping …")
        control.shut_down(home)
        supervisor.wait(control.DOWN_TIMEOUT_S)
        console.print("Stopped.")
    except StartFailed as failure:
        console.print(f"[red]Not started:[/red] {escape(str(failure))}", highlight=False)
        console.print(f"Logs are in {home.logs}; [bold]huzhu down[/bold] stops what runs.")
        if not detach:
            control.shut_down(home)
            supervisor.wait(control.DOWN_TIMEOUT_S)
        raise typer.Exit(1) from failure


def bring_up(home: Home) -> None:
    """Start everything in the background unless it runs already; progress on standard error.

    Raises StartFailed; what has started keeps running.
    """
    from rich.console import Console

    from huzhu.runner import control

    if control.supervisor_pid(home) is None:
        _follow_start(Console(stderr=True), home, control.launch(home, detach=True))


def _follow_start(console: Console, home: Home, supervisor: subprocess.Popen[bytes]) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from huzhu.runner import control

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        for phase, ready, wanted in control.starting(home, supervisor):
            shown = "waiting until ready" if phase == "running" else phase
            progress.update(task, description=shown, completed=ready, total=wanted)


def down() -> None:
    """Stop everything on this machine, in order."""
    from rich.console import Console

    from huzhu.runner import control
    from huzhu.runner.home import Home

    console = Console()
    home = Home.find()
    with console.status("stopping …"):
        stopped = control.shut_down(home)
    console.print("Stopped." if stopped else f"Nothing runs for {home.root}.")


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show each service: address, readiness, log position, and how far behind its tails are."""
    import json

    from rich.console import Console

    from huzhu.runner import control
    from huzhu.runner.home import Home

    found = control.status(Home.find())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print_status(Console(), found)
    if not found["running"]:
        raise typer.Exit(1)


def _print_status(console: Console, found: dict[str, Any]) -> None:
    from rich.table import Table

    if not found["running"]:
        console.print(f"Nothing runs for {found['home']}.")
        return
    services = Table("service", "address", "ready", "position", "unsent", "parked")
    tails = Table("tail", "of", "position", "behind", "seconds", "state")
    for name, account in found["services"].items():
        for tail in account.get("tails", []):
            tails.add_row(
                name,
                tail["source"],
                str(tail["position"]),
                str(tail["lag_events"]),
                f"{tail['lag_seconds']:.1f}",
                tail["state"],
            )
        services.add_row(
            name,
            account["url"],
            _shown(account["ready"]),
            str(account.get("position", "")),
            str(account["position"] - account["stream_sequence"]) if "stream_sequence" in account else "",
            str(account.get("parked", "")),
        )
    for column in services.columns[:2]:
        column.no_wrap = True
    console.print(services)
    console.print(tails)
    for name, account in found["services"].items():
        for reason in account.get("reasons", []):
            console.print(f"{name}: {reason}", highlight=False, markup=False)
    others = Table("process", "state", "ready", "address", "restarts")
    for name, entry in found["processes"].items():
        if name not in found["services"]:
            others.add_row(name, entry["state"], _shown(entry["ready"]), entry["url"], str(entry["restarts"]))
    console.print(others)
    console.print(f"Gateway: {found['gateway_url']}   Logs: {found['home']}/logs", highlight=False)


def _shown(ready: bool) -> str:
    return "yes" if ready else "[red]no[/red]"
