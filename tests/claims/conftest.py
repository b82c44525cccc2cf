"""A fresh house for every test that asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from claims.main import SERVICE
from tests.claims.bureau_house import Bureau, Registry
from tests.claims.house import House
from tests.world import MakeWorld


@pytest.fixture
async def house(make_world: MakeWorld, tmp_path: Path) -> House:
    """Claims on an empty database, in the middle of 2022."""
    made = House(await make_world(SERVICE, documents=str(tmp_path / "documents")))
    made.at("2022-06-30")
    return made


@pytest.fixture
async def bureau(make_world: MakeWorld, tmp_path: Path) -> Bureau:
    """Claims to which the bureau's files are sent, in the middle of 2022."""
    house = House(await make_world(SERVICE, documents=str(tmp_path / "documents"), settlements_chunk_rows=4))
    house.at("2022-06-30")
    return Bureau(house, Registry())
