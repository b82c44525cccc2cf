"""A claim, command by command: it does, it refuses by code, it stays quiet when repeated."""

from __future__ import annotations

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ClaimCommand,
    FileClaim,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RecordPaymentFailed,
    RecordPayoutArrived,
    RejectClaim,
)
from claims.domain.claim_stages import ClaimEvent
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    Incident,
    PaymentFailed,
    PayoutArrived,
    SpecialDecisionMade,
)
from tests.claims.material import PLAN, filing, line, payee, sealed

CLAIM_SPEC = Spec(CLAIM)
TODAY = "2022-06-03"
HEART = Incident(kind="SUDDEN_ILLNESS", decisive_on="2022-05-12", died_on="2022-05-12")
HEIRS = (payee("h1", "SPOUSE", 60), payee("h2", "CHILD", 40))
FILED = filing()
BY_UNIT = filing(steps=("COUNTY_REVIEW", "CITY_REVIEW", "OFFICE_REVIEW"))
OF_DEATH = filing(incident=HEART, payees=HEIRS)
LINE = line()
LINES = (LINE,)
SMALL = (line("INPATIENT_MEDICAL", 72_000),)
AUTHORITY = PLAN.authority
UNSAMPLED = msgspec.structs.replace(AUTHORITY, sampling_percent=0)
NOTE = sealed("p1", "health")
FORWARDED = ClaimForwarded(
    claim_id="c1", step="COUNTY_REVIEW", next_step="CITY_REVIEW", opinion="", by="county", note=NOTE
)


def assessment(lines: tuple[BenefitLine, ...] = LINES, by: str = "reviewer", step: str = "") -> ClaimAssessed:
    next_step = step or ("OFFICE_RECHECK" if lines else "OFFICE_REVIEW")
    return ClaimAssessed(claim_id="c1", lines=lines, findings=(), next_step=next_step, by=by)


def assess(lines: tuple[BenefitLine, ...] = LINES, by: str = "reviewer") -> AssessClaim:
    return AssessClaim(by=by, lines=lines, findings=(), authority=UNSAMPLED, today=TODAY)


def special(by: str = "head", **others: object) -> MakeSpecialDecision:
    command = {
        "by": by,
        "line": LINE,
        "unmet": "RJ_NOT_LISTED_ILLNESS",
        "note": NOTE,
        "evidence": ("EMERGENCY_RECORD",),
    }
    return MakeSpecialDecision(**{**command, **others})  # type: ignore[arg-type]


def recheck(by: str = "rechecker") -> RecheckClaim:
    return RecheckClaim(by=by, authority=AUTHORITY, today=TODAY)


def approval(lines: tuple[BenefitLine, ...], *hands: str, death: bool = False) -> ClaimApproved:
    return ClaimApproved(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        plan_code=PLAN.code,
        plan_version=1,
        org_path=FILED.org_path,
        lines=lines,
        payees=HEIRS if death else FILED.payees,
        total_fen=sum(one.amount_fen for one in lines),
        approved_on=TODAY,
        reviewed_by=hands,
    )


SPECIAL_MADE = SpecialDecisionMade(
    claim_id="c1",
    benefit_code="CRITICAL_ILLNESS",
    unmet="RJ_NOT_LISTED_ILLNESS",
    reason="",
    note=NOTE,
    evidence=("EMERGENCY_RECORD",),
    line=LINE,
    next_step="OFFICE_RECHECK",
    by="head",
)
RECHECKED = ClaimRechecked(claim_id="c1", next_step="HEAD_APPROVAL", by="rechecker")
REJECT = RejectClaim(by="reviewer", reason="RJ_WAITING", rule="等待期", explanation="在等待期内。")
REJECTED = ClaimRejected(
    claim_id="c1",
    claim_no="GS22-1",
    person_id="p1",
    reason="RJ_WAITING",
    rule="等待期",
    explanation="在等待期内。",
    payees=FILED.payees,
    by="reviewer",
)
APPROVED = approval(LINES, "filer", "reviewer", "rechecker")


# FileClaim


def test_filing_opens_a_claim() -> None:
    CLAIM_SPEC.when(FileClaim(FILED)).then(FILED)


def test_filing_again_changes_nothing() -> None:
    CLAIM_SPEC.given(FILED).when(FileClaim(FILED)).then_nothing()


def test_filing_another_incident_under_the_same_id_is_rejected() -> None:
    CLAIM_SPEC.given(FILED).when(FileClaim(OF_DEATH)).then_rejected("claim-exists")


@pytest.mark.parametrize(
    ("payees", "death", "code"),
    [
        ((), False, "payees-missing"),
        ((payee("h1", "SPOUSE", 60),), True, "shares-not-100"),
        ((payee("h1", "SPOUSE", 50), payee("h1", "SPOUSE", 50)), True, "payee-repeated"),
        ((payee(),), True, "payee-deceased"),
        ((payee("h1", "SPOUSE", 100),), False, "payee-not-member"),
        ((payee("h1", "SPOUSE", 120), payee("h2", "CHILD", -20)), True, "payees-missing"),
    ],
)
def test_payees_are_the_member_or_heirs_whose_shares_sum_to_100(
    payees: tuple[object, ...], death: bool, code: str
) -> None:
    filed = filing(incident=HEART if death else None, payees=payees)  # type: ignore[arg-type]
    CLAIM_SPEC.when(FileClaim(filed)).then_rejected(code)


# ForwardClaim


def test_a_union_level_passes_the_claim_on() -> None:
    command = ForwardClaim(by="county", step="COUNTY_REVIEW", note=NOTE)
    CLAIM_SPEC.given(BY_UNIT).when(command).then(FORWARDED)


def test_forwarding_again_changes_nothing() -> None:
    command = ForwardClaim(by="county", step="COUNTY_REVIEW", note=NOTE)
    CLAIM_SPEC.given(BY_UNIT, FORWARDED).when(command).then_nothing()


def test_forwarding_a_step_that_is_not_due_is_rejected() -> None:
    CLAIM_SPEC.given(BY_UNIT).when(ForwardClaim("city", "CITY_REVIEW", "")).then_rejected("step-not-due")
    CLAIM_SPEC.given(FILED).when(ForwardClaim("city", "CITY_REVIEW", "")).then_rejected("step-not-due")


# AssessClaim


def test_an_assessment_waits_for_a_recheck() -> None:
    CLAIM_SPEC.given(FILED).when(assess()).then(assessment())


def test_a_small_assessment_is_the_reviewers_own_to_grant() -> None:
    granted = approval(SMALL, "filer", "reviewer")
    CLAIM_SPEC.given(FILED).when(assess(SMALL)).then(msgspec.structs.replace(assessment(SMALL), next_step=""), granted)


def test_a_small_assessment_in_the_sample_is_rechecked() -> None:
    always = msgspec.structs.replace(AUTHORITY, sampling_percent=100)
    command = AssessClaim(by="reviewer", lines=SMALL, findings=(), authority=always, today=TODAY)
    CLAIM_SPEC.given(FILED).when(command).then(assessment(SMALL))


def test_an_assessment_without_lines_stays_with_the_office() -> None:
    CLAIM_SPEC.given(FILED).when(assess(())).then(assessment(()))


def test_assessing_with_the_same_result_changes_nothing() -> None:
    CLAIM_SPEC.given(FILED, assessment()).when(assess()).then_nothing()


def test_a_small_assessment_repeated_by_its_reviewer_changes_nothing() -> None:
    history = (FILED, assessment(SMALL), approval(SMALL, "filer", "reviewer"))
    CLAIM_SPEC.given(*history).when(assess(SMALL)).then_nothing()


def test_a_new_assessment_voids_the_recheck() -> None:
    other = (line(fen=500_000),)
    CLAIM_SPEC.given(FILED, assessment(), RECHECKED).when(assess(other)).then(assessment(other))
    again = CLAIM_SPEC.given(FILED, assessment(), RECHECKED, assessment(other))
    again.when(ApproveClaim("head", TODAY)).then_rejected("recheck-first")


def test_assessing_before_the_union_has_passed_it_on_is_rejected() -> None:
    CLAIM_SPEC.given(BY_UNIT).when(assess()).then_rejected("step-not-due")


# MakeSpecialDecision


def test_the_head_grants_against_an_unmet_definition() -> None:
    CLAIM_SPEC.given(OF_DEATH, assessment(())).when(special()).then(SPECIAL_MADE)


def test_the_same_special_decision_again_changes_nothing() -> None:
    history = (OF_DEATH, assessment(()), SPECIAL_MADE)
    CLAIM_SPEC.given(*history).when(special()).then_nothing()
    CLAIM_SPEC.given(*history, RECHECKED).when(special()).then_nothing()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (special(note=None), "reason-missing"),
        (special(evidence=()), "evidence-missing"),
        (special(evidence=("NOT_FILED",)), "evidence-missing"),
        (special(by="reviewer"), "same-reviewer"),
        (special(by="filer"), "filer-reviews"),
    ],
)
def test_a_special_decision_needs_reason_evidence_and_other_hands(command: MakeSpecialDecision, code: str) -> None:
    CLAIM_SPEC.given(OF_DEATH, assessment(())).when(command).then_rejected(code)


def test_a_special_decision_follows_an_assessment_that_did_not_grant_it() -> None:
    CLAIM_SPEC.given(OF_DEATH).when(special()).then_rejected("assessment-first")
    CLAIM_SPEC.given(OF_DEATH, assessment()).when(special()).then_rejected("benefit-already-granted")


def test_a_special_decision_is_rechecked_and_approved_by_the_head() -> None:
    history = (OF_DEATH, assessment(()), SPECIAL_MADE)
    CLAIM_SPEC.given(*history).when(recheck()).then(RECHECKED)
    granted = approval(LINES, "filer", "reviewer", "head", "rechecker", death=True)
    CLAIM_SPEC.given(*history, RECHECKED).when(ApproveClaim("head", TODAY)).then(granted)


# RecheckClaim


def test_a_recheck_grants_what_needs_no_head() -> None:
    rechecked = ClaimRechecked(claim_id="c1", next_step="", by="rechecker")
    CLAIM_SPEC.given(FILED, assessment()).when(recheck()).then(rechecked, APPROVED)


def test_deaths_and_large_sums_go_on_to_the_head() -> None:
    CLAIM_SPEC.given(OF_DEATH, assessment()).when(recheck()).then(RECHECKED)
    large = (line("ACCIDENT_DISABILITY", 7_500_000),)
    CLAIM_SPEC.given(FILED, assessment(large)).when(recheck()).then(RECHECKED)


def test_rechecking_again_changes_nothing() -> None:
    CLAIM_SPEC.given(OF_DEATH, assessment(), RECHECKED).when(recheck()).then_nothing()
    CLAIM_SPEC.given(FILED, assessment(), APPROVED).when(recheck()).then_nothing()


def test_rechecking_needs_other_hands_and_something_to_recheck() -> None:
    CLAIM_SPEC.given(FILED, assessment()).when(recheck("reviewer")).then_rejected("same-reviewer")
    CLAIM_SPEC.given(FILED, assessment()).when(recheck("filer")).then_rejected("filer-reviews")
    CLAIM_SPEC.given(FILED, assessment(())).when(recheck()).then_rejected("nothing-to-recheck")
    CLAIM_SPEC.given(FILED).when(recheck()).then_rejected("assessment-first")


# ApproveClaim


def test_the_head_approves_what_was_rechecked() -> None:
    granted = approval(LINES, "filer", "reviewer", "rechecker", "head", death=True)
    CLAIM_SPEC.given(OF_DEATH, assessment(), RECHECKED).when(ApproveClaim("head", TODAY)).then(granted)


def test_the_head_cannot_approve_before_the_recheck_or_what_they_reviewed() -> None:
    CLAIM_SPEC.given(OF_DEATH, assessment()).when(ApproveClaim("head", TODAY)).then_rejected("recheck-first")
    history = (OF_DEATH, assessment(), RECHECKED)
    CLAIM_SPEC.given(*history).when(ApproveClaim("reviewer", TODAY)).then_rejected("same-reviewer")
    CLAIM_SPEC.given(*history).when(ApproveClaim("rechecker", TODAY)).then_rejected("same-reviewer")
    CLAIM_SPEC.given(*history).when(ApproveClaim("filer", TODAY)).then_rejected("filer-reviews")


def test_approving_again_changes_nothing_for_the_same_head_only() -> None:
    granted = approval(LINES, "filer", "reviewer", "rechecker", "head", death=True)
    history = (OF_DEATH, assessment(), RECHECKED, granted)
    CLAIM_SPEC.given(*history).when(ApproveClaim("head", TODAY)).then_nothing()
    CLAIM_SPEC.given(*history).when(ApproveClaim("another", TODAY)).then_rejected("claim-closed")


# RejectClaim


def test_the_office_refuses_with_a_reason() -> None:
    CLAIM_SPEC.given(FILED).when(REJECT).then(REJECTED)
    CLAIM_SPEC.given(FILED, assessment(())).when(REJECT).then(REJECTED)


def test_refusing_again_changes_nothing_for_the_same_reason_only() -> None:
    CLAIM_SPEC.given(FILED, REJECTED).when(REJECT).then_nothing()
    other = RejectClaim(by="reviewer", reason="RJ_LATE", rule="申领期限", explanation="")
    CLAIM_SPEC.given(FILED, REJECTED).when(other).then_rejected("claim-closed")


def test_only_the_office_refuses_and_never_the_filer() -> None:
    CLAIM_SPEC.given(BY_UNIT).when(REJECT).then_rejected("only-office-refuses")
    own = RejectClaim(by="filer", reason="RJ_LATE", rule="", explanation="")
    CLAIM_SPEC.given(FILED).when(own).then_rejected("filer-reviews")


# RecordPayoutArrived, RecordPaymentFailed


def test_the_last_payout_makes_the_claim_paid() -> None:
    granted = approval(LINES, "filer", "reviewer", "rechecker", "head", death=True)
    history = (OF_DEATH, assessment(), RECHECKED, granted)
    first = PayoutArrived(
        claim_id="c1", payout_id="x1", benefit_code="CRITICAL_ILLNESS", payee_id="h1", amount_fen=3_000_000
    )
    command = RecordPayoutArrived("x1", "CRITICAL_ILLNESS", "h1", 3_000_000)
    CLAIM_SPEC.given(*history).when(command).then(first)
    CLAIM_SPEC.given(*history, first).when(command).then_nothing()
    second = RecordPayoutArrived("x2", "CRITICAL_ILLNESS", "h2", 2_000_000)
    arrived = PayoutArrived(
        claim_id="c1", payout_id="x2", benefit_code="CRITICAL_ILLNESS", payee_id="h2", amount_fen=2_000_000
    )
    paid = ClaimPaid(claim_id="c1", person_id="p1", total_fen=5_000_000)
    CLAIM_SPEC.given(*history, first).when(second).then(arrived, paid)
    CLAIM_SPEC.given(*history, first, arrived, paid).when(second).then_nothing()


def test_a_payout_that_the_claim_does_not_owe_is_rejected() -> None:
    stranger = RecordPayoutArrived("x1", "CRITICAL_ILLNESS", "stranger", 1)
    CLAIM_SPEC.given(FILED, assessment(), APPROVED).when(stranger).then_rejected("payout-not-due")
    CLAIM_SPEC.given(FILED).when(stranger).then_rejected("claim-not-approved")


def test_each_returned_attempt_is_recorded_once() -> None:
    command = RecordPaymentFailed("x1", 1, "AC06")
    failed = PaymentFailed(claim_id="c1", payout_id="x1", attempt=1, reason="AC06", benefit_code="", came_back_fen=0)
    CLAIM_SPEC.given(FILED, assessment(), APPROVED).when(command).then(failed)
    CLAIM_SPEC.given(FILED, assessment(), APPROVED, failed).when(command).then_nothing()
    CLAIM_SPEC.given(FILED).when(command).then_rejected("claim-not-approved")


def test_money_that_comes_back_after_all_was_paid_reopens_the_payment() -> None:
    arrived = PayoutArrived(
        claim_id="c1", payout_id="x1", benefit_code="CRITICAL_ILLNESS", payee_id="p1", amount_fen=5_000_000
    )
    paid = ClaimPaid(claim_id="c1", person_id="p1", total_fen=5_000_000)
    back = PaymentFailed(
        claim_id="c1",
        payout_id="x1",
        attempt=1,
        reason="AC06",
        benefit_code="CRITICAL_ILLNESS",
        came_back_fen=5_000_000,
    )
    history = (FILED, assessment(), APPROVED, arrived, paid)
    CLAIM_SPEC.given(*history).when(RecordPaymentFailed("x1", 1, "AC06")).then(back)
    CLAIM_SPEC.given(*history, back).when(RecordPaymentFailed("x1", 1, "AC06")).then_nothing()
    again = RecordPayoutArrived("x1", "CRITICAL_ILLNESS", "p1", 5_000_000)
    CLAIM_SPEC.given(*history, back).when(again).then(arrived, paid)


# All commands, where they have no place

COMMANDS: tuple[ClaimCommand, ...] = (
    ForwardClaim("county", "COUNTY_REVIEW", ""),
    assess(),
    special(),
    recheck("another"),
    ApproveClaim("another", TODAY),
    REJECT,
)


@pytest.mark.parametrize("command", [*COMMANDS, RecordPaymentFailed("x", 1, ""), RecordPayoutArrived("x", "", "", 1)])
def test_nothing_can_be_done_to_a_claim_that_was_never_filed(command: ClaimCommand) -> None:
    CLAIM_SPEC.when(command).then_rejected("claim-unknown")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("end", [APPROVED, REJECTED])
def test_a_decided_claim_is_closed_to_everyone_else(command: ClaimCommand, end: ClaimEvent) -> None:
    if isinstance(command, RejectClaim) and end is REJECTED:
        return
    CLAIM_SPEC.given(FILED, assessment(), end).when(command).then_rejected("claim-closed")
