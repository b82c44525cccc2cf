"""Ranges by age over HTTP: completed years on the day, read from the ID card, and the date of birth kept nowhere."""

from __future__ import annotations

import pytest

from tests.health_checkup.lab import PROVIDER, observed, record_of, send_bundle, stop_with
from tests.health_checkup.truck import CITY, Truck


async def test_an_older_members_range_is_that_of_the_age(truck: Truck) -> None:
    [member] = await stop_with(truck, 1, package="OLDER.v1", born=1960)
    await send_bundle(truck, observed(member, "PSA", "4.2"), observed(member, "CREA", "105"))
    [exam] = (await record_of(truck, member))["exams"]
    assert [(item["item"], item["flag"], item["high"]) for item in exam["items"]] == [
        ("PSA", "", "4.5"), ("CREA", "", "111"),
    ]  # fmt: skip


@pytest.mark.parametrize(("born_on", "flag"), [("1962-03-10", ""), ("1962-03-11", "high"), (None, "")])
async def test_the_range_is_that_of_the_completed_years_on_the_day_by_the_id_card(
    truck: Truck, born_on: str | None, flag: str
) -> None:
    at_check_in, with_results = [await truck.cover(born=1962) for _ in range(2)]
    await truck.open(package="OLDER.v1")
    truck.go_to_the_day()
    path = f"/stops/{truck.stop_id}"
    other = {"person_id": at_check_in, "born_on": "1961-03-10"}
    assert (await truck.post(f"{path}/attendance", other, PROVIDER, CITY)).json()["code"] == "born-differs"
    card = {"born_on": born_on} if born_on else {}
    come = await truck.post(f"{path}/attendance", {"person_id": at_check_in, **card}, PROVIDER, CITY)
    assert come.status_code == 201, come.text
    assert (await truck.attend(with_results)).status_code == 201
    assert (await truck.results(at_check_in, {"CREA": "105"})).status_code == 201
    body = {"person_id": with_results, "values": {"CREA": "105"}, **card}
    assert (await truck.post(f"{path}/results", body, PROVIDER, CITY)).status_code == 201
    for member in (at_check_in, with_results):
        [exam] = (await record_of(truck, member))["exams"]
        assert [(item["item"], item["flag"]) for item in exam["items"]] == [("CREA", flag)]
        assert exam["abnormal"] == bool(flag)
    more = {"person_id": at_check_in, "values": {"GLU": "5.0"}}
    assert (await truck.post(f"{path}/results/amendments", more, PROVIDER, CITY)).status_code == 201
    [exam] = (await record_of(truck, at_check_in))["exams"]
    assert next(item["flag"] for item in exam["items"] if item["item"] == "CREA") == flag
    stored = b"".join(one.body for one in await truck.world.context.log.read(0, 5_000))
    assert b"1962-03" not in stored, "the date of birth is kept nowhere"
