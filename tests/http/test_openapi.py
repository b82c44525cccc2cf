"""Whatever a service's own OpenAPI allows, and much that it does not, never ends in an unforeseen error."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from chassis.web.problem import MEDIA_TYPE, ProblemBody
from tests.http.services import ROLES, SERVICES
from tests.world import MakeWorld, World

EXAMPLES = int(os.environ.get("HUZHU_HTTP_EXAMPLES", "6"))
"""Requests for each operation, and as many again that break its schema."""
ANSWER_TIMEOUT_S = 20
SEED = 20220301
BASE_URL = "http://service.test"


@pytest.mark.parametrize("name", sorted(SERVICES))
async def test_no_request_ends_in_an_unforeseen_error(name: str, make_world: MakeWorld) -> None:
    world = await make_world(SERVICES[name])
    tokens = {role: world.tokens.mint(role) for role in ROLES[name]}
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=world.app, raise_app_exceptions=False), base_url=BASE_URL
    ) as client:

        def ask(case: Case, role: str) -> httpx.Response:
            request = _prepared(case, tokens[role])
            sent = client.send(client.build_request(*request[:2], headers=request[2], content=request[3]))
            return asyncio.run_coroutine_threadsafe(sent, loop).result(ANSWER_TIMEOUT_S)

        operations = _operations(await _described(world))
        assert len(operations) > len(world.service.routes)
        for operation in operations:
            for mode in GenerationMode:
                await asyncio.to_thread(_explore, operation, mode, ask, ROLES[name])


async def _described(world: World) -> dict[str, Any]:
    async with world.client("sys_admin") as client:
        answer = await client.get("/schema/openapi.json")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def _operations(document: dict[str, Any]) -> list[APIOperation]:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=BASE_URL)
    return [found.ok() for found in schema.get_all_operations()]


def _explore(operation: APIOperation, mode: GenerationMode, ask: Any, roles: tuple[str, ...]) -> None:
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), role=st.sampled_from(roles))
    def one(case: Case, role: str) -> None:
        _judge(case, role, ask(case, role))

    one()


def _judge(case: Case, role: str, answer: httpx.Response) -> None:
    where = f"{role}: {case.as_curl_command()} → {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, where
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE, where
        problem = msgspec.json.decode(answer.content, type=ProblemBody)
        assert problem.code, where
        assert problem.status == answer.status_code, where
    case.validate_response(answer, checks=[response_schema_conformance])


def _prepared(case: Case, token: str) -> tuple[str, str, dict[str, str], bytes]:
    """A request as bytes, sent as somebody: method, address, headers, body."""
    arguments = case.as_transport_kwargs(base_url=BASE_URL)
    arguments = {name: value for name, value in arguments.items() if name in requests.Request("GET").__dict__}
    made = requests.Request(**arguments).prepare()
    headers = {**made.headers, "Authorization": f"Bearer {token}"}
    body = made.body or b""
    assert made.method is not None
    assert made.url is not None
    return made.method, made.url, headers, body.encode() if isinstance(body, str) else body
