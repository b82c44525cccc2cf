"""What if: a year recomputed under other rules, from what was filed and decided, and nothing changed by it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from claims.domain.plan import Plan
from claims.domain.what_if import PastClaim, past_claim, recompute
from claims.main import SERVICE
from contracts.claims.v1 import BenefitLine, ClaimApproved, ClaimRejected, Incident, SpecialDecisionMade
from contracts.person import Facts
from tests.claims.house import House, filing
from tests.claims.material import COVER, PLAN, PLAN_FILE, YUAN, changed, judged, line
from tests.claims.material import filing as filed_event
from tests.world import MakeWorld

UNIT = "6207251000001"
PAID = Facts(self_pay_in_scope_fen=240_000, self_paid_fen=240_000)
RATIO = "benefits.INPATIENT_MEDICAL.formula.ratio_percent"


def stay(number: int, facts: Facts | None = PAID, *, granted: tuple[BenefitLine, ...] | None = None) -> PastClaim:
    month = f"2022-{number + 2:02d}"
    incident = Incident(kind="INPATIENT", decisive_on=f"{month}-10", discharged_on=f"{month}-20")
    lines = judged(incident, facts or PAID).lines if granted is None else granted
    filed = msgspec.structs.replace(filed_event(claim_id=f"c{number}", incident=incident), filed_on="2022-12-01")
    return PastClaim(filed, number, lines, frozenset(), "", facts)


def refused(number: int, reason: str, facts: Facts = PAID) -> PastClaim:
    past = stay(number, facts, granted=())
    return PastClaim(past.filed, number, (), frozenset(), reason, facts)


def money(plan: Plan, *claims: PastClaim) -> list[tuple[int, int]]:
    answer = recompute(claims, COVER, plan, lambda _: PLAN)
    return [(one.before_fen, one.after_fen) for one in answer.differences]


def test_the_same_rules_change_nothing() -> None:
    assert money(PLAN, stay(1), stay(2)) == [(72_000, 72_000)] * 2


def test_another_ratio_is_shown_for_each_claim() -> None:
    assert money(changed("INPATIENT_MEDICAL", ratio_percent=50), stay(1), stay(2)) == [(72_000, 120_000)] * 2


def test_a_lower_cap_cuts_the_later_decision_whatever_the_order_they_come_in() -> None:
    lower = changed("INPATIENT_MEDICAL", period_cap_fen=100_000)
    assert money(lower, stay(2), stay(1)) == [(72_000, 72_000), (72_000, 28_000)]
    answer = recompute([stay(2), stay(1)], COVER, lower, lambda _: PLAN)
    assert answer.differences[1].why == ("INPATIENT_MEDICAL CAP_PERIOD",)


def test_what_the_rules_refused_is_judged_again_and_what_a_person_refused_is_not() -> None:
    small = changed("INPATIENT_MEDICAL", period_cap_fen=10)
    early = Incident(kind="INPATIENT", decisive_on="2022-01-10", discharged_on="2022-01-20")
    waiting = PastClaim(filed_event(incident=early), 1, (), frozenset(), "RJ_WAITING", PAID)
    assert money(changed("INPATIENT_MEDICAL", waiting=()), waiting) == [(0, 72_000)]
    assert money(PLAN, waiting) == [(0, 0)]
    assert money(changed("INPATIENT_MEDICAL", ratio_percent=90), refused(1, "RJ_FALSE_DOCUMENT")) == [(0, 0)]
    assert money(small, stay(1)) == [(72_000, 10)]


def test_a_special_decision_stays_one_under_the_other_rules() -> None:
    incident = Incident(kind="SUDDEN_ILLNESS", decisive_on="2022-05-12")
    past = PastClaim(
        filed_event(incident=incident), 1, (line(),), frozenset({"CRITICAL_ILLNESS"}), "", Facts(illness="ACUTE_MI")
    )
    assert money(PLAN, past) == [(50_000 * YUAN, 50_000 * YUAN)]
    assert money(changed("CRITICAL_ILLNESS", amount_fen=4_000_000), past) == [(50_000 * YUAN, 40_000 * YUAN)]


def test_an_erased_person_is_reported_and_what_was_granted_still_fills_the_caps() -> None:
    lower = changed("INPATIENT_MEDICAL", period_cap_fen=100_000)
    erased = stay(1, None)
    answer = recompute([erased, stay(2)], COVER, lower, lambda _: PLAN)
    assert answer.erased == ("c1",)
    assert [(one.claim_id, one.after_fen) for one in answer.differences] == [("c2", 28_000)]


def test_a_stream_is_read_as_it_was_decided_last() -> None:
    filed = filed_event()
    made = SpecialDecisionMade(
        claim_id="c1",
        benefit_code="CRITICAL_ILLNESS",
        unmet="RJ_NOT_LISTED_ILLNESS",
        reason="r",
        evidence=("E",),
        line=line(),
        next_step="OFFICE_RECHECK",
        by="head",
    )
    approved = ClaimApproved(
        claim_id="c1",
        claim_no="n",
        person_id="p1",
        plan_code=PLAN.code,
        plan_version=1,
        org_path=filed.org_path,
        lines=(line(),),
        payees=filed.payees,
        total_fen=5_000_000,
        approved_on="2022-06-01",
    )
    rejected = ClaimRejected(
        claim_id="c1", claim_no="n", person_id="p1", reason="RJ_LATE", rule="r", explanation="e", payees=filed.payees
    )
    assert past_claim([]) is past_claim([(1, filed)]) is None
    granted = past_claim([(1, filed), (2, made), (7, approved)])
    assert granted is not None
    assert (granted.position, granted.special, granted.granted) == (7, frozenset({"CRITICAL_ILLNESS"}), (line(),))
    overturned = past_claim([(1, filed), (3, rejected), (9, approved)])
    assert overturned is not None
    assert (overturned.refused, overturned.position) == ("", 9)
    no = past_claim([(1, filed), (3, rejected)])
    assert no is not None
    assert no.refused == "RJ_LATE"


async def lived(house: House) -> list[str]:
    """Three stays granted, one refused for false papers, one open."""
    claims = []
    for _ in range(3):
        person_id = await house.cover(UNIT)
        claims.append(await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member"))
        await house.decide(claims[-1])
    person_id = await house.cover(UNIT)
    false = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    await house.act(false, "reject", "office_reviewer", body={"reason": "RJ_FALSE_DOCUMENT"})
    await house.filed(filing(channel="MEMBER_MOBILE"), await house.cover(UNIT), "member")
    return claims


async def asked(house: House, body: dict[str, Any], role: str = "office_head", org: str = "620000") -> Any:
    answer = await house.post("/claims/what-if", {"plan": PLAN.code, "period": 2022, **body}, "head", role, org)
    return answer.status_code, answer.json()


async def test_a_year_is_recomputed_and_nothing_is_written(house: House) -> None:
    claims = await lived(house)
    await house.world.settled()
    head = await house.world.context.log.head()
    status, told = await asked(house, {"overrides": {RATIO: 50}})
    assert status == 200, told
    assert (told["claims"], told["changed"], told["open"], told["erased"]) == (4, 3, 1, 0)
    assert (told["before_fen"], told["after_fen"], told["difference_fen"]) == (216_000, 360_000, 144_000)
    assert {one["claim_id"] for one in told["differences"]} == set(claims)
    assert await house.world.context.log.head() == head
    document = json.loads(PLAN_FILE.read_text(encoding="utf-8"))
    document["benefits"]["INPATIENT_MEDICAL"]["formula"]["ratio_percent"] = 50
    assert (await asked(house, {"document": document}))[1] == told
    same = (await asked(house, {"overrides": {RATIO: 30}}, "supervisor"))[1]
    assert (same["changed"], same["difference_fen"]) == (0, 0)
    other_year = (await asked(house, {"overrides": {RATIO: 50}, "period": 2021}))[1]
    assert other_year["claims"] == 0


async def test_the_changes_come_in_pages(house: House) -> None:
    claims = await lived(house)
    pages = []
    after = 0
    while True:
        told = (await asked(house, {"overrides": {RATIO: 50}, "limit": 2, "after": after}))[1]
        pages.append([one["claim_id"] for one in told["differences"]])
        after = told["next_after"]
        if not after:
            break
    assert [len(page) for page in pages] == [2, 1]
    assert {claim for page in pages for claim in page} == set(claims)


async def test_erased_people_are_named_by_their_claims(house: House) -> None:
    claims = await lived(house)
    row = (await house.get(f"/claims/{claims[0]}")).json()["claim"]
    await house.world.context.keyring.destroy(row["person_id"], ["health"])
    told = (await asked(house, {"overrides": {RATIO: 50}}))[1]
    assert (told["claims"], told["erased"], told["erased_claim_ids"]) == (3, 1, [claims[0]])
    assert (told["before_fen"], told["after_fen"]) == (144_000, 240_000)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "rules-missing"),
        ({"overrides": {RATIO: 50}, "document": {}}, 422, "rules-missing"),
        ({"overrides": {"benefits.NONE.once": True}}, 422, "parameter-unknown"),
        ({"overrides": {"benefits.INPATIENT_MEDICAL.none": 1}}, 422, "parameter-unknown"),
        ({"overrides": {RATIO: "much"}}, 422, "plan-invalid"),
        ({"overrides": {"overall_cap_fen": -1}}, 422, "plan-invalid"),
        ({"document": {"code": "X"}}, 422, "plan-invalid"),
        ({"overrides": {RATIO: 50}, "version": 9}, 404, "plan-unknown"),
        ({"overrides": {}}, 400, "request-invalid"),
        ({"overrides": {RATIO: 50}, "period": 3000}, 400, "request-invalid"),
    ],
)
async def test_rules_that_cannot_be_judged_by_are_refused(
    house: House, body: dict[str, Any], status: int, code: str
) -> None:
    answered, told = await asked(house, body)
    assert (answered, told["code"]) == (status, code)


async def test_a_what_if_has_its_roles(house: House) -> None:
    body = {"overrides": {RATIO: 50}}
    assert (await asked(house, body, "office_reviewer"))[0] == 403
    assert (await asked(house, body, "supervisor", "620700"))[0] == 403


async def test_more_claims_than_the_bound_are_refused(make_world: MakeWorld) -> None:
    house = House(await make_world(SERVICE, what_if_claims_max=4))
    house.at("2022-06-30")
    await lived(house)
    assert (await asked(house, {"overrides": {RATIO: 50}}))[1]["code"] == "what-if-too-large"
