"""The figures of domain 10 over covers: by place, occupation, sex and age, and how good the rosters were."""

from __future__ import annotations

from tests.enrolment.conftest import World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.registry import Registry, ask

COVER = f"/statistics/cover?plan={PLAN_CODE}"


async def test_covered_people_are_counted_by_sex_and_age_without_opening_anything(world: World) -> None:
    registry = Registry(await world.start())
    people = [worker(number) for number in range(6)]
    await registry.cover(*people)
    told = (await ask(registry.running, "GET", COVER + "&by=sex,age_band,occupation", asks("supervisor"))).json()
    assert told["covered"]["total"]["figures"] == {"people": 6, "died": 0}
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
