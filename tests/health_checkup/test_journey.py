"""A stop over HTTP: who may do what, what is told to whom, and what stays sealed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chassis.clock import FixedClock
from contracts.enrolment.people import (
    CoverageMoved,
    DeathWithdrawn,
    ErasureBegun,
    IdentityNumberCorrected,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.enrolment.v1 import DeathRecorded
from contracts.health_checkup.v1 import FindingDetail, FindingRaised, FollowUpRecorded, MemberInvited, ResultsRecorded
from contracts.person import Measurements
from health_checkup.api.recording import DETAIL_FIELD
from health_checkup.domain.exam import FIRST_FIELD
from health_checkup.domain.stop import STOP, InviteMembers
from health_checkup.projections import people
from tests.health_checkup.truck import CITY, NORMAL, OPAQUE, URGENT, Truck


async def of(truck: Truck, kind: type, person: str) -> list[Any]:
    return [event for event in await truck.world.events() if isinstance(event, kind) and event.person_id == person]


async def test_a_member_is_invited_books_attends_and_gets_a_record(truck: Truck) -> None:
    member, answer = await truck.examined(NORMAL)
    assert answer.status_code == 201
    assert answer.json() == {"exam_id": f"{truck.campaign}-{member}", "finding_id": ""}
    record = (await truck.get(f"/members/{member}/record", "member", sub=member)).json()
    [exam] = record["exams"]
    assert (exam["abnormal"], exam["erased"], exam["advice"]) == (0, False, "多喝水")
    assert {item["item"]: item["value"] for item in exam["items"]} == NORMAL
    view = (await truck.get(f"/stops/{truck.stop_id}", "member", sub=member)).json()
    assert (view["invited"], view["booked"], view["attended"], view["capacity"]) == (1, 1, 1, 4)
    assert [slot["free"] for slot in view["slots"]] == [1, 2]


async def test_an_urgent_value_raises_a_finding_that_is_followed_up_to_its_end(truck: Truck) -> None:
    member, answer = await truck.examined(URGENT)
    finding_id = answer.json()["finding_id"]
    [raised] = await of(truck, FindingRaised, member)
    assert (raised.finding_class, raised.contact_by) == ("A", "2022-03-10")
    listed = (await truck.get("/findings", "health_provider", CITY, stage="TO_CONTACT")).json()["findings"]
    assert finding_id in {finding["finding_id"] for finding in listed}
    assert (await truck.follow_up(finding_id, "CONFIRMED")).json()["code"] == "follow-up-out-of-order"
    for outcome in ("CONTACTED", "REFERRED", "EXCLUDED"):
        assert (await truck.follow_up(finding_id, outcome)).status_code == 201
    assert (await truck.follow_up(finding_id, "EXCLUDED")).status_code == 201
    assert (await truck.follow_up(finding_id, "CONFIRMED")).json()["code"] == "follow-up-closed"
    assert len(await of(truck, FollowUpRecorded, member)) == 3
    counts = (await truck.get("/summary", "health_provider", CITY, campaign=truck.campaign)).json()
    assert counts == {
        "stops": 1,
        "invited": 1,
        "booked": 1,
        "attended": 1,
        "walk_ins": 0,
        "done": 1,
        "abnormal": 1,
        "findings": {"A": 1},
        "followed_up": 1,
        "ended": 1,
        "missed": 0,
    }


async def test_values_are_sealed_in_the_log_and_in_the_read_models(truck: Truck) -> None:
    member, _ = await truck.examined({"GLU": "17.3", "HGB": "141.7"})
    bodies = b"".join(stored.body for stored in await truck.world.context.log.read(0, 5000))
    assert member.encode() in bodies
    for secret in ("17.3", "141.7", "多喝水", '"high"'):
        assert secret.encode() not in bodies
    keyring = truck.world.context.keyring
    [recorded] = await of(truck, ResultsRecorded, member)
    opened = await keyring.open(recorded.measurements, Measurements, subject=member, field=FIRST_FIELD)
    assert opened.values["GLU"] == "17.3"
    [raised] = await of(truck, FindingRaised, member)
    detail = await keyring.open(raised.detail, FindingDetail, subject=member, field=DETAIL_FIELD)
    assert [(flag.item, flag.flag) for flag in detail.flags] == [("GLU", "high")]


async def test_the_same_results_twice_are_quiet_and_others_are_refused(truck: Truck) -> None:
    member, first = await truck.examined(URGENT)
    again = await truck.results(member, URGENT)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await truck.results(member, NORMAL)
    assert (other.status_code, other.json()["code"]) == (409, "results-recorded")
    assert len(await of(truck, ResultsRecorded, member)) == len(await of(truck, FindingRaised, member)) == 1


async def test_an_erased_member_leaves_an_empty_record(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    await truck.world.context.keyring.destroy(member, ["health"])
    [exam] = (await truck.get(f"/members/{member}/record", "member", sub=member)).json()["exams"]
    assert (exam["erased"], exam["items"], exam["advice"]) == (True, [], "")


async def test_a_record_is_opened_for_its_member_and_the_provider_in_reach_alone(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    path = f"/members/{member}/record"
    assert (await truck.get(path, "member", sub="another")).status_code == 403
    for role in ("county_clerk", "office_head", "auditor", "service", "sys_admin"):
        assert (await truck.get(path, role, "620000")).status_code == 403
    assert len((await truck.get(path, "health_provider", CITY)).json()["exams"]) == 1
    assert (await truck.get(path, "health_provider", "620700")).json()["exams"] == []


async def test_priority_goes_to_drivers_then_to_age_and_the_draw_is_the_same_each_time(truck: Truck) -> None:
    young = {await truck.cover() for _ in range(4)}
    older = await truck.cover(born=1970)
    driver = await truck.cover(occupation="TRUCK_DRIVER")
    elsewhere = await truck.cover(county="620702")
    ageless = await truck.cover(born=0)
    dead = await truck.cover(occupation="TRUCK_DRIVER")
    death = DeathRecorded(person_id=dead, died_on="2022-02-01")
    await truck.world.feed("enrolment", death, f"person-{dead}")
    await truck.open(slots=1, slot_capacity=2)
    answer = (await truck.invite()).json()
    assert answer == {"invited": 3, "wave": 1}
    mine = {*young, older, driver, elsewhere, ageless, dead}
    invited = [event.person_id for event in await truck.world.events() if isinstance(event, MemberInvited)]
    invited = [person for person in invited if person in mine]
    assert invited[:2] == [driver, older]
    assert invited[2] in {*young, ageless}
    assert (await truck.invite()).json() == {"invited": 0, "wave": 0}
    for wave, expected in ((2, 3), (3, 1)):
        truck.world.clock.advance(timedelta(hours=72))
        await truck.sweep("checkup-waves")
        assert (await truck.invite()).json() == {"invited": expected, "wave": wave}
    truck.world.clock.advance(timedelta(hours=72))
    await truck.sweep("checkup-waves")
    assert (await truck.invite()).json() == {"invited": 0, "wave": 0}
    assert elsewhere not in {
        event.person_id for event in await truck.world.events() if isinstance(event, MemberInvited)
    }


async def test_an_invitation_follows_who_moved_and_leaves_out_who_is_restricted_or_erased(truck: Truck) -> None:
    here, moved, restricted, erased, alive = [await truck.cover() for _ in range(5)]
    move = CoverageMoved(
        plan_code=f"plan-{truck.campaign}", person_id=moved, occupation="COURIER", org_path="620000.620700.620702",
        division_code="620702", left_occupation="COURIER", left_org_path="620000.620600", left_division_code="620602",
        effective_on="2022-02-01", source="CITY",
    )  # fmt: skip
    await truck.world.feed("enrolment", move, f"coverage-{moved}")
    kept = ProcessingRestricted(person_id=restricted, reason="ON_REQUEST", from_on="2022-02-01", until="", by="u")
    lifted = RestrictionLifted(person_id=alive, lifted_on="2022-02-02", by="u")
    for event in (
        kept,
        msgspec.structs.replace(kept, person_id=alive),
        lifted,
        ErasureBegun(person_id=erased, begun_on="2022-02-01", by="u"),
        DeathRecorded(person_id=here, died_on="2022-02-01"),
        DeathWithdrawn(person_id=here, withdrawn_on="2022-02-02", reason="OTHER_PERSON", by="u"),
    ):
        await truck.world.feed("enrolment", event, f"person-{event.person_id}")
    await truck.open(slots=1, slot_capacity=9)
    assert (await truck.invite()).json()["invited"] == 2
    invited = {event.person_id for event in await truck.world.events() if isinstance(event, MemberInvited)}
    assert invited & {here, moved, restricted, erased, alive} == {here, alive}


async def test_a_corrected_number_corrects_sex_and_year_of_birth(truck: Truck) -> None:
    member = await truck.cover(born=1990)
    right = IdentityNumberCorrected(
        person_id=member, identity=OPAQUE, sex="F", birth_year=1970, effective_on="2022-02-01", source="COUNTY", by="u"
    )
    await truck.world.feed("enrolment", right, f"person-{member}")
    async with truck.world.context.reads.connection() as c:
        assert await people.sex_of(c, member) == "F"


async def test_a_seat_wanted_by_many_at_once_is_sold_once(truck: Truck) -> None:
    people = [await truck.cover() for _ in range(5)]
    await truck.open(slots=1, slot_capacity=4)
    await truck.invite()
    answers = await asyncio.gather(*(truck.book(person) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 201, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot-full"}


async def test_one_member_has_one_seat_in_a_campaign(truck: Truck) -> None:
    member = await truck.cover()
    first = await truck.open()
    await truck.invite()
    await truck.open(place="别处")
    second = truck.stop_id
    await truck.world.context.executor.execute(STOP, second, InviteMembers(second, (member,), "2022-03-01"))
    truck.stop_id = first
    assert (await truck.book(member)).status_code == 201
    assert (await truck.book(member)).status_code == 201
    truck.stop_id = second
    refused = await truck.book(member)
    assert (refused.status_code, refused.json()["code"]) == (409, "booked-elsewhere")
    view = (await truck.get(f"/stops/{second}", "county_clerk")).json()
    assert view["booked"] == 0


async def test_a_walk_in_must_be_covered(truck: Truck) -> None:
    covered = await truck.cover()
    await truck.open()
    assert (await truck.attend(covered)).json()["code"] == "stop-not-yet"
    truck.go_to_the_day()
    assert (await truck.attend(covered)).status_code == 201
    assert (await truck.attend("stranger")).json()["code"] == "not-covered"
    assert (await truck.results("stranger", NORMAL)).status_code == 404
    counts = (await truck.get("/summary", "city_clerk", CITY, campaign=truck.campaign)).json()
    assert (counts["attended"], counts["walk_ins"], counts["invited"]) == (1, 1, 0)


async def test_results_need_the_member_to_have_come(truck: Truck) -> None:
    member = await truck.cover()
    await truck.open()
    assert (await truck.results(member, NORMAL)).json()["code"] == "not-attended"


@pytest.mark.parametrize(
    ("role", "org"), [("county_clerk", "620702"), ("city_clerk", "620700"), ("health_provider", "620700")]
)
async def test_another_countys_stop_is_neither_seen_nor_touched(truck: Truck, role: str, org: str) -> None:
    await truck.open()
    assert (await truck.get(f"/stops/{truck.stop_id}", role, org)).status_code == 404
    assert (await truck.get("/summary", role, org, campaign=truck.campaign)).json()["stops"] == 0
    if role == "health_provider":
        assert (await truck.attend("someone", role, org)).status_code == 404
        assert (await truck.results("someone", NORMAL, role, org)).status_code == 404
    else:
        assert (await truck.invite(role, org)).status_code == 404
        answer = await truck.post("/stops", truck.asked(), role, org)
        assert (answer.status_code, answer.json()["code"]) == (403, "outside-organization")


async def test_a_provider_out_of_reach_follows_nothing_up(truck: Truck) -> None:
    _, answer = await truck.examined(URGENT)
    assert (await truck.follow_up(answer.json()["finding_id"], "CONTACTED", "620700")).status_code == 404
    assert (await truck.follow_up("no-such-finding", "CONTACTED")).status_code == 404


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/stops", "member"),
        ("/stops", "health_provider"),
        ("/stops/s/invitations", "health_provider"),
        ("/stops/s/bookings", "county_clerk"),
        ("/stops/s/attendance", "county_clerk"),
        ("/stops/s/results", "office_head"),
        ("/findings/f/follow-ups", "office_head"),
    ],
)
async def test_each_step_has_its_role(truck: Truck, path: str, role: str) -> None:
    bodies: dict[str, Any] = {
        "stops": truck.asked(),
        "bookings": {"slot_id": "s1"},
        "attendance": {"person_id": "p"},
        "results": {"person_id": "p", "values": NORMAL},
        "follow-ups": {"outcome": "LOST"},
    }
    answer = await truck.post(path, bodies.get(path.rsplit("/", 1)[-1]), role)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize(
    "change",
    [
        {"date": "2022-02-30"},
        {"date": "9999-12-31", "days": 14},
        {"slots": 0},
        {"slots": 48, "first_slot": "12:00"},
        {"slot_capacity": 10_000},
        {"place": "a\u0000b"},
        {"division_code": "110101"},
        {"package": "GOLD.v1"},
        {"campaign": "a b"},
        {"unknown": 1},
    ],
)
async def test_a_stop_that_makes_no_sense_is_refused_with_a_code(truck: Truck, change: dict[str, Any]) -> None:
    await truck.plan()
    answer = await truck.post("/stops", truck.asked(**change), "county_clerk")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_value_that_is_none_is_refused_and_not_repeated(truck: Truck) -> None:
    member, answer = await truck.examined({"GLU": "sweet"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, "value-invalid", "GLU")
    assert "sweet" not in answer.text
    for number in ("1e400", "10000000", "1_0", " 5", "5\n", "-0"):
        told = await truck.post(
            f"/stops/{truck.stop_id}/results", {"person_id": member, "values": {"GLU": number}}, "health_provider"
        )
        assert (told.status_code, told.json()["code"]) == (409, "value-invalid"), number
    assert await of(truck, ResultsRecorded, member) == []


async def test_a_repeated_request_opens_one_stop(truck: Truck) -> None:
    key = {"Idempotency-Key": f"open-{truck.campaign}"}
    await truck.plan()
    first = await truck.post("/stops", truck.asked(), "county_clerk", **key)
    again = await truck.post("/stops", truck.asked(), "county_clerk", **key)
    assert first.json() == again.json()
    assert (await truck.get("/summary", "county_clerk", campaign=truck.campaign)).json()["stops"] == 1


async def test_the_clock_under_test_is_the_business_clock(truck: Truck) -> None:
    assert isinstance(truck.world.clock, FixedClock)
    await truck.plan()
    answer = await truck.post("/stops", truck.asked(date="2022-02-28"), "county_clerk")
    assert (answer.status_code, answer.json()["code"]) == (409, "stop-in-the-past")
