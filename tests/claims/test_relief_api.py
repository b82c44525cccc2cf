"""Relief over HTTP on the real Postgres: its whole way, the public list, the meeting, who may see and do what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.claims.relief import ReliefAllowanceTaken, ReliefFiled
from contracts.enrolment.people import DeathWithdrawn
from contracts.enrolment.v1 import DeathRecorded
from tests.claims.house import House, filing, payee, swept
from tests.claims.relief_house import (
    CITY,
    COUNTY,
    UNIT,
    agree,
    asked_for,
    asking,
    granted,
    meet,
    ready,
    returned,
    settled,
    step,
    verify,
)

CHILD_NO = "6201002004010100"
COUNTY_CLERK = ("county", "county_clerk", COUNTY)


async def view(house: House, relief_id: str, role: str = "auditor", org: str = "620000", sub: str = "r") -> Any:
    answer = await house.get(f"/relief/cases/{relief_id}", role, org, sub)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_relief_goes_from_asking_to_paid(house: House) -> None:
    person_id = await house.cover(UNIT)
    relief_id = await asked_for(house, asking(person_id))
    await ready(house, relief_id)
    assert (await meet(house, [{"relief_id": relief_id, "amount_fen": 200_000}]))["state"] == "HELD"
    grant = await granted(house, relief_id)
    assert grant.reviewed_by == ("filer", "county", "city", "one", "two")
    await house.react(settled(grant))
    case = (await view(house, relief_id))["case"]
    assert (case["state"], case["amount_fen"], case["hardship"]) == ("PAID", 200_000, "DEEP")
    await house.react(returned(settled(grant)))
    assert (await view(house, relief_id))["case"]["state"] == "PAYMENT_FAILED"
    await house.react(settled(grant))
    told = await view(house, relief_id, "member", UNIT, person_id)
    assert told["case"]["state"] == "PAID"
    assert [one["what"] for one in told["history"]][:4] == [
        "ReliefFiled",
        "ReliefVerified",
        "ReliefNoticePublished",
        "ReliefAgreed",
    ]


async def test_relief_that_was_wrongly_paid_is_asked_back_for_the_relief_fund(house: House) -> None:
    person_id = await house.cover(UNIT)
    relief_id = await asked_for(house, asking(person_id))
    path, asked = f"/recoveries/{relief_id}", {"amount_fen": 150_000, "reason": "WRONG_AMOUNT", "text": "家庭收入不实"}
    early = await house.post(path, asked, "head", "office_head")
    assert (early.status_code, early.json()["code"]) == (409, "nothing-paid")
    await ready(house, relief_id)
    await meet(house, [{"relief_id": relief_id, "amount_fen": 200_000}])
    await house.react(settled(await granted(house, relief_id)))
    too_much = await house.post(path, {**asked, "amount_fen": 200_001}, "head", "office_head")
    assert too_much.json()["code"] == "recovery-too-large"
    for _ in range(2):
        opened = await house.post(path, asked, "head", "office_head")
        assert opened.json() == {"claim_id": relief_id, "state": "OPEN", "left_fen": 150_000}
    assert (await view(house, relief_id))["case"]["state"] == "RECOVERY"
    stranger = await house.post(f"{path}/receipts", {"receipt_id": "r1", "amount_fen": 1}, "f", "finance", "620100")
    assert stranger.status_code == 404
    await house.post(f"{path}/receipts", {"receipt_id": "r1", "amount_fen": 150_000}, "f", "finance")
    assert (await view(house, relief_id))["case"]["state"] == "RECOVERED"
    way = [one.event for one in await house.world.context.log.load(f"recovery-{relief_id}")]
    assert [(type(one).__name__, one.fund) for one in way] == [
        ("RecoveryOpened", "relief"),
        ("RecoveryReceived", "relief"),
        ("RecoveryClosed", "relief"),
    ]


async def test_a_matter_asked_for_again_is_the_same_case_until_it_ends_without_money(house: House) -> None:
    person_id = await house.cover(UNIT)
    body = await house.with_papers(asking(person_id))
    relief_id = await asked_for(house, body)
    again = await house.post("/relief/cases", body, "other", "unit_clerk", UNIT)
    assert (again.status_code, again.json()["relief_id"], again.json()["duplicate"]) == (200, relief_id, True)
    await step(house, relief_id, "withdraw", None, ("filer", "unit_clerk", UNIT))
    second = await asked_for(house, body)
    assert second != relief_id
    await ready(house, second)
    await meet(house, [{"relief_id": second, "reason": "RR_FUND"}])
    assert (await view(house, second))["case"]["explanation"] == "经周例会研究,本次不予安排。"
    assert await asked_for(house, body)


async def test_two_askings_at_once_open_one_case(house: House) -> None:
    person_id = await house.cover(UNIT)
    body = await house.with_papers(asking(person_id))
    asked = [house.post("/relief/cases", body, f"f{n}", "unit_clerk", UNIT) for n in range(4)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["relief_id"] for answer in answers}) == 1


async def test_one_child_is_helped_once_a_year_whoever_asks(house: House) -> None:
    mother, father = await house.cover(UNIT), await house.cover(UNIT)
    study = {"kind": "RELIEF_STUDY", "reason": "ADMISSION", "child_id_no": CHILD_NO + "1x"}
    await asked_for(house, asking(mother, **study))
    same_child = await house.with_papers(asking(father, **study | {"child_id_no": CHILD_NO + "1X"}))
    other = await house.post("/relief/cases", same_child, "f", "unit_clerk", UNIT)
    assert (other.status_code, other.json()["code"]) == (409, "relief-matter-held")
    await asked_for(house, asking(father, **study | {"child_id_no": CHILD_NO + "3X"}))
    bodies = [one.body for one in await house.world.context.log.read(0, 1000)]
    assert not any(b"20040101" in body for body in bodies)


async def test_the_relief_cap_holds_over_all_kinds(house: House) -> None:
    person_id = await house.cover(UNIT)
    ids = [await asked_for(house, asking(person_id, reason=reason)) for reason in ("FAMILY", "STUDY")]
    for relief_id in ids:
        await ready(house, relief_id)
    head = (("one", "office_reviewer"), ("boss", "office_head"))
    large = {"amount_fen": 4_900_000, "exceptional": "特别困难"}
    await meet(house, [{"relief_id": ids[0], **large}], *head)
    over = await meet(house, [{"relief_id": ids[1], "amount_fen": 200_000}], status=409)
    assert over["code"] == "relief-cap-reached"
    await meet(house, [{"relief_id": ids[1], "amount_fen": 100_000}])
    taken = [one for one in await house.world.events() if isinstance(one, ReliefAllowanceTaken)]
    assert sum(one.amount_fen for one in taken) == 5_000_000


async def test_a_meeting_decides_several_cases_or_none(house: House) -> None:
    ids = [await asked_for(house, asking(await house.cover(UNIT))) for _ in range(2)]
    for relief_id in ids:
        await ready(house, relief_id)
    before = await house.world.context.log.head()
    wrong = await meet(
        house, [{"relief_id": ids[0], "amount_fen": 100_000}, {"relief_id": ids[1], "amount_fen": 1}], status=409
    )
    assert wrong["code"] == "amount-not-in-tiers"
    assert await house.world.context.log.head() == before + 3, "convened, joined twice, and nothing decided"
    verdicts = [{"relief_id": ids[0], "amount_fen": 100_000}, {"relief_id": ids[1], "reason": "RR_FUND"}]
    assert (await meet(house, verdicts))["participants"] == ["one", "two"]


async def test_above_3000_the_head_is_in_the_meeting(house: House) -> None:
    relief_id = await asked_for(house, asking(await house.cover(UNIT)))
    await ready(house, relief_id)
    large = [{"relief_id": relief_id, "amount_fen": 1_000_000, "exceptional": "特别困难"}]
    assert (await meet(house, large, status=409))["code"] == "head-missing"
    await meet(house, large, ("one", "office_reviewer"), ("boss", "office_head"))
    grant = await granted(house, relief_id)
    assert grant.exceptional
    assert grant.note is not None


async def test_the_public_list_has_a_masked_name_and_a_county_and_everyone_may_object(house: House) -> None:
    person_id = await house.cover(UNIT)
    relief_id = await asked_for(house, asking(person_id))
    assert (await house.get("/relief/notices", "health_provider")).json()["notices"] == []
    unseen = await house.post(f"/relief/cases/{relief_id}/objections", {"text": "不实"}, "n", "member", UNIT)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "notice-unknown")
    await verify(house, relief_id)
    notices = (await house.get("/relief/notices", "health_provider")).json()["notices"]
    assert notices == [
        {
            "relief_id": relief_id,
            "name": "张**",
            "county": COUNTY,
            "kind": "会员救助金",
            "starts_on": "2022-06-30",
            "ends_on": "2022-07-07",
        }
    ]
    objected = await step(house, relief_id, "objections", {"text": "他家有两辆车"}, ("n", "member", UNIT), status=201)
    listed = (await house.get(f"/relief/cases/{relief_id}/objections", "county_clerk", COUNTY)).json()["objections"]
    assert [(one["text"], one["outcome"]) for one in listed] == [("他家有两辆车", "OPEN")]
    assert (await house.get(f"/relief/cases/{relief_id}/objections", "member", UNIT, person_id)).status_code == 403
    house.at("2022-07-08")
    assert (await house.get("/relief/notices", "member", UNIT)).json()["notices"] == []
    body = {"agrees": True}
    early = await house.post(f"/relief/cases/{relief_id}/agree", body, "city", "city_clerk", CITY)
    assert (early.status_code, early.json()["code"]) == (409, "objection-open")
    path = f"objections/{objected['objection_id']}/settle"
    await step(house, relief_id, path, {"upheld": True, "note": "属实"}, ("clerk", "county_clerk", COUNTY))
    await agree(house, relief_id)
    upheld = await meet(house, [{"relief_id": relief_id, "amount_fen": 100_000}], status=409)
    assert upheld["code"] == "objection-upheld"


async def test_the_notice_skips_holidays_and_counts_worked_saturdays(house: House) -> None:
    relief_id = await asked_for(house, asking(await house.cover(UNIT)))
    house.at("2022-09-29")
    assert (await verify(house, relief_id))["notice_ends_on"] == "2022-10-11", "30th, 8th, 9th, 10th, 11th"


async def test_papers_are_asked_for_and_supplied(house: House) -> None:
    person_id = await house.cover(UNIT)
    bare = await house.post("/relief/cases", asking(person_id, documents=[]), "filer", "unit_clerk", UNIT)
    assert bare.json()["needs"] == ["NEED_APPLICATION", "NEED_HARDSHIP_PROOF"]
    relief_id = bare.json()["relief_id"]
    asked = await step(house, relief_id, "ask-papers", {"needs": bare.json()["needs"]}, COUNTY_CLERK)
    assert asked["state"] == "PAPERS_ASKED"
    mine = (await house.get("/claims/mine", "member", UNIT, person_id)).json()["cases"]
    assert [(one["sentence"], one["asked"], one["due_on"]) for one in mine] == [
        ("请补充材料。", ["请提交申请书。", "请提交困难证明。"], "2022-07-30")
    ]
    kinds = ("APPLICATION_FORM", "INCOME_STATEMENT")
    invented = {"documents": [{"kind": kind, "sha256": "0" * 64} for kind in kinds]}
    refused = await house.post(f"/relief/cases/{relief_id}/papers", invented, person_id, "member", UNIT)
    assert (refused.status_code, refused.json()["code"]) == (404, "document-unknown")
    papers = {"documents": await house.papers(person_id, kinds)}
    assert (await step(house, relief_id, "papers", papers, (person_id, "member", UNIT)))["state"] == "AT_COUNTY"
    assert (await verify(house, relief_id))["state"] == "ON_NOTICE"


async def test_papers_that_never_come_close_the_case_until_they_do(house: House) -> None:
    person_id = await house.cover(UNIT)
    house.at("2022-06-30")
    relief_id = await asked_for(house, asking(person_id, documents=[]))
    await step(house, relief_id, "ask-papers", {"needs": ["NEED_APPLICATION"]}, COUNTY_CLERK)
    house.at("2022-07-07")
    assert await swept(house) == 1
    assert await swept(house) == 0
    house.at("2022-07-31")
    assert await swept(house) == 1
    assert await swept(house) == 0
    assert (await view(house, relief_id))["case"]["state"] == "CLOSED_INCOMPLETE"
    mine = (await house.get("/claims/mine", "member", UNIT, person_id)).json()["cases"]
    assert [one["sentence"] for one in mine] == ["因材料未补齐已结案,补齐后可重新办理。"]
    papers = {"documents": await house.papers(person_id, ("APPLICATION_FORM",))}
    late = await house.post(f"/relief/cases/{relief_id}/papers", papers, person_id, "member", UNIT)
    assert (late.status_code, late.json()["code"]) == (409, "reopen-first")
    assert (await step(house, relief_id, "reopen", papers, (person_id, "member", UNIT)))["state"] == "AT_COUNTY"
    assert await swept(house) == 0


async def test_what_was_paid_as_a_benefit_is_no_matter_of_condolence(house: House) -> None:
    person_id = await house.cover(UNIT)
    incident = {"kind": "ILLNESS", "decisive_on": "2022-05-12"}
    facts = {"illness": "CANCER", "illness_basis": "PATHOLOGY"}
    claim_id = await house.filed(
        filing(person_id, "OFFICE_COUNTER", incident=incident, facts=facts), "clerk", "office_reviewer", "620000"
    )
    await house.decide(claim_id)
    body = asking(
        person_id,
        kind="RELIEF_CONDOLENCE",
        reason="UNLISTED",
        documents=[{"kind": kind, "sha256": "1" * 64} for kind in ("APPLICATION_FORM", "DIAGNOSIS_CERTIFICATE")],
    )
    relief_id = await asked_for(house, body)
    await ready(house, relief_id)
    refused = await meet(house, [{"relief_id": relief_id, "amount_fen": 50_000}], status=409)
    assert refused["code"] == "already-paid"
    await meet(house, [{"relief_id": relief_id, "reason": "RR_ALREADY_PAID"}])


async def test_who_sees_and_does_what_follows_the_organisation(house: House) -> None:
    person_id = await house.cover(UNIT)
    relief_id = await asked_for(house, asking(person_id))
    path = f"/relief/cases/{relief_id}"
    for role, org, sub, status in (
        ("county_clerk", COUNTY, "c", 200),
        ("county_clerk", "620702", "c", 404),
        ("city_clerk", CITY, "c", 200),
        ("member", UNIT, person_id, 200),
        ("member", UNIT, "another", 404),
        ("finance", "620000", "f", 403),
        ("sys_admin", "620000", "s", 403),
    ):
        assert (await house.get(path, role, org, sub)).status_code == status, (role, org)
    body = {"method": "PHONE", "confirmed": True, "household": {}}
    foreign = await house.post(f"{path}/verify", body, "c", "county_clerk", "620702")
    assert foreign.status_code == 404
    assert (await house.post(f"{path}/verify", body, "u", "unit_clerk", UNIT)).status_code == 403
    assert (await house.post(f"{path}/withdraw", None, "another", "member", UNIT)).status_code == 404
    office = await house.post(f"{path}/agree", {"agrees": True}, "o", "office_reviewer")
    assert (office.status_code, office.json()["code"]) == (403, "step-of-the-prefecture")
    meeting = {"plan": "GS-NEF-2022", "relief_ids": [relief_id]}
    assert (await house.post("/relief/meetings", meeting, "c", "city_clerk", CITY)).status_code == 403
    assert (await house.get(f"{path}/facts", "auditor")).status_code == 403
    facts = (await house.get(f"{path}/facts", "county_clerk", COUNTY)).json()
    assert facts["stated"]["household"]["members"] == 3
    assert facts["found"] is None


async def test_nothing_personal_stands_in_the_log(house: House) -> None:
    relief_id = await asked_for(house, asking(await house.cover(UNIT)))
    await verify(house, relief_id)
    log = house.world.context.log
    bodies = b"".join([one.body for one in await log.read(0, 1000)]).decode()
    for plain in ("张某某", "13000000000", "甲乙", "6" * 16, "家中遭遇变故", "minimum_living"):
        assert plain not in bodies
    filed = (await log.load(f"relief-{relief_id}"))[0].event
    assert isinstance(filed, ReliefFiled)
    assert (filed.facts.k, filed.contact.k, filed.payees[0].account.k) == ("health", "contact", "bank")


async def test_invariant_12_17_a_recorded_death_ends_the_members_own_filing(house: House) -> None:
    person_id = await house.cover(UNIT)
    await house.world.feed("enrolment", DeathRecorded(person_id=person_id, died_on="2022-06-01"), f"person-{person_id}")
    for path, body in (
        ("/claims", filing(channel="MEMBER_MOBILE")),
        ("/relief/cases", asking(channel="MEMBER_MOBILE")),
    ):
        frozen = await house.post(path, body, person_id, "member", UNIT)
        assert (frozen.status_code, frozen.json()["code"]) == (403, "member-deceased")
    late = await house.post("/relief/cases", asking(person_id, documents=[]), "clerk", "unit_clerk", UNIT)
    assert (late.status_code, late.json()["code"]) == (409, "relief-not-to-heirs")
    care = asking(person_id, kind="RELIEF_CARE", reason="BEREAVEMENT", payees=[payee("SPOUSE", 50), payee("CHILD", 50)])
    assert await asked_for(house, care)
    mistaken = DeathWithdrawn(person_id=person_id, withdrawn_on="2022-06-20", reason="ENTRY_ERROR", by="clerk")
    await house.world.feed("enrolment", mistaken, f"person-{person_id}")
    assert (await house.post("/claims", filing(channel="MEMBER_MOBILE"), person_id, "member", UNIT)).status_code == 201


async def test_relief_names_only_papers_that_were_handed_in_for_the_member(house: House) -> None:
    person_id = await house.cover(UNIT)
    answer = await house.post("/relief/cases", asking(person_id), "filer", "unit_clerk", UNIT)
    assert (answer.status_code, answer.json()["code"]) == (404, "document-unknown")
    others = await house.with_papers(asking(person_id), await house.cover(UNIT))
    answer = await house.post("/relief/cases", others, "filer", "unit_clerk", UNIT)
    assert (answer.status_code, answer.json()["code"]) == (404, "document-unknown")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"reason": "HUNGER"}, 409, "relief-reason-not-listed"),
        ({"happened_on": "2021-12-31"}, 409, "relief-outside-cover"),
        ({"payees": []}, 409, "payees-missing"),
        ({"payees": [payee("SPOUSE")]}, 409, "payee-not-member"),
        ({"kind": "RELIEF_STUDY", "reason": "ADMISSION"}, 409, "relief-child-missing"),
        ({"kind": "RELIEF_GIFT"}, 400, "request-invalid"),
        ({"surprise": 1}, 400, "request-invalid"),
        ({"plan": "NO-SUCH"}, 404, "cover-unknown"),
        ({"channel": "CITY"}, 403, "channel-not-allowed"),
    ],
)
async def test_bad_askings_are_refused_by_code(house: House, change: dict[str, Any], status: int, code: str) -> None:
    person_id = await house.cover(UNIT)
    answer = await house.post("/relief/cases", asking(person_id, documents=[], **change), "filer", "unit_clerk", UNIT)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await house.world.context.log.head() == 0
