"""A campaign over HTTP: quotas, seats waited for, QR codes, trucks without network, and who may do what."""

from __future__ import annotations

import asyncio
import base64
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from chassis.clock import new_id
from contracts.claims.relief import ReliefFiled, ReliefVerified
from contracts.claims.v1 import ClaimFiled, Incident
from contracts.health_checkup.stops import InvitationDeclined, MemberMissed, PreCheckAnswered
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, SlotBooked
from enrolment import main as enrolment
from health_checkup.api import tickets
from health_checkup.domain.stop import STOP, InviteMembers
from tests.health_checkup.truck import CITY, DAY, OPAQUE, Truck

PROVIDER = "health_provider"


async def invited(truck: Truck, count: int, **stop: Any) -> list[str]:
    """Covered members, all of them asked to a stop, however few its seats."""
    people = [await truck.cover() for _ in range(count)]
    await truck.open(**stop)
    for first in range(0, count, 1):
        command = InviteMembers(truck.stop_id, (people[first],), "2022-03-01", "2022-03-04T02:00:00.000000Z")
        await truck.world.context.executor.execute(STOP, truck.stop_id, command)
    await truck.world.settled()
    return people


async def delete(truck: Truck, path: str, sub: str) -> httpx.Response:
    async with truck.world.client("member", truck.county, sub) as client:
        answer = await client.delete(path)
    await truck.world.settled()
    return answer


async def of(truck: Truck, kind: type) -> list[Any]:
    return [one for one in await truck.world.events() if isinstance(one, kind) and one.stop_id == truck.stop_id]


async def test_two_hundred_bookings_at_once_sell_every_seat_once(truck: Truck) -> None:
    await truck.open(slots=14, slot_capacity=11)
    people = [new_id() for _ in range(200)]
    asked = InviteMembers(truck.stop_id, tuple(people), "2022-03-01", "2022-03-04T02:00:00.000000Z")
    await truck.world.context.executor.execute(STOP, truck.stop_id, asked)

    async def one(client: httpx.AsyncClient, number: int, person: str) -> httpx.Response:
        token = truck.world.tokens.mint("member", truck.county, person)
        return await client.post(
            f"/stops/{truck.stop_id}/bookings",
            json={"slot_id": f"s{number % 14 + 1}"},
            headers={"Authorization": f"Bearer {token}"},
        )

    async with truck.world.client("member") as client:
        answers = await asyncio.gather(*(one(client, number, person) for number, person in enumerate(people)))
    assert {answer.status_code for answer in answers} == {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot-full"}
    booked = await of(truck, SlotBooked)
    assert len({event.person_id for event in booked}) == len(booked) == 154
    by_slot = [event.slot_id for event in booked]
    assert all(by_slot.count(f"s{slot}") == 11 for slot in range(1, 15))


async def test_the_prefectures_quota_bounds_bookings_and_walk_ins(truck: Truck) -> None:
    await truck.plan(quota=3, seats=2)
    people = await invited(truck, 3, slots=1, slot_capacity=4)
    assert [(await truck.book(person)).status_code for person in people[:2]] == [201, 201]
    assert (await truck.book(people[2])).json()["code"] == "quota-exhausted"
    truck.go_to_the_day()
    assert [(await truck.attend(person)).status_code for person in people[:2]] == [201, 201]
    assert (await truck.attend(people[2])).json()["code"] == "quota-exhausted"
    more = {"prefecture": CITY, "seats": 3}
    assert (await truck.post(f"/campaigns/{truck.campaign}/quotas", more, "office_head", "620000")).status_code == 200
    assert (await truck.attend(people[2])).status_code == 201
    less = await truck.post(f"/campaigns/{truck.campaign}/quotas", {**more, "seats": 1}, "office_head", "620000")
    assert less.json()["code"] == "quota-in-use"
    beyond = await truck.post(f"/campaigns/{truck.campaign}/quotas", {**more, "seats": 4}, "office_head", "620000")
    assert beyond.json()["code"] == "quota-exceeds-campaign"
    view = (await truck.get(f"/campaigns/{truck.campaign}", "county_clerk")).json()
    assert view["prefectures"] == [{"prefecture": CITY, "granted": 3, "reserved": 3}]


async def test_a_seat_given_back_goes_to_the_first_who_waits(truck: Truck) -> None:
    [holder] = await invited(truck, 1, slots=1, slot_capacity=1)
    later, first = await truck.cover(), await truck.cover(occupation="TRUCK_DRIVER")
    assert (await truck.book(holder)).status_code == 201
    path = f"/stops/{truck.stop_id}"
    for person in (later, first):
        answer = await truck.post(f"{path}/waiting-list", None, "member", sub=person)
        assert (answer.status_code, answer.json()["slot_id"]) == (201, "")
    assert (await truck.post(f"{path}/waiting-list", None, "member", sub="stranger")).json()["code"] == "not-covered"
    assert (await delete(truck, f"{path}/bookings", holder)).status_code == 200
    assert (await delete(truck, f"{path}/bookings", holder)).status_code == 200
    seats = [(event.person_id, event.waited) for event in await of(truck, SlotBooked)]
    assert seats == [(holder, False), (first, True)]
    assert (await truck.get(f"{path}/ticket", "member", sub=holder)).status_code == 404
    assert (await truck.get(f"{path}/ticket", "member", sub=first)).json()["slot_id"] == "s1"
    assert (await delete(truck, f"{path}/waiting-list", later)).status_code == 200


async def test_unanswered_seats_go_to_the_waiting_list_after_their_time(truck: Truck) -> None:
    [silent] = await invited(truck, 1, slots=1, slot_capacity=1)
    waits = await truck.cover()
    path = f"/stops/{truck.stop_id}/waiting-list"
    assert (await truck.post(path, None, "member", sub=waits)).json()["slot_id"] == ""
    truck.world.clock.advance(timedelta(hours=72))
    await truck.sweep("checkup-waves")
    assert [event.person_id for event in await of(truck, SlotBooked)] == [waits]
    assert (await truck.book(silent)).json()["code"] == "invitation-lapsed"


async def test_a_qr_code_is_read_back_verified_without_network_and_names_nobody(truck: Truck) -> None:
    [person] = await invited(truck, 1)
    await truck.book(person)
    path = f"/stops/{truck.stop_id}/ticket"
    text = (await truck.get(path, "member", sub=person)).json()["ticket"]
    key = (await truck.get("/ticket-key", PROVIDER, CITY)).json()["public_key"]
    read = tickets.read(text, key)
    assert (read.ticket.stop_id, read.date) == (truck.stop_id, DAY)
    assert person.replace("-", "") not in base64.urlsafe_b64decode(text + "==").hex()
    picture = await truck.get(f"{path}/png", "member", sub=person)
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)))
    assert code.text == text
    assert (await truck.get(f"{path}/svg", "member", sub=person)).headers["content-type"] == "image/svg+xml"
    changed = text[:-3] + ("AAA" if text[-3:] != "AAA" else "BBB")
    truck.go_to_the_day()
    attend = f"/stops/{truck.stop_id}/attendance"
    assert (await truck.post(attend, {"person_id": person, "ticket": changed}, PROVIDER, CITY)).status_code == 400
    other = await truck.cover()
    proxy = await truck.post(attend, {"person_id": other, "ticket": text}, PROVIDER, CITY)
    assert proxy.json()["code"] == "proxy-not-allowed"
    assert (await truck.post(attend, {"person_id": person, "ticket": text}, PROVIDER, CITY)).status_code == 201
    again = await truck.post(attend, {"person_id": person, "ticket": text}, PROVIDER, CITY)
    assert again.json()["code"] == "ticket-used"


class Device:
    """A truck's device with a key of its own."""

    def __init__(self, truck: Truck) -> None:
        self.truck = truck
        self.key = Ed25519PrivateKey.generate()
        self.device_id = "d1"

    @property
    def public(self) -> str:
        return base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).decode().rstrip("=")

    def row(self, row_id: str, person: str = "", ticket: str = "", at: str = f"{DAY}T09:00:00+08:00") -> dict[str, str]:
        message = tickets.row_text(self.truck.stop_id, row_id, person, ticket, at)
        signature = base64.urlsafe_b64encode(self.key.sign(message)).decode().rstrip("=")
        return {"row_id": row_id, "person_id": person, "ticket": ticket, "seen_at": at, "signature": signature}

    async def hand_in(self, *rows: dict[str, str]) -> list[dict[str, Any]]:
        body = {"device_id": self.device_id, "rows": list(rows)}
        answer = await self.truck.post(f"/stops/{self.truck.stop_id}/attendance/sync", body, PROVIDER, CITY)
        assert answer.status_code == 200, answer.text
        rows_told: list[dict[str, Any]] = answer.json()["rows"]
        return rows_told


async def on_route(truck: Truck) -> tuple[Device, str]:
    await truck.plan()
    body = {"campaign": truck.campaign, "truck": "t1", "provider": "武威肿瘤医院", "division_code": CITY}
    route = (await truck.post("/routes", body, "city_clerk", CITY)).json()["route_id"]
    device = Device(truck)
    registered = {"device_id": "d1", "public_key": device.public}
    assert (await truck.post(f"/routes/{route}/devices", registered, PROVIDER, CITY)).status_code == 201
    return device, route


async def test_a_truck_without_network_loses_nobody_and_names_what_does_not_fit(truck: Truck) -> None:
    device, route = await on_route(truck)
    [elsewhere] = await invited(truck, 1)
    await truck.book(elsewhere)
    other_stop = truck.stop_id
    other_ticket = (await truck.get(f"/stops/{other_stop}/ticket", "member", sub=elsewhere)).json()["ticket"]
    [booked] = await invited(truck, 1, route_id=route, place="别处")
    await truck.book(booked)
    ticket = (await truck.get(f"/stops/{truck.stop_id}/ticket", "member", sub=booked)).json()["ticket"]
    walk_in = await truck.cover()
    truck.go_to_the_day()
    forged = {**device.row("r7", walk_in), "seen_at": f"{DAY}T10:00:00+08:00"}
    batch = [
        device.row("r1", ticket=ticket),
        device.row("r2", ticket=ticket, at=f"{DAY}T09:05:00+08:00"),
        device.row("r3", elsewhere, other_ticket),
        device.row("r4", walk_in),
        device.row("r5", "nobody"),
        forged,
    ]
    told = await device.hand_in(*batch)
    assert [(one["row_id"], one["state"], one["reason"], one["attended"]) for one in told] == [
        ("r1", "RECORDED", "", True),
        ("r2", "CONFLICT", "ticket-used", False),
        ("r3", "CONFLICT", "other-stop", True),
        ("r4", "RECORDED", "", True),
        ("r5", "CONFLICT", "person-unknown", False),
        ("r7", "CONFLICT", "signature-invalid", False),
    ]
    assert await device.hand_in(*batch) == told
    came = [event.person_id for event in await of(truck, MemberAttended)]
    assert sorted(came) == sorted([booked, elsewhere, walk_in])
    listed = (await truck.get(f"/stops/{truck.stop_id}/conflicts", PROVIDER, CITY)).json()["conflicts"]
    assert [one["row_id"] for one in listed] == ["r2", "r3", "r5", "r7"]
    there = (await truck.get(f"/stops/{other_stop}", "county_clerk")).json()
    assert there["booked"] == 0


async def test_no_row_of_a_device_keeps_the_others_from_being_taken_in(truck: Truck) -> None:
    device, route = await on_route(truck)
    await invited(truck, 1, route_id=route)
    asked = {"kind": "LECTURE", "topic": "t", "division_code": truck.county, "place": "p", "date": DAY, "seats": 5}
    told = await truck.post("/lectures", {**asked, "starts_at": "09:00", "ends_at": "10:00"}, "county_clerk")
    lecture = told.json()["lecture_id"]
    listener, *others = [await truck.cover() for _ in range(4)]
    await truck.post(f"/lectures/{lecture}/sign-ups", None, "member", sub=listener)
    ticket = (await truck.get(f"/lectures/{lecture}/ticket", "member", sub=listener)).json()["ticket"]
    truck.go_to_the_day()
    rows = [
        device.row("r1", ticket=ticket),
        device.row("r2", others[0], at="0001-01-01T00:00:00+08:00"),
        device.row("r3", others[1], at="9999-99-99T99:99:99Z"),
        device.row("r4", others[1]),
        device.row("r4", others[2]),
    ]
    told = await device.hand_in(*rows)
    assert [(one["reason"], one["attended"]) for one in told] == [
        ("person-unknown", False), ("another-day", True), ("another-day", True), ("already-attended", True),
        ("row-differs", False),
    ]  # fmt: skip
    assert await device.hand_in(*rows) == told
    came = (await truck.get(f"/stops/{truck.stop_id}/members", PROVIDER, CITY)).json()["members"]
    assert {one["person_id"] for one in came if one["attended_at"]} == set(others[:2])


async def test_who_does_not_come_is_asked_once_more_and_then_last_and_stays_covered(truck: Truck) -> None:
    first = await truck.cover(occupation="TRUCK_DRIVER")
    for times, day in ((1, "2022-03-10"), (2, "2022-03-20")):
        await truck.open(date=day, slots=1, slot_capacity=1)
        assert (await truck.invite()).json()["invited"] >= 1
        assert (await truck.book(first)).status_code == 201
        truck.world.clock.set(truck.world.clock.now() + timedelta(days=10))
        await truck.sweep("checkup-stops")
        [missed] = await of(truck, MemberMissed)
        assert (missed.person_id, missed.times) == (first, times)
    plain = await truck.cover()
    await truck.open(date="2022-04-10", slots=1, slot_capacity=2)
    await truck.invite()
    assert [event.person_id for event in await of(truck, MemberInvited)] == [plain, first]
    assert (await truck.book(first)).status_code == 201
    assert "health_checkup" not in enrolment.SERVICE.reactions


async def test_hardship_age_work_and_a_stay_in_hospital_are_asked_first(truck: Truck) -> None:
    plain, stayed, driver = await truck.cover(), await truck.cover(), await truck.cover(occupation="TRUCK_DRIVER")
    filed = ClaimFiled(
        claim_id=new_id(), claim_no="GS1", person_id=stayed, plan_code="p", plan_version=1, channel="UNION",
        org_path="620000", incident=Incident(kind="INPATIENT", decisive_on="2022-01-10"), facts=OPAQUE, documents=(),
        payees=(), urgent=False, filed_on="2022-02-01", steps=(), by="u",
    )  # fmt: skip
    await truck.world.feed("claims", filed, f"claim-{filed.claim_id}")
    await truck.open(slots=1, slot_capacity=4)
    await truck.invite()
    asked = [event.person_id for event in await of(truck, MemberInvited)]
    assert asked == [driver, stayed, plain]


async def test_night_work_and_verified_hardship_are_asked_before_others(truck: Truck) -> None:
    plain, refused, household = [await truck.cover() for _ in range(3)]
    guard = await truck.cover(occupation="SECURITY_GUARD")
    for person, confirmed, hardship in ((household, True, "DEEP"), (refused, False, "DEEP"), (plain, True, "")):
        relief = new_id()
        filed = ReliefFiled(
            relief_id=relief, relief_no=f"GSJ{relief[-6:]}", plan_code="p", plan_version=1, person_id=person,
            kind="RELIEF_HARDSHIP", reason="DEEP", happened_on="2022-01-10", matter=relief, child_id="",
            channel="UNION", org_path="620000", facts=OPAQUE, contact=OPAQUE, documents=(), payees=(),
            filed_on="2022-02-01", by="u",
        )  # fmt: skip
        verified = ReliefVerified(
            relief_id=relief, method="HOME_VISIT", confirmed=confirmed, hardship=hardship, eligible=True,
            finding=OPAQUE, verified_on="2022-02-10", by="u",
        )  # fmt: skip
        await truck.world.feed("claims", filed, f"relief-{relief}")
        await truck.world.feed("claims", verified, f"relief-{relief}")
    await truck.open(slots=1, slot_capacity=4)
    await truck.invite()
    asked = [event.person_id for event in await of(truck, MemberInvited)]
    assert (set(asked[:2]), set(asked[2:])) == ({guard, household}, {plain, refused})


async def test_a_member_declines_over_http_and_the_seat_goes_to_who_waits(truck: Truck) -> None:
    asked, other = await invited(truck, 2, slots=1, slot_capacity=1)
    waits = await truck.cover()
    path = f"/stops/{truck.stop_id}"
    assert (await truck.post(f"{path}/waiting-list", None, "member", sub=waits)).json()["slot_id"] == ""
    for _ in range(2):
        assert (await truck.post(f"{path}/decline", None, "member", sub=asked)).status_code == 200
    [declined] = await of(truck, InvitationDeclined)
    assert declined.person_id == asked
    stranger = await truck.post(f"{path}/decline", None, "member", sub=waits)
    assert stranger.json()["code"] == "not-invited"
    assert (await truck.book(other)).status_code == 201
    assert (await truck.post(f"{path}/decline", None, "member", sub=other)).json()["code"] == "booked"
    assert (await delete(truck, f"{path}/bookings", other)).status_code == 200
    seated = [(event.person_id, event.waited) for event in await of(truck, SlotBooked)]
    assert seated == [(other, False), (waits, True)]


async def test_answers_before_the_examination_are_sealed_and_opened_for_member_and_provider_alone(truck: Truck) -> None:
    [person] = await invited(truck, 1)
    await truck.book(person)
    path = f"/stops/{truck.stop_id}/pre-checks/{person}"
    body = {"fasting_hours": 9, "pregnant": True, "medicines": ["二甲双胍"]}
    for _ in range(2):
        assert (await truck.post(path, body, "member", sub=person)).status_code == 201
    [answered] = await of(truck, PreCheckAnswered)
    assert "二甲双胍" not in answered.answers.c
    seen = (await truck.get(path, PROVIDER, CITY)).json()
    assert (seen["fasting_enough"], seen["left_out"], seen["medicines"]) == (True, ["DR"], ["二甲双胍"])
    assert (await truck.get(path, "member", sub="another")).status_code == 403
    assert (await truck.get(path, PROVIDER, "620700")).status_code == 404
    assert (await truck.get(path, "county_clerk")).status_code == 403


async def test_a_visit_of_days_has_a_stop_each_and_the_rules_capacity(truck: Truck) -> None:
    _, route = await on_route(truck)
    visit = {**truck.asked(slots=None, slot_capacity=None, days=4, route_id=route)}
    answer = (await truck.post("/stops", visit, "county_clerk")).json()
    assert [day["date"] for day in answer["days"]] == ["2022-03-10", "2022-03-11", "2022-03-12", "2022-03-13"]
    assert sum(slot["capacity"] for slot in answer["slots"]) == 120
    assert {slot["capacity"] for slot in answer["slots"]} == {10}
    crowded = await truck.post("/stops", {**visit, "daily_capacity": 200, "date": "2022-05-01"}, "county_clerk")
    assert crowded.json()["code"] == "slots-invalid"
    clash = await truck.post("/stops", {**visit, "date": "2022-03-13", "days": 1}, "county_clerk")
    assert clash.json()["code"] == "truck-elsewhere"


async def test_a_stop_needs_an_open_campaign_and_a_quota(truck: Truck) -> None:
    assert (await truck.post("/stops", truck.asked(), "county_clerk")).json()["code"] == "campaign-not-open"
    await truck.plan()
    elsewhere = truck.asked(division_code="620702")
    assert (await truck.post("/stops", elsewhere, "county_clerk", "620702")).json()["code"] == "quota-absent"
    closed = await truck.post(f"/campaigns/{truck.campaign}/closure", None, "office_head", "620000")
    assert closed.status_code == 200
    assert (await truck.post("/stops", truck.asked(), "county_clerk")).json()["code"] == "campaign-not-open"


@pytest.mark.parametrize(
    ("path", "role", "org"),
    [
        ("/campaigns", "county_clerk", "620602"),
        ("/campaigns", "office_head", "620600"),
        ("/campaigns/c/quotas", "city_clerk", "620600"),
        ("/campaigns/c/costs", "county_clerk", "620602"),
        ("/campaigns/c/closure", "finance", "620000"),
        ("/routes", "member", "620602"),
        ("/routes/r/devices", "office_head", "620000"),
        ("/stops/s/decline", "county_clerk", "620602"),
        ("/stops/s/waiting-list", PROVIDER, "620600"),
        ("/stops/s/attendance/sync", "county_clerk", "620602"),
        ("/stops/s/pre-checks/p", "office_head", "620000"),
    ],
)
async def test_each_step_has_its_role(truck: Truck, path: str, role: str, org: str) -> None:
    bodies: dict[str, Any] = {
        "campaigns": {"campaign": "c", "year": 2022, "name": "n", "quota": 1, "budget_fen": 0,
                      "packages": ["BASIC.v1"]},
        "quotas": {"prefecture": CITY, "seats": 1},
        "costs": {"cost_id": "b", "amount_fen": 1, "what": "w", "spent_on": DAY},
        "routes": {"campaign": "c", "truck": "t", "provider": "p", "division_code": CITY},
        "devices": {"device_id": "d", "public_key": "A" * 43},
        "sync": {"device_id": "d", "rows": [{"row_id": "r", "seen_at": f"{DAY}T08:00:00Z", "signature": ""}]},
        "p": {"fasting_hours": 8},
    }  # fmt: skip
    answer = await truck.post(path, bodies.get(path.rsplit("/", 1)[-1]), role, org)
    assert answer.status_code == 403, answer.text
