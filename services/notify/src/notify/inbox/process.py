"""What happens beside a claim's straight way, told: papers, objections, advances, money asked back."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.claims.process import (
    AdvanceGranted,
    ClaimClosedIncomplete,
    ClaimWithdrawn,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    RecoveryOffset,
    RecoveryOpened,
)
from contracts.claims.relief import ReliefClosedIncomplete, ReliefPapersReminded
from contracts.claims.tickets import TicketAnswered
from contracts.envelope import Event
from notify.domain.template import day_text, yuan
from notify.inbox.telling import WHOLE_PERCENT, tell

UPHELD = "UPHELD"
GRANT = "GRANT"
LAST_LEVEL = 2
"""After it there is no other objection (domain 4.8)."""
DECIDED = {"OVERTURNED": "objection-overturned", "PARTLY": "objection-partly"}


async def on_papers_requested(recorded: Recorded, session: Session) -> None:
    """Papers needed: which ones stands in the account; each round is a cause of its own."""
    event = recorded.event
    assert isinstance(event, PapersRequested)
    cause = f"papers-{event.claim_id}-{event.round}"
    variables = {"no": event.claim_no, "d": day_text(event.due_on)}
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, "papers-needed", event.claim_id, **variables)


async def on_papers_reminded(recorded: Recorded, session: Session) -> None:
    """Papers still missing; each day of the list is a cause of its own, in each round."""
    event = recorded.event
    assert isinstance(event, PapersReminded)
    cause = f"reminded-{event.claim_id}-{event.due_on}-{event.day}"
    variables = {"no": event.claim_no, "d": day_text(event.due_on)}
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, "papers-reminder", event.claim_id, **variables)


async def on_claim_closed_incomplete(recorded: Recorded, session: Session) -> None:
    """Closed for missing papers, and how it goes on; that it went on is seen in the account."""
    event = recorded.event
    assert isinstance(event, ClaimClosedIncomplete)
    cause = f"incomplete-{event.claim_id}-{event.closed_on}"
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, "claim-closed-incomplete", event.claim_id, no=event.claim_no)


async def on_claim_withdrawn(recorded: Recorded, session: Session) -> None:
    """Taken back: the member is told also when it was the filer who did."""
    event = recorded.event
    assert isinstance(event, ClaimWithdrawn)
    cause = f"withdrawn-{event.claim_id}"
    await tell(session, cause, event.person_id, "claim-withdrawn", event.claim_id, no=event.claim_no)


async def on_objection_filed(recorded: Recorded, session: Session) -> None:
    """Objection received, and until when it is decided."""
    event = recorded.event
    assert isinstance(event, ObjectionFiled)
    cause = f"objected-{event.claim_id}-{event.level}"
    variables = {"no": event.claim_no, "d": day_text(event.due_on)}
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, "objection-received", event.claim_id, **variables)


async def on_objection_decided(recorded: Recorded, session: Session) -> None:
    """Objection decided; of a refusal that stands, whether there is another level."""
    event = recorded.event
    assert isinstance(event, ObjectionDecided)
    if event.outcome == UPHELD:
        template = "objection-upheld-finally" if event.level >= LAST_LEVEL else "objection-upheld"
    else:
        template = "objection-raises" if event.against == GRANT else DECIDED[event.outcome]
    cause = f"objection-{event.claim_id}-{event.level}"
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, template, event.claim_id, no=event.claim_no)


async def on_advance_granted(recorded: Recorded, session: Session) -> None:
    """Granted ahead of the decision, in the words of an approval."""
    event = recorded.event
    assert isinstance(event, AdvanceGranted)
    for payee in event.payees:
        variables = {"no": event.claim_no, "tail": payee.account_tail}
        if payee.share_percent == WHOLE_PERCENT:
            template, variables["amt"] = "advance-approved", yuan(event.amount_fen)
        else:
            template, variables["share"] = "advance-approved-share", str(payee.share_percent)
        await tell(session, f"advance-{event.line_id}", payee.payee_id, template, event.claim_id, **variables)


async def on_recovery_opened(recorded: Recorded, session: Session) -> None:
    """Money asked back of those who were paid, until when; of a sum that is let go at once nobody is told."""
    event = recorded.event
    assert isinstance(event, RecoveryOpened)
    if event.waived:
        return
    variables = {"no": event.claim_no, "amt": yuan(event.amount_fen), "d": day_text(event.due_on)}
    cause = f"recovery-{event.recovery_id}"
    for payee_id in event.payee_ids or (event.person_id,):
        await tell(session, cause, payee_id, "recovery-asked", event.claim_id, **variables)


async def on_recovery_offset(recorded: Recorded, session: Session) -> None:
    """What is still asked back after the corrected claim was counted, if anything (domain 6.5)."""
    event = recorded.event
    assert isinstance(event, RecoveryOffset)
    if event.waived:
        return
    variables = {"no": event.claim_no, "amt": yuan(event.left_fen), "d": day_text(event.due_on)}
    cause = f"recovery-{event.recovery_id}-{event.to_claim_id}"
    for payee_id in event.payee_ids:
        await tell(session, cause, payee_id, "recovery-asked", event.claim_id, **variables)


async def on_relief_papers_reminded(recorded: Recorded, session: Session) -> None:
    """Papers of a relief case still missing; each day of the list is a cause of its own, in each round."""
    event = recorded.event
    assert isinstance(event, ReliefPapersReminded)
    cause = f"reminded-{event.relief_id}-{event.due_on}-{event.day}"
    variables = {"no": event.relief_no, "d": day_text(event.due_on)}
    await tell(session, cause, event.person_id, "relief-papers-reminder", event.relief_id, **variables)


async def on_relief_closed_incomplete(recorded: Recorded, session: Session) -> None:
    """A relief case closed for missing papers, and how it goes on."""
    event = recorded.event
    assert isinstance(event, ReliefClosedIncomplete)
    cause = f"incomplete-{event.relief_id}-{event.closed_on}"
    await tell(session, cause, event.person_id, "relief-closed-incomplete", event.relief_id, no=event.relief_no)


async def on_ticket_answered(recorded: Recorded, session: Session) -> None:
    """A question to the hotline was answered; what was asked and answered stands in the account."""
    event = recorded.event
    assert isinstance(event, TicketAnswered)
    if event.person_id:
        await tell(session, f"ticket-{event.ticket_id}", event.person_id, "ticket-answered")


REACTIONS: dict[type[Event], Reaction] = {
    PapersRequested: on_papers_requested,
    PapersReminded: on_papers_reminded,
    ClaimClosedIncomplete: on_claim_closed_incomplete,
    ClaimWithdrawn: on_claim_withdrawn,
    ObjectionFiled: on_objection_filed,
    ObjectionDecided: on_objection_decided,
    AdvanceGranted: on_advance_granted,
    RecoveryOpened: on_recovery_opened,
    RecoveryOffset: on_recovery_offset,
    ReliefPapersReminded: on_relief_papers_reminded,
    ReliefClosedIncomplete: on_relief_closed_incomplete,
    TicketAnswered: on_ticket_answered,
}
