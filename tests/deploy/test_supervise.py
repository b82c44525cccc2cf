"""The supervisor: starts in order, restarts what falls, leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from huzhu.runner import broker, control, roles, supervise
from huzhu.runner.home import CHECKOUT, Home
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from huzhu.runner.process import StartFailed, is_running, tail_of, wait_until

WAIT_S = 30.0
# The real supervisor, with the part of its table that needs no service.
WITHOUT_SERVICES = """
from huzhu.runner import machine, supervise
supervise.PROGRAMS = (machine.ISSUER, machine._service("absent"), machine.GATEWAY)
supervise.main()  # huzhu.runner.supervise
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = Home(tmp_path / "home").make()
    yield found
    pointer = found.root / "postgres.location"
    if pointer.exists():
        shutil.rmtree(pointer.read_text(encoding="utf-8"))


def start(home: Home, **env: str) -> subprocess.Popen[bytes]:
    log = (home.logs / "supervisor.log").open("wb")
    child = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_SERVICES],
        env={**os.environ, "HUZHU_HOME": str(home.root), **env},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    log.close()
    return child


@pytest.fixture
def supervisor(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    child = start(home)
    yield child
    child.terminate()
    child.wait(WAIT_S)


def processes(home: Home) -> dict[str, Any]:
    state = home.state()
    return state["processes"] if state and state["phase"] == "running" else {}


def ready(home: Home, name: str) -> bool:
    entry = processes(home).get(name)
    return entry is not None and control.is_ready(entry)


def test_what_falls_is_restarted_and_a_stop_leaves_nothing_behind(
    home: Home, supervisor: subprocess.Popen[bytes]
) -> None:
    log = home.logs / "supervisor.log"
    assert wait_until(lambda: ready(home, "gateway") and ready(home, "issuer"), WAIT_S), tail_of(log)
    assert processes(home)["absent"]["state"] == "missing"
    assert "the module absent.main is not installed" in log.read_text(encoding="utf-8")
    assert control.supervisor_pid(home) == supervisor.pid

    fallen = processes(home)["issuer"]["pid"]
    os.kill(fallen, signal.SIGKILL)
    assert wait_until(lambda: ready(home, "issuer") and processes(home)["issuer"]["pid"] != fallen, WAIT_S)
    assert processes(home)["issuer"]["restarts"] == 1

    state = home.state()
    assert state is not None
    broker_pid = state["nats"]["pid"]
    os.kill(broker_pid, signal.SIGKILL)
    assert wait_until(lambda: (home.state() or {})["nats"]["pid"] not in {None, broker_pid}, WAIT_S)

    state = home.state()
    assert state is not None
    pids = [entry["pid"] for entry in state["processes"].values() if entry["pid"]]
    pids += [state["postgres"]["pid"], state["nats"]["pid"]]
    assert all(is_running(pid) for pid in pids)
    supervisor.terminate()
    assert supervisor.wait(WAIT_S) == 0
    assert not any(is_running(pid) for pid in pids)
    assert home.state() is None


def test_a_killed_supervisor_takes_its_children_along(home: Home, supervisor: subprocess.Popen[bytes]) -> None:
    assert wait_until(lambda: ready(home, "gateway"), WAIT_S), tail_of(home.logs / "supervisor.log")
    state = home.state()
    assert state is not None
    pids = [entry["pid"] for entry in state["processes"].values() if entry["pid"]]
    pids += [state["postgres"]["pid"], state["nats"]["pid"]]
    supervisor.kill()
    assert wait_until(lambda: not any(is_running(pid) for pid in pids), WAIT_S)
    assert control.status(home) == {"running": False, "home": str(home.root)}


async def test_given_servers_are_used_and_none_is_started(home: Home, cluster: Postgres, nats_server: Nats) -> None:
    child = start(home, HUZHU_POSTGRES_URL=cluster.admin_url, HUZHU_NATS_URL=nats_server.url)
    try:
        assert wait_until(lambda: ready(home, "gateway"), WAIT_S), tail_of(home.logs / "supervisor.log")
        state = home.state()
        assert state is not None
        assert (state["postgres"], state["nats"]) == ({"external": True}, {"external": True})
    finally:
        child.terminate()
        child.wait(WAIT_S)
    assert not (home.root / "nats").exists()
    url = roles.url_for(cluster.admin_url, "huzhu_notify", "notify", home.password("postgres-notify"))
    await (await asyncpg.connect(url)).close()
    admin = await broker.connect(nats_server.url, broker.ADMIN, home.password)
    try:
        assert await broker.plan(admin) == []
    finally:
        for stream in broker.streams_table()["streams"]:
            await broker.request(admin, f"STREAM.DELETE.{stream}", None)
        await admin.close()


def test_a_second_supervisor_for_the_same_home_refuses(home: Home) -> None:
    with supervise.hold(home), pytest.raises(StartFailed):
        supervise.hold(home)


def test_a_log_that_has_grown_too_large_is_emptied_and_copies_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOG_BYTES_MAX", 10)
    log = tmp_path / "a.log"
    for round_ in range(4):
        log.write_text(f"{round_} " * 10, encoding="utf-8")
        supervise.rotate_logs(tmp_path)
    assert log.read_text(encoding="utf-8") == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2"]
    assert (tmp_path / "a.log.1").read_text(encoding="utf-8").startswith("3")


def test_asking_for_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from huzhu.cli import app;"
        " heavy = {'asyncpg', 'litestar', 'sqlalchemy', 'nats'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=WAIT_S, cwd=CHECKOUT)
