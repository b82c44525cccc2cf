"""A campaign in figures: what staff see of their subtree, what anyone may know, and which cells are never told."""

from __future__ import annotations

from typing import Any

from tests.health_checkup.lab import PROVIDER, stop_with
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck
from tests.world import START


async def test_a_prefecture_sees_its_people_and_of_few_results_nothing_about_health(truck: Truck) -> None:
    people = await stop_with(truck, 6, package="BASIC.v1")
    for person in people[:5]:
        assert (await truck.results(person, NORMAL)).status_code == 201
    assert (await truck.results(people[5], URGENT)).status_code == 201
    bill = {"cost_id": "b1", "amount_fen": 120_000, "what": "fuel", "spent_on": "2022-03-10"}
    paid = await truck.post(f"/campaigns/{truck.campaign}/costs", bill, "finance", "620000")
    assert paid.status_code == 201
    figures = (await truck.get(f"/campaigns/{truck.campaign}/figures", "county_clerk", by="stop")).json()
    [cell] = figures["cells"]
    assert (cell["key"], cell["booked"], cell["attended"], cell["reported"]) == (truck.stop_id, 6, 6, 6)
    assert (cell["reported_in_time_permille"], figures["cost_a_head_fen"]) == (1_000, 20_000)
    # One abnormal of six would be somebody.
    assert (cell["abnormal_permille"], cell["class_a"], cell["contact_minutes"]) == (None, None, None)
    elsewhere = (await truck.get(f"/campaigns/{truck.campaign}/figures", "city_clerk", "620700")).json()
    assert (elsewhere["cells"], elsewhere["total"]["attended"]) == ([], 0)
    assert (await truck.get(f"/campaigns/{truck.campaign}/figures", "member")).status_code == 403


async def test_in_public_no_cell_of_fewer_than_five_is_told(truck: Truck) -> None:
    await stop_with(truck, 4, package="BASIC.v1")
    answer = await truck.get(f"/public/campaigns/{truck.campaign}/figures", "member")
    [cell] = answer.json()["cells"]
    assert (cell["key"], cell["attended"], cell["booked"], cell["walk_ins"]) == ("620600", None, None, 0)
    assert answer.json()["total"]["attended"] is None
    assert (await truck.get("/public/campaigns/none/figures", "member")).status_code == 404


WORSE = {"GLU": "5.0", "HGB": "140", "SBP": "145"}
"""Flagged, and of no class."""


async def summary(truck: Truck, role: str = "city_clerk", campaign: str | None = None) -> dict[str, Any]:
    answer = await truck.get("/summary", role, CITY, campaign=truck.campaign if campaign is None else campaign)
    counts: dict[str, Any] = answer.json()
    return counts


async def test_a_summary_tells_the_union_of_no_few_findings_and_the_provider_of_all(truck: Truck) -> None:
    people = await stop_with(truck, 16, package="BASIC.v1")
    for number, person in enumerate(people):
        values = URGENT if number < 4 else WORSE if number < 11 else NORMAL
        assert (await truck.results(person, values)).status_code == 201
    counts = await summary(truck)
    assert (counts["done"], counts["abnormal"], counts["findings"]) == (16, 11, {"A": None, "B": None})
    assert (counts["followed_up"], counts["ended"]) == (None, None)
    told = await summary(truck, PROVIDER)
    assert (told["abnormal"], told["findings"], told["followed_up"], told["ended"]) == (11, {"A": 4}, 0, 0)
    everything = await summary(truck, campaign="")
    assert everything["findings"]["A"] is None
    body = {"person_id": people[11], "values": URGENT}
    assert (await truck.post(f"/stops/{truck.stop_id}/results/amendments", body, PROVIDER, CITY)).status_code == 201
    assert (await summary(truck))["abnormal"] is None, "all but four"
    assert (await summary(truck))["findings"]["A"] == 5
    for person in people[:2]:
        assert (await truck.follow_up(f"{truck.campaign}-{person}", "CONTACTED")).status_code == 201
    assert (await summary(truck))["followed_up"] is None


async def test_one_stop_of_few_is_not_found_by_subtracting_the_others(truck: Truck) -> None:
    sizes = {"s1": (12, 6), "s2": (12, 6), "s3": (8, 2)}
    stops = {}
    for name, (count, urgent) in sizes.items():
        # Each of the stops is opened before its day.
        truck.world.clock.set(START)
        people = await stop_with(truck, count, package="BASIC.v1")
        stops[truck.stop_id] = name
        for number, person in enumerate(people):
            assert (await truck.results(person, WORSE if number < urgent else NORMAL)).status_code == 201
    path = f"/campaigns/{truck.campaign}/figures"
    by_stop = (await truck.get(path, "county_clerk", by="stop")).json()
    hidden = {stops[cell["key"]] for cell in by_stop["cells"] if cell["abnormal_permille"] is None}
    assert by_stop["total"]["abnormal_permille"] == 14_000 // 32
    assert len(hidden) == 2
    assert "s3" in hidden
    public = (await truck.get(f"/public{path}", "member")).json()
    assert (public["total"]["class_a"], public["total"]["contact_minutes"]) == (None, None)


async def test_figures_by_package_count_by_the_members_own(truck: Truck) -> None:
    people = await stop_with(truck, 3, package="DRIVER.v1")
    body = {"person_id": people[0], "values": {"GLU": "5.1"}, "package": "FEMALE.v1"}
    assert (await truck.post(f"/stops/{truck.stop_id}/results", body, PROVIDER, CITY)).status_code == 201
    assert (await truck.results(people[1], {"GLU": "5.1"})).status_code == 201
    figures = (await truck.get(f"/campaigns/{truck.campaign}/figures", "county_clerk", by="package")).json()
    assert [(cell["key"], cell["attended"], cell["reported"]) for cell in figures["cells"]] == [
        ("DRIVER.v1", 2, 1), ("FEMALE.v1", 1, 1),
    ]  # fmt: skip
    assert figures["total"]["attended"] == 3


async def test_a_finding_that_was_withdrawn_counts_no_more(truck: Truck) -> None:
    people = await stop_with(truck, 12, package="BASIC.v1")
    for number, person in enumerate(people):
        assert (await truck.results(person, URGENT if number < 5 else WORSE)).status_code == 201
    path = f"/campaigns/{truck.campaign}/figures"
    assert (await truck.get(path, "county_clerk")).json()["total"]["class_a"] == 5
    body = {"person_id": people[0], "values": {"GLU": "5.0", "SBP": "145"}}
    assert (await truck.post(f"/stops/{truck.stop_id}/results/amendments", body, PROVIDER, CITY)).status_code == 201
    assert (await truck.get(path, "county_clerk")).json()["total"]["class_a"] is None
