"""A campaign in figures: what staff see of their subtree, what anyone may know, and which cells are never told."""

from __future__ import annotations

from tests.health_checkup.lab import stop_with
from tests.health_checkup.truck import NORMAL, URGENT, Truck


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
