"""Am I covered? Anyone may ask; the answer is about the plan, the same for nobody as for another name, and bounded."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from chassis.web import Problem
from chassis.web.public import is_public
from enrolment.api import ROUTES, public
from huzhu.synthetic.people import Person
from tests.enrolment.conftest import Running, World
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.registry import Registry, at

NOBODY = {
    "covered": False,
    "plan": PLAN_CODE,
    "plan_name": "新就业形态劳动者专项综合互助保障活动(住院+意外+重疾)",
    "period_start": "2022-01-01",
    "period_end": "2023-01-01",
}


@pytest.fixture
async def registry(world: World) -> Registry:
    return Registry(await world.start())


async def check(running: Running, who: Person, address: str = "198.51.100.7", **changed: str) -> httpx.Response:
    """Asked without a token, from an address that the gateway saw."""
    body = {"id_no": who.id_no, "name": who.name, **changed}
    async with running.client() as client:
        return await client.post("/public/coverage-check", json=body, headers={"X-Forwarded-For": address})


async def indexed(registry: Registry) -> None:
    await registry.search(name="张三")


async def test_whoever_is_covered_today_is_told_so_without_an_account(registry: Registry) -> None:
    person = worker(1)
    await registry.cover(person)
    await indexed(registry)
    answers = {}
    for day in ("2021-12-31", "2022-01-01", "2022-12-31", "2023-01-01"):
        at(registry.running, day)
        answers[day] = (await check(registry.running, person)).json()
    assert [one["covered"] for one in answers.values()] == [False, True, True, False]
    assert answers["2022-01-01"] == {**NOBODY, "covered": True}


async def test_nobody_another_name_and_a_malformed_number_are_answered_alike(registry: Registry) -> None:
    person = worker(1)
    await registry.cover(person)
    await indexed(registry)
    at(registry.running, "2022-06-01")
    assert (await check(registry.running, person)).json()["covered"] is True
    for changed in ({"name": "李四"}, {"id_no": worker(2).id_no}, {"id_no": "6.2E+17"}, {"name": "x"}):
        answer = await check(registry.running, person, **changed)
        assert (answer.status_code, answer.json()) == (200, NOBODY), changed


async def test_the_dead_and_the_restricted_are_answered_like_nobody(registry: Registry) -> None:
    dead, withheld = worker(1), worker(2)
    ids = await registry.cover(dead, withheld)
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{ids[0]}/death", {"died_on": "2022-05-01"})
    await registry.post(f"/members/{ids[1]}/restriction", {}, "member", sub=ids[1])
    await indexed(registry)
    for person in (dead, withheld):
        assert (await check(registry.running, person)).json() == NOBODY


async def test_a_name_is_compared_as_it_is_kept(registry: Registry) -> None:
    person = worker(1, name="买买提·吐尔逊")
    await registry.cover(person)
    await registry.search(name="买买提·吐尔逊")
    at(registry.running, "2022-06-01")
    assert (await check(registry.running, person, name=" 买买提 • 吐尔逊 ")).json()["covered"] is True


async def test_one_address_and_one_number_may_be_asked_about_a_few_times_only(registry: Registry) -> None:
    settings = registry.running.context.settings
    for n in range(settings.check_burst_per_number):
        assert (await check(registry.running, worker(1), f"198.51.100.{n}")).status_code == 200
    refused = await check(registry.running, worker(1), "203.0.113.1")
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert refused.headers["Retry-After"]
    for n in range(settings.check_burst_per_address):
        assert (await check(registry.running, worker(n + 2), "192.0.2.1")).status_code == 200
    assert (await check(registry.running, worker(99), "192.0.2.1")).status_code == 429


async def test_the_answer_holds_nothing_of_the_person(registry: Registry) -> None:
    person = worker(1)
    await registry.cover(person)
    await indexed(registry)
    at(registry.running, "2022-06-01")
    answer = await check(registry.running, person)
    wrong = await check(registry.running, person, surprise="x")
    for secret in (person.id_no, person.name, "620725", person.mobile):
        assert secret not in answer.text
        assert secret not in wrong.text
    assert set(answer.json()) == set(NOBODY)


async def test_a_check_writes_nothing(registry: Registry) -> None:
    head = await registry.running.context.log.head()
    await check(registry.running, worker(1))
    assert await registry.running.context.log.head() == head


def test_only_the_coverage_check_is_public_here() -> None:
    routes: list[Any] = list(ROUTES)
    public_ones = {path for handler in routes if is_public(handler) for path in handler.paths}
    assert "/public/coverage-check" in public_ones
    assert all(path.startswith("/public/") for path in public_ones)


def test_an_unknown_plan_is_nobodys_secret() -> None:
    with pytest.raises(Problem, match="plan-unknown"):
        public.the_plan("NONE")
