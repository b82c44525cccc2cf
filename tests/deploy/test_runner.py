"""The bundled servers: as root and as an ordinary user, without opening anybody's folders."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from huzhu.runner.home import CHECKOUT, Home
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Account, Postgres, installation, ordinary_account, reachable
from huzhu.runner.process import is_running

SMALL = {"shared_buffers": "32MB"}
RUN_TIMEOUT_S = 60
AS_ORDINARY_USER = """
import sys
from pathlib import Path
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
root = Path(sys.argv[1])
postgres, nats = Postgres(root, {"shared_buffers": "32MB"}), Nats(root)
print(postgres.start())
print(nats.start())
nats.stop()
postgres.stop()
postgres.start()
postgres.destroy()
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def modes_above(path: Path) -> dict[Path, int]:
    return {folder: folder.stat().st_mode for folder in path.parents}


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder of the user `nobody`, where that user can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="huzhu-nobody-", dir="/var/tmp"))
    entry = pwd.getpwnam("nobody")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    yield folder
    shutil.rmtree(folder)


@root_only
def test_as_root_the_server_runs_as_an_ordinary_user_and_no_folder_is_opened_up(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = modes_above(closed / "home")
    server = Postgres(closed / "home", SMALL)
    try:
        server.start()
        assert server.child is not None
        assert Path(f"/proc/{server.child.pid}").stat().st_uid == ordinary_account().uid != 0
        assert modes_above(closed / "home") == before
        location = Path((closed / "home" / "postgres.location").read_text(encoding="utf-8"))
        assert stat.S_IMODE((location / "data").stat().st_mode) == 0o700
    finally:
        server.destroy()
    assert not location.exists()


@root_only
def test_a_wheel_that_the_account_cannot_reach_is_copied_once_to_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huzhu.runner.postgres.SHARED_PLACE", tmp_path / "shared")
    monkeypatch.setattr("huzhu.runner.postgres.reachable", lambda *_: False)
    copy = installation(Account(1, 1))
    assert copy.parent == tmp_path / "shared"
    assert os.access(copy / "bin" / "postgres", os.X_OK)
    made = copy.stat().st_ctime_ns
    assert installation(Account(1, 1)).stat().st_ctime_ns == made


@root_only
def test_an_ordinary_user_runs_both_servers_in_a_home_of_their_own(nobodys_folder: Path) -> None:
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid)
    programs = [Path(sys.executable).resolve(), Path("/usr/bin/python3.11"), Path("/usr/bin/python3")]
    python = next((path for path in programs if path.exists() and reachable(path.resolve().parent, account)), None)
    if python is None or not reachable(CHECKOUT / "deploy", account):
        pytest.skip("neither this interpreter nor the system's can be reached by another user here")
    ran = subprocess.run(
        [str(python), "-P", "-c", AS_ORDINARY_USER, str(nobodys_folder / "home")],
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": "/usr/bin:/bin"},
        cwd=nobodys_folder,
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "postgresql://" in ran.stdout
    assert "nats://127.0.0.1:" in ran.stdout


def test_reachable_reads_the_permissions_of_every_folder_above(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(0o700)
    assert not reachable(inner, Account(12_345, 12_345))
    assert reachable(inner, Account())


def test_a_crashed_server_comes_back_on_its_port_with_what_was_committed(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "home", SMALL)
    try:
        address = server.start()
        server.kill()
        assert server.start() == address
    finally:
        server.destroy()


def test_a_server_left_over_by_a_killed_runner_is_ended_before_the_next_starts(tmp_path: Path) -> None:
    first, second = Nats(tmp_path / "home"), Nats(tmp_path / "home")
    first.start()
    assert first.child is not None
    second.start()
    try:
        first.child.wait(10)
        assert second.child is not None
        assert is_running(second.child.pid)
    finally:
        second.stop()


def test_the_store_can_be_wiped_and_rolled_back_only_while_stopped(tmp_path: Path) -> None:
    server = Nats(tmp_path / "home")
    server.start()
    with pytest.raises(RuntimeError):
        server.wipe()
    server.copy_store()
    server.kill()
    server.wipe()
    assert not server.store.exists()
    server.restore_store()
    server.start()
    server.stop()


def test_secrets_are_private_and_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    secret = home.password("someone")
    assert Home(home.root).password("someone") == secret
    assert stat.S_IMODE((home.keys / "someone.password").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700
