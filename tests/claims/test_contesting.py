"""Objections against a grant: it does, it refuses by code, it stays quiet; what is won is paid beside the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.testing import Spec
from claims.domain.claim_commands import RecordPayoutArrived
from claims.domain.entitlement import ENTITLEMENT, AwardBenefits, limits_of
from claims.domain.side_commands import EscalateStep, RaiseGrant
from contracts.claims.v1 import BenefitsAwarded, ClaimApproved, ClaimPaid, IncidentClaimed, PayoutArrived
from contracts.envelope import changed
from tests.claims.house import House, filing, payee
from tests.claims.material import PLAN, line
from tests.claims.process_material import APPROVED, FILED, OBJECT, SPEC, TODAY, decide, decided, objection

CODE = APPROVED.lines[0].benefit_code
BEFORE_FEN = APPROVED.lines[0].amount_fen
MORE = changed(APPROVED.lines[0], amount_fen=BEFORE_FEN + 100_000)
AGAINST = changed(objection(), against="GRANT")
STANDS = changed(decided(), against="GRANT")
ARRIVED = PayoutArrived(claim_id="c1", payout_id="x", benefit_code=CODE, payee_id="p1", amount_fen=BEFORE_FEN)
ALL_PAID = ClaimPaid(claim_id="c1", person_id="p1", total_fen=APPROVED.total_fen)
WON = replace(decide("OVERTURNED"), lines=(MORE,))
SIGN = RaiseGrant("head", TODAY)
GRANTED = SPEC.given(FILED, APPROVED)
PAID = GRANTED.given(ARRIVED, ALL_PAID)


@pytest.mark.parametrize("granted", [GRANTED, PAID])
def test_a_grant_is_objected_to_in_time_and_at_two_levels(granted: Spec) -> None:
    granted.when(OBJECT).then(AGAINST)
    granted.given(AGAINST).when(OBJECT).then_nothing()
    granted.given(AGAINST).when(replace(OBJECT, by="filer")).then_rejected("objection-open")
    granted.when(replace(OBJECT, today="2022-07-02")).then_rejected("objection-late")
    granted.when(replace(OBJECT, note=None)).then_rejected("reason-missing")
    upheld = granted.given(AGAINST, STANDS)
    upheld.when(decide()).then_nothing()
    second = changed(AGAINST, level=2)
    upheld.when(OBJECT).then(second)
    upheld.given(second, changed(STANDS, level=2, by="committee")).when(OBJECT).then_rejected("objections-spent")


def test_who_had_a_part_in_the_grant_does_not_decide_and_nothing_is_taken_away() -> None:
    contested = PAID.given(AGAINST)
    contested.when(decide()).then(STANDS)
    for by in (*APPROVED.reviewed_by, "p1"):
        contested.when(decide(by=by)).then_rejected("objection-own-decision")
    contested.when(decide(level=2)).then_rejected("objection-level")
    contested.when(replace(WON, lines=())).then_rejected("outcome-without-lines")
    contested.when(replace(WON, lines=APPROVED.lines)).then_rejected("not-in-favour")
    less = changed(MORE, amount_fen=BEFORE_FEN - 1)
    contested.when(replace(WON, lines=(less,))).then_rejected("not-in-favour")
    PAID.when(decide()).then_rejected("objection-missing")
    PAID.when(SIGN).then_rejected("nothing-to-sign")


def test_what_was_won_is_signed_by_another_and_only_the_difference_is_owed() -> None:
    contested = PAID.given(AGAINST)
    won = contested.given(*contested.when(WON).events)
    won.when(OBJECT).then_rejected("objection-open")
    for by in ("judge", *APPROVED.reviewed_by):
        won.when(replace(SIGN, by=by)).then_rejected("same-reviewer")
    (raised,) = won.when(SIGN).events
    assert isinstance(raised, ClaimApproved)
    (whole,) = raised.lines
    assert (raised.raised, raised.total_fen) == (True, BEFORE_FEN + 100_000)
    assert (whole.amount_fen, whole.advanced_fen) == (BEFORE_FEN + 100_000, BEFORE_FEN)
    assert whole.line_id != APPROVED.lines[0].line_id
    after = won.given(raised)
    after.when(SIGN).then_nothing()
    rest = RecordPayoutArrived("y", CODE, "p1", 100_000)
    assert [type(one) for one in after.when(rest).events] == [PayoutArrived, ClaimPaid]


def test_money_goes_on_arriving_while_a_grant_is_objected_to() -> None:
    arrival = RecordPayoutArrived("x", CODE, "p1", BEFORE_FEN)
    GRANTED.given(AGAINST).when(arrival).then(ARRIVED, ALL_PAID)


def test_a_late_objection_against_a_grant_is_told_once() -> None:
    contested = PAID.given(AGAINST)
    contested.when(EscalateStep("2022-07-04")).then_nothing()
    late = contested.when(EscalateStep("2022-07-05")).events
    assert [(one.step, one.escalated_to) for one in late] == [("OBJECTION_1", "office_head")]
    contested.given(*late).when(EscalateStep("2022-07-06")).then_nothing()


def test_a_raised_award_takes_the_difference_from_the_caps_and_counts_as_one() -> None:
    first = line(CODE, 4_000_000)
    claimed = IncidentClaimed(plan_code=PLAN.code, person_id="p1", incident_key="ILLNESS/2022-05-12", claim_id="c1")
    awarded = BenefitsAwarded(plan_code=PLAN.code, person_id="p1", claim_id="c1", lines=(first,))
    history = Spec(ENTITLEMENT).given(claimed, awarded)

    def award(fen: int) -> AwardBenefits:
        whole = changed(first, amount_fen=fen, advanced_fen=4_000_000)
        return AwardBenefits(PLAN.code, "p1", "c1", (whole,), limits_of(PLAN))

    (more,) = history.when(award(5_000_000)).events
    assert isinstance(more, BenefitsAwarded)
    assert (more.raised, [one.amount_fen for one in more.lines]) == (True, [1_000_000])
    history.given(more).when(award(5_000_000)).then_nothing()
    history.when(award(5_000_001)).then_rejected("assessment-outdated")


async def test_a_grade_that_was_too_low_is_raised_and_the_difference_paid(house: House) -> None:
    facts = {"grading_standard": "JR/T 0083-2013", "disabilities": [["a", 7]], "dates": [["GRADED", "2022-06-01"]]}
    incident = {"kind": "ACCIDENT", "decisive_on": "2022-05-12"}
    person_id = await house.cover()
    filed = filing(person_id, "OFFICE_COUNTER", incident=incident, facts=facts, payees=[payee()])
    claim_id = await house.filed(filed, "counter", "office_reviewer")
    step = (await house.get(f"/claims/{claim_id}")).json()["claim"]
    await house.pass_union(claim_id, step["org_path"], step["step"])
    assert (await house.decide(claim_id))["total_fen"] == 6_000_000
    objected = await house.post(f"/claims/{claim_id}/object", {"reason": "伤残应为六级"}, person_id, "member")
    assert objected.json()["state"] == "APPROVED"
    shown = (await house.get(f"/claims/{claim_id}")).json()["claim"]
    assert (shown["state"], shown["step"]) == ("APPROVED", "OBJECTION_1")
    ruling = {"level": 1, "outcome": "OVERTURNED", "benefit_codes": ["ACCIDENT_DISABILITY"], "reason": "重新鉴定"}
    path = f"/claims/{claim_id}/decide-objection"
    same = await house.post(path, ruling, "judge", "office_head")
    assert (same.status_code, same.json()["code"]) == (409, "not-in-favour")
    corrected = {**ruling, "facts": {**facts, "disabilities": [["a", 6]]}}
    assert (await house.post(path, corrected, "judge", "office_head")).status_code == 200
    signed = await house.post(f"/claims/{claim_id}/raise", None, "committee", "supervisor")
    assert (signed.status_code, signed.json()["total_fen"]) == (200, 7_500_000)
    raised = [one for one in await house.history(claim_id) if isinstance(one, ClaimApproved)][-1]
    assert [(one.amount_fen, one.advanced_fen) for one in raised.lines] == [(7_500_000, 6_000_000)]
    register = (await house.get("/overrides")).json()["overrides"]
    assert [(one["what"], one["amount_fen"]) for one in register] == [("OBJECTION", 1_500_000)]
    other = await house.post(f"/claims/{claim_id}/raise", None, "clerk", "county_clerk")
    assert other.status_code == 403
