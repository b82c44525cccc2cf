"""Starting and stopping child processes, each wait bounded."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from huzhu.runner.home import LOOPBACK

POLL_INTERVAL_S = 0.02
KILL_WAIT_S = 10.0
PROBE_TIMEOUT_S = 2.0
PR_SET_PDEATHSIG = 1


class StartFailed(RuntimeError):
    """A server or service did not come up; the message names its log."""


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    uid: int | None = None,
    gid: int | None = None,
    cwd: Path | None = None,
    parent_death: signal.Signals | None = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session with its output appended to `log`.

    Its own session keeps the terminal's Ctrl-C away from it: the parent decides the order of stopping.
    The kernel sends `parent_death` when the parent dies without having stopped it; None lets it live on.
    """
    libc = ctypes.CDLL(None)

    def tie_to_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(parent_death or 0))

    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the programs are our own wheels and modules
            argv,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            preexec_fn=tie_to_parent if parent_death else None,  # noqa: PLW1509 - one libc call, found before the fork
        )
    finally:
        os.close(handle)


def stop(child: subprocess.Popen[bytes], timeout_s: float, gentle: signal.Signals = signal.SIGTERM) -> int:
    """Ask a child to end, and end it when it has not after `timeout_s`. Return its exit code."""
    if child.poll() is None:
        child.send_signal(gentle)
        try:
            return child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait(KILL_WAIT_S)


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is not a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def end_stranger(pid: int, gentle: signal.Signals, timeout_s: float) -> None:
    """End a process that is not our child (left over from a killed supervisor)."""
    for number, wait_s in ((gentle, timeout_s), (signal.SIGKILL, KILL_WAIT_S)):
        if not is_running(pid):
            return
        os.kill(pid, number)
        if wait_until(lambda: not is_running(pid), wait_s):
            return
    raise StartFailed(f"process {pid} could not be ended")


def command_line(pid: int) -> list[str]:
    """Return the argument list of a process, empty when it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")


def wait_until(condition: Callable[[], bool], timeout_s: float, interval_s: float = POLL_INTERVAL_S) -> bool:
    """Poll until `condition` holds; False when it did not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval_s)
    return True


def status_of(port: int | None, path: str) -> int:
    """Return the HTTP status of a loopback server, 0 while it does not answer."""
    if port is None:
        return 0
    connection = HTTPConnection(LOOPBACK, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def tail_of(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log for an error message."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
