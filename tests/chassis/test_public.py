"""What anyone may ask: marked on the handler, said in the OpenAPI document, bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar import Request, get
from litestar.params import FromQuery

from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from enrolment.main import SERVICE
from tests.world import MakeWorld, World


@get("/opening-hours", opt=PUBLIC)
async def opening_hours(request: Request[Any, Any, Any], day: FromQuery[str] = "") -> dict[str, str]:
    """When the library is open."""
    return {"day": day, "asked_from": client_address(request)}


@get("/loans")
async def loans() -> dict[str, str]:
    """Nothing for strangers."""
    return {}


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(replace(SERVICE, routes=[opening_hours, loans], projections=()))


def anyone(world: World, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://library", headers=headers)


async def test_a_public_path_is_answered_without_a_token_and_the_others_are_not(world: World) -> None:
    async with anyone(world) as client:
        assert (await client.get("/opening-hours?day=monday")).json()["day"] == "monday"
        assert (await client.get("/loans")).status_code == 401


async def test_a_public_path_takes_nothing_that_is_not_asked_for_and_waits_for_nobody(world: World) -> None:
    async with anyone(world, **{"If-Log-Position": "999999"}) as client:
        assert (await client.get("/opening-hours?surprise=1")).status_code == 400
        assert (await client.get("/opening-hours")).status_code == 200


async def test_the_openapi_document_says_which_paths_need_no_token(world: World) -> None:
    async with world.client("sys_admin") as client:
        paths = (await client.get("/schema/openapi.json")).json()["paths"]
    assert paths["/opening-hours"]["get"]["security"] == [{}]
    assert "security" not in paths["/loans"]["get"]


async def test_who_asks_is_whom_the_gateway_saw_last(world: World) -> None:
    async with anyone(world, **{"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}) as client:
        assert (await client.get("/opening-hours")).json()["asked_from"] == "203.0.113.9"


def test_a_limit_lets_a_burst_pass_and_then_fills_slowly() -> None:
    now = [0.0]
    limiter = Limiter(2, 3600, now=lambda: now[0])
    limiter.take("a")
    limiter.take("a")
    for _ in range(2):
        with pytest.raises(Problem, match="too-many-requests"):
            limiter.take("a")
    limiter.take("b")
    now[0] = 1.0
    limiter.take("a")


def test_a_limit_remembers_no_more_keys_than_it_may() -> None:
    limiter = Limiter(1, 1, keys_max=3)
    for key in range(10):
        limiter.take(key)
    assert len(limiter) == 3
