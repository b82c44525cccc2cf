"""Starting, stopping and asking the supervisor of a home from outside."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from huzhu.runner import issuer
from huzhu.runner.home import Home
from huzhu.runner.machine import PROVINCE, SERVICES
from huzhu.runner.process import (
    StartFailed,
    end_stranger,
    spawn,
    status_of,
    tail_of,
    wait_until,
)

MODULE = "huzhu.runner.supervise"
UP_TIMEOUT_S = 120.0
UP_POLL_INTERVAL_S = 0.2
FALLS_MAX = 5  # a process that has fallen this often while starting is not coming up
DOWN_TIMEOUT_S = 120.0
STATUS_TIMEOUT_S = 5.0
STATUS_TOKEN_TTL_S = 60

State = dict[str, Any]


def supervisor_pid(home: Home) -> int | None:
    """Return the pid of the supervisor that runs for this home, None when there is none."""
    if not home.lock_file.exists():
        return None
    with home.lock_file.open("r", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            signed = lock.read()
            return int(signed) if signed else None
    return None


def launch(home: Home, *, detach: bool) -> subprocess.Popen[bytes]:
    """Start the supervisor; one that is not detached ends when its caller does."""
    home.state_file.unlink(missing_ok=True)
    return spawn(
        [sys.executable, "-P", "-m", MODULE],
        log=home.logs / "supervisor.log",
        env={**os.environ, "HUZHU_HOME": str(home.root)},
        parent_death=None if detach else signal.SIGTERM,
    )


def starting(home: Home, supervisor: subprocess.Popen[bytes] | None) -> Iterator[tuple[str, int, int]]:
    """Follow a start: yield what is happening, how many processes are ready, and of how many.

    Ends when everything that is installed is ready. Raises StartFailed when the supervisor ends, a process
    keeps falling, or nothing advances for `UP_TIMEOUT_S`; what has started keeps running.
    """
    seen: list[tuple[str, int, int]] = []

    def advanced() -> bool:
        if supervisor is not None and supervisor.poll() is not None:
            raise StartFailed(f"the supervisor ended:\n{tail_of(home.logs / 'supervisor.log')}")
        state = home.state()
        if state is None:
            return False
        for name, entry in state["processes"].items():
            if entry["restarts"] >= FALLS_MAX:
                raise StartFailed(f"{name} keeps ending:\n{tail_of(home.logs / f'{name}.log')}")
        wanted = [entry for entry in state["processes"].values() if entry["state"] != "missing"]
        ready = sum(is_ready(entry) for entry in wanted) if state["phase"] == "running" else 0
        step = (state["phase"], ready, len(wanted))
        if seen and seen[-1] == step:
            return False
        seen.append(step)
        return True

    while not seen or seen[-1][0] != "running" or seen[-1][1] < seen[-1][2]:
        if not wait_until(advanced, UP_TIMEOUT_S, UP_POLL_INTERVAL_S):
            raise StartFailed(f"not ready after {UP_TIMEOUT_S:.0f} s: {', '.join(unready(home)) or 'the supervisor'}")
        yield seen[-1]


def is_ready(entry: State) -> bool:
    """Tell whether a process of `state.json` answers its readiness path with 200."""
    if entry["state"] != "running" or entry["url"] is None:
        return False
    return status_of(urlsplit(entry["url"]).port, entry["ready_path"]) == HTTPStatus.OK


def unready(home: Home) -> list[str]:
    """Return the names of the processes that are not ready."""
    state = home.state()
    return [name for name, entry in state["processes"].items() if not is_ready(entry)] if state else []


def shut_down(home: Home) -> bool:
    """Stop the supervisor and everything under it, in order; False when nothing ran."""
    pid = supervisor_pid(home)
    if pid is None:
        return False
    end_stranger(pid, signal.SIGTERM, DOWN_TIMEOUT_S)
    home.state_file.unlink(missing_ok=True)
    return True


def status(home: Home) -> State:
    """Return every process and every service's own account of itself (`/status`)."""
    state = home.state()
    if state is None or supervisor_pid(home) is None:
        return {"running": False, "home": str(home.root)}
    processes = {name: {**entry, "ready": is_ready(entry)} for name, entry in state["processes"].items()}
    token = issuer.mint(home, "service", PROVINCE, "huzhu-status", STATUS_TOKEN_TTL_S)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(timeout=STATUS_TIMEOUT_S, headers=headers, trust_env=False) as client:
        services = {name: _account_of(client, processes[name]) for name in SERVICES}
    return {"running": True, **state, "processes": processes, "services": services}


def _account_of(client: httpx.Client, entry: State) -> State:
    account: State = {"url": entry["url"], "ready": entry["ready"]}
    try:
        answer = client.get(f"{entry['url']}/status")
        answer.raise_for_status()
        told: State = answer.json()
    except (httpx.HTTPError, json.JSONDecodeError) as error:
        return account | {"reasons": [f"/status does not answer ({type(error).__name__}); process {entry['state']}"]}
    return account | told
