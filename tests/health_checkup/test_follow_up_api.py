"""Findings from the call to their end: clocks, attempts, the claim offered; and what the union sees: numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.sweep import Sweeps
from contracts.health_checkup.records import ClaimOffered, CollectiveReportIssued, FindingOverdue
from health_checkup.domain.terminology import ILLNESSES
from health_checkup.projections import findings
from health_checkup.workers import SWEEPS
from tests.health_checkup.lab import PROVIDER, observed, send_bundle, stop_with
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck

UNION = ("unit_clerk", "county_clerk", "city_clerk", "office_reviewer", "office_rechecker", "office_head")
OVERSIGHT = ("supervisor", "auditor", "finance", "service")
NOBODY = ("sys_admin", "agent", "hotline_agent", "health_kiosk")


async def step(truck: Truck, finding: str, outcome: str, illness: str = "", org: str = CITY) -> Any:
    body = {"outcome": outcome, "note": "电话已接通", "illness": illness}
    return await truck.post(f"/findings/{finding}/follow-ups", body, PROVIDER, org)


async def attempt(truck: Truck, finding: str, channel: str = "PHONE", role: str = PROVIDER, org: str = CITY) -> Any:
    return await truck.post(f"/findings/{finding}/attempts", {"channel": channel}, role, org)


async def sweep(truck: Truck) -> int:
    await truck.world.settled()
    context = truck.world.context
    [overdue] = [one for one in SWEEPS if one.name == "findings-overdue"]
    done = await Sweeps([overdue], context.executor, context.clock).once(overdue)
    await context.log.pool.execute("update sweep_lease set leased_until = '-infinity'")
    await truck.world.settled()
    return done


async def due(truck: Truck) -> list[str]:
    await truck.world.settled()
    async with truck.world.context.reads.connection() as c:
        return await findings.overdue(c, truck.world.clock.now(), 5_000)


async def of(truck: Truck, kind: type, person: str) -> list[Any]:
    return [event for event in await truck.world.events() if isinstance(event, kind) and event.person_id == person]


async def test_who_was_not_reached_in_time_is_escalated_once(truck: Truck) -> None:
    member, answer = await truck.examined(URGENT)
    finding = answer.json()["finding_id"]
    await sweep(truck)
    assert await of(truck, FindingOverdue, member) == []
    assert finding not in await due(truck), "the day is not over"
    truck.world.clock.advance(timedelta(days=1))
    assert finding in await due(truck)
    await sweep(truck)
    await sweep(truck)
    [overdue] = await of(truck, FindingOverdue, member)
    assert (overdue.finding_class, overdue.contact_by, overdue.overdue_on) == ("A", "2022-03-10", "2022-03-11")
    late = (await truck.get("/findings", PROVIDER, CITY, overdue="true")).json()["findings"]
    assert finding in {one["finding_id"] for one in late}
    await step(truck, finding, "CONTACTED")
    late = (await truck.get("/findings", PROVIDER, CITY, overdue="true")).json()["findings"]
    assert finding not in {one["finding_id"] for one in late}


async def test_a_later_step_that_nobody_takes_is_escalated_once_and_listed_until_it_is_taken(truck: Truck) -> None:
    member, answer = await truck.examined(URGENT)
    finding = answer.json()["finding_id"]

    async def listed() -> list[tuple[str, str]]:
        page = (await truck.get("/findings", PROVIDER, CITY, overdue="true")).json()["findings"]
        return [(one["stage"], one["due_by"]) for one in page if one["finding_id"] == finding]

    for stage, days, due_by in (("CONTACTED", 1, "2022-03-11"), ("REFERRED", 14, "2022-03-26")):
        await step(truck, finding, stage)
        truck.world.clock.advance(timedelta(days=days))
        assert (finding in await due(truck), await listed()) == (False, [])
        truck.world.clock.advance(timedelta(days=1))
        await sweep(truck)
        await sweep(truck)
        assert await listed() == [(stage, due_by)]
        assert [one.stage for one in await of(truck, FindingOverdue, member)].count(stage) == 1
    await step(truck, finding, "EXCLUDED")
    assert await listed() == []
    truck.world.clock.advance(timedelta(days=400))
    assert finding not in await due(truck)


async def test_the_doctor_sees_what_was_found_and_the_written_record_of_what_was_done(truck: Truck) -> None:
    member, answer = await truck.examined(URGENT)
    finding = answer.json()["finding_id"]
    await attempt(truck, finding, "SMS")
    await step(truck, finding, "CONTACTED")
    path = f"/findings/{finding}"
    told = (await truck.get(path, PROVIDER, CITY)).json()
    assert [(one["item"], one["name"], one["flag"]) for one in told["items"]] == [
        ("GLU", "空腹血糖", "high"), ("SBP", "收缩压", "high"),
    ]  # fmt: skip
    assert [(one["step"], one["channel"], one["note"]) for one in told["steps"]] == [
        ("RAISED", "", ""), ("ATTEMPTED", "SMS", ""), ("CONTACTED", "", "电话已接通"),
    ]  # fmt: skip
    for role in (*UNION, *OVERSIGHT, *NOBODY, "member"):
        assert (await truck.get(path, role, "620000")).status_code == 403
    assert (await truck.get(path, PROVIDER, "620700")).status_code == 404
    await truck.world.context.keyring.destroy(member, ["health"])
    gone = (await truck.get(path, PROVIDER, CITY)).json()
    assert (gone["erased"], gone["items"], [one["note"] for one in gone["steps"]]) == (True, [], ["", "", ""])


async def test_a_corrected_value_puts_the_finding_in_its_class_with_its_days_and_the_history_says_so(
    truck: Truck,
) -> None:
    member, answer = await truck.examined({**NORMAL, "SBP": "185"})
    finding = answer.json()["finding_id"]
    await step(truck, finding, "CONTACTED")
    truck.world.clock.advance(timedelta(days=2))
    await sweep(truck)
    assert [one.finding_class for one in await of(truck, FindingOverdue, member)] == ["A"]
    path = f"/stops/{truck.stop_id}/results/amendments"
    for _ in range(2):
        lesser = await truck.post(path, {"person_id": member, "values": {"SBP": "165"}}, PROVIDER, CITY)
        assert (lesser.status_code, lesser.json()["finding_id"]) == (201, finding)
    told = (await truck.get(f"/findings/{finding}", PROVIDER, CITY)).json()
    now = told["finding"]
    assert (now["finding_class"], now["stage"], now["due_by"], now["overdue_on"]) == (
        "B",
        "CONTACTED",
        "2022-03-19",
        None,
    )
    assert [(one["item"], one["flag"]) for one in told["items"]] == [("SBP", "high")]
    assert (await truck.post(path, {"person_id": member, "values": {"SBP": "190"}}, PROVIDER, CITY)).status_code == 201
    told = (await truck.get(f"/findings/{finding}", PROVIDER, CITY)).json()
    now = told["finding"]
    assert (now["finding_class"], now["stage"], now["due_by"]) == ("A", "TO_CONTACT", "2022-03-12")
    assert [(one["step"], one["finding_class"]) for one in told["steps"]] == [
        ("RAISED", "A"), ("CONTACTED", ""), ("RECLASSIFIED", "B"), ("RAISED", "A"),
    ]  # fmt: skip


async def test_a_member_reached_in_time_is_not_escalated(truck: Truck) -> None:
    member, answer = await truck.examined({"SBP": "165"})
    truck.world.clock.advance(timedelta(days=7))
    await step(truck, answer.json()["finding_id"], "CONTACTED")
    truck.world.clock.advance(timedelta(days=7))
    await sweep(truck)
    assert await of(truck, FindingOverdue, member) == []


async def test_lost_is_who_was_tried_three_times_over_fourteen_days(truck: Truck) -> None:
    _, answer = await truck.examined(URGENT)
    finding = answer.json()["finding_id"]
    assert (await attempt(truck, finding)).json() == {"finding_id": finding, "attempts": 1}
    assert (await attempt(truck, finding)).json() == {"finding_id": finding, "attempts": 1}
    assert (await step(truck, finding, "LOST")).json()["code"] == "attempts-missing"
    for channel in ("SMS", "VISIT"):
        truck.world.clock.advance(timedelta(days=7))
        await attempt(truck, finding, channel)
    [listed] = [
        one
        for one in (await truck.get("/findings", PROVIDER, CITY, stage="TO_CONTACT")).json()["findings"]
        if one["finding_id"] == finding
    ]
    assert (listed["attempts"], listed["attempted_on"]) == (3, "2022-03-24")
    assert (await step(truck, finding, "LOST")).status_code == 201
    assert (await attempt(truck, finding)).json()["code"] == "follow-up-closed"


async def test_a_confirmed_listed_illness_offers_a_claim_that_the_member_alone_sees(truck: Truck) -> None:
    member, answer = await truck.examined({"SBP": "165"})
    finding = answer.json()["finding_id"]
    for outcome in ("CONTACTED", "REFERRED"):
        await step(truck, finding, outcome)
    assert (await step(truck, finding, "CONFIRMED", "FLU")).json()["code"] == "illness-invalid"
    assert (await step(truck, finding, "EXCLUDED", "ACUTE_MI")).json()["code"] == "illness-not-confirmed"
    assert (await step(truck, finding, "CONFIRMED", "ACUTE_MI")).status_code == 201
    assert (await step(truck, finding, "CONFIRMED", "ACUTE_MI")).status_code == 201
    assert len(await of(truck, ClaimOffered, member)) == 1
    path = f"/members/{member}/offers"
    [offer] = (await truck.get(path, "member", sub=member)).json()["offers"]
    assert (offer["illness"], offer["illness_name"]) == ("ACUTE_MI", ILLNESSES["ACUTE_MI"])
    assert "体检日期不是确诊日期" in offer["note"]
    assert "2022-03-10" not in {offer[name] for name in offer if name != "offered_on"}
    assert (await truck.get(path, "member", sub="another")).status_code == 403
    for role in (*UNION, *OVERSIGHT, *NOBODY, PROVIDER):
        assert (await truck.get(path, role, "620000")).status_code == 403
    bodies = b"".join(stored.body for stored in await truck.world.context.log.read(0, 5000))
    assert b"ACUTE_MI" not in bodies
    await truck.world.context.keyring.destroy(member, ["health"])
    [gone] = (await truck.get(path, "member", sub=member)).json()["offers"]
    assert (gone["illness"], gone["illness_name"]) == ("", "")


async def test_without_a_listed_illness_nothing_is_offered(truck: Truck) -> None:
    member, answer = await truck.examined({"SBP": "165"})
    for outcome in ("CONTACTED", "REFERRED", "CONFIRMED"):
        await step(truck, answer.json()["finding_id"], outcome)
    assert (await truck.get(f"/members/{member}/offers", "member", sub=member)).json() == {"offers": []}


async def test_only_the_provider_in_reach_follows_up(truck: Truck) -> None:
    _, answer = await truck.examined(URGENT)
    finding = answer.json()["finding_id"]
    body = {"outcome": "CONTACTED", "note": "x"}
    for role in (*UNION, *OVERSIGHT, *NOBODY, "member"):
        assert (await truck.post(f"/findings/{finding}/follow-ups", body, role, "620000")).status_code == 403
        assert (await attempt(truck, finding, role=role, org="620000")).status_code == 403
        assert (await truck.get("/findings", role, "620000")).status_code == 403
    assert (await attempt(truck, finding, org="620700")).json()["code"] == "stop-unknown"
    assert (await attempt(truck, "none")).json()["code"] == "finding-unknown"


async def issue(truck: Truck, role: str = PROVIDER, org: str = CITY) -> Any:
    return await truck.post(f"/stops/{truck.stop_id}/report", None, role, org)


async def test_the_union_gets_numbers_of_a_stop_and_small_ones_are_left_out(truck: Truck) -> None:
    members = await stop_with(truck, 12)
    sent = []
    for place, member in enumerate(members):
        sent.append(observed(member, "SBP", "150" if place < 6 else "120"))
        sent.append(observed(member, "GLU", "7.0" if place < 2 else "5.0"))
        sent.append(observed(member, "TG", "1.0"))
        sent.append(observed(member, "UA", "500"))
        if place < 4:
            sent.append(observed(member, "CEA", "20"))
    assert (await send_bundle(truck, *sent)).json()["records_changed"] == 12
    path = f"/stops/{truck.stop_id}/report"
    assert (await truck.get(path, "county_clerk")).json()["code"] == "report-unknown"
    answer = await issue(truck)
    assert answer.status_code == 201, answer.text
    assert (await issue(truck)).json() == answer.json()
    [issued] = [
        one
        for one in await truck.world.events()
        if isinstance(one, CollectiveReportIssued) and one.stop_id == truck.stop_id
    ]
    assert issued.examined == 12
    for role in (*UNION, *OVERSIGHT, PROVIDER):
        told = (await truck.get(path, role, "620000" if role in OVERSIGHT else CITY)).json()
        assert {item["item"]: item["abnormal"] for item in told["items"]} == {
            "SBP": 6, "GLU": None, "TG": 0, "UA": None,
        }, "2 of 12 would tell, 12 of 12 too, and for CEA only 4 were measured"  # fmt: skip
        assert {one["item"]: one["abnormal"] for one in told["findings"]} == {"A": 0, "B": None}
    for role in (*NOBODY, "member"):
        assert (await truck.get(path, role, CITY)).status_code == 403
    assert (await truck.get(path, "county_clerk", "620702")).status_code == 404


async def test_a_report_of_few_people_is_not_issued(truck: Truck) -> None:
    await truck.examined(NORMAL)
    assert (await issue(truck)).json()["code"] == "too-few-examined"
    for role in (*UNION, *OVERSIGHT, *NOBODY, "member"):
        assert (await issue(truck, role)).status_code == 403
    assert (await issue(truck, org="620700")).json()["code"] == "stop-unknown"


@pytest.mark.parametrize("role", [*UNION, *OVERSIGHT, *NOBODY])
async def test_no_other_role_opens_a_value_anywhere(truck: Truck, role: str) -> None:
    member, _ = await truck.examined(URGENT)
    for path in ("record", "record.pdf", "offers", "reports/abc"):
        assert (await truck.get(f"/members/{member}/{path}", role, "620000")).status_code == 403
    assert (await truck.get(f"/members/{member}/record", role, "620000", format="fhir")).status_code == 403
