"""A stop whose day is over, over HTTP: who may still come in, and what becomes of who waited for a seat."""

from __future__ import annotations

from datetime import timedelta

from tests.health_checkup.test_field_api import on_route
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
