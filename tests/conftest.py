"""The real Postgres and the real NATS that every test shares; a fresh database for each test that asks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis.clock import new_id
from chassis.keyring import ensure_kek_file, grant
from chassis.keyring import migrate as keyring_migrate
from chassis.log import Log
from chassis.migrate import migrate
from chassis.runner import Service
from contracts.envelope import Catalog
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.world import MakeWorld, World, open_world


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `long` run only when asked for by `-m long` (make test-long), and say so."""
    if "long" in (config.getoption("markexpr") or ""):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: run by make test-long"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One server for the whole run."""
    # These tests end processes, never the machine: what the kernel holds is safe without a flush of the disk.
    server = Postgres(tmp_path_factory.mktemp("postgres"), {"fsync": "off", "full_page_writes": "off"})
    server.start()
    yield server
    server.stop()
    server.destroy()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """One broker for the whole run, without accounts."""
    server = Nats(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


MakeDatabase = Callable[[], Awaitable[str]]


@pytest.fixture(scope="session")
async def template(postgres: Postgres) -> str:
    """The name of a database with the chassis's tables, copied for each test."""
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute("create database template_of_tests")
    await admin.close()
    await migrate(address(postgres, "template_of_tests"), service_role="postgres")
    return "template_of_tests"


def address(postgres: Postgres, database: str) -> str:
    """The administrator's address of one database."""
    return f"{postgres.admin_url.rpartition('/')[0]}/{database}"


@pytest.fixture
async def make_database(postgres: Postgres, template: str) -> AsyncIterator[MakeDatabase]:
    """Fresh databases with the chassis's tables; the service role is the server's own."""
    made: list[str] = []

    async def make() -> str:
        name = "t_" + new_id().replace("-", "")
        admin = await asyncpg.connect(postgres.admin_url)
        await admin.execute(f"create database {name} template {template}")
        await admin.close()
        made.append(name)
        return address(postgres, name)

    yield make
    admin = await asyncpg.connect(postgres.admin_url)
    for name in made:
        await admin.execute(f"drop database if exists {name} with (force)")
    await admin.close()


@pytest.fixture
async def database(make_database: MakeDatabase) -> str:
    """A fresh database with the chassis's tables."""
    return await make_database()


OpenLog = Callable[..., Awaitable[Log]]


@pytest.fixture
async def open_log(database: str) -> AsyncIterator[OpenLog]:
    """Open logs on the test's database; closed afterwards."""
    opened: list[Log] = []

    async def open_one(catalog: Catalog, url: str = database, service: str = "library") -> Log:
        log = await Log.open(url, service=service, catalog=catalog)
        opened.append(log)
        return log

    yield open_one
    for log in opened:
        await asyncio.wait_for(log.close(), 30)


@pytest.fixture(scope="session")
async def keyring_place(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A keyring that every service under test shares: (address, key-encryption key's file)."""
    kek_file = tmp_path_factory.mktemp("keys") / "kek"
    ensure_kek_file(kek_file)
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute("create database keyring_of_tests")
    await admin.close()
    base, _, _ = postgres.admin_url.rpartition("/")
    url = f"{base}/keyring_of_tests"
    await keyring_migrate(url)
    role = url.split("://", 1)[1].split(":", 1)[0].split("@", 1)[0]
    await grant(url, role, ("identity", "contact", "bank", "health"))
    return url, kek_file


@pytest.fixture
async def make_world(make_database: MakeDatabase, keyring_place: tuple[str, Path]) -> AsyncIterator[MakeWorld]:
    """Open a service in this process: `world = await make_world(SERVICE, some_setting=1)`."""
    opened: list[World] = []

    async def make(service: Service, **settings: Any) -> World:
        world = await open_world(service, await make_database(), *keyring_place, settings)
        opened.append(world)
        return world

    yield make
    for world in opened:
        await asyncio.wait_for(world.close(), 30)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def torture_events() -> int:
    """How many events the torture tests append; HUZHU_TORTURE_EVENTS or 100,000."""
    return int(os.environ.get("HUZHU_TORTURE_EVENTS", "100000"))
