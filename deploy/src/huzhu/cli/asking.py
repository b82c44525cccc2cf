"""How commands speak to a service of this machine: through its gateway, as an officer, following what takes long."""

# ruff: noqa: PLC0415 - heavy imports stay inside, so that `huzhu` starts fast

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    import httpx
    from rich.progress import Progress

POLL_S = 0.25
WATCH_S_MAX = 3_600
"""What takes longer goes on without being watched."""
REQUEST_TIMEOUT_S = 300
UNANSWERED_MAX = 100
"""So many polls in a row may fail, while a service restarts, before the watching ends."""
TOKEN_S = 12 * 3600
INTERRUPTED = 130
PROVINCE = "620000"


def client(service: str, role: str, org: str = PROVINCE) -> httpx.Client:
    """Speaks to one service through this machine's gateway, in a role of an organisation."""
    import httpx

    from contracts.organization import UnknownOrganization
    from huzhu.runner import issuer
    from huzhu.runner.home import Home

    home = Home.find()
    gateway = (home.state() or {}).get("gateway_url")
    if not gateway:
        refuse("Nothing is running here: start it with `huzhu up --detach`.")
    try:
        token = issuer.mint(home, role, org, ttl_s=TOKEN_S)
    except (issuer.Refused, UnknownOrganization) as refusal:
        refuse(str(refusal))
    return httpx.Client(
        base_url=f"{gateway}/api/{service}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=REQUEST_TIMEOUT_S,
        trust_env=False,
    )


def follow(
    asked: httpx.Client,
    path: str,
    position: str,
    started: float,
    ended: Callable[[dict[str, Any]], bool],
    *,
    title: str,
) -> dict[str, Any]:
    """Poll a view with `rows` and `rows_done` until it has ended; the view."""
    import time

    import httpx

    unanswered = 0
    with progress_bar() as progress:
        task = progress.add_task(title, total=None)
        while time.monotonic() - started < WATCH_S_MAX:
            try:
                answer = asked.get(path, headers={"If-Log-Position": position} if position else {})
                failed = answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
            except httpx.TransportError:
                failed = True
            unanswered = unanswered + 1 if failed else 0
            if unanswered >= UNANSWERED_MAX:
                refuse("The service does not answer; the work goes on when it does. Run the same command again.")
            if not failed:
                check(answer)
                view: dict[str, Any] = answer.json()
                progress.update(task, total=view["rows"] or None, completed=view["rows_done"])
                if ended(view):
                    return view
            time.sleep(POLL_S)
    return refuse("It takes longer than an hour; run the same command again to follow it.")


def check(answer: httpx.Response) -> None:
    """Show the service's own sentence when it refuses."""
    if answer.is_success:
        return
    try:
        problem = answer.json()
        sentence = f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        sentence = f"The gateway answered {answer.status_code}."
    refuse(sentence)


def progress_bar() -> Progress:
    """A bar on standard error, so that standard output stays the answer's."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def counted(rows: Iterable[list[str]], step: Callable[[], None]) -> Iterator[list[str]]:
    """The rows, with a step for each."""
    for row in rows:
        step()
        yield row


def refuse(sentence: str) -> NoReturn:
    """End the command with a sentence on standard error."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)
