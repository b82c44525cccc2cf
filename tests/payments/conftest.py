"""One keyring and one bank for the folder; a fresh house for every test that asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import uvicorn

from chassis.clock import FixedClock, new_id
from chassis.keyring import Keyring, ensure_kek_file, grant, migrate
from huzhu.runner.postgres import Postgres
from payments import projections
from simulators.bank.app import make_app

from .bank import free_port
from .house import START, House, build, close

PASSWORD = "only-for-tests"


def _as(admin_url: str, user: str, database: str) -> str:
    parts = urlsplit(admin_url)
    return urlunsplit((parts.scheme, f"{user}:{PASSWORD}@{parts.hostname}:{parts.port}", f"/{database}", "", ""))


@pytest.fixture(scope="session")
async def bank_keyring(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Keyring]:
    database = "k_" + new_id().replace("-", "")
    kek_file = tmp_path_factory.mktemp("kek") / "kek.json"
    ensure_kek_file(kek_file)
    admin = await asyncpg.connect(postgres.admin_url)
    for role in ("keyring_owner", "keyring_payments"):
        if not await admin.fetchval("select count(*) from pg_roles where rolname = $1", role):
            await admin.execute(f"create role {role} login")
        await admin.execute(f"alter role {role} password '{PASSWORD}'")
    await admin.execute(f"create database {database} owner keyring_owner")
    owner_url = _as(postgres.admin_url, "keyring_owner", database)
    await migrate(owner_url)
    await grant(owner_url, "keyring_payments", ("bank",))
    keyring = await Keyring.connect(
        _as(postgres.admin_url, "keyring_payments", database), kek_file, grants=frozenset({"bank"})
    )
    yield keyring
    await keyring.close()
    await admin.execute(f"drop database {database} with (force)")
    await admin.close()


@pytest.fixture
def clock() -> FixedClock:
    """The business time of house and bank."""
    return FixedClock(START)


@pytest.fixture
async def own_bank(tmp_path: Path, clock: FixedClock) -> AsyncIterator[str]:
    """A bank behind a real socket, in this loop: a process of its own for each test would cost too much."""
    port = free_port()
    app = make_app(tmp_path / "bank", clock)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="on"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110  the server tells nobody when it is up
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def house(
    make_database: Callable[[], Awaitable[str]], bank_keyring: Keyring, own_bank: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[House]:
    documents = tmp_path / "documents"
    made = await build(await make_database(), bank_keyring, own_bank, documents, projections.ALL, clock)
    yield made
    await close(made)
