"""The urgent path, objections, deadlines: it does, it refuses by code, it stays quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from claims.domain.claim_commands import ApproveClaim, AssessClaim, ClaimCommand, RecheckClaim, RecordPayoutArrived
from claims.domain.claim_stages import ClaimEvent
from claims.domain.side_commands import (
    DecideObjection,
    EscalateContact,
    EscalatePapers,
    EscalateStep,
    ExtendDecision,
    FileObjection,
    FollowUpPapers,
    RecordContact,
    ReviewSample,
    WithdrawClaim,
)
from contracts.claims.process import (
    BenefitUpgraded,
    LargeSumReported,
    StepOverdue,
)
from contracts.claims.v1 import (
    BenefitLine,
    ClaimAssessed,
    ClaimFiled,
    ClaimPaid,
    PayoutArrived,
)
from contracts.envelope import changed
from tests.claims.material import PLAN, line
from tests.claims.process_material import (
    ADVANCE,
    ADVANCED,
    APPROVED,
    ASSESSED,
    BY_UNIT,
    COMMANDS,
    CONTACTED,
    EXTEND,
    EXTENDED,
    FILED,
    LINES,
    MATCHED,
    OBJECT,
    RECHECKED,
    REJECTED,
    RULES,
    SPEC,
    TODAY,
    UPGRADED,
    URGENT,
    WITHDRAWN,
    approved,
    automatic,
    decide,
    decided,
    marked,
    objection,
    requested,
    supplied,
)


def test_an_urgent_claim_is_the_offices_first() -> None:
    SPEC.given(BY_UNIT).when(URGENT).then(marked())
    SPEC.given(BY_UNIT, marked()).when(URGENT).then_nothing()
    assess = AssessClaim("reviewer", LINES, (), PLAN.authority, TODAY)
    SPEC.given(BY_UNIT, marked()).when(assess).then(ASSESSED)
    SPEC.given(FILED).when(replace(URGENT, trigger="HURRY")).then_rejected("trigger-unknown")


def test_the_family_is_spoken_with_in_time_or_the_head_sees_it() -> None:
    urgent = SPEC.given(FILED, marked())
    command = RecordContact("county", CONTACTED.contacted_at)
    urgent.when(command).then(CONTACTED)
    urgent.given(CONTACTED).when(command).then_nothing()
    SPEC.given(FILED).when(command).then_rejected("claim-not-urgent")
    late = StepOverdue(claim_id="c1", step="FIRST_CONTACT", due_on=URGENT.contact_until, escalated_to="office_head")
    after = EscalateContact("2022-06-04T02:00:00.000001Z")
    urgent.when(after).then(late)
    urgent.given(late).when(after).then_nothing()
    urgent.given(CONTACTED).when(after).then_nothing()


def test_a_bounded_part_is_paid_ahead_and_settled_at_the_decision() -> None:
    urgent = SPEC.given(FILED, marked())
    urgent.when(ADVANCE).then(ADVANCED)
    urgent.given(ADVANCED).when(ADVANCE).then_nothing()
    arrived = PayoutArrived(
        claim_id="c1", payout_id="a", benefit_code="CRITICAL_ILLNESS", payee_id="p1", amount_fen=2_500_000
    )
    early = RecordPayoutArrived("a", "CRITICAL_ILLNESS", "p1", 2_500_000)
    urgent.given(ADVANCED).when(early).then(arrived)
    decided = urgent.given(ADVANCED, arrived, ASSESSED).when(RecheckClaim("rechecker", PLAN.authority, TODAY)).events
    granted = decided[-1]
    assert [(one.amount_fen, one.advanced_fen) for one in granted.lines] == [(5_000_000, 2_500_000)]
    assert granted.reviewed_by == ("filer", "head", "reviewer", "rechecker")
    rest = RecordPayoutArrived("b", "CRITICAL_ILLNESS", "p1", 2_500_000)
    paid = urgent.given(ADVANCED, arrived, ASSESSED, *decided).when(rest).events
    assert isinstance(paid[-1], ClaimPaid)


AHEAD = PayoutArrived(
    claim_id="c1",
    payout_id="c1.CRITICAL_ILLNESS.advance-p1",
    benefit_code="CRITICAL_ILLNESS",
    payee_id="p1",
    amount_fen=2_500_000,
)
ARRIVE_AHEAD = RecordPayoutArrived(AHEAD.payout_id, AHEAD.benefit_code, AHEAD.payee_id, AHEAD.amount_fen)
RECHECK = RecheckClaim("rechecker", PLAN.authority, TODAY)
RECHECKED_BY_ANOTHER = msgspec.structs.replace(RECHECKED, by="second")


def assessed(*lines: BenefitLine) -> ClaimAssessed:
    return msgspec.structs.replace(ASSESSED, lines=lines)


def names(events: Sequence[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_claim_wholly_paid_ahead_is_paid_with_the_decision_or_when_the_advance_arrives() -> None:
    ahead = SPEC.given(FILED, marked(), ADVANCED)
    small = assessed(line("CRITICAL_ILLNESS", 2_500_000))
    settled = ahead.given(AHEAD, small).when(RECHECK).events
    assert names(settled) == ["ClaimRechecked", "ClaimApproved", "ClaimPaid"]
    waiting = ahead.given(small).when(RECHECK).events
    assert names(waiting) == ["ClaimRechecked", "ClaimApproved"]
    assert names(ahead.given(small, *waiting).when(ARRIVE_AHEAD).events) == ["PayoutArrived", "ClaimPaid"]


def test_an_advance_beyond_its_line_pays_no_other_line() -> None:
    ahead = SPEC.given(FILED, marked(), ADVANCED, AHEAD)
    two = assessed(line("CRITICAL_ILLNESS", 1_000_000), line("INPATIENT_MEDICAL", 72_000))
    granted = ahead.given(two).when(RECHECK).events
    assert names(granted) == ["ClaimRechecked", "ClaimApproved"]
    other = RecordPayoutArrived("b", "INPATIENT_MEDICAL", "p1", 72_000)
    assert names(ahead.given(two, *granted).when(other).events) == ["PayoutArrived", "ClaimPaid"]


def test_an_advance_of_a_benefit_that_was_not_granted_arrives_and_pays_nothing_else() -> None:
    ahead = SPEC.given(FILED, marked(), ADVANCED)
    other = assessed(line("INPATIENT_MEDICAL", 72_000))
    granted = ahead.given(other).when(RECHECK).events
    approved_one = ahead.given(other, *granted)
    approved_one.when(ARRIVE_AHEAD).then(AHEAD)
    approved_one.given(AHEAD).when(ARRIVE_AHEAD).then_nothing()
    stranger = RecordPayoutArrived("x", "CRITICAL_ILLNESS", "p9", 1)
    approved_one.when(stranger).then_rejected("payout-not-due")


def upgraded(code: str, fen: int, from_code: str = "CRITICAL_ILLNESS", *others: BenefitLine) -> BenefitUpgraded:
    new = line(code, fen)
    return msgspec.structs.replace(UPGRADED, from_code=from_code, line=new, lines=(*others, new))


@pytest.mark.parametrize("early", [True, False])
def test_an_advance_on_a_benefit_that_was_replaced_is_deducted_from_the_new_one(early: bool) -> None:
    ahead = SPEC.given(FILED, marked(), ADVANCED, *((AHEAD,) if early else ()))
    way = ahead.given(ASSESSED, upgraded("ACCIDENT_DISABILITY", 7_500_000), RECHECKED_BY_ANOTHER)
    granted = way.when(ApproveClaim("chief", TODAY)).events
    (one,) = granted[0].lines
    assert (one.benefit_code, one.advanced_fen, one.replaced_fen) == ("ACCIDENT_DISABILITY", 2_500_000, 2_500_000)
    assert one.advanced_as == ("CRITICAL_ILLNESS",)
    rest = RecordPayoutArrived("b", "ACCIDENT_DISABILITY", "p1", 5_000_000)
    after = way.given(*granted)
    if early:
        assert names(after.when(rest).events) == ["PayoutArrived", "ClaimPaid"]
    else:
        arrived = after.when(rest).events
        assert names(arrived) == ["PayoutArrived"]
        assert names(after.given(*arrived).when(ARRIVE_AHEAD).events) == ["PayoutArrived", "ClaimPaid"]
        after.given(*arrived, AHEAD).when(rest).then_nothing()


def test_an_advance_follows_its_benefit_through_every_upgrade_and_no_further() -> None:
    ahead = SPEC.given(FILED, marked(), ADVANCED)
    twice = (upgraded("ACCIDENT_DISABILITY", 7_500_000), upgraded("SUDDEN_DEATH", 8_000_000, "ACCIDENT_DISABILITY"))
    way = ahead.given(ASSESSED, *twice, RECHECKED_BY_ANOTHER)
    (one,) = way.when(ApproveClaim("chief", TODAY)).events[0].lines
    assert (one.benefit_code, one.advanced_fen) == ("SUDDEN_DEATH", 2_500_000)
    beside = ahead.given(ASSESSED, upgraded("INPATIENT_MEDICAL", 72_000, ""), RECHECKED_BY_ANOTHER)
    lines = beside.when(ApproveClaim("chief", TODAY)).events[0].lines
    assert [(one.benefit_code, one.advanced_fen, one.advanced_as) for one in lines] == [
        ("CRITICAL_ILLNESS", 2_500_000, ()),
        ("INPATIENT_MEDICAL", 0, ()),
    ]


@pytest.mark.parametrize(
    ("history", "command", "code"),
    [
        ((FILED,), ADVANCE, "claim-not-urgent"),
        ((MATCHED, marked()), ADVANCE, "payees-unconfirmed"),
        ((FILED, marked()), replace(ADVANCE, amount_fen=2_500_001), "advance-too-large"),
        ((FILED, marked()), replace(ADVANCE, by="filer"), "filer-reviews"),
        ((FILED, marked(), ASSESSED), replace(ADVANCE, by="reviewer"), "same-reviewer"),
        ((FILED, marked(), ADVANCED), replace(ADVANCE, amount_fen=1), "advance-granted"),
        ((FILED, marked(), ADVANCED), WithdrawClaim("p1"), "advance-granted"),
        ((FILED, marked(), ADVANCED), AssessClaim("head", LINES, (), PLAN.authority, TODAY), "same-reviewer"),
        ((FILED, marked(), ADVANCED, ASSESSED), RecheckClaim("head", PLAN.authority, TODAY), "same-reviewer"),
    ],
)
def test_an_advance_has_its_bounds_and_its_own_hands(
    history: tuple[ClaimEvent, ...], command: ClaimCommand, code: str
) -> None:
    SPEC.given(*history).when(command).then_rejected(code)


def test_a_refusal_is_objected_to_in_time_and_at_two_levels() -> None:
    refused = SPEC.given(FILED, REJECTED)
    refused.when(OBJECT).then(objection())
    refused.given(objection()).when(OBJECT).then_nothing()
    refused.given(objection()).when(replace(OBJECT, by="filer")).then_rejected("objection-open")
    refused.when(replace(OBJECT, today="2022-07-02")).then_rejected("objection-late")
    refused.when(replace(OBJECT, note=None)).then_rejected("reason-missing")
    upheld = refused.given(objection(), decided())
    upheld.when(OBJECT).then(objection(2))
    last = upheld.given(objection(2), decided(level=2, by="committee"))
    last.when(OBJECT).then_rejected("objections-spent")


@pytest.mark.parametrize("history", [(FILED,), (BY_UNIT,), (FILED, ASSESSED), (FILED, requested())])
def test_only_a_refusal_is_objected_to(history: tuple[ClaimEvent, ...]) -> None:
    SPEC.given(*history).when(OBJECT).then_rejected("claim-not-refused")
    SPEC.given(*history).when(decide()).then_rejected("objection-missing")


def test_an_objection_is_decided_by_somebody_without_part_in_the_refusal() -> None:
    open_one = SPEC.given(FILED, REJECTED, objection())
    open_one.when(decide()).then(decided())
    open_one.given(decided()).when(decide()).then_nothing()
    for by in ("filer", "reviewer", "p1"):
        open_one.when(decide(by=by)).then_rejected("objection-own-decision")
    second = open_one.given(decided(), objection(2))
    second.when(decide(level=2)).then_rejected("objection-own-decision")
    open_one.when(decide(level=2)).then_rejected("objection-level")
    open_one.when(replace(decide(), note=None)).then_rejected("reason-missing")
    open_one.when(replace(decide("OVERTURNED"), lines=())).then_rejected("outcome-without-lines")
    open_one.when(replace(decide(), lines=LINES)).then_rejected("outcome-with-lines")
    open_one.when(replace(decide(), outcome="MAYBE")).then_rejected("outcome-unknown")


@pytest.mark.parametrize("outcome", ["OVERTURNED", "PARTLY"])
def test_an_overturned_refusal_is_rechecked_by_other_hands(outcome: str) -> None:
    open_one = SPEC.given(FILED, REJECTED, objection())
    open_one.when(decide(outcome)).then(decided(outcome))
    overturned = open_one.given(decided(outcome))
    overturned.when(RecheckClaim("judge", PLAN.authority, TODAY)).then_rejected("same-reviewer")
    events = overturned.when(RecheckClaim("rechecker", PLAN.authority, TODAY)).events
    assert events[-1].reviewed_by == ("filer", "reviewer", "judge", "rechecker")


def test_a_late_step_is_told_once_to_the_next_level() -> None:
    late = StepOverdue(claim_id="c1", step="OFFICE_REVIEW", due_on="2022-06-02", escalated_to="OFFICE_RECHECK")
    SPEC.given(FILED).when(EscalateStep("2022-06-02")).then_nothing()
    SPEC.given(FILED).when(EscalateStep(TODAY)).then(late)
    SPEC.given(FILED, late).when(EscalateStep(TODAY)).then_nothing()
    SPEC.given(FILED, requested()).when(EscalateStep("2023-01-01")).then_nothing()
    event = SPEC.given(FILED, REJECTED, objection()).when(EscalateStep("2022-07-05")).events
    assert [(one.step, one.escalated_to) for one in event] == [("OBJECTION_1", "office_head")]
    SPEC.given(FILED, REJECTED, objection(), *event).when(EscalateStep("2022-07-06")).then_nothing()


def test_a_large_sum_is_reported_to_the_committee() -> None:
    large = (line("ACCIDENT_DEATH", 30_000_000),)
    history = (FILED, msgspec.structs.replace(ASSESSED, lines=large), RECHECKED)
    events = SPEC.given(*history).when(ApproveClaim("head", TODAY, RULES.report_above_fen)).events
    assert events[1:] == [LargeSumReported(claim_id="c1", claim_no="GS22-1", total_fen=30_000_000)]
    SPEC.given(FILED, ASSESSED, RECHECKED).when(ApproveClaim("head", TODAY, RULES.report_above_fen)).then(
        approved("filer", "reviewer", "rechecker", "head")
    )


@pytest.mark.parametrize("command", [*COMMANDS, automatic(), ReviewSample("auditor", correct=True, note=None)])
def test_nothing_happens_to_a_claim_that_was_never_filed(command: ClaimCommand) -> None:
    SPEC.when(command).then_rejected("claim-unknown")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("history", [(FILED, ASSESSED, APPROVED), (FILED, WITHDRAWN)])
def test_what_is_granted_or_withdrawn_is_closed(command: ClaimCommand, history: tuple[ClaimEvent, ...]) -> None:
    if isinstance(command, WithdrawClaim) and WITHDRAWN in history:
        return
    if isinstance(command, FileObjection | DecideObjection) and APPROVED in history:
        return
    SPEC.given(*history).when(command).then_rejected("claim-closed")


FOLLOWING = StepOverdue(claim_id="c1", step="PAPERS_TO_FOLLOW", due_on="2022-07-03", escalated_to="office_head")


def test_papers_that_do_not_follow_an_urgent_claim_are_told_once() -> None:
    urgent, after = SPEC.given(FILED, marked()), EscalatePapers("2022-07-04")
    urgent.when(EscalatePapers("2022-07-03")).then_nothing()
    urgent.when(after).then(FOLLOWING)
    urgent.given(requested()).when(after).then(FOLLOWING)
    urgent.given(FOLLOWING).when(after).then_nothing()
    urgent.given(requested(), supplied()).when(after).then_nothing()
    urgent.given(REJECTED).when(after).then_nothing()
    SPEC.given(FILED).when(after).then_nothing()


def test_papers_that_do_not_follow_a_call_are_told_once_and_by_the_marks_day_where_there_is_one() -> None:
    phoned = SPEC.given(changed(FILED, papers_until="2022-07-30"))
    of_the_call = changed(FOLLOWING, due_on="2022-07-30")
    phoned.when(EscalatePapers("2022-07-30")).then_nothing()
    phoned.when(EscalatePapers("2022-07-31")).then(of_the_call)
    phoned.given(of_the_call).when(EscalatePapers("2022-07-31")).then_nothing()
    phoned.given(requested(), supplied()).when(EscalatePapers("2022-07-31")).then_nothing()
    phoned.given(marked()).when(EscalatePapers("2022-07-04")).then(FOLLOWING)


def test_papers_of_before_the_mark_are_not_those_that_follow() -> None:
    SPEC.given(FILED, requested(), supplied(), marked()).when(EscalatePapers("2022-07-04")).then(FOLLOWING)


def test_that_papers_did_not_follow_leaves_the_steps_time_running() -> None:
    late = StepOverdue(claim_id="c1", step="OFFICE_REVIEW", due_on="2022-06-08", escalated_to="OFFICE_RECHECK")
    SPEC.given(FILED, marked(), FOLLOWING).when(EscalateStep("2022-06-09")).then(late)


def test_a_complex_claim_has_the_longer_time_once() -> None:
    given = SPEC.given(FILED)
    given.when(EXTEND).then(EXTENDED)
    given.given(EXTENDED).when(replace(EXTEND, decide_until="2023-01-01")).then_nothing()
    given.given(EXTENDED).when(EscalateStep("2022-06-30")).then_nothing()
    late = StepOverdue(claim_id="c1", step="OFFICE_REVIEW", due_on="2022-06-30", escalated_to="OFFICE_RECHECK")
    given.given(EXTENDED).when(EscalateStep("2022-07-01")).then(late)


@pytest.mark.parametrize(
    ("history", "command", "code"),
    [
        ((FILED,), replace(EXTEND, step="OFFICE_RECHECK"), "step-not-due"),
        ((FILED,), replace(EXTEND, by="filer"), "filer-reviews"),
        ((FILED,), replace(EXTEND, decide_until=""), "complex-not-timed"),
        ((FILED,), replace(EXTEND, note=None), "reason-missing"),
        ((FILED, marked()), EXTEND, "claim-urgent"),
        ((FILED, requested()), EXTEND, "papers-awaited"),
    ],
)
def test_the_longer_time_is_refused(history: tuple[ClaimEvent, ...], command: ExtendDecision, code: str) -> None:
    SPEC.given(*history).when(command).then_rejected(code)


@pytest.mark.parametrize(
    "command",
    [FollowUpPapers("2030-01-01"), EscalatePapers("2030-01-01"), EscalateStep("2030-01-01"), EscalateContact("2030")],
)
@pytest.mark.parametrize("history", [(), (FILED, ASSESSED, APPROVED), (FILED, WITHDRAWN), (FILED, REJECTED)])
def test_deadlines_of_what_is_over_are_quiet(command: ClaimCommand, history: tuple[ClaimFiled, ...]) -> None:
    SPEC.given(*history).when(command).then_nothing()


@pytest.mark.parametrize("command", [AssessClaim("r", LINES, (), PLAN.authority, TODAY), ApproveClaim("h", TODAY)])
def test_no_review_is_passed_while_papers_are_awaited(command: ClaimCommand) -> None:
    SPEC.given(FILED, requested()).when(command).then_rejected("papers-awaited")
