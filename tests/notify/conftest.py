"""One running notify for a whole module: every test brings its own people, so none sees another's messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.clock import new_id
from chassis.migrate import migrate
from huzhu.runner.postgres import Postgres
from notify.main import SERVICE
from tests.notify.house import PROVIDERS, House, open_house
from tests.world import START, World, open_world


@pytest.fixture(scope="module")
async def running(
    postgres: Postgres, keyring_place: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[World, House]]:
    """The service and its provider."""
    name = "t_" + new_id().replace("-", "")
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute(f"create database {name}")
    await admin.close()
    url = f"{postgres.admin_url.rpartition('/')[0]}/{name}"
    await migrate(url, service_role="postgres")
    world = await open_world(SERVICE, url, *keyring_place, PROVIDERS)
    house = await open_house(world, tmp_path_factory.mktemp("sms"))
    yield world, house
    await house.close()
    await world.close()


@pytest.fixture
async def house(running: tuple[World, House]) -> House:
    """The same house with new people, a well-behaved provider and ten o'clock in the morning."""
    world, house = running
    world.clock.set(START)
    await house.behave()
    await house.wechat_behaves()
    return house.for_new_people()
