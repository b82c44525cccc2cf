"""Servers with roles and accounts as the single machine has them, apart from those of the other tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from nats.aio.client import Client

from huzhu.runner import broker
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A Postgres of its own: roles belong to a whole cluster."""
    server = Postgres(tmp_path_factory.mktemp("deploy-postgres"), {"shared_buffers": "128MB"})
    server.start()
    yield server
    server.destroy()


@pytest.fixture(scope="package")
def guarded_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """A NATS with the users of accounts.yaml."""
    root = tmp_path_factory.mktemp("deploy-nats")
    server = Nats(root)
    server.accounts = broker.authorization(server.home.password)
    server.start()
    yield server
    server.stop()


Connect = Callable[[str], "object"]


@pytest.fixture
async def connect(guarded_nats: Nats) -> AsyncIterator[Callable[[str], object]]:
    """Connect as one user of accounts.yaml; the streams are as configured."""
    opened: list[Client] = []

    async def as_user(user: str) -> Client:
        client = await broker.connect(guarded_nats.url, user, guarded_nats.home.password)
        opened.append(client)
        return client

    await broker.apply(await as_user(broker.ADMIN))
    yield as_user
    for client in opened:
        await client.close()
