"""A stop whose day is over, over HTTP: who may still come in, and what becomes of who waited for a seat."""

from __future__ import annotations

from datetime import timedelta

from contracts.enrolment.batches import CoverageWithdrawn
from contracts.health_checkup.stops import WaitingListLeft
from contracts.health_checkup.v1 import SlotBooked
from health_checkup.domain.stop_seats import drawn
from tests.health_checkup.test_field_api import delete, invited, of, on_route
from tests.health_checkup.truck import Truck


async def test_nobody_comes_to_a_stop_that_is_over_but_by_a_row_of_its_day(truck: Truck) -> None:
    device, route = await on_route(truck)
    came, late, later = [await truck.cover() for _ in range(3)]
    await truck.open(route_id=route)
    truck.go_to_the_day()
    assert (await truck.attend(came)).status_code == 201
    truck.world.clock.advance(timedelta(hours=12))
    await truck.sweep("checkup-stops")
    refused = await truck.attend(late)
    assert (refused.status_code, refused.json()["code"]) == (409, "stop-over")
    assert (await truck.attend(came)).status_code == 201, "who came stays checked in"
    truck.world.clock.advance(timedelta(days=120))
    assert (await truck.attend(late)).json()["code"] == "stop-over"
    told = await device.hand_in(device.row("r1", late), device.row("r2", later, at="2022-03-12T09:00:00+08:00"))
    assert [(one["reason"], one["attended"]) for one in told] == [("", True), ("another-day", True)]


async def test_a_seat_goes_to_who_waits_and_is_covered_and_the_list_ends_with_the_stop(truck: Truck) -> None:
    [holder] = await invited(truck, 1, slots=1, slot_capacity=1)
    lapsed, second, last = [await truck.cover(occupation=work) for work in ("TRUCK_DRIVER", "COURIER", "COURIER")]
    second, last = sorted((second, last), key=lambda person: drawn(truck.campaign, person))
    assert (await truck.book(holder)).status_code == 201
    path = f"/stops/{truck.stop_id}"
    for person in (lapsed, second, last):
        assert (await truck.post(f"{path}/waiting-list", None, "member", sub=person)).json()["slot_id"] == ""
    withdrawn = CoverageWithdrawn(
        plan_code=f"plan-{truck.campaign}", person_id=lapsed, batch_id="b", row_no=1, reason="CANCELLED"
    )
    await truck.world.feed("enrolment", withdrawn, f"coverage-{lapsed}")
    await truck.world.settled()
    assert (await delete(truck, f"{path}/bookings", holder)).status_code == 200
    assert [one.person_id for one in await of(truck, SlotBooked)] == [holder, second]
    truck.go_to_the_day()
    truck.world.clock.advance(timedelta(hours=12))
    for _ in range(2):
        await truck.sweep("checkup-stops")
    left = [(one.person_id, one.reason) for one in await of(truck, WaitingListLeft)]
    assert left == [(lapsed, "NOT_COVERED"), (last, "STOP_OVER")]
    members = (await truck.get(f"{path}/members", "health_provider", "620600")).json()["members"]
    assert [one["person_id"] for one in members if one["waiting"]] == []
