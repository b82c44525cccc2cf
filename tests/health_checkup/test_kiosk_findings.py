"""Readings at devices that cross a limit are followed up as a check-up's values are, and each item once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.health_checkup.v1 import FindingRaised
from tests.health_checkup.lab import PROVIDER
from tests.health_checkup.truck import CITY, NORMAL, Truck

numbers = iter(range(1, 10_000))


async def measure(truck: Truck, member: str, *, reading_id: str = "", **values: str) -> None:
    kiosk = f"kiosk-{truck.campaign}"
    at = truck.world.clock.now() - timedelta(minutes=5)
    reading = {"reading_id": reading_id or f"r{next(numbers)}", "person_id": member, "measured_at": at.isoformat(),
               "values": values}  # fmt: skip
    answer = await truck.post(f"/kiosks/{kiosk}/readings", {"readings": [reading]}, "health_kiosk", CITY, kiosk)
    assert (answer.status_code, answer.json()["problems"]) == (201, [])


async def raised(truck: Truck, member: str) -> list[tuple[str, str, str]]:
    found = [one for one in await truck.world.events() if isinstance(one, FindingRaised) and one.person_id == member]
    return [(one.finding_id, one.finding_class, one.contact_by) for one in found]


async def about(truck: Truck, finding: str) -> set[tuple[str, str]]:
    answer = await truck.get(f"/findings/{finding}", PROVIDER, CITY)
    assert answer.status_code == 200, answer.text
    return {(one["item"], one["flag"]) for one in answer.json()["items"]}


async def test_a_reading_beyond_a_limit_is_followed_up_with_its_clock_to_an_end(truck: Truck) -> None:
    member = await truck.cover()
    truck.go_to_the_day()
    await measure(truck, member, SBP="150")
    assert await raised(truck, member) == []
    await measure(truck, member, SBP="165")
    finding = f"kiosk-{member}"
    assert await raised(truck, member) == [(finding, "B", "2022-03-17")]
    listed: list[dict[str, Any]] = (await truck.get("/findings", PROVIDER, CITY)).json()["findings"]
    assert finding in {one["finding_id"] for one in listed}
    assert await about(truck, finding) == {("SBP", "high")}
    assert (await truck.get(f"/findings/{finding}", PROVIDER, "620700")).status_code == 404
    assert (await truck.follow_up(finding, "CONTACTED", "620700")).status_code == 404
    for outcome in ("CONTACTED", "REFERRED", "EXCLUDED"):
        assert (await truck.follow_up(finding, outcome)).status_code == 201
    await measure(truck, member, SBP="166")
    assert len(await raised(truck, member)) == 2, "the first has ended"


async def test_the_same_item_is_followed_up_once_and_what_is_worse_or_new_joins_it(truck: Truck) -> None:
    member = await truck.cover()
    truck.go_to_the_day()
    finding = f"kiosk-{member}"
    await measure(truck, member, reading_id="same", SBP="165")
    await measure(truck, member, reading_id="same", SBP="165")
    await measure(truck, member, SBP="170")
    assert len(await raised(truck, member)) == 1
    await measure(truck, member, HR="125")
    assert [one[1] for one in await raised(truck, member)] == ["B", "B"]
    await measure(truck, member, SBP="190")
    assert (await raised(truck, member))[2:] == [(finding, "A", "2022-03-10")]
    assert await about(truck, finding) == {("SBP", "high"), ("HR", "high")}
    await measure(truck, member, SBP="195", HR="125")
    assert len(await raised(truck, member)) == 3


async def test_what_a_check_up_found_is_not_raised_again_by_a_device(truck: Truck) -> None:
    member, answer = await truck.examined({**NORMAL, "SBP": "165"})
    assert answer.json()["finding_id"]
    await measure(truck, member, SBP="168")
    assert len(await raised(truck, member)) == 1
    await measure(truck, member, SBP="168", GLU_CAP="17.0")
    assert await about(truck, f"kiosk-{member}") == {("GLU_CAP", "high")}
    await measure(truck, member, SBP="185")
    assert await about(truck, f"kiosk-{member}") == {("GLU_CAP", "high"), ("SBP", "high")}
