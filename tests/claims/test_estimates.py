"""Before filing: what would be paid and which papers are needed, told in Chinese, with nothing recorded."""

from __future__ import annotations

from typing import Any

from tests.claims.house import House, filing
from tests.claims.material import PLAN

UNIT = "6207251000001"
STAY = {"kind": "INPATIENT", "decisive_on": "2022-05-12", "discharged_on": "2022-05-20"}
PAID = {"self_pay_in_scope_fen": 240_000, "self_paid_fen": 240_000}


def asked(person_id: str = "", **others: Any) -> dict[str, Any]:
    return {"person_id": person_id, "plan": PLAN.code, "incident": STAY, "facts": PAID, **others}


async def test_a_member_learns_the_sum_and_the_papers_and_nothing_is_recorded(house: House) -> None:
    person_id = await house.cover(UNIT)
    await house.world.settled()
    head = await house.world.context.log.head()
    answer = await house.post("/claims/estimate", asked(out_of_area=True), person_id, "member", UNIT)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["total_fen"] == 72_000
    assert [line["name"] for line in told["lines"]] == ["住院医疗互助金"]
    assert [paper["kind"] for paper in told["papers"]] == [
        *("APPLICATION_FORM", "ID_CARD", "BANK_CARD", "DISCHARGE_RECORD", "SETTLEMENT", "OUT_OF_AREA_SETTLEMENT"),
    ]
    assert "720.00 元" in told["sentences"][0]
    assert "异地就医结算单" in told["sentences"][-1]
    assert await house.world.context.log.head() == head


async def test_an_estimate_says_no_with_reason_and_who_decides(house: House) -> None:
    person_id = await house.cover(UNIT)
    early = {"kind": "ILLNESS", "decisive_on": "2022-01-20"}
    facts = {"illness": "CANCER", "illness_basis": "PATHOLOGY", "dates": [["PATHOLOGY", "2022-01-21"]]}
    told = (await house.post("/claims/estimate", asked(incident=early, facts=facts), person_id, "member", UNIT)).json()
    assert (told["total_fen"], told["lines"]) == (0, [])
    assert [(one["code"], one["needs_person"]) for one in told["refusals"]] == [("RJ_WAITING", True)]
    assert any("第 21 天" in one and "工作人员" in one for one in told["sentences"])


async def test_what_was_granted_before_counts_and_an_agent_does_not_learn_it(house: House) -> None:
    person_id = await house.cover(UNIT)
    large = {"self_pay_in_scope_fen": 2_000_000, "self_paid_fen": 2_000_000}
    for month in ("03", "04"):
        stay = {"kind": "INPATIENT", "decisive_on": f"2022-{month}-01", "discharged_on": f"2022-{month}-05"}
        claim_id = await house.filed(filing(channel="MEMBER_MOBILE", incident=stay, facts=large), person_id, "member")
        assert (await house.decide(claim_id))["total_fen"] == 500_000
    own = await house.post("/claims/estimate", asked(), person_id, "member", UNIT)
    assert [one["code"] for one in own.json()["refusals"]] == ["RJ_CAP_REACHED"]
    agent = await house.post("/claims/estimate", asked(person_id), "agent", "agent", UNIT)
    assert agent.json()["total_fen"] == 72_000


async def test_families_are_not_told_how_a_death_is_weighed(house: House) -> None:
    person_id = await house.cover(UNIT)
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12", "at_work": True}
    told = (await house.post("/claims/estimate", asked(person_id, incident=died), "clerk", "unit_clerk", UNIT)).json()
    assert told["total_fen"] == 30_000_000
    assert "WORK" not in str(told["lines"]) + str(told["sentences"])
    assert "WORK_PROOF" in [paper["kind"] for paper in told["papers"]]


async def test_an_estimate_is_for_the_person_and_the_own_organisation(house: House) -> None:
    person_id = await house.cover(UNIT)
    other = await house.cover(UNIT)
    for sub, role, org in (
        (other, "member", UNIT),
        ("clerk", "unit_clerk", "6207251000002"),
        ("clerk", "county_clerk", "620702"),
        ("agent", "agent", "620702"),
    ):
        answer = await house.post("/claims/estimate", asked(person_id), sub, role, org)
        assert (answer.status_code, answer.json()["code"]) == (404, "cover-unknown")
    assert (await house.post("/claims/estimate", asked(person_id), "f", "finance")).status_code == 403
    future = asked(facts={**PAID, "dates": [["GRADED", "2022-07-01"]]})
    answer = await house.post("/claims/estimate", future, person_id, "member", UNIT)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "date-in-future", "facts.dates")


async def test_the_facts_of_a_filing_keep_the_papers_dates(house: House) -> None:
    person_id = await house.cover(UNIT)
    incident = {"kind": "ILLNESS", "decisive_on": "2022-01-20"}
    facts = {"illness": "CANCER", "illness_basis": "PATHOLOGY", "dates": [["PATHOLOGY", "2022-03-05"]]}
    claim_id = await house.filed(filing(person_id, incident=incident, facts=facts))
    opened = (await house.get(f"/claims/{claim_id}/facts", "county_clerk", "620725")).json()
    assert opened["dates"] == [["PATHOLOGY", "2022-03-05"]]
    await house.pass_union(claim_id, f"620000.620700.620725.{UNIT}", "COUNTY_REVIEW")
    assert (await house.decide(claim_id))["total_fen"] == 5_000_000
