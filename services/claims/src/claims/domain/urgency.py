"""The urgent path (domain 4.9): marked with a reason, the family spoken with, a bounded part paid ahead."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.claim_stages import (
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClaimEvent,
    Objected,
    Paid,
    Rechecked,
    granted_of,
)
from claims.domain.reviews import (
    FIRST_CONTACT,
    HEAD_APPROVAL,
    LADDER,
    OFFICE_RECHECK,
    OFFICE_REVIEW,
    PAPERS_TO_FOLLOW,
)
from claims.domain.side_commands import (
    EscalateContact,
    EscalatePapers,
    EscalateStep,
    GrantAdvance,
    MarkUrgent,
    RecordContact,
)
from claims.domain.standing import not_held, other_hands, step_of, undecided_or_waiting
from contracts.claims.process import AdvanceGranted, ClaimantContacted, ClaimMarkedUrgent, StepOverdue

HEAD = "office_head"
SUPERVISOR = "supervisor"
OBJECTION = "OBJECTION"


def mark_urgent(command: MarkUrgent, claim: Claim) -> list[ClaimEvent]:
    """The office reviews first from now on; marking again is quiet."""
    waiting = undecided_or_waiting(claim)
    if waiting.beside.urgency is not None:
        return []
    if command.trigger not in command.rules.triggers:
        raise Rejected("trigger-unknown", "The plan knows no such reason for the urgent path.", "trigger")
    return [
        ClaimMarkedUrgent(
            claim_id=waiting.filed.claim_id,
            trigger=command.trigger,
            next_step=OFFICE_REVIEW if isinstance(waiting, AtUnion) else step_of(waiting),
            contact_until=command.contact_until,
            decide_until=command.decide_until,
            papers_until=command.papers_until,
            note=command.note,
            by=command.by,
        )
    ]


def record_contact(command: RecordContact, claim: Claim) -> list[ClaimEvent]:
    """The first contact counts; later ones are quiet."""
    waiting = undecided_or_waiting(claim)
    if waiting.beside.urgency is None:
        raise Rejected("claim-not-urgent", "The claim is not on the urgent path.")
    if waiting.beside.contacted:
        return []
    return [ClaimantContacted(claim_id=waiting.filed.claim_id, contacted_at=command.at, by=command.by)]


def grant_advance(command: GrantAdvance, claim: Claim) -> list[ClaimEvent]:
    """One advance a line, of an urgent claim whose accounts are known, within the plan's percent."""
    waiting = undecided_or_waiting(claim)
    beside, filed, line = waiting.beside, waiting.filed, command.line
    if any(one.line_id == line.line_id and one.amount_fen == command.amount_fen for one in beside.advances):
        return []
    if beside.advanced_fen(line.line_id):
        raise Rejected("advance-granted", "A part of this benefit has been granted ahead already.", "benefit_code")
    if beside.urgency is None:
        raise Rejected("claim-not-urgent", "The claim is not on the urgent path.")
    if not filed.payees:
        raise Rejected("payees-unconfirmed", "Nobody has named an account yet.", "payees")
    other_hands(waiting.hands, command.by, HEAD_APPROVAL)
    not_held(held=command.held)
    if not 0 < command.amount_fen * 100 <= line.amount_fen * command.percent:
        raise Rejected("advance-too-large", f"At most {command.percent} percent is paid ahead.", "amount_fen")
    return [
        AdvanceGranted(
            claim_id=filed.claim_id,
            claim_no=filed.claim_no,
            person_id=filed.person_id,
            plan_code=filed.plan_code,
            plan_version=filed.plan_version,
            org_path=filed.org_path,
            line_id=line.line_id,
            benefit_code=line.benefit_code,
            amount_fen=command.amount_fen,
            payees=filed.payees,
            granted_on=command.today,
            reviewed_by=tuple(dict.fromkeys((*(one for one in waiting.hands.all() if one != command.by), command.by))),
        )
    ]


def escalate_step(command: EscalateStep, claim: Claim) -> list[ClaimEvent]:
    """Once for a step whose time is over; quiet while the clock stands still, and when all is decided."""
    if isinstance(claim, Objected):
        objection = claim.objection
        if claim.overdue or command.today <= objection.due_on:
            return []
        to = HEAD if objection.level == 1 else SUPERVISOR
        step = f"{OBJECTION}_{objection.level}"
        return [StepOverdue(claim_id=objection.claim_id, step=step, due_on=objection.due_on, escalated_to=to)]
    if isinstance(claim, Approved | Paid):
        return _late_contest(command, granted_of(claim))
    if not isinstance(claim, AtUnion | AtOffice | Assessed | Rechecked):
        return []
    waiting = claim
    due_on = waiting.beside.due_on
    if not due_on or command.today <= due_on:
        return []
    step = step_of(waiting)
    return [StepOverdue(claim_id=waiting.filed.claim_id, step=step, due_on=due_on, escalated_to=_above(step))]


def _late_contest(command: EscalateStep, granted: Approved) -> list[ClaimEvent]:
    """An objection to a grant, or the signature under what it has won, whose time is over."""
    said = granted.contest
    if not said.due_on or command.today <= said.due_on:
        return []
    step = f"{OBJECTION}_{said.open.level}" if said.open else HEAD_APPROVAL
    to = HEAD if said.open and said.open.level == 1 else SUPERVISOR
    return [StepOverdue(claim_id=granted.approved.claim_id, step=step, due_on=said.due_on, escalated_to=to)]


def escalate_contact(command: EscalateContact, claim: Claim) -> list[ClaimEvent]:
    """Once for an urgent claim whose family nobody has spoken with in time."""
    if not isinstance(claim, AtUnion | AtOffice | Assessed | Rechecked | AwaitingPapers):
        return []
    waiting = undecided_or_waiting(claim)
    urgency, beside = waiting.beside.urgency, waiting.beside
    if urgency is None or beside.contacted or beside.contact_overdue or command.now < urgency.contact_until:
        return []
    due_on = urgency.contact_until
    return [StepOverdue(claim_id=waiting.filed.claim_id, step=FIRST_CONTACT, due_on=due_on, escalated_to=HEAD)]


def escalate_papers(command: EscalatePapers, claim: Claim) -> list[ClaimEvent]:
    """Once for an urgent or phoned claim that is still open after the last day of the papers that were to follow."""
    if not isinstance(claim, AtUnion | AtOffice | Assessed | Rechecked | AwaitingPapers):
        return []
    waiting = undecided_or_waiting(claim)
    urgency = waiting.beside.urgency
    due_on = urgency.papers_until if urgency else waiting.filed.papers_until
    if not due_on or waiting.beside.papers_came or command.today <= due_on:
        return []
    return [StepOverdue(claim_id=waiting.filed.claim_id, step=PAPERS_TO_FOLLOW, due_on=due_on, escalated_to=HEAD)]


def _above(step: str) -> str:
    """The step or role that sees what is late: the next step up; above the recheck the head, then the committee."""
    ladder = (*LADDER, OFFICE_RECHECK, HEAD_APPROVAL)
    if step not in ladder:
        return HEAD
    place = ladder.index(step) + 1
    return ladder[place] if place < len(ladder) else SUPERVISOR
