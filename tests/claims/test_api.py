"""Claims over HTTP on the real Postgres: the seven cases, second filings, refusals, who may see and do what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from claims.api.filing import ACCOUNT_FIELD, CONTACT_FIELD, FACTS_FIELD
from contracts.claims.v1 import ClaimFiled
from contracts.organization import path_of
from contracts.person import Account, Contact, Facts
from tests.claims.house import HEIR_PAPERS, House, cases, filing, filing_of, payee, returned, settled

UNIT = "6207251000001"
COUNTY = "620725"
CITY = "620700"


async def filed_event(house: House, claim_id: str) -> ClaimFiled:
    event = (await house.history(claim_id))[0]
    assert isinstance(event, ClaimFiled)
    return event


async def mobile_stay(house: House, in_scope_fen: int = 240_000, **others: Any) -> str:
    person_id = await house.cover(UNIT)
    facts = {"self_pay_in_scope_fen": in_scope_fen, "self_paid_fen": in_scope_fen}
    body = filing(channel="MEMBER_MOBILE", facts=facts, **others)
    return await house.filed(body, person_id, "member")


async def test_the_seven_cases_go_from_filing_to_paid(house: House) -> None:
    for case in sorted(cases(), key=lambda one: one["filed_on"]):
        house.at(case["filed_on"])
        org = case["division_code"] + "1000001"
        person_id = await house.cover(org)
        mobile = case["channel"] == "MEMBER_MOBILE"
        sub, role = (person_id, "member") if mobile else ("filer", "unit_clerk")
        claim_id = await house.filed(filing_of(case, person_id), sub, role, org)
        first = "UNIT_REVIEW" if mobile else "COUNTY_REVIEW"
        assert await house.pass_union(claim_id, path_of(org), first) == "OFFICE_REVIEW"
        assert (await house.decide(claim_id, case.get("special_decision")))["state"] == "APPROVED"
        await house.pay(claim_id)
    summary = (await house.get("/summary")).json()
    assert summary == {
        "people": 7,
        "person_times": 7,
        "lines": 7,
        "fen": 47_500_000,
        "fen_by_benefit": {
            "ACCIDENT_DEATH": 15_000_000,
            "ACCIDENT_DISABILITY": 7_500_000,
            "CRITICAL_ILLNESS": 25_000_000,
        },
        "rejected": 0,
        "rejected_on_assumption": 0,
        "duplicates": 0,
        "special_decisions": 2,
    }
    register = (await house.get("/special-decisions", "auditor")).json()["special_decisions"]
    assert [(one["benefit_code"], one["unmet"], one["granted"]) for one in register] == [
        ("CRITICAL_ILLNESS", "RJ_NOT_LISTED_ILLNESS", True)
    ] * 2
    listed = (await house.get("/claims?state=PAID", "supervisor")).json()["claims"]
    assert len(listed) == 7


async def test_a_small_mobile_stay_is_granted_by_its_reviewer_alone_unless_sampled(house: House) -> None:
    claim_id = await mobile_stay(house)
    standing = await house.decide(claim_id)
    assert (standing["state"], standing["total_fen"]) == ("APPROVED", 72_000)
    view = (await house.get(f"/claims/{claim_id}")).json()
    assert [line["amount_fen"] for line in view["lines"]] == [72_000]
    assert any("30%" in step for step in view["lines"][0]["trace"])
    assert [one["what"] for one in view["history"]][:2] == ["FILED", "ASSESSED"]
    assert view["history"][-1]["what"] == "APPROVED"
    assert view["history"][1]["actor"] == "office_reviewer-620000"
    assert view["claim"]["claim_no"].startswith("GS22-")


async def test_personal_values_are_sealed_and_can_be_opened_by_category(house: House) -> None:
    person_id = await house.cover(UNIT)
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12"}
    heir = payee("SPOUSE", name="丙丁", account_name="丙 丁")
    body = filing(person_id, incident=died, facts={"narrative": "落水"}, payees=[heir])
    event = await filed_event(house, await house.filed(body))
    ring = house.world.context.keyring
    one = event.payees[0]
    assert one.name_matches
    assert one.payee_id != person_id
    assert one.contact is not None
    facts = await ring.open(event.facts, Facts, subject=person_id, field=FACTS_FIELD)
    account = await ring.open(one.account, Account, subject=one.payee_id, field=ACCOUNT_FIELD)
    contact = await ring.open(one.contact, Contact, subject=one.payee_id, field=CONTACT_FIELD)
    assert (facts.narrative, account.card_no, contact.name) == ("落水", "6" * 16, "丙丁")
    stored = [body.body for body in await house.world.context.log.read(0, 100)]
    assert not [text for text in stored for secret in ("丙", "落水", "6" * 16) if secret.encode() in text]


async def test_a_second_filing_is_counted_and_answers_with_the_first_claim(house: House) -> None:
    person_id = await house.cover(UNIT)
    first = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    again = await house.post("/claims", filing(person_id), "filer", "unit_clerk", UNIT)
    assert again.status_code == 200
    answer = again.json()
    assert (answer["duplicate"], answer["claim_id"], answer["first_claim_id"]) == (True, first, first)
    overlapping = {"kind": "INPATIENT", "decisive_on": "2022-05-15", "discharged_on": "2022-05-25"}
    third = await house.post("/claims", filing(person_id, incident=overlapping), "filer", "unit_clerk", UNIT)
    assert third.status_code == 200
    assert (await house.get("/summary")).json()["duplicates"] == 2
    assert len((await house.get("/claims")).json()["claims"]) == 1


async def test_two_filings_at_once_open_one_claim(house: House) -> None:
    person_id = await house.cover(UNIT)
    await house.world.settled()
    answers = await asyncio.gather(
        *(house.post("/claims", filing(person_id), f"filer-{n}", "unit_clerk", UNIT) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["claim_id"] for answer in answers}) == 1
    assert (await house.get("/summary")).json()["duplicates"] == 5


async def test_a_repeated_request_with_its_key_is_answered_again_and_not_counted(house: House) -> None:
    person_id = await house.cover(UNIT)
    body = filing(person_id)
    first = await house.post("/claims", body, "filer", "unit_clerk", UNIT, key="k1")
    again = await house.post("/claims", body, "filer", "unit_clerk", UNIT, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (await house.get("/summary")).json()["duplicates"] == 0


async def test_a_refusal_names_rule_and_objection(house: House) -> None:
    person_id = await house.cover(UNIT)
    incident = {"kind": "ILLNESS", "decisive_on": "2022-01-20"}
    facts = {"illness": "CANCER", "illness_basis": "PATHOLOGY"}
    claim_id = await house.filed(filing(person_id, incident=incident, facts=facts))
    await house.pass_union(claim_id, path_of(UNIT), "COUNTY_REVIEW")
    standing = await house.decide(claim_id)
    assert (standing["step"], standing["total_fen"]) == ("OFFICE_REVIEW", 0)
    assert standing["findings"][0].startswith("RJ_WAITING")
    unknown = await house.post(f"/claims/{claim_id}/reject", {"reason": "RJ_NONE"}, "r", "office_reviewer")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "reason-unknown")
    refused = await house.act(claim_id, "reject", "office_reviewer", body={"reason": "RJ_WAITING"})
    assert refused["state"] == "REJECTED"
    view = (await house.get(f"/claims/{claim_id}", "member", UNIT, sub=person_id)).json()
    assert view["reason"] == "RJ_WAITING"
    assert "12351" in view["explanation"]
    assert view["rests_on_assumption"], "the waiting days of the plan were not published"
    summary = (await house.get("/summary")).json()
    assert (summary["rejected"], summary["rejected_on_assumption"]) == (1, 1)


async def test_four_eyes_hold_over_http(house: House) -> None:
    person_id = await house.cover(UNIT)
    facts = {"self_pay_in_scope_fen": 2_000_000, "self_paid_fen": 2_000_000}
    body = filing(person_id, "OFFICE_COUNTER", facts=facts)
    claim_id = await house.filed(body, "one", "office_reviewer", "620000")
    own = await house.post(f"/claims/{claim_id}/assess", None, "one", "office_reviewer")
    assert (own.status_code, own.json()["code"]) == (409, "filer-reviews")
    await house.post(f"/claims/{claim_id}/assess", None, "two", "office_reviewer")
    same = await house.post(f"/claims/{claim_id}/recheck", None, "two", "office_rechecker")
    assert (same.status_code, same.json()["code"]) == (409, "same-reviewer")
    other = await house.post(f"/claims/{claim_id}/recheck", None, "three", "office_rechecker")
    assert other.json()["state"] == "APPROVED"
    assert (await house.approved(claim_id)).reviewed_by == ("one", "two", "three")


async def test_a_second_claim_is_cut_by_what_the_first_took(house: House) -> None:
    person_id = await house.cover(UNIT)
    amounts = []
    for admitted in ("2022-03-01", "2022-04-01", "2022-05-01"):
        incident = {"kind": "INPATIENT", "decisive_on": admitted, "discharged_on": admitted}
        facts = {"self_pay_in_scope_fen": 1_500_000, "self_paid_fen": 1_500_000}
        body = filing(channel="MEMBER_MOBILE", incident=incident, facts=facts)
        amounts.append((await house.decide(await house.filed(body, person_id, "member")))["total_fen"])
    assert amounts == [450_000, 450_000, 100_000]


async def test_an_assessment_overtaken_by_another_award_must_be_made_again(house: House) -> None:
    person_id = await house.cover(UNIT)
    ids = []
    for admitted in ("2022-03-01", "2022-04-01", "2022-05-01"):
        incident = {"kind": "INPATIENT", "decisive_on": admitted, "discharged_on": admitted}
        facts = {"self_pay_in_scope_fen": 1_500_000, "self_paid_fen": 1_500_000}
        body = filing(channel="MEMBER_MOBILE", incident=incident, facts=facts)
        ids.append(await house.filed(body, person_id, "member"))
        await house.act(ids[-1], "assess", "office_reviewer")
    for claim_id in ids[:2]:
        assert (await house.act(claim_id, "recheck", "office_rechecker"))["state"] == "APPROVED"
    late = await house.post(f"/claims/{ids[2]}/recheck", None, "rechecker", "office_rechecker")
    assert (late.status_code, late.json()["code"]) == (409, "assessment-outdated")
    assert (await house.decide(ids[2]))["total_fen"] == 100_000


async def test_a_payout_that_comes_back_and_arrives_again_is_counted_once(house: House) -> None:
    claim_id = await mobile_stay(house)
    await house.decide(claim_id)
    approved = await house.approved(claim_id)
    one = settled(
        approved, approved.lines[0].line_id, "INPATIENT_MEDICAL", approved.payees[0].payee_id, approved.total_fen
    )
    await house.react(returned(one, after_booking=False))
    assert (await house.get(f"/claims/{claim_id}")).json()["claim"]["state"] == "PAYMENT_FAILED"
    await house.react(one)
    await house.react(one)
    assert (await house.get(f"/claims/{claim_id}")).json()["claim"]["state"] == "PAID"
    assert (await house.get("/summary")).json()["fen"] == 72_000


async def test_who_sees_and_does_what_follows_the_organisation(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(person_id))
    assert (await house.get(f"/claims/{claim_id}", "county_clerk", COUNTY)).status_code == 200
    assert (await house.get(f"/claims/{claim_id}", "county_clerk", "620702")).status_code == 404
    assert (await house.get(f"/claims/{claim_id}", "member", UNIT, sub="someone")).status_code == 404
    assert (await house.get(f"/claims/{claim_id}", "sys_admin")).status_code == 403
    assert (await house.get("/claims?step=COUNTY_REVIEW", "county_clerk", "620702")).json()["claims"] == []
    listed = (await house.get("/claims?step=COUNTY_REVIEW", "county_clerk", COUNTY)).json()["claims"]
    assert [one["claim_id"] for one in listed] == [claim_id]
    opinion = {"opinion": ""}
    foreign = await house.post(f"/claims/{claim_id}/forward", opinion, "c", "county_clerk", "620702")
    assert foreign.status_code == 404
    early = await house.post(f"/claims/{claim_id}/forward", opinion, "c", "city_clerk", CITY)
    assert (early.status_code, early.json()["code"]) == (409, "step-not-due")
    assert (await house.post(f"/claims/{claim_id}/assess", None, "c", "county_clerk", COUNTY)).status_code == 403
    assert (
        await house.post(f"/claims/{claim_id}/reject", {"reason": "RJ_LATE"}, "c", "county_clerk")
    ).status_code == 403
    assert (await house.post(f"/claims/{claim_id}/approve", None, "c", "office_reviewer")).status_code == 403
    assert (await house.get("/special-decisions", "office_reviewer")).status_code == 403
    assert (await house.get(f"/claims/{claim_id}/facts", "county_clerk", COUNTY)).json()["self_paid_fen"] == 240_000
    assert (await house.get(f"/claims/{claim_id}/facts", "auditor")).status_code == 403


async def test_filing_is_for_oneself_or_the_own_subtree_by_the_own_channel(house: House) -> None:
    person_id = await house.cover(UNIT)
    other = await house.post("/claims", filing(person_id, "MEMBER_MOBILE"), "someone", "member", UNIT)
    assert (other.status_code, other.json()["code"]) == (403, "not-your-own")
    outside = await house.post("/claims", filing(person_id), "clerk", "unit_clerk", "6207021000001")
    assert (outside.status_code, outside.json()["code"]) == (403, "outside-your-organisation")
    channel = await house.post("/claims", filing(person_id, "CITY"), "clerk", "unit_clerk", UNIT)
    assert (channel.status_code, channel.json()["code"]) == (403, "channel-not-allowed")
    uncovered = await house.post("/claims", filing("nobody"), "clerk", "unit_clerk", UNIT)
    assert (uncovered.status_code, uncovered.json()["code"]) == (404, "cover-unknown")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"incident": {"kind": "INPATIENT", "decisive_on": "2023-05-12"}}, 422, "date-in-future"),
        (
            {"incident": {"kind": "INPATIENT", "decisive_on": "2022-05-12", "discharged_on": "2022-05-11"}},
            422,
            "dates-reversed",
        ),
        ({"incident": {"kind": "FLOOD", "decisive_on": "2022-05-12"}}, 400, "request-invalid"),
        ({"payees": []}, 409, "payees-missing"),
        ({"payees": [payee("SPOUSE")]}, 409, "payee-not-member"),
        ({"surprise": 1}, 400, "request-invalid"),
        ({"facts": {"self_paid_fen": -1}}, 400, "request-invalid"),
        ({"plan": "NO-SUCH"}, 404, "cover-unknown"),
    ],
)
async def test_bad_filings_are_refused_by_code(house: House, change: dict[str, Any], status: int, code: str) -> None:
    person_id = await house.cover(UNIT)
    answer = await house.post("/claims", {**filing(person_id), **change}, "filer", "unit_clerk", UNIT)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await house.world.context.log.head() == 0


async def test_a_mismatched_account_name_is_found_and_shown(house: House) -> None:
    claim_id = await mobile_stay(house, payees=[payee(name="甲乙", account_name="甲丙")])
    standing = await house.act(claim_id, "assess", "office_reviewer")
    view = (await house.get(f"/claims/{claim_id}")).json()
    assert view["payees"][0]["name_matches"] is False
    assert any("户名" in finding for finding in view["findings"])
    assert standing["total_fen"] == 72_000


async def test_families_are_not_shown_how_deaths_are_weighed(house: House) -> None:
    person_id = await house.cover(UNIT)
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12", "at_work": True}
    body = filing(person_id, "MEMBER_MOBILE", incident=died, facts={}, payees=[payee("SPOUSE")])
    claim_id = await house.filed(body, "relative", "agent", "620000")
    await house.pass_union(claim_id, path_of(UNIT), "UNIT_REVIEW")
    assert (await house.decide(claim_id))["total_fen"] == 30_000_000
    family = (await house.get(f"/claims/{claim_id}", "agent", sub="relative")).json()["lines"][0]["trace"]
    office = (await house.get(f"/claims/{claim_id}", "office_head")).json()["lines"][0]["trace"]
    assert any("WORK" in step for step in office)
    assert not any("WORK" in step for step in family)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/claims/%00", None),
        ("get", "/claims?person_id=%00", None),
        ("get", "/claims?state=%27%3B--", None),
        ("get", "/claims?after=-1", None),
        ("get", "/claims?limit=100000", None),
        ("get", f"/claims?after={2**70}", None),
        ("get", "/special-decisions?after=x", None),
        ("post", "/claims", None),
        ("post", "/claims", []),
        ("post", "/claims", {"plan": 5}),
        ("post", "/claims", filing("x", facts={"narrative": "a\u0000b"})),
        ("post", "/claims", filing("x", incident={"kind": "INPATIENT", "decisive_on": "0000-01-01"})),
        ("post", "/claims/%00/assess", None),
        ("post", "/claims/x/forward", {"opinion": "\u0000"}),
        ("post", "/claims/x/reject", {"reason": "RJ_\u0000"}),
        ("post", "/claims/x/special-decision", {"benefit_code": "MONEY", "reason": "r", "evidence": ["A"]}),
    ],
)
async def test_hostile_requests_get_a_clear_answer(house: House, method: str, path: str, body: object) -> None:
    for role in ("office_head", "office_reviewer", "county_clerk", "member"):
        async with house.world.client(role) as client:
            answer = await client.request(method, path, json=body)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_largest_filing_fits_into_an_event(house: House) -> None:
    person_id = await house.cover(UNIT)
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12"}
    heirs = [payee("SIBLING", 5, name="𠀀" * 60) for _ in range(20)]
    for heir in heirs:
        heir["account"]["bank_name"] = "𠀀" * 60
    documents = [{"kind": kind, "sha256": "f" * 64} for kind in HEIR_PAPERS]
    documents += [{"kind": "D" * 40, "sha256": "f" * 64}] * (60 - len(documents))
    facts = {
        "narrative": "𠀀" * 2_000,
        "cause_of_death": "𠀀" * 200,
        "illness_basis": "𠀀" * 200,
        "disabilities": [["D" * 60, 10]] * 30,
        "exclusions": ["E" * 60] * 20,
    }
    body = filing(person_id, incident=died, facts=facts, documents=documents, payees=heirs)
    claim_id = await house.filed(body)
    await house.pass_union(claim_id, path_of(UNIT), "COUNTY_REVIEW")
    assert (await house.decide(claim_id))["state"] == "APPROVED"


async def test_a_special_decision_has_its_place_and_its_bounds(house: House) -> None:
    case = cases()[1]
    org = case["division_code"] + "1000001"
    person_id = await house.cover(org)
    claim_id = await house.filed(filing_of(case, person_id), org=org)
    await house.pass_union(claim_id, path_of(org), "COUNTY_REVIEW")
    path, special = f"/claims/{claim_id}/special-decision", case["special_decision"]
    early = await house.post(path, special, "head", "office_head")
    assert (early.status_code, early.json()["code"]) == (409, "assessment-first")
    await house.act(claim_id, "assess", "office_reviewer")
    sudden = await house.post(path, special | {"benefit_code": "SUDDEN_DEATH"}, "head", "office_head")
    assert (sudden.status_code, sudden.json()["code"]) == (409, "special-not-payable")
    stranger = await house.post(path, special | {"evidence": ["NOT_FILED"]}, "head", "office_head")
    assert (stranger.status_code, stranger.json()["code"]) == (409, "evidence-missing")
    made = await house.post(path, special, "head", "office_head")
    assert made.json()["total_fen"] == 5_000_000
    view = (await house.get(f"/claims/{claim_id}")).json()
    assert (view["claim"]["total_fen"], len(view["lines"])) == (5_000_000, 1)
    before = await house.world.context.log.head()
    await house.act(claim_id, "recheck", "office_rechecker")
    again = await house.post(path, special, "head", "office_head")
    assert again.json()["step"] == "HEAD_APPROVAL"
    await house.act(claim_id, "approve", "office_head")
    late = await house.post(path, special, "head", "office_head")
    assert (late.status_code, late.json()["code"]) == (409, "claim-closed")
    assert await house.world.context.log.head() == before + 3
    assert (await house.get("/summary")).json()["special_decisions"] == 1
