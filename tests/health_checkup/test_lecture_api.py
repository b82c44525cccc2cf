"""A lecture over HTTP: from its announcement to its figures, and who may do what."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from typing import Any

import httpx
import zxingcpp
from PIL import Image

from chassis.clock import SHANGHAI, new_id
from contracts.health_checkup.lectures import LectureSeatLost, LectureSeatTaken
from tests.health_checkup.truck import CITY, DAY, Truck

STAFF = "county_clerk"


def at(truck: Truck, local: str) -> None:
    truck.world.clock.set(datetime.fromisoformat(f"{DAY}T{local}").replace(tzinfo=SHANGHAI))


def asked(truck: Truck, **changes: Any) -> dict[str, Any]:
    body = {
        "kind": "LECTURE", "topic": "颈椎与长途驾驶", "division_code": truck.county, "place": "凉州区总工会",
        "date": DAY, "starts_at": "14:30", "ends_at": "16:00", "seats": 2,
    }  # fmt: skip
    return {**body, **changes}


async def announced(truck: Truck, **changes: Any) -> str:
    answer = await truck.post("/lectures", asked(truck, **changes), STAFF)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["lecture_id"])


async def cancel(truck: Truck, lecture: str, person: str) -> httpx.Response:
    async with truck.world.client("member", truck.county, person) as client:
        answer = await client.delete(f"/lectures/{lecture}/sign-ups")
    await truck.world.settled()
    return answer


async def test_a_lecture_from_its_announcement_to_its_replay(truck: Truck) -> None:
    lecture = f"/lectures/{await announced(truck)}"
    people = [await truck.cover() for _ in range(3)]
    seats = [await truck.post(f"{lecture}/sign-ups", None, "member", sub=person) for person in people]
    assert [answer.status_code for answer in seats] == [201, 201, 409]
    assert seats[2].json()["code"] == "lecture-full"
    assert (await truck.post(f"{lecture}/sign-ups", None, "member", sub=people[0])).status_code == 201
    old = (await truck.get(f"{lecture}/ticket", "member", sub=people[1])).json()["ticket"]
    assert (await cancel(truck, lecture.rpartition("/")[2], people[1])).status_code == 200
    assert (await truck.get(f"{lecture}/ticket", "member", sub=people[1])).status_code == 404
    assert (await truck.post(f"{lecture}/sign-ups", None, "member", sub=people[2])).status_code == 201

    text = (await truck.get(f"{lecture}/ticket", "member", sub=people[0])).json()["ticket"]
    picture = await truck.get(f"{lecture}/ticket/png", "member", sub=people[0])
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)))
    assert code.text == text
    at(truck, "14:40")
    for _ in range(2):
        assert (await truck.post(f"{lecture}/attendance", {"ticket": text}, STAFF)).status_code == 201
    refused = await truck.post(f"{lecture}/attendance", {"ticket": old}, STAFF)
    assert refused.json()["code"] == "ticket-superseded"
    changed = text[:-3] + ("AAA" if text[-3:] != "AAA" else "BBB")
    assert (await truck.post(f"{lecture}/attendance", {"ticket": changed}, STAFF)).status_code == 400

    figures = (await truck.get(f"{lecture}/figures", STAFF)).json()
    assert (figures["seats"], figures["signed_up"], figures["came"]) == (2, 2, 1)
    replay = {"url": "https://replay.example/1"}
    assert (await truck.post(f"{lecture}/replay", replay, STAFF)).json()["code"] == "lecture-not-over"
    at(truck, "16:00")
    assert (await truck.post(f"{lecture}/replay", replay, STAFF)).status_code == 200
    seen = (await truck.get(lecture, "member", sub=people[2])).json()
    assert (seen["free"], seen["replay"]) == (0, replay["url"])


async def test_many_who_want_the_last_seats_at_once_get_each_seat_once(truck: Truck) -> None:
    lecture = await announced(truck, seats=3, kind="TRAINING")
    people = [await truck.cover() for _ in range(12)]
    answers = await asyncio.gather(
        *(truck.post(f"/lectures/{lecture}/sign-ups", None, "member", sub=person) for person in people)
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9
    taken = [e for e in await truck.world.events() if isinstance(e, LectureSeatTaken) and e.lecture_id == lecture]
    assert len({event.person_id for event in taken}) == len(taken) == 3


async def test_seats_given_back_at_once_move_each_who_waits_up_once(truck: Truck) -> None:
    lecture = await announced(truck, seats=3)
    path = f"/lectures/{lecture}"
    seated, waiting = [await truck.cover() for _ in range(3)], [await truck.cover() for _ in range(4)]
    for person in seated:
        assert (await truck.post(f"{path}/sign-ups", None, "member", sub=person)).status_code == 201
    for person in waiting:
        assert (await truck.post(f"{path}/waiting-list", None, "member", sub=person)).status_code == 201
    assert (await truck.get(path, "member", sub=waiting[0])).json()["waiting"] == 4
    async with truck.world.client("member", truck.county, waiting[1]) as client:
        assert (await client.delete(f"{path}/waiting-list")).status_code == 200
    answers = await asyncio.gather(*(cancel(truck, lecture, person) for person in seated))
    assert {answer.status_code for answer in answers} == {200}
    taken = [e for e in await truck.world.events() if isinstance(e, LectureSeatTaken) and e.lecture_id == lecture]
    assert [one.person_id for one in taken if one.waited] == [waiting[0], waiting[2], waiting[3]]
    seen = (await truck.get(path, "member", sub=waiting[0])).json()
    assert (seen["free"], seen["waiting"]) == (0, 0)
    assert (await truck.get(f"{path}/ticket", "member", sub=waiting[3])).status_code == 200


async def test_a_lecture_is_called_off_by_who_holds_it(truck: Truck) -> None:
    path = f"/lectures/{await announced(truck)}"
    person = await truck.cover()
    assert (await truck.post(f"{path}/sign-ups", None, "member", sub=person)).status_code == 201
    off = {"reason": "WEATHER"}
    assert (await truck.post(f"{path}/calling-off", off, "member", sub=person)).status_code == 403
    assert (await truck.post(f"{path}/calling-off", off, STAFF, "620702")).status_code == 404
    for _ in range(2):
        assert (await truck.post(f"{path}/calling-off", off, STAFF)).status_code == 200
    lost = [e for e in await truck.world.events() if isinstance(e, LectureSeatLost) and e.person_id == person]
    assert len(lost) == 1
    assert (await truck.get(path, "member", sub=person)).json()["called_off"] == "WEATHER"
    assert (await truck.post(f"{path}/sign-ups", None, "member", sub=person)).json()["code"] == "lecture-called-off"


async def test_who_may_and_who_may_not(truck: Truck) -> None:
    lecture = f"/lectures/{await announced(truck)}"
    assert (await truck.post("/lectures", asked(truck), "member")).status_code == 403
    assert (await truck.post("/lectures", asked(truck, division_code="620702"), STAFF)).status_code == 403
    assert (await truck.post("/lectures", asked(truck, date="2022-02-01"), STAFF)).json()["code"] == (
        "lecture-in-the-past"
    )
    assert (await truck.post(f"{lecture}/sign-ups", None, STAFF)).status_code == 403
    assert (await truck.post(f"{lecture}/sign-ups", None, "member", sub=new_id())).json()["code"] == "not-covered"
    person = await truck.cover()
    await truck.post(f"{lecture}/sign-ups", None, "member", sub=person)
    text = (await truck.get(f"{lecture}/ticket", "member", sub=person)).json()["ticket"]
    at(truck, "14:40")
    sign_in = {"ticket": text}
    assert (await truck.post(f"{lecture}/attendance", sign_in, "member", sub=person)).status_code == 403
    assert (await truck.post(f"{lecture}/attendance", sign_in, STAFF, "620702")).status_code == 404
    assert (await truck.get(f"{lecture}/figures", "member", sub=person)).status_code == 403
    assert (await truck.get(f"{lecture}/figures", "city_clerk", "620700")).status_code == 404
    assert (await truck.get(f"{lecture}/figures", "city_clerk", CITY)).status_code == 200
    assert (await truck.get(lecture, STAFF, "620702")).status_code == 404
    assert (await truck.get(lecture, "stranger")).status_code == 403


async def test_lectures_are_listed_by_date_page_by_page(truck: Truck) -> None:
    dates = ["2022-03-12", "2022-03-10", "2022-03-11"]
    made = {date: await announced(truck, date=date) for date in dates}
    seen: list[str] = []
    after = ""
    while True:
        page = (await truck.get("/lectures", STAFF, since="2022-03-11", after=after, limit="1")).json()
        seen += [one["lecture_id"] for one in page["lectures"]]
        after = page["next_after"]
        if not after:
            break
    assert seen == [made["2022-03-11"], made["2022-03-12"]]
