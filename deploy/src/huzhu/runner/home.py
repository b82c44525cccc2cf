"""Where one machine keeps its data, keys, logs and ports (`HUZHU_HOME`)."""

import hashlib
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
PASSWORD_BYTES = 24

CHECKOUT = Path(__file__).resolve().parents[4]
DEPLOY = CHECKOUT / "deploy"


def free_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Tell whether a listener could bind this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


@dataclass(frozen=True)
class Home:
    """One directory tree; made on demand, never with wider permissions than its parts need."""

    root: Path

    @classmethod
    def find(cls) -> "Home":
        """Return the home named by `HUZHU_HOME`, else `.huzhu` in the checkout."""
        named = os.environ.get("HUZHU_HOME")
        return cls(Path(named).expanduser().absolute() if named else CHECKOUT / ".huzhu").make()

    def make(self) -> "Home":
        """Create the tree. The root may be passed through (Postgres runs as another user), not listed."""
        if not self.root.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711)
        for private in (self.logs, self.keys, self.run):
            private.mkdir(mode=0o700, exist_ok=True)
        return self

    @property
    def logs(self) -> Path:
        """Output of every child process, rotated by the supervisor."""
        return self.root / "logs"

    @property
    def keys(self) -> Path:
        """Passwords and keys: the folder 0700, each file 0600."""
        return self.root / "keys"

    @property
    def run(self) -> Path:
        """What a running machine writes about itself."""
        return self.root / "run"

    @property
    def state_file(self) -> Path:
        """Ports, pids and addresses of the running machine, as JSON."""
        return self.run / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor as long as it lives; its content is the supervisor's pid."""
        return self.run / "supervisor.lock"

    @property
    def clock_file(self) -> Path:
        """The business clock that a demonstration moves."""
        return self.run / "clock.json"

    @property
    def digest(self) -> str:
        """A short stable name for this home, for places that cannot lie inside it."""
        return hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:12]

    def password(self, name: str) -> str:
        """Return the named password, made at random on first use."""
        path = self.keys / f"{name}.password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(PASSWORD_BYTES))
        return path.read_text(encoding="utf-8")

    def port(self, name: str) -> int:
        """Return the port `name` had last time when it is still free, else a new one.

        Keeping a port across restarts keeps addresses valid for those who hold them.
        """
        path = self.run / "ports.json"
        ports: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if name not in ports or not is_free(ports[name]):
            taken = set(ports.values())
            ports[name] = next(port for port in iter(free_port, None) if port not in taken)
            write_private(path, json.dumps(ports))
        return ports[name]

    def state(self) -> dict[str, Any] | None:
        """Return what the running machine wrote about itself, or None."""
        if not self.state_file.exists():
            return None
        state: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        return state

    def write_state(self, state: dict[str, Any]) -> None:
        """Record the running machine for `status`, `down` and the demonstration."""
        write_private(self.state_file, json.dumps(state, indent=1, sort_keys=True))
