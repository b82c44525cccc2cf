"""One running health-checkup for a whole module: every test works in a county and campaign of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.clock import new_id
from chassis.migrate import migrate
from health_checkup.main import SERVICE
from huzhu.runner.postgres import Postgres
from tests.health_checkup.truck import Truck
from tests.world import START, World, open_world


@pytest.fixture(scope="module")
async def running(
    postgres: Postgres, keyring_place: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The service."""
    name = "t_" + new_id().replace("-", "")
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute(f"create database {name}")
    await admin.close()
    url = f"{postgres.admin_url.rpartition('/')[0]}/{name}"
    await migrate(url, service_role="postgres")
    settings = {"documents": str(tmp_path_factory.mktemp("documents"))}
    world = await open_world(SERVICE, url, *keyring_place, settings)
    yield world
    await world.close()


@pytest.fixture
async def truck(running: World) -> Truck:
    """A truck on a new campaign, ten o'clock in the morning."""
    running.clock.set(START)
    return Truck(running)
