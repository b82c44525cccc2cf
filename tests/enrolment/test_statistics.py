"""The figures of domain 10 over covers: by place, occupation, sex and age, and how good the rosters were."""

from __future__ import annotations

from dataclasses import replace

from chassis.clock import new_id
from contracts.envelope import Sealed
from contracts.notify.reaching import MobileCleared, MobileDoubted, WechatBound, WechatUnbound
from enrolment.main import SERVICE
from tests.enrolment.conftest import World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.registry import Registry, ask, at
from tests.enrolment.test_import import csv_of
from tests.world import World as Fed

COVER = f"/statistics/cover?plan={PLAN_CODE}"


async def test_covered_people_are_counted_by_sex_and_age_without_opening_anything(world: World) -> None:
    registry = Registry(await world.start())
    people = [worker(number) for number in range(6)]
    await registry.cover(*people)
    told = (await ask(registry.running, "GET", COVER + "&by=sex,age_band,occupation", asks("supervisor"))).json()
    total = told["covered"]["total"]["figures"]
    assert (total["people"], total["died"], total["with_mobile_percent"], total["wechat"]) == (6, 0, 100, 0)
    assert sum(cell["figures"]["people"] for cell in told["covered"]["cells"]) == 6
    sexes = {"M" if int(one.id_no[16]) % 2 else "F" for one in people}
    assert {cell["of"]["sex"] for cell in told["covered"]["cells"]} == sexes
    assert (told["seats"], told["rows"], told["valid"]) == (6, 6, 6)


async def test_a_clerk_counts_the_own_subtree_and_the_public_sees_no_few(world: World) -> None:
    registry = Registry(await world.start())
    await registry.cover(*(worker(number) for number in range(4)))
    elsewhere = (await ask(registry.running, "GET", COVER, asks("county_clerk", "623027"))).json()
    assert elsewhere["covered"]["total"]["figures"]["people"] == 0
    public = (await ask(registry.running, "GET", COVER + "&public=true&by=city", asks("supervisor"))).json()
    assert [cell["suppressed"] for cell in public["covered"]["cells"]] == [True]
    refused = await ask(registry.running, "GET", COVER + "&by=illness", asks("supervisor"))
    assert (refused.status_code, refused.json()["code"]) == (422, "dimension-unknown")


async def test_who_can_be_reached_is_counted_by_place(world: World) -> None:
    registry = Registry(await world.start())
    people = [worker(0, mobile=""), worker(1, mobile="12"), *(worker(number) for number in range(2, 6))]
    ids = await registry.cover(*people)
    context = registry.running.context
    fed = Fed(SERVICE, context, context.clock, None, None)  # type: ignore[arg-type]
    openid = Sealed(suite="A256GCM", s="someone", k="contact", v=1, e="d", c="AAAA")
    for number, person_id in enumerate(ids[2:6]):
        await fed.feed("notify", WechatBound(person_id=person_id, openid=openid, code_id="c"), f"binding-{person_id}")
        if number:
            unbound = WechatUnbound(person_id=person_id, reason="asked")
            await fed.feed("notify", unbound, f"binding-{person_id}")
    for number, person_id in enumerate(ids[4:6]):
        await fed.feed("notify", MobileDoubted(person_id=person_id, failures=2), f"mobile-{person_id}")
        if number:
            await fed.feed("notify", MobileCleared(person_id=person_id, reason="changed"), f"mobile-{person_id}")
    names = ("people", "active", "with_mobile", "with_mobile_percent", "mobile_doubted", "wechat", "wechat_percent")

    async def told() -> list[int]:
        shown = (await ask(registry.running, "GET", COVER + "&by=city", asks("supervisor"))).json()
        (cell,) = shown["covered"]["cells"]
        return [cell["figures"][name] for name in names]

    assert await told() == [6, 0, 4, 67, 1, 1, 17]
    at(registry.running, "2022-06-01")
    body = {"mobile": worker(9).mobile, "effective_on": "2022-06-01", "source": "OFFICE"}
    await registry.post(f"/members/{ids[0]}/contact", body)
    assert await told() == [6, 6, 5, 83, 1, 1, 17]


async def test_the_quality_of_rosters_is_told_by_the_place_of_their_sender(world: World) -> None:
    running = await world.start()
    await running.donate(20)
    for org, rows in (
        ("620725", [worker(1), worker(2), worker(3, name="")]),
        ("620700", [worker(4)]),
        ("620600", [worker(5, name=""), worker(6, name="")]),
    ):
        sent = await running.send(csv_of(replace(rows[0], remarks=new_id()), *rows[1:]), org)
        await running.imported(sent.json()["batch_id"])
    told = (await ask(running, "GET", COVER + "&by=city,sex", asks("supervisor"))).json()["rosters"]
    assert [(cell["of"], *cell["figures"].values()) for cell in told["cells"]] == [
        ({"city": "620600"}, 1, 2, 0, 100),
        ({"city": "620700"}, 2, 4, 3, 25),
    ]
    assert told["total"]["figures"] == {"rosters": 3, "rows": 6, "valid": 3, "error_percent": 50}
    below = (await ask(running, "GET", COVER + "&by=county", asks("county_clerk", "620725"))).json()
    assert [cell["figures"]["rows"] for cell in below["rosters"]["cells"]] == [3]
    assert below["error_percent"] == 33
