"""What turns a claim aside: returned to the step below, given more time, upgraded, granted automatically."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Undecided,
    Withdrawn,
)
from claims.domain.reviewing import approval
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW, sampled
from claims.domain.side_commands import ApproveAutomatically, ExtendDecision, ReturnClaim, ReviewSample, UpgradeBenefit
from claims.domain.standing import check_step, closed, other_hands, step_of, undecided, unknown
from contracts.claims.process import (
    BenefitUpgraded,
    ClaimReturned,
    DecisionTimeExtended,
    ReviewSampled,
    SampleReviewed,
)
from contracts.claims.v1 import ClaimApproved, ClaimAssessed
from contracts.envelope import changed

MATCHED = "DATA_MATCH"
SIGNERS = 2


def send_back(command: ReturnClaim, claim: Claim) -> list[ClaimEvent]:
    """To the step below, whose review is then to be passed again."""
    waiting = undecided(claim)
    check_step(waiting, command.step)
    other_hands(waiting.hands, command.by, command.step)
    if command.reason not in command.reasons:
        raise Rejected("reason-unknown", "The plan knows no such reason for a return.", "reason")
    below = _below(waiting)
    return [
        ClaimReturned(
            claim_id=waiting.filed.claim_id,
            step=command.step,
            next_step=below,
            reason=command.reason,
            note=command.note,
            by=command.by,
            due_on=command.due.get(below, ""),
        )
    ]


def _below(claim: Undecided) -> str:
    match claim:
        case Rechecked():
            return OFFICE_RECHECK
        case Assessed() if claim.step == OFFICE_RECHECK:
            return OFFICE_REVIEW
        case AtUnion() | AtOffice() | Assessed():
            steps = claim.filed.steps
            step = step_of(claim)
            place = steps.index(step) if step in steps else 0
            if place == 0:
                raise Rejected("no-step-below", "There is no review below this one.")
            return steps[place - 1]


def extend_decision(command: ExtendDecision, claim: Claim) -> list[ClaimEvent]:
    """Once, at the review that finds the claim complex; an urgent claim keeps its short time (domain 4.2, 4.9)."""
    waiting = undecided(claim)
    if waiting.beside.complex:
        return []
    check_step(waiting, command.step)
    other_hands(waiting.hands, command.by, command.step)
    if not command.decide_until:
        raise Rejected("complex-not-timed", "The plan gives complex claims no longer time.")
    if waiting.filed.urgent:
        raise Rejected("claim-urgent", "An urgent claim keeps its short time.")
    if command.note is None:
        raise Rejected("reason-missing", "It is said why the claim is complex.", "reason")
    return [
        DecisionTimeExtended(
            claim_id=waiting.filed.claim_id,
            step=command.step,
            decide_until=command.decide_until,
            due_on=command.due_on,
            note=command.note,
            by=command.by,
        )
    ]


def upgrade(command: UpgradeBenefit, claim: Claim) -> list[ClaimEvent]:
    """Before the decision, never to the member's loss; rechecked by another person and seen by the head."""
    waiting = undecided(claim)
    if not isinstance(waiting, Assessed | Rechecked):
        raise Rejected("assessment-first", "The rules are applied before the office goes beyond them.")
    lines = waiting.assessed.lines + waiting.special
    if command.line in waiting.special:
        return []
    other_hands(waiting.hands.before(OFFICE_RECHECK, HEAD_APPROVAL), command.by, OFFICE_REVIEW)
    if command.note is None:
        raise Rejected("reason-missing", "An upgrade states its reason.", "reason")
    codes = {line.benefit_code for line in lines}
    if command.from_code and command.from_code not in codes:
        raise Rejected("benefit-not-granted", "The claim has no such benefit to be changed.", "from_code")
    gone = (command.from_code, command.line.benefit_code)
    before_fen = sum(line.amount_fen for line in lines if line.benefit_code in gone)
    if command.line.amount_fen <= before_fen:
        raise Rejected("not-in-favour", "An upgrade gives the member more than before.", "benefit_code")
    return [
        BenefitUpgraded(
            claim_id=waiting.filed.claim_id,
            from_code=command.from_code,
            line=command.line,
            lines=(*(line for line in lines if line.benefit_code not in gone), command.line),
            next_step=OFFICE_RECHECK,
            note=command.note,
            by=command.by,
            due_on=command.due.get(OFFICE_RECHECK, ""),
        )
    ]


def approve_automatically(command: ApproveAutomatically, claim: Claim) -> list[ClaimEvent]:
    """Domain 6.1: a matched claim with accounts, a sum within the plan's, no flag, two people's signatures."""
    match claim:
        case AtOffice() | Assessed(special=()):
            _check_automatic(command, claim)
        case Assessed() | Rechecked() | AtUnion():
            raise Rejected("not-automatic", "People have begun to decide this claim.")
        case Absent():
            raise unknown()
        case Approved(approved) | Paid(Approved(approved)):
            if approved.reviewed_by == command.signed_by:
                return []
            raise closed()
        case AwaitingPapers() | ClosedIncomplete() | Withdrawn() | Refused() | Objected():
            raise Rejected("not-automatic", "The claim is not open to an automatic approval.")
    filed = claim.filed
    assessed = ClaimAssessed(
        claim_id=filed.claim_id,
        lines=command.lines,
        findings=command.findings,
        next_step="",
        by=command.signed_by[0],
    )
    granted, *paid = approval(claim, claim.hands, command.lines, command.today, None, command.offset_fen)
    assert isinstance(granted, ClaimApproved)
    events: list[ClaimEvent] = [assessed, _signed(granted, command.signed_by)]
    if sampled(filed.claim_id, command.sampling_percent):
        events.append(ReviewSampled(claim_id=filed.claim_id, person_id=filed.person_id))
    return events + paid


def _signed(granted: ClaimApproved, signed_by: tuple[str, ...]) -> ClaimApproved:
    return changed(granted, reviewed_by=signed_by)


def _check_automatic(command: ApproveAutomatically, claim: AtOffice | Assessed) -> None:
    filed = claim.filed
    if filed.channel != MATCHED or command.flagged or filed.incident.died_on:
        raise Rejected("not-automatic", "Only matched claims without a flag are granted automatically.")
    if len(command.signed_by) != SIGNERS or len(set(command.signed_by)) != SIGNERS:
        raise Rejected("two-signatures", "Automatic approval is signed by two different people.", "signed_by")
    if claim.hands.filer in command.signed_by:
        raise Rejected("filer-reviews", "Who filed a claim does not review it.")
    total_fen = sum(line.amount_fen for line in command.lines)
    if not 0 < total_fen <= command.amount_fen_max:
        raise Rejected("sum-not-automatic", "The sum is a person's to decide.")


def review_sample(command: ReviewSample, claim: Claim) -> list[ClaimEvent]:
    """A person without part in it looks at a sampled automatic approval, once."""
    match claim:
        case Approved() | Paid(Approved()):
            granted = claim.granted if isinstance(claim, Paid) else claim
            if granted.looked_by == command.by:
                return []
            if not granted.sampled:
                raise Rejected("not-sampled", "The claim waits for no later review.")
            if command.by in granted.approved.reviewed_by:
                raise Rejected("same-reviewer", "Each review needs another person.")
            return [
                SampleReviewed(
                    claim_id=granted.approved.claim_id, correct=command.correct, note=command.note, by=command.by
                )
            ]
        case Absent():
            raise unknown()
        case _:
            raise Rejected("not-sampled", "The claim waits for no later review.")
