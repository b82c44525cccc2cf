"""A refused request is one problem with a stable code and its field, and nothing of it is written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from chassis.web.problem import MEDIA_TYPE, ProblemBody
from tests.claims.house import House, filing
from tests.http.services import SERVICES
from tests.world import MakeWorld, World

JSON = {"Content-Type": "application/json"}
DEEP = 100_000
Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """One request of a service that is taken as it stands: who posts what where, and a text field of it."""

    role: str
    path: str
    body: dict[str, Any]
    text_field: str
    other: Change
    sub: str = ""
    org: str = "620000"
    refused: int = 0
    """The status of a refusal by the domain, where nothing more can be had without a whole story; else 0."""


async def _donation(_world: World) -> Asked:
    body = {"plan": "GS-NEF-2022", "donor": "a donor", "seats": 10, "amount_fen": 120_000}
    return Asked("finance", "/donations", body, "plan", lambda one: {**one, "donor": "another donor"})


async def _filing(world: World) -> Asked:
    person_id = await House(world).cover()
    body = filing(person_id)
    body["incident"] = {"kind": "INPATIENT", "decisive_on": "2022-02-01", "discharged_on": "2022-02-10"}
    return Asked("unit_clerk", "/claims", body, "channel", lambda one: {**one, "urgent": True}, org="6207251000001")


async def _batch(_world: World) -> Asked:
    body = {"plan_code": "GS-NEF-2022"}
    return Asked("finance", "/batches", body, "plan_code", lambda one: {**one, "plan_code": "OTHER"}, refused=409)


async def _stop(world: World) -> Asked:
    body = {
        "campaign": "2022-spring", "division_code": "620602", "place": "a square", "date": "2022-04-01",
        "slots": 2, "slot_capacity": 3,
    }  # fmt: skip
    async with world.client("office_head") as client:
        planned = {
            "campaign": "2022-spring", "year": 2022, "name": "a campaign", "quota": 100, "budget_fen": 0,
            "packages": ["BASIC.v2"],
        }  # fmt: skip
        await client.post("/campaigns", json=planned)
        await client.post("/campaigns/2022-spring/quotas", json={"prefecture": "620600", "seats": 100})
    return Asked("city_clerk", "/stops", body, "place", lambda one: {**one, "place": "another"}, org="620600")


ASKED: dict[str, Callable[[World], Awaitable[Asked]]] = {
    "enrolment": _donation,
    "claims": _filing,
    "payments": _batch,
    "health_checkup": _stop,
}
"""Notify takes no request that writes: it is asked by events."""


@dataclass
class Desk:
    """Where requests are handed in, and where it is seen that nothing was written."""

    world: World
    asked: Asked

    async def hand_in(
        self, content: Any, headers: dict[str, str] | None = None, *, path: str = "", token: bool = True
    ) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        async with self.world.client(self.asked.role, self.asked.org, self.asked.sub) as client:
            if not token:
                del client.headers["Authorization"]
            return await client.post(path or self.asked.path, content=body, headers={**JSON, **(headers or {})})

    async def refused(self, expected: tuple[int, str, str], content: Any, **how: Any) -> None:
        """The request is refused so, and the log has not grown."""
        head = await self.world.context.log.head()
        answer = await self.hand_in(content, **how)
        assert _problem(answer) == expected
        assert await self.world.context.log.head() == head


def _problem(answer: httpx.Response) -> tuple[int, str, str]:
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    problem = msgspec.json.decode(answer.content, type=ProblemBody)
    assert problem.status == answer.status_code
    assert problem.type == f"urn:huzhu:problem:{problem.code}"
    assert problem.detail.endswith("."), "a sentence"
    return answer.status_code, problem.code, problem.field


@pytest.fixture(params=sorted(ASKED))
async def desk(request: pytest.FixtureRequest, make_world: MakeWorld) -> Desk:
    world = await make_world(SERVICES[request.param])
    return Desk(world, await ASKED[request.param](world))


async def test_a_request_that_is_not_as_asked_is_refused_with_its_field(desk: Desk) -> None:
    body, field = desk.asked.body, desk.asked.text_field
    missing = {name: value for name, value in body.items() if name != field}
    await desk.refused((400, "request-invalid", "surprise"), {**body, "surprise": 1})
    await desk.refused((400, "request-invalid", field), {**body, field: 12})
    await desk.refused((400, "request-invalid", field), {**body, field: ["text"]})
    await desk.refused((400, "request-invalid", field), {**body, field: None})
    await desk.refused((400, "request-invalid", field), missing)
    await desk.refused((400, "request-invalid", ""), [body])
    await desk.refused((400, "request-invalid", ""), "text")


async def test_a_text_with_a_nul_is_refused(desk: Desk) -> None:
    nul = json.dumps({**desk.asked.body, desk.asked.text_field: "\0"}).encode()
    await desk.refused((400, "request-invalid", ""), nul)


async def test_a_number_as_text_or_with_a_fraction_and_a_truth_as_a_number_are_refused(desk: Desk) -> None:
    other = {int: ("5", "1e5", 5.5, True), bool: (0, 1, "true"), str: (5, 5.0)}
    wrong = [(field, value) for field, held in desk.asked.body.items() for value in other.get(type(held), ())]
    for field, value in wrong:
        await desk.refused((400, "request-invalid", field), {**desk.asked.body, field: value})


async def test_a_request_that_cannot_be_read_is_refused(desk: Desk) -> None:
    whole = json.dumps(desk.asked.body).encode()
    chinese = json.dumps({**desk.asked.body, "surprise": "平安"}, ensure_ascii=False)
    unreadable = (400, "request-unreadable", "")
    await desk.refused(unreadable, whole[:-3])
    await desk.refused((400, "request-invalid", ""), b"")
    await desk.refused(unreadable, b"\xff\xfe" + whole)
    await desk.refused(unreadable, chinese.encode("gb18030"))
    await desk.refused(unreadable, b"[" * DEEP)
    await desk.refused(unreadable, b'{"a":' * DEEP)
    await desk.refused(unreadable, b'{"surprise":' + b"[" * DEEP + b"]" * DEEP + b"}")


async def test_a_request_that_says_it_is_something_else_is_refused(desk: Desk) -> None:
    whole = json.dumps(desk.asked.body).encode()
    unsupported = (415, "media-type-unsupported", "Content-Type")
    for said in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        await desk.refused(unsupported, whole, headers={"Content-Type": said})
    await desk.refused(unsupported, whole, headers={"Content-Type": "application/json; charset=gb18030"})
    await desk.refused(unsupported, whole, headers={"Content-Type": ""})


async def test_a_request_that_is_too_large_is_refused(desk: Desk) -> None:
    large = {**desk.asked.body, "surprise": "x" * desk.world.service.body_bytes_max}
    await desk.refused((413, "body-too-large", ""), large)


async def test_a_request_of_nobody_is_refused(desk: Desk) -> None:
    body = desk.asked.body
    await desk.refused((401, "token-missing", ""), body, token=False)
    for header in ("Bearer x", "Bearer a.b.c", "Basic eDp5", "Bearer " + "x" * 10_000):
        await desk.refused((401, "token-invalid", ""), body, token=False, headers={"Authorization": header})


async def test_a_request_to_nowhere_is_refused(desk: Desk) -> None:
    await desk.refused((404, "not-found", ""), desk.asked.body, path="/nowhere")
    await desk.refused((404, "not-found", ""), desk.asked.body, path="/%00")
    await desk.refused((405, "method-not-allowed", ""), desk.asked.body, path="/status")


async def test_a_repetition_key_that_cannot_be_one_is_refused(desk: Desk) -> None:
    for key in ("k" * 201, "with\ttab"):
        expected = (400, "idempotency-key-invalid", "Idempotency-Key")
        await desk.refused(expected, desk.asked.body, headers={"Idempotency-Key": key})


async def test_a_position_that_is_none_is_refused(desk: Desk) -> None:
    for position in ("soon", "-1", "1.5", "9" * 19, "0x10"):
        expected = (400, "position-invalid", "If-Log-Position")
        await desk.refused(expected, desk.asked.body, headers={"If-Log-Position": position})


async def test_a_repetition_key_stands_for_one_request_only(desk: Desk) -> None:
    key = {"Idempotency-Key": "one-and-only"}
    first = await desk.hand_in(desk.asked.body, key)
    assert first.status_code == (desk.asked.refused or 201), first.text
    again = await desk.hand_in(desk.asked.body, key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    expected = (422, "idempotency-key-reused", "Idempotency-Key")
    await desk.refused(expected, desk.asked.other(desk.asked.body), headers=key)


async def test_a_request_as_asked_is_taken_so_that_the_others_are_refused_for_their_reason(desk: Desk) -> None:
    answer = await desk.hand_in(desk.asked.body)
    assert answer.status_code == (desk.asked.refused or 201), answer.text


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        ("/messages?limit=0", {}, (400, "request-invalid", "limit")),
        ("/messages?limit=many", {}, (400, "request-invalid", "limit")),
        ("/messages?claim_id=a%20b", {}, (400, "request-invalid", "claim_id")),
        ("/messages?surprise=1", {}, (400, "request-invalid", "surprise")),
        ("/status?surprise=1", {}, (400, "request-invalid", "surprise")),
        ("/messages?claim_id=%00", {}, (400, "request-invalid", "")),
        ("/messages", {"If-Log-Position": "soon"}, (400, "position-invalid", "If-Log-Position")),
        ("/messages", {"Authorization": ""}, (401, "token-missing", "")),
        ("/nowhere", {}, (404, "not-found", "")),
    ],
)
async def test_notify_refuses_what_it_cannot_answer(
    make_world: MakeWorld, address: str, headers: dict[str, str], expected: tuple[int, str, str]
) -> None:
    world = await make_world(SERVICES["notify"])
    async with world.client("office_head") as client:
        assert _problem(await client.get(address, headers=headers)) == expected
    assert await world.context.log.head() == 0
