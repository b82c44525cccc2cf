"""The straight way of a claim: forwarded, assessed, rechecked, granted or refused, each by other hands."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RejectClaim,
)
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Beside,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Hands,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Undecided,
    Withdrawn,
)
from claims.domain.paying import paid_in_full
from claims.domain.reviews import (
    AWAITING_CARD,
    HEAD_APPROVAL,
    OFFICE_RECHECK,
    OFFICE_REVIEW,
    needs_head,
    needs_recheck,
)
from claims.domain.standing import closed, not_held, other_hands, papers_awaited, unknown
from contracts.claims.process import LargeSumReported
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimRechecked,
    ClaimRejected,
    SpecialDecisionMade,
)
from contracts.envelope import changed


def forward(command: ForwardClaim, claim: Claim) -> list[ClaimEvent]:
    """Pass a union level's review on to the next."""
    match claim:
        case AtUnion(filed, hands, step):
            if (command.step, command.by) in hands.reviews:
                return []
            if command.step != step:
                raise Rejected("step-not-due", f"The claim waits at {step}.")
            other_hands(hands, command.by, step)
            next_step = filed.steps[filed.steps.index(step) + 1]
            return [
                ClaimForwarded(
                    claim_id=filed.claim_id,
                    step=step,
                    next_step=next_step,
                    opinion="",
                    by=command.by,
                    note=command.note,
                    due_on=command.due.get(next_step, ""),
                )
            ]
        case AtOffice(_, hands) | Assessed(_, hands) | Rechecked(_, hands):
            if (command.step, command.by) in hands.reviews:
                return []
            raise Rejected("step-not-due", "The claim is at the office already.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case ClosedIncomplete() | Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise closed()


def assess(command: AssessClaim, claim: Claim) -> list[ClaimEvent]:
    """Record what the rules say; what the reviewer may grant alone is granted with it."""
    match claim:
        case AtOffice():
            return _assessment(command, claim, claim.hands)
        case Assessed(assessed=assessed) | Rechecked(assessed=assessed):
            waits = isinstance(claim, Assessed) and claim.step == AWAITING_CARD
            if (assessed.lines, assessed.findings) == (command.lines, command.findings) and not waits:
                return []
            return _assessment(command, claim, claim.hands.before_office())
        case AtUnion():
            raise Rejected("step-not-due", f"The claim waits at {claim.step}.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case ClosedIncomplete() | Withdrawn() | Refused() | Objected():
            raise closed()


def _assessment(command: AssessClaim, claim: Undecided, hands: Hands) -> list[ClaimEvent]:
    filed = claim.filed
    other_hands(hands, command.by, OFFICE_REVIEW)
    total_fen = sum(line.amount_fen for line in command.lines)
    head = needs_head(command.authority, total_fen, died=bool(filed.incident.died_on), special=False)
    # Whom nobody can grant it to yet is assessed all the same: the recheck waits for the county.
    recheck = command.held or needs_recheck(command.authority, filed.claim_id, total_fen, head=head)
    next_step = OFFICE_REVIEW if not command.lines else OFFICE_RECHECK if recheck else ""
    if not next_step and not filed.payees:
        if isinstance(claim, Assessed) and claim.step == AWAITING_CARD and claim.assessed.lines == command.lines:
            return []
        next_step = AWAITING_CARD
    assessed = ClaimAssessed(
        claim_id=filed.claim_id,
        lines=command.lines,
        findings=command.findings,
        next_step=next_step,
        by=command.by,
        due_on=command.due.get(next_step, ""),
    )
    if next_step:
        return [assessed]
    after = hands.after(OFFICE_REVIEW, command.by)
    return [
        assessed,
        *approval(claim, after, command.lines, command.today, command.report_above_fen, command.offset_fen),
    ]


def decide_specially(command: MakeSpecialDecision, claim: Claim) -> list[ClaimEvent]:
    """Grant a benefit against its unmet definition; a recheck follows."""
    match claim:
        case Assessed(filed, hands, assessed, special):
            if any(line.benefit_code == command.line.benefit_code for line in special):
                return []
            other_hands(hands, command.by, HEAD_APPROVAL)
            _check_special(command, filed, assessed)
            return [
                SpecialDecisionMade(
                    claim_id=filed.claim_id,
                    benefit_code=command.line.benefit_code,
                    unmet=command.unmet,
                    reason="",
                    evidence=command.evidence,
                    line=command.line,
                    next_step=OFFICE_RECHECK,
                    by=command.by,
                    note=command.note,
                    due_on=command.due.get(OFFICE_RECHECK, ""),
                )
            ]
        case Rechecked(special=special):
            if any(line.benefit_code == command.line.benefit_code for line in special):
                return []
            raise Rejected("step-not-due", "The claim has been rechecked; assess it again first.")
        case AtUnion() | AtOffice():
            raise Rejected("assessment-first", "The rules are applied before an exception to them is made.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case ClosedIncomplete() | Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise closed()


def _check_special(command: MakeSpecialDecision, filed: ClaimFiled, assessed: ClaimAssessed) -> None:
    if any(line.benefit_code == command.line.benefit_code for line in assessed.lines):
        raise Rejected("benefit-already-granted", "The rules grant this benefit already.", "benefit_code")
    if command.note is None:
        raise Rejected("reason-missing", "A special decision states its reason.", "reason")
    kinds = {document.kind for document in filed.documents}
    if not command.evidence or not kinds.issuperset(command.evidence):
        raise Rejected("evidence-missing", "A special decision names papers of the claim.", "evidence")


def recheck(command: RecheckClaim, claim: Claim) -> list[ClaimEvent]:
    """Agree as the second reviewer; what needs no head is granted with it."""
    match claim:
        case Assessed(filed, hands, assessed, special, step):
            if step == AWAITING_CARD:
                raise Rejected("payees-unconfirmed", "Nobody has named an account yet.", "payees")
            if step != OFFICE_RECHECK:
                raise Rejected("nothing-to-recheck", "Nothing is payable so far: refuse or decide specially.")
            other_hands(hands, command.by, OFFICE_RECHECK)
            lines = assessed.lines + special
            total_fen = sum(line.amount_fen for line in lines)
            died = bool(filed.incident.died_on)
            head = needs_head(command.authority, total_fen, died=died, special=bool(special))
            next_step = HEAD_APPROVAL if head else ""
            due_on = command.due.get(next_step, "")
            rechecked = ClaimRechecked(claim_id=filed.claim_id, next_step=next_step, by=command.by, due_on=due_on)
            if head:
                return [rechecked]
            not_held(held=command.held)
            after = hands.after(OFFICE_RECHECK, command.by)
            return [
                rechecked,
                *approval(claim, after, lines, command.today, command.report_above_fen, command.offset_fen),
            ]
        case Rechecked(hands=hands):
            if (OFFICE_RECHECK, command.by) in hands.reviews:
                return []
            raise Rejected("step-not-due", "The claim waits for the head of the office.")
        case AtUnion() | AtOffice():
            raise Rejected("assessment-first", "There is no assessment to recheck.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case ClosedIncomplete() | Withdrawn() | Refused() | Objected():
            raise closed()


def approve(command: ApproveClaim, claim: Claim) -> list[ClaimEvent]:
    """Grant as the head what was assessed and rechecked."""
    match claim:
        case Rechecked(_, hands, assessed, special):
            other_hands(hands, command.by, HEAD_APPROVAL)
            not_held(held=command.held)
            lines = assessed.lines + special
            after = hands.after(HEAD_APPROVAL, command.by)
            return approval(claim, after, lines, command.today, command.report_above_fen, command.offset_fen)
        case AtUnion() | AtOffice() | Assessed():
            raise Rejected("recheck-first", "The head approves what has been assessed and rechecked.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case ClosedIncomplete() | Withdrawn() | Refused() | Objected():
            raise closed()


def approval(
    claim: Undecided,
    hands: Hands,
    lines: tuple[BenefitLine, ...],
    today: str,
    report_above_fen: int | None,
    offset_fen: int = 0,
) -> list[ClaimEvent]:
    """The grant, less what was granted ahead or by claims that it corrects; a large sum is reported with it.

    Paid at once where all of it has been paid ahead. Raises Rejected payees-unconfirmed.
    """
    filed, beside = claim.filed, claim.beside
    if not filed.payees:
        raise Rejected("payees-unconfirmed", "Nobody has named an account yet.", "payees")
    total_fen = sum(line.amount_fen for line in lines)
    granted = ClaimApproved(
        claim_id=filed.claim_id,
        claim_no=filed.claim_no,
        person_id=filed.person_id,
        plan_code=filed.plan_code,
        plan_version=filed.plan_version,
        org_path=filed.org_path,
        lines=_less_ahead(lines, beside, offset_fen),
        payees=filed.payees,
        total_fen=total_fen,
        approved_on=today,
        reviewed_by=hands.all(),
    )
    paid = paid_in_full(granted, beside.arrived)
    if report_above_fen is None or total_fen <= report_above_fen:
        return [granted, *paid]
    report = LargeSumReported(claim_id=filed.claim_id, claim_no=filed.claim_no, total_fen=total_fen)
    return [granted, report, *paid]


def _less_ahead(lines: tuple[BenefitLine, ...], beside: Beside, offset_fen: int) -> tuple[BenefitLine, ...]:
    """The lines with what was granted ahead of each, and then, in their order, what the payees have already."""
    less: list[BenefitLine] = []
    granted = {line.benefit_code for line in lines}
    for line in lines:
        replaced = beside.advanced_before(line.benefit_code, granted)
        own_fen = min(beside.advanced_fen(line.line_id), line.amount_fen)
        replaced_fen = min(sum(one.amount_fen for one in replaced), line.amount_fen - own_fen)
        advanced_fen = own_fen + replaced_fen
        offset = min(offset_fen, line.amount_fen - advanced_fen)
        offset_fen -= offset
        advanced_as = tuple(dict.fromkeys(one.benefit_code for one in replaced))
        ahead_fen = advanced_fen + offset
        ahead = {"advanced_fen": ahead_fen, "offset_fen": offset, "replaced_fen": replaced_fen}
        less.append(changed(line, **ahead, advanced_as=advanced_as))
    return tuple(less)


def reject(command: RejectClaim, claim: Claim) -> list[ClaimEvent]:
    """Refuse, as the office, by a reason code."""
    match claim:
        case AtOffice(filed, hands) | Assessed(filed, hands) | Rechecked(filed, hands):
            other_hands(hands.before_office(), command.by, OFFICE_REVIEW)
            return [
                ClaimRejected(
                    claim_id=filed.claim_id,
                    claim_no=filed.claim_no,
                    person_id=filed.person_id,
                    reason=command.reason,
                    rule=command.rule,
                    explanation=command.explanation,
                    payees=filed.payees,
                    by=command.by,
                    decided_on=command.today,
                    rests_on_assumption=command.rests_on_assumption,
                )
            ]
        case AtUnion():
            raise Rejected("only-office-refuses", "A union level forwards with its opinion; only the office refuses.")
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case ClosedIncomplete() | Withdrawn() | Approved() | Paid() | Objected():
            raise closed()
        case Refused(_, reason):
            if reason == command.reason:
                return []
            raise closed()


def _quiet_for(by: str, approved: ClaimApproved) -> list[ClaimEvent]:
    if by == approved.reviewed_by[-1]:
        return []
    raise closed()
