"""How each event moves a claim from stage to stage."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

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
    Contest,
    Hands,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Undecided,
    Withdrawn,
    granted_of,
    with_contest,
)
from claims.domain.reviews import (
    AWAITING_CARD,
    FIRST_CONTACT,
    HEAD_APPROVAL,
    LADDER,
    OFFICE_RECHECK,
    OFFICE_REVIEW,
    PAPERS_TO_FOLLOW,
    PAYEES,
    REFUSAL,
)
from contracts.claims.process import (
    AdvanceGranted,
    BenefitUpgraded,
    ClaimantContacted,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    LargeSumReported,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    ReviewSampled,
    SampleReviewed,
    StepOverdue,
)
from contracts.claims.v1 import (
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
from contracts.envelope import changed


def evolve(claim: Claim, event: ClaimEvent) -> Claim:
    """Fold one event; an event that does not fit the stage cannot have been recorded."""
    match event:
        case ClaimFiled():
            return _at(
                event, Hands(event.by), event.steps[0], Beside(due_on=event.due_on, decide_until=event.decide_until)
            )
        case (
            PapersRequested()
            | PapersSupplied()
            | PapersReminded()
            | ClaimClosedIncomplete()
            | ClaimReopened()
            | ClaimWithdrawn()
        ):
            return _papers(claim, event)
        case ObjectionFiled() | ObjectionDecided():
            return _objection(claim, event)
        case (
            ClaimMarkedUrgent()
            | ClaimantContacted()
            | AdvanceGranted()
            | StepOverdue()
            | PayeesConfirmed()
            | DecisionTimeExtended()
        ):
            return _beside(claim, event)
        case PayoutArrived() | PaymentFailed() | ClaimPaid() | ReviewSampled() | SampleReviewed():
            return _money(claim, event)
        case LargeSumReported():
            return claim
        case _:
            return _review(claim, event)


def _review(
    claim: Claim,
    event: ClaimForwarded
    | ClaimAssessed
    | SpecialDecisionMade
    | ClaimRechecked
    | ClaimApproved
    | ClaimRejected
    | ClaimReturned
    | BenefitUpgraded,
) -> Claim:
    match event, claim:
        case ClaimForwarded(), AtUnion(filed, hands, _, beside):
            return _at(filed, hands.after(event.step, event.by), event.next_step, _running(beside, event.due_on))
        case ClaimAssessed(), AtOffice() | Assessed() | Rechecked():
            hands = claim.hands.before_office().after(OFFICE_REVIEW, event.by)
            return Assessed(claim.filed, hands, event, (), event.next_step, _running(claim.beside, event.due_on))
        case SpecialDecisionMade(), Assessed():
            hands = claim.hands.after(HEAD_APPROVAL, event.by)
            special = (*claim.special, event.line)
            beside = _running(claim.beside, event.due_on)
            return replace(claim, hands=hands, special=special, step=event.next_step, beside=beside)
        case ClaimRechecked(), Assessed(filed, hands, assessed, special, _, beside):
            hands = hands.after(OFFICE_RECHECK, event.by)
            return Rechecked(filed, hands, assessed, special, _running(beside, event.due_on))
        case BenefitUpgraded(), Assessed() | Rechecked():
            return _upgraded(claim, event)
        case ClaimReturned(), AtUnion() | AtOffice() | Assessed() | Rechecked():
            return _returned(claim, event)
        case ClaimApproved(), AtUnion() | AtOffice() | Assessed() | Rechecked():
            beside, filed = claim.beside, claim.filed
            return Approved(event, beside.arrived, beside.failed, advances=beside.advances, filed=filed)
        case ClaimApproved(raised=True), Approved() | Paid():
            granted = granted_of(claim)
            contest = replace(granted.contest, raised=(), due_on="")
            return replace(granted, approved=event, contest=contest)
        case ClaimRejected(), AtOffice() | Assessed() | Rechecked():
            hands = claim.hands.touching(REFUSAL, event.by)
            return Refused(claim.filed, event.reason, hands, _running(claim.beside, ""), event.decided_on)
        case _:
            raise _misfit(claim, event)


def _upgraded(claim: Assessed | Rechecked, event: BenefitUpgraded) -> Assessed:
    """The old benefit's lines give way; what is new is special: the head sees it."""
    codes = (event.from_code, event.line.benefit_code)
    lines = tuple(line for line in claim.assessed.lines if line.benefit_code not in codes)
    special = tuple(line for line in claim.special if line.benefit_code not in codes)
    beside = _running(claim.beside, event.due_on)
    if event.from_code not in ("", event.line.benefit_code):
        beside = replace(beside, replaced=(*beside.replaced, codes))
    return Assessed(
        claim.filed,
        claim.hands.before(OFFICE_RECHECK).touching(OFFICE_REVIEW, event.by),
        changed(claim.assessed, lines=lines),
        (*special, event.line),
        event.next_step,
        beside,
    )


def _returned(claim: Undecided, event: ClaimReturned) -> Claim:
    """Back at the step below: its review, and all above it, are to be passed again."""
    beside = _running(claim.beside, event.due_on)
    hands = claim.hands.touching(event.step, event.by)
    if event.next_step == OFFICE_RECHECK:
        assert isinstance(claim, Rechecked)
        hands = hands.before(OFFICE_RECHECK)
        return Assessed(claim.filed, hands, claim.assessed, claim.special, OFFICE_RECHECK, beside)
    again = LADDER[LADDER.index(event.next_step) :]
    return _at(claim.filed, hands.before_office().before(*again), event.next_step, beside)


def _papers(
    claim: Claim,
    event: PapersRequested | PapersSupplied | PapersReminded | ClaimClosedIncomplete | ClaimReopened | ClaimWithdrawn,
) -> Claim:
    match event, claim:
        case PapersRequested(), AtUnion() | AtOffice() | Assessed() | Rechecked():
            beside = replace(_running(claim.beside, ""), rounds=event.round)
            hands = claim.hands.touching(event.step, event.by)
            return AwaitingPapers(replace(claim, hands=hands, beside=beside), event)
        case PapersReminded(), AwaitingPapers():
            return replace(claim, reminded=claim.reminded | {event.day})
        case PapersSupplied(), AwaitingPapers(waiting):
            return _with_papers(waiting, event)
        case ClaimClosedIncomplete(), AwaitingPapers(waiting, asked):
            return ClosedIncomplete(waiting, asked)
        case ClaimReopened(), ClosedIncomplete(waiting):
            return _with_papers(waiting, event)
        case (
            ClaimWithdrawn(),
            AtUnion() | AtOffice() | Assessed() | Rechecked() | AwaitingPapers() | ClosedIncomplete(),
        ):
            return Withdrawn(claim.filed)
        case _:
            raise _misfit(claim, event)


def _with_papers(waiting: Undecided, event: PapersSupplied | ClaimReopened) -> Undecided:
    filed = changed(waiting.filed, documents=event.documents_now)
    beside = replace(waiting.beside, due_on=event.due_on, decide_until=event.decide_until, papers_came=True)
    return replace(waiting, filed=filed, beside=beside)


def _objection(claim: Claim, event: ObjectionFiled | ObjectionDecided) -> Claim:
    match event, claim:
        case ObjectionFiled(), Refused():
            return Objected(claim, event)
        case _, Approved() | Paid():
            return _contested(claim, event)
        case ObjectionDecided(lines=()), Objected(refused):
            hands = refused.hands.touching(REFUSAL, event.by)
            beside = replace(refused.beside, objected=event.level)
            return replace(refused, hands=hands, beside=beside, decided_on=event.decided_on)
        case ObjectionDecided(), Objected(refused):
            hands = refused.hands.before_office().after(OFFICE_REVIEW, event.by)
            beside = replace(_running(refused.beside, event.due_on), objected=event.level)
            assessed = ClaimAssessed(
                claim_id=event.claim_id, lines=event.lines, findings=(), next_step=event.next_step, by=event.by
            )
            return Assessed(refused.filed, hands, assessed, (), event.next_step, beside)
        case _:
            raise _misfit(claim, event)


def _contested(claim: Approved | Paid, event: ObjectionFiled | ObjectionDecided) -> Approved | Paid:
    """The grant stands, and what it owes goes on being paid, while something is said against it."""
    contest = granted_of(claim).contest
    match event:
        case ObjectionFiled():
            contest = replace(contest, open=event, due_on=event.due_on)
        case ObjectionDecided():
            by = (*contest.by, event.by)
            contest = Contest(event.level, event.decided_on, by, raised=event.lines, due_on=event.due_on)
    return with_contest(claim, contest)


BesideEvent = (
    ClaimMarkedUrgent | ClaimantContacted | AdvanceGranted | StepOverdue | PayeesConfirmed | DecisionTimeExtended
)


def _beside(claim: Claim, event: BesideEvent) -> Claim:
    """What may come while papers are awaited as well: the clock goes on standing still then."""
    match claim:
        case AwaitingPapers(waiting):
            return replace(claim, waiting=_moved(waiting, event))
        case AtUnion() | AtOffice() | Assessed() | Rechecked():
            return _moved(claim, event)
        case Objected() if isinstance(event, StepOverdue):
            return replace(claim, overdue=True)
        case Approved() | Paid() if isinstance(event, StepOverdue):
            return with_contest(claim, replace(granted_of(claim).contest, due_on=""))
        case _:
            raise _misfit(claim, event)


def _moved(claim: Undecided, event: BesideEvent) -> Undecided:
    beside = claim.beside
    match event:
        case ClaimMarkedUrgent():
            filed = changed(claim.filed, urgent=True)
            beside = replace(beside, urgency=event, due_on=event.decide_until, papers_came=False)
            if isinstance(claim, AtUnion):
                return AtOffice(filed, claim.hands, beside)
            return replace(claim, filed=filed, beside=beside)
        case ClaimantContacted():
            return replace(claim, beside=replace(beside, contacted=True))
        case AdvanceGranted():
            hands = claim.hands.touching(HEAD_APPROVAL, event.reviewed_by[-1])
            return replace(claim, hands=hands, beside=replace(beside, advances=(*beside.advances, event)))
        case StepOverdue(step=step):
            if step == FIRST_CONTACT:
                return replace(claim, beside=replace(beside, contact_overdue=True))
            if step == PAPERS_TO_FOLLOW:
                return replace(claim, beside=replace(beside, papers_came=True))
            return replace(claim, beside=replace(beside, due_on=""))
        case DecisionTimeExtended():
            beside = replace(beside, complex=True, due_on=event.due_on, decide_until=event.decide_until)
            return replace(claim, hands=claim.hands.touching(event.step, event.by), beside=beside)
        case PayeesConfirmed():
            filed = changed(claim.filed, payees=event.payees)
            own = event.by == claim.filed.person_id
            hands = claim.hands if own else claim.hands.touching(PAYEES, event.by)
            if isinstance(claim, Assessed) and claim.step == AWAITING_CARD:
                beside = _running(beside, event.due_on)
                return replace(claim, filed=filed, hands=hands, step=event.next_step, beside=beside)
            return replace(claim, filed=filed, hands=hands)
        case _:
            assert_never(event)


def _money(claim: Claim, event: PayoutArrived | PaymentFailed | ClaimPaid | ReviewSampled | SampleReviewed) -> Claim:
    match event, claim:
        case PayoutArrived(), Approved():
            return replace(claim, arrived=(*claim.arrived, event))
        case PaymentFailed(), Approved() | Paid(Approved()):
            granted = claim.granted if isinstance(claim, Paid) else claim
            return granted.without(event.payout_id, event.attempt)
        case ClaimPaid(), Approved():
            return Paid(claim)
        case ReviewSampled(), Approved():
            return replace(claim, sampled=True)
        case SampleReviewed(), Approved():
            return replace(claim, sampled=False, looked_by=event.by)
        case SampleReviewed(), Paid(granted):
            return Paid(replace(granted, sampled=False, looked_by=event.by))
        case PayoutArrived() | PaymentFailed(), _:
            return _advance_moved(claim, event)
        case _:
            raise _misfit(claim, event)


def _advance_moved(claim: Claim, event: PayoutArrived | PaymentFailed) -> Claim:
    """An advance arrives, or comes back, before the claim is decided or after it was refused."""
    match claim:
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | Refused():
            return replace(claim, beside=_beside_money(claim.beside, event))
        case AwaitingPapers(waiting) | ClosedIncomplete(waiting):
            return replace(claim, waiting=replace(waiting, beside=_beside_money(waiting.beside, event)))
        case Objected(refused):
            return replace(claim, refused=replace(refused, beside=_beside_money(refused.beside, event)))
        case Absent() | Withdrawn() | Approved() | Paid():
            raise _misfit(claim, event)


def _beside_money(beside: Beside, event: PayoutArrived | PaymentFailed) -> Beside:
    match event:
        case PayoutArrived():
            return replace(beside, arrived=(*beside.arrived, event))
        case PaymentFailed(payout_id=payout_id, attempt=attempt):
            left = tuple(one for one in beside.arrived if one.payout_id != payout_id)
            return replace(beside, arrived=left, failed=beside.failed | {(payout_id, attempt)})


def _running(beside: Beside, due_on: str) -> Beside:
    """With the time of the next step."""
    return replace(beside, due_on=due_on)


def _at(filed: ClaimFiled, hands: Hands, step: str, beside: Beside) -> AtUnion | AtOffice:
    return AtOffice(filed, hands, beside) if step == OFFICE_REVIEW else AtUnion(filed, hands, step, beside)


def _misfit(claim: Claim, event: ClaimEvent) -> ValueError:
    return ValueError(f"{type(event).__name__} after {type(claim).__name__}")
