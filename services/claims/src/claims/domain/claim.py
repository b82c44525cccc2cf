"""A claim: filed once, reviewed by different people level by level, then granted and paid, or refused."""

from __future__ import annotations

from chassis.decider import Decider, Rejected
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
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    Claim,
    ClaimEvent,
    Hands,
    Paid,
    Rechecked,
    Refused,
    evolve,
)
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW, needs_head, needs_recheck
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    PaymentFailed,
    PayoutArrived,
    SpecialDecisionMade,
)


def decide(command: ClaimCommand, claim: Claim) -> list[ClaimEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case FileClaim():
            return _file(command, claim)
        case ForwardClaim():
            return _forward(command, claim)
        case AssessClaim():
            return _assess(command, claim)
        case MakeSpecialDecision():
            return _decide_specially(command, claim)
        case RecheckClaim():
            return _recheck(command, claim)
        case ApproveClaim():
            return _approve(command, claim)
        case RejectClaim():
            return _reject(command, claim)
        case RecordPayoutArrived():
            return _record_arrival(command, claim)
        case RecordPaymentFailed():
            return _record_failure(command, claim)


def _file(command: FileClaim, claim: Claim) -> list[ClaimEvent]:
    filed = command.filed
    match claim:
        case Absent():
            _check_payees(filed)
            return [filed]
        case AtUnion(other) | AtOffice(other) | Assessed(other) | Rechecked(other):
            if (other.person_id, other.incident) == (filed.person_id, filed.incident):
                return []
            raise Rejected("claim-exists", "Another claim has this id.")
        case Approved() | Paid() | Refused():
            raise Rejected("claim-exists", "Another claim has this id.")


def _check_payees(filed: ClaimFiled) -> None:
    """Domain 4.6: a living member is paid alone; heirs share exactly 100 percent."""
    payees = filed.payees
    if not payees or any(payee.share_percent <= 0 for payee in payees):
        raise Rejected("payees-missing", "At least one payee with a share is needed.", "payees")
    if sum(payee.share_percent for payee in payees) != 100:
        raise Rejected("shares-not-100", "The payees' shares must sum to 100 percent.", "payees")
    if len({payee.payee_id for payee in payees}) != len(payees):
        raise Rejected("payee-repeated", "Each payee is named once.", "payees")
    selves = [payee.relation == "SELF" for payee in payees]
    if filed.incident.died_on and any(selves):
        raise Rejected("payee-deceased", "A death is paid to heirs.", "payees")
    if not filed.incident.died_on and selves != [True]:
        raise Rejected("payee-not-member", "A living member is paid to their own account only.", "payees")


def _forward(command: ForwardClaim, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case AtUnion(filed, hands, step):
            if (command.step, command.by) in hands.reviews:
                return []
            if command.step != step:
                raise Rejected("step-not-due", f"The claim waits at {step}.")
            _other_hands(hands, command.by, step)
            next_step = filed.steps[filed.steps.index(step) + 1]
            return [
                ClaimForwarded(
                    claim_id=filed.claim_id,
                    step=step,
                    next_step=next_step,
                    opinion="",
                    by=command.by,
                    note=command.note,
                )
            ]
        case AtOffice(_, hands) | Assessed(_, hands) | Rechecked(_, hands):
            if (command.step, command.by) in hands.reviews:
                return []
            raise Rejected("step-not-due", "The claim is at the office already.")
        case Absent():
            raise _unknown()
        case Approved() | Paid() | Refused():
            raise _closed()


def _assess(command: AssessClaim, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case AtOffice(filed, hands):
            return _assessment(command, filed, hands)
        case Assessed(filed, hands, assessed) | Rechecked(filed, hands, assessed):
            if (assessed.lines, assessed.findings) == (command.lines, command.findings):
                return []
            return _assessment(command, filed, hands.before_office())
        case AtUnion():
            raise Rejected("step-not-due", f"The claim waits at {claim.step}.")
        case Absent():
            raise _unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case Refused():
            raise _closed()


def _assessment(command: AssessClaim, filed: ClaimFiled, hands: Hands) -> list[ClaimEvent]:
    _other_hands(hands, command.by, OFFICE_REVIEW)
    total_fen = sum(line.amount_fen for line in command.lines)
    head = needs_head(command.authority, total_fen, died=bool(filed.incident.died_on), special=False)
    recheck = needs_recheck(command.authority, filed.claim_id, total_fen, head=head)
    next_step = OFFICE_REVIEW if not command.lines else OFFICE_RECHECK if recheck else ""
    assessed = ClaimAssessed(
        claim_id=filed.claim_id, lines=command.lines, findings=command.findings, next_step=next_step, by=command.by
    )
    if next_step:
        return [assessed]
    return [assessed, _approval(filed, hands.after(OFFICE_REVIEW, command.by), command.lines, command.today)]


def _decide_specially(command: MakeSpecialDecision, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case Assessed(filed, hands, assessed, special):
            if any(line.benefit_code == command.line.benefit_code for line in special):
                return []
            _other_hands(hands, command.by, HEAD_APPROVAL)
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
                )
            ]
        case Rechecked(special=special):
            if any(line.benefit_code == command.line.benefit_code for line in special):
                return []
            raise Rejected("step-not-due", "The claim has been rechecked; assess it again first.")
        case AtUnion() | AtOffice():
            raise Rejected("assessment-first", "The rules are applied before an exception to them is made.")
        case Absent():
            raise _unknown()
        case Approved() | Paid() | Refused():
            raise _closed()


def _check_special(command: MakeSpecialDecision, filed: ClaimFiled, assessed: ClaimAssessed) -> None:
    if any(line.benefit_code == command.line.benefit_code for line in assessed.lines):
        raise Rejected("benefit-already-granted", "The rules grant this benefit already.", "benefit_code")
    if command.note is None:
        raise Rejected("reason-missing", "A special decision states its reason.", "reason")
    kinds = {document.kind for document in filed.documents}
    if not command.evidence or not kinds.issuperset(command.evidence):
        raise Rejected("evidence-missing", "A special decision names papers of the claim.", "evidence")


def _recheck(command: RecheckClaim, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case Assessed(filed, hands, assessed, special, step):
            if step != OFFICE_RECHECK:
                raise Rejected("nothing-to-recheck", "Nothing is payable so far: refuse or decide specially.")
            _other_hands(hands, command.by, OFFICE_RECHECK)
            lines = assessed.lines + special
            total_fen = sum(line.amount_fen for line in lines)
            died = bool(filed.incident.died_on)
            head = needs_head(command.authority, total_fen, died=died, special=bool(special))
            next_step = HEAD_APPROVAL if head else ""
            rechecked = ClaimRechecked(claim_id=filed.claim_id, next_step=next_step, by=command.by)
            if head:
                return [rechecked]
            return [rechecked, _approval(filed, hands.after(OFFICE_RECHECK, command.by), lines, command.today)]
        case Rechecked(hands=hands):
            if (OFFICE_RECHECK, command.by) in hands.reviews:
                return []
            raise Rejected("step-not-due", "The claim waits for the head of the office.")
        case AtUnion() | AtOffice():
            raise Rejected("assessment-first", "There is no assessment to recheck.")
        case Absent():
            raise _unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case Refused():
            raise _closed()


def _approve(command: ApproveClaim, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case Rechecked(filed, hands, assessed, special):
            _other_hands(hands, command.by, HEAD_APPROVAL)
            lines = assessed.lines + special
            return [_approval(filed, hands.after(HEAD_APPROVAL, command.by), lines, command.today)]
        case AtUnion() | AtOffice() | Assessed():
            raise Rejected("recheck-first", "The head approves what has been assessed and rechecked.")
        case Absent():
            raise _unknown()
        case Approved(approved) | Paid(Approved(approved)):
            return _quiet_for(command.by, approved)
        case Refused():
            raise _closed()


def _approval(filed: ClaimFiled, hands: Hands, lines: tuple[BenefitLine, ...], today: str) -> ClaimApproved:
    return ClaimApproved(
        claim_id=filed.claim_id,
        claim_no=filed.claim_no,
        person_id=filed.person_id,
        plan_code=filed.plan_code,
        plan_version=filed.plan_version,
        org_path=filed.org_path,
        lines=lines,
        payees=filed.payees,
        total_fen=sum(line.amount_fen for line in lines),
        approved_on=today,
        reviewed_by=hands.all(),
    )


def _reject(command: RejectClaim, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case AtOffice(filed, hands) | Assessed(filed, hands) | Rechecked(filed, hands):
            _other_hands(hands.before_office(), command.by, OFFICE_REVIEW)
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
                )
            ]
        case AtUnion():
            raise Rejected("only-office-refuses", "A union level forwards with its opinion; only the office refuses.")
        case Absent():
            raise _unknown()
        case Approved() | Paid():
            raise _closed()
        case Refused(_, reason):
            if reason == command.reason:
                return []
            raise _closed()


def _record_arrival(command: RecordPayoutArrived, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case Approved(approved, arrived):
            if any(one.payout_id == command.payout_id for one in arrived):
                return []
            codes = {line.benefit_code for line in approved.lines}
            payees = {payee.payee_id for payee in approved.payees}
            if command.benefit_code not in codes or command.payee_id not in payees:
                raise Rejected("payout-not-due", "The claim owes no such payout.")
            fresh = PayoutArrived(
                claim_id=approved.claim_id,
                payout_id=command.payout_id,
                benefit_code=command.benefit_code,
                payee_id=command.payee_id,
                amount_fen=command.amount_fen,
            )
            if sum(one.amount_fen for one in (*arrived, fresh)) < approved.total_fen:
                return [fresh]
            total_fen = approved.total_fen
            return [fresh, ClaimPaid(claim_id=approved.claim_id, person_id=approved.person_id, total_fen=total_fen)]
        case Paid():
            return []
        case Absent():
            raise _unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | Refused():
            raise Rejected("claim-not-approved", "Only an approved claim is paid.")


def _record_failure(command: RecordPaymentFailed, claim: Claim) -> list[ClaimEvent]:
    match claim:
        case Approved() as granted:
            return _failure(command, granted)
        case Paid(granted):
            return _failure(command, granted)
        case Absent():
            raise _unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | Refused():
            raise Rejected("claim-not-approved", "Only an approved claim is paid.")


def _failure(command: RecordPaymentFailed, granted: Approved) -> list[ClaimEvent]:
    if (command.payout_id, command.attempt) in granted.failed:
        return []
    back = [one for one in granted.arrived if one.payout_id == command.payout_id]
    return [
        PaymentFailed(
            claim_id=granted.approved.claim_id,
            payout_id=command.payout_id,
            attempt=command.attempt,
            reason=command.reason,
            benefit_code=back[0].benefit_code if back else "",
            came_back_fen=sum(one.amount_fen for one in back),
        )
    ]


def _other_hands(hands: Hands, by: str, step: str) -> None:
    """Four eyes (domain 4.3, 12.3): who filed never reviews, and nobody passes two different reviews."""
    if by == hands.filer:
        raise Rejected("filer-reviews", "Who filed a claim does not review it.")
    if any(actor == by and passed != step for passed, actor in hands.reviews):
        raise Rejected("same-reviewer", "Each review needs another person.")


def _quiet_for(by: str, approved: ClaimApproved) -> list[ClaimEvent]:
    if by == approved.reviewed_by[-1]:
        return []
    raise _closed()


def _unknown() -> Rejected:
    return Rejected("claim-unknown", "No such claim.")


def _closed() -> Rejected:
    return Rejected("claim-closed", "The claim has been decided.")


CLAIM: Decider[ClaimCommand, Claim, ClaimEvent] = Decider("claim", Absent(), evolve, decide)
