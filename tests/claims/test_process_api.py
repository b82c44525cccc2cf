"""Papers, objections, the urgent path and recovery over HTTP, with their deadlines on the real Postgres."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from claims.projections import claim_lines
from contracts.claims.process import AdvanceGranted
from tests.claims.house import OFFICE, House, filing, returned, settled, swept

UNIT = "6207251000001"
INVENTED = {"documents": [{"kind": "DISCHARGE", "sha256": "1" * 64}]}
ASK = {"needs": ["NEED_DISCHARGE", "NEED_STAMP"], "text": "请补充"}


async def stay(house: House) -> tuple[str, str]:
    """A member's plain stay; the claim's and the person's id."""
    person_id = await house.cover(UNIT)
    return await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member"), person_id


async def view(house: House, claim_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await house.get(f"/claims/{claim_id}")).json()
    return answer


async def test_papers_are_asked_for_reminded_of_and_handed_in(house: House) -> None:
    claim_id, person_id = await stay(house)
    assert (await house.act(claim_id, "ask-papers", "office_reviewer", body=ASK))["state"] == "SUPPLEMENT_REQUIRED"
    seen = (await house.get(f"/claims/{claim_id}", "member", UNIT, person_id)).json()
    assert seen["needs"] == {"NEED_DISCHARGE": "请补充出院记录", "NEED_STAMP": "材料需加盖医院印章"}
    assert seen["history"][-1]["note"] == "请补充"
    assert seen["claim"]["due_on"] == "2022-07-30"
    assert await swept(house) == 0
    house.at("2022-07-07")
    assert await swept(house) == 1
    assert await swept(house) == 0
    assert (await view(house, claim_id))["history"][-1]["what"] == "PAPERS_REMINDED"
    invented = await house.post(f"/claims/{claim_id}/supply-papers", INVENTED, person_id, "member", UNIT)
    assert (invented.status_code, invented.json()["code"]) == (404, "document-unknown")
    paper = {"documents": await house.papers(person_id, ["DISCHARGE"])}
    other = await house.post(f"/claims/{claim_id}/supply-papers", paper, "someone", "member", UNIT)
    assert other.status_code == 404
    back = await house.post(f"/claims/{claim_id}/supply-papers", paper, person_id, "member", UNIT)
    assert (back.json()["state"], back.json()["step"]) == ("IN_REVIEW", "OFFICE_REVIEW")
    assert len((await view(house, claim_id))["documents"]) == 1


async def test_papers_that_never_come_close_the_claim_until_they_do(house: House) -> None:
    claim_id, person_id = await stay(house)
    await house.act(claim_id, "ask-papers", "office_reviewer", body=ASK)
    house.at("2022-07-31")
    assert await swept(house) == 1
    assert (await view(house, claim_id))["claim"]["state"] == "CLOSED_INCOMPLETE"
    paper = {"documents": await house.papers(person_id, ["DISCHARGE"])}
    back = await house.post(f"/claims/{claim_id}/reopen", paper, person_id, "member", UNIT)
    assert back.json()["state"] == "IN_REVIEW"
    house.at("2022-06-30")


async def test_a_late_step_is_on_the_list_of_the_late_and_escalated_once(house: House) -> None:
    claim_id, _ = await stay(house)
    assert (await view(house, claim_id))["claim"]["due_on"] == "2022-07-04"
    assert (await house.get("/claims?overdue=true")).json()["claims"] == []
    house.at("2022-07-05")
    assert [one["claim_id"] for one in (await house.get("/claims?overdue=true")).json()["claims"]] == [claim_id]
    assert await swept(house) == 1
    assert await swept(house) == 0
    assert (await view(house, claim_id))["claim"]["escalated_to"] == "OFFICE_RECHECK"


async def test_a_complex_claim_is_decided_in_the_longer_time(house: House) -> None:
    claim_id, person_id = await stay(house)
    assert (await view(house, claim_id))["claim"]["decide_until"] == "2022-07-14"
    found = {"reason": "需向医院核实"}
    stranger = await house.post(f"/claims/{claim_id}/complex", found, person_id, "member", UNIT)
    assert stranger.status_code == 403
    await house.act(claim_id, "complex", "office_reviewer", body=found)
    await house.act(claim_id, "complex", "office_reviewer", body=found)
    seen = await view(house, claim_id)
    assert (seen["claim"]["decide_until"], seen["claim"]["due_on"]) == ("2022-08-11", "2022-08-01")
    assert [(one["what"], one["note"]) for one in seen["history"][1:]] == [("TIME_EXTENDED", "需向医院核实")]
    house.at("2022-07-20")
    assert await swept(house) == 0
    await house.act(claim_id, "ask-papers", "office_reviewer", body=ASK)
    paper = {"documents": await house.papers(person_id, ["DISCHARGE"])}
    await house.post(f"/claims/{claim_id}/supply-papers", paper, person_id, "member", UNIT)
    assert (await view(house, claim_id))["claim"]["decide_until"] == "2022-08-31"


async def test_papers_to_follow_an_urgent_claim_are_the_heads_matter_once_they_are_late(house: House) -> None:
    claim_id, _ = await stay(house)
    await house.act(claim_id, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    await house.act(claim_id, "contact", "office_reviewer")
    house.at("2022-07-30")
    assert await swept(house) == 1  # the decision's day
    house.at("2022-07-31")
    assert await swept(house) == 1
    assert await swept(house) == 0
    last = (await view(house, claim_id))["history"][-1]
    assert (last["what"], last["step"], last["reason"]) == ("OVERDUE", "PAPERS_TO_FOLLOW", "office_head")


async def test_a_refusal_is_overturned_and_granted_by_other_hands(house: House) -> None:
    claim_id, person_id = await stay(house)
    await house.act(claim_id, "reject", "office_reviewer", body={"reason": "RJ_FALSE_DOCUMENT"})
    path = f"/claims/{claim_id}/object"
    objected = await house.post(path, {"reason": "材料是真的"}, person_id, "member", UNIT)
    assert objected.json()["state"] == "APPEAL_REVIEW"
    ruling = {"level": 1, "outcome": "OVERTURNED", "benefit_codes": ["INPATIENT_MEDICAL"], "reason": "已核实"}
    own = await house.post(
        f"/claims/{claim_id}/decide-objection", ruling, f"office_reviewer-{OFFICE}", "office_reviewer"
    )
    assert (own.status_code, own.json()["code"]) == (409, "objection-own-decision")
    committee = await house.post(f"/claims/{claim_id}/decide-objection", ruling, "s", "supervisor")
    assert committee.status_code == 403
    assert (await house.act(claim_id, "decide-objection", "office_head", body=ruling))["step"] == "OFFICE_RECHECK"
    assert (await house.act(claim_id, "recheck", "office_rechecker"))["state"] == "APPROVED"
    register = (await house.get("/overrides")).json()["overrides"]
    assert [(one["what"], one["detail"], one["reason"]) for one in register] == [("OBJECTION", "OVERTURNED", "已核实")]


async def test_an_objection_that_comes_too_late_is_refused(house: House) -> None:
    claim_id, person_id = await stay(house)
    await house.act(claim_id, "reject", "office_reviewer", body={"reason": "RJ_FALSE_DOCUMENT"})
    house.at("2022-07-31")
    late = await house.post(f"/claims/{claim_id}/object", {"reason": "r"}, person_id, "member", UNIT)
    assert (late.status_code, late.json()["code"]) == (409, "objection-late")


async def test_an_advance_is_settled_and_money_is_asked_back_in_parts(house: House) -> None:
    claim_id, person_id = await stay(house)
    await house.act(claim_id, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    too_much = {"benefit_code": "INPATIENT_MEDICAL", "amount_fen": 36_001}
    refused = await house.post(f"/claims/{claim_id}/advance", too_much, "head", "office_head")
    assert refused.json()["code"] == "advance-too-large"
    await house.act(claim_id, "advance", "office_head", body={**too_much, "amount_fen": 36_000})
    await house.pay_ahead(claim_id)
    await house.decide(claim_id)
    assert (await house.approved(claim_id)).lines[0].advanced_fen == 36_000
    assert (await view(house, claim_id))["claim"]["state"] == "APPROVED"
    await house.pay(claim_id)
    assert (await view(house, claim_id))["claim"]["state"] == "PAID"
    assert (await house.get("/summary")).json()["fen"] == 72_000
    path = f"/recoveries/{claim_id}"
    opened = await house.post(path, {"amount_fen": 10_000, "reason": "FRAUD"}, "head", "office_head")
    assert opened.json() == {"claim_id": claim_id, "state": "OPEN", "left_fen": 10_000}
    part = await house.post(f"{path}/receipts", {"receipt_id": "r1", "amount_fen": 4_000}, "f", "finance")
    assert part.json()["left_fen"] == 6_000
    await house.post(f"{path}/write-off", {"reason": "无力偿还"}, "f", "finance")
    same = await house.post(f"{path}/decide-write-off", {"agreed": True}, "f", "office_head")
    assert same.json()["code"] == "same-person"
    over = await house.post(f"{path}/decide-write-off", {"agreed": True}, "s", "supervisor")
    assert over.json()["state"] == "WRITTEN_OFF"
    assert (await house.get("/recoveries", "finance")).json()["recoveries"][0]["written_off_fen"] == 6_000
    barred = filing(channel="MEMBER_MOBILE", incident={"kind": "INPATIENT", "decisive_on": "2022-01-02"})
    again = await house.post("/claims", barred, person_id, "member", UNIT)
    assert (again.status_code, again.json()["code"]) == (409, "person-barred")


async def test_an_advance_on_a_benefit_that_an_upgrade_replaces_is_settled_with_the_new_one(house: House) -> None:
    facts = {"self_pay_in_scope_fen": 1_500_000, "self_paid_fen": 1_500_000}
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE", facts=facts), await house.cover(UNIT), "member")
    await house.act(claim_id, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    ahead = {"benefit_code": "INPATIENT_MEDICAL", "amount_fen": 36_000}
    await house.act(claim_id, "advance", "office_head", body=ahead)
    await house.act(claim_id, "assess", "office_reviewer")
    better = {"from_code": "INPATIENT_MEDICAL", "benefit_code": "CRITICAL_ILLNESS", "reason": "病理已到"}
    await house.act(claim_id, "upgrade", "office_reviewer", body=better)
    await house.act(claim_id, "recheck", "office_rechecker")
    await house.act(claim_id, "approve", "office_head")
    (granted,) = (await house.approved(claim_id)).lines
    assert (granted.benefit_code, granted.advanced_fen) == ("CRITICAL_ILLNESS", 36_000)
    await house.pay(claim_id)
    assert (await view(house, claim_id))["claim"]["state"] == "APPROVED"
    await house.pay_ahead(claim_id)
    assert (await view(house, claim_id))["claim"]["state"] == "PAID"
    paid = (await house.get("/summary")).json()
    rest_fen = granted.amount_fen - 36_000
    by_benefit = {"CRITICAL_ILLNESS": rest_fen, "INPATIENT_MEDICAL": 36_000}
    assert (paid["fen"], paid["fen_by_benefit"]) == (granted.amount_fen, by_benefit)
    async with house.world.context.reads.connection() as c:
        rows = list(await c.execute(sa.select(claim_lines.C.benefit_code, claim_lines.C.amount_fen)))
    assert sorted(tuple(row) for row in rows) == [
        ("CRITICAL_ILLNESS", granted.amount_fen),
        ("INPATIENT_MEDICAL", 0),
    ]


async def test_an_advance_that_the_bank_sends_back_leaves_the_claim_on_its_way(house: House) -> None:
    claim_id, _ = await stay(house)
    await house.act(claim_id, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    body = {"benefit_code": "INPATIENT_MEDICAL", "amount_fen": 36_000}
    await house.act(claim_id, "advance", "office_head", body=body)
    (granted,) = [one for one in await house.history(claim_id) if isinstance(one, AdvanceGranted)]
    (payee_of_it,) = granted.payees
    ahead = settled(granted, f"{granted.line_id}.advance", granted.benefit_code, payee_of_it.payee_id, 36_000)
    await house.react(returned(ahead, after_booking=False))
    seen = await view(house, claim_id)
    assert (seen["claim"]["state"], seen["history"][-1]["what"]) == ("IN_REVIEW", "PAYMENT_FAILED")


async def test_a_withdrawn_stay_can_be_claimed_anew(house: House) -> None:
    claim_id, person_id = await stay(house)
    gone = await house.post(f"/claims/{claim_id}/withdraw", None, person_id, "member", UNIT)
    assert gone.json()["state"] == "WITHDRAWN"
    assert await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member") != claim_id


@pytest.mark.parametrize(
    ("action", "body", "role"),
    [
        ("ask-papers", ASK, "member"),
        ("return", {"reason": "RT_FACTS"}, "member"),
        ("upgrade", {"benefit_code": "CRITICAL_ILLNESS", "reason": "r"}, "county_clerk"),
        ("advance", {"benefit_code": "CRITICAL_ILLNESS", "amount_fen": 1}, "office_reviewer"),
        ("urgent", {"trigger": "DEATH"}, "member"),
        ("sample-review", {"correct": True}, "office_reviewer"),
        ("object", {"reason": "r"}, "office_head"),
    ],
)
async def test_each_action_is_for_its_roles_only(house: House, action: str, body: object, role: str) -> None:
    claim_id, _ = await stay(house)
    answer = await house.post(f"/claims/{claim_id}/{action}", body, "x", role)
    assert answer.status_code == 403


async def test_the_interface_describes_itself(house: House) -> None:
    document = (await house.get("/schema/openapi.json")).json()
    assert {
        path
        for path in document["paths"]
        if "claim" in path or path in {"/summary", "/special-decisions", "/overrides", "/recoveries"}
    } == {
        "/claims",
        "/claims/{claim_id}",
        "/claims/{claim_id}/facts",
        "/claims/{claim_id}/forward",
        "/claims/{claim_id}/assess",
        "/claims/{claim_id}/special-decision",
        "/claims/{claim_id}/recheck",
        "/claims/{claim_id}/approve",
        "/claims/{claim_id}/reject",
        "/claims/{claim_id}/ask-papers",
        "/claims/{claim_id}/supply-papers",
        "/claims/{claim_id}/reopen",
        "/claims/{claim_id}/return",
        "/claims/{claim_id}/withdraw",
        "/claims/{claim_id}/upgrade",
        "/claims/{claim_id}/payees",
        "/claims/{claim_id}/sample-review",
        "/claims/{claim_id}/urgent",
        "/claims/{claim_id}/contact",
        "/claims/{claim_id}/advance",
        "/claims/{claim_id}/object",
        "/claims/{claim_id}/decide-objection",
        "/claims/{claim_id}/raise",
        "/recoveries",
        "/recoveries/{claim_id}",
        "/recoveries/{claim_id}/receipts",
        "/recoveries/{claim_id}/write-off",
        "/recoveries/{claim_id}/decide-write-off",
        "/claims/{claim_id}/complex",
        "/claims/mine",
        "/claims/mine/refused-stays",
        "/claims/phone",
        "/claims/for-information",
        "/claims/estimate",
        "/claims/what-if",
        "/claims/{claim_id}/heirs",
        "/claims/{claim_id}/explanation",
        "/claims/{claim_id}/not-me",
        "/overrides",
        "/special-decisions",
        "/summary",
    }
