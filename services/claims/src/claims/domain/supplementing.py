"""Papers asked for and supplied, a claim closed for want of them and reopened, withdrawn, its accounts named later."""

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
from claims.domain.payees import check_payees
from claims.domain.reminding import day_due, next_on
from claims.domain.reviews import AWAITING_CARD, OFFICE_RECHECK
from claims.domain.side_commands import (
    AskForPapers,
    ConfirmPayees,
    FollowUpPapers,
    ReopenClaim,
    SupplyPapers,
    WithdrawClaim,
)
from claims.domain.standing import (
    check_step,
    closed,
    other_hands,
    step_of,
    undecided,
    undecided_or_waiting,
    unknown,
)
from contracts.claims.process import (
    ClaimClosedIncomplete,
    ClaimReopened,
    ClaimWithdrawn,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
)
from contracts.claims.v1 import ClaimApproved, ClaimFiled, Document

DECISION = "DECISION"


def ask_for_papers(command: AskForPapers, claim: Claim) -> list[ClaimEvent]:
    """Any review may ask, a bounded number of times; the same asked again by the same person is quiet."""
    if isinstance(claim, AwaitingPapers) and (claim.asked.by, claim.asked.needs) == (command.by, command.needs):
        return []
    waiting = undecided(claim)
    check_step(waiting, command.step)
    if command.step == AWAITING_CARD:
        raise Rejected("step-not-due", "The claim waits for an account, not for papers.")
    other_hands(waiting.hands, command.by, command.step)
    if not command.needs:
        raise Rejected("needs-missing", "At least one paper is named.", "needs")
    if not set(command.needs) <= set(command.rules.needs):
        raise Rejected("need-unknown", "The plan knows no such code.", "needs")
    if waiting.beside.rounds >= command.rules.rounds_max:
        raise Rejected("rounds-spent", "Papers have been asked for as often as the plan allows: decide.")
    filed = waiting.filed
    days = command.rules.remind_days
    return [
        PapersRequested(
            claim_id=filed.claim_id,
            claim_no=filed.claim_no,
            person_id=filed.person_id,
            payee_ids=payee_ids(filed),
            step=command.step,
            needs=command.needs,
            round=waiting.beside.rounds + 1,
            asked_on=command.today,
            remind_days=days,
            next_on=next_on(command.today, days, frozenset(), command.due_on),
            due_on=command.due_on,
            note=command.note,
            by=command.by,
        )
    ]


def supply_papers(command: SupplyPapers, claim: Claim) -> list[ClaimEvent]:
    """Back to the step that had asked; handing in what is there already is quiet."""
    match claim:
        case AwaitingPapers(waiting):
            _check_documents(command.documents)
            return [
                PapersSupplied(
                    claim_id=waiting.filed.claim_id,
                    step=step_of(waiting),
                    documents=command.documents,
                    documents_now=(*waiting.filed.documents, *command.documents),
                    by=command.by,
                    due_on=command.due.get(step_of(waiting), ""),
                    decide_until=command.due.get(DECISION, ""),
                )
            ]
        case AtUnion() | AtOffice() | Assessed() | Rechecked():
            if command.documents and set(command.documents) <= set(claim.filed.documents):
                return []
            raise Rejected("papers-not-asked", "No papers have been asked for.")
        case ClosedIncomplete():
            raise Rejected("reopen-first", "The claim was closed for want of papers: reopen it with them.")
        case Absent():
            raise unknown()
        case Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise closed()


def follow_up_papers(command: FollowUpPapers, claim: Claim) -> list[ClaimEvent]:
    """The reminder that is due, each day's once, the latest of several; after the last day the claim is closed."""
    if not isinstance(claim, AwaitingPapers):
        return []
    asked = claim.asked
    if command.today > asked.due_on:
        return [
            ClaimClosedIncomplete(
                claim_id=asked.claim_id,
                claim_no=asked.claim_no,
                person_id=asked.person_id,
                payee_ids=asked.payee_ids,
                closed_on=command.today,
            )
        ]
    day = day_due(asked.asked_on, asked.remind_days, claim.reminded, command.today)
    if not day:
        return []
    return [
        PapersReminded(
            claim_id=asked.claim_id,
            claim_no=asked.claim_no,
            person_id=asked.person_id,
            payee_ids=asked.payee_ids,
            day=day,
            next_on=next_on(asked.asked_on, asked.remind_days, claim.reminded | {day}, asked.due_on),
            due_on=asked.due_on,
        )
    ]


def reopen(command: ReopenClaim, claim: Claim) -> list[ClaimEvent]:
    """A claim closed for want of papers goes on when they come, until the hard limit."""
    match claim:
        case ClosedIncomplete(waiting):
            _check_documents(command.documents)
            if command.today > command.until:
                raise Rejected("hard-limit-passed", "The time in which a claim can be made is over.")
            return [
                ClaimReopened(
                    claim_id=waiting.filed.claim_id,
                    step=step_of(waiting),
                    documents=command.documents,
                    documents_now=(*waiting.filed.documents, *command.documents),
                    by=command.by,
                    due_on=command.due.get(step_of(waiting), ""),
                    decide_until=command.due.get(DECISION, ""),
                )
            ]
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | AwaitingPapers():
            if command.documents and set(command.documents) <= set(claim.filed.documents):
                return []
            raise Rejected("claim-not-closed", "The claim is open.")
        case Absent():
            raise unknown()
        case Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise closed()


def withdraw(command: WithdrawClaim, claim: Claim) -> list[ClaimEvent]:
    """The member or the filer takes an undecided claim back, unless something has been paid ahead."""
    match claim:
        case AtUnion() | AtOffice() | Assessed() | Rechecked():
            waiting: Undecided = claim
        case AwaitingPapers(inner) | ClosedIncomplete(inner):
            waiting = inner
        case Withdrawn(filed):
            if command.by in (filed.person_id, filed.by):
                return []
            raise closed()
        case Absent():
            raise unknown()
        case Approved() | Paid() | Refused() | Objected():
            raise closed()
    filed = waiting.filed
    if command.by not in (filed.person_id, filed.by):
        raise Rejected("not-your-claim", "A claim is withdrawn by its member or by who filed it.")
    if waiting.beside.advances:
        raise Rejected("advance-granted", "Money has been granted ahead: the office decides the claim.")
    return [ClaimWithdrawn(claim_id=filed.claim_id, claim_no=filed.claim_no, person_id=filed.person_id, by=command.by)]


def confirm_payees(command: ConfirmPayees, claim: Claim) -> list[ClaimEvent]:
    """Once; the same accounts again are quiet, others are not put in their place here."""
    waiting = undecided_or_waiting(claim)
    filed = waiting.filed
    if filed.payees:
        if _named(filed) == [(one.payee_id, one.share_percent, one.account_tail) for one in command.payees]:
            return []
        raise Rejected("payees-confirmed", "The claim has its payees already.", "payees")
    check_payees(command.payees, died=bool(filed.incident.died_on))
    if command.by != filed.person_id and any(command.by == by for _, by in waiting.hands.reviews):
        raise Rejected("same-reviewer", "Who reviewed a claim does not name its accounts.")
    step = OFFICE_RECHECK if step_of(waiting) == AWAITING_CARD else step_of(waiting)
    due_on = command.due.get(step, "")
    return [
        PayeesConfirmed(claim_id=filed.claim_id, payees=command.payees, next_step=step, by=command.by, due_on=due_on)
    ]


def payee_ids(about: ClaimFiled | ClaimApproved) -> tuple[str, ...]:
    """Who is told: the payees, or the member while there are none."""
    return tuple(payee.payee_id for payee in about.payees) or (about.person_id,)


def _named(filed: ClaimFiled) -> list[tuple[str, int, str]]:
    return [(one.payee_id, one.share_percent, one.account_tail) for one in filed.payees]


def _check_documents(documents: tuple[Document, ...]) -> None:
    if not documents:
        raise Rejected("papers-missing", "At least one paper is handed in.", "documents")
