"""Claims, relief, payouts and check-ups on their straight way, told to the people they concern."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from chassis.clock import SHANGHAI, from_text
from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.claims.matching import MatchesAnnounced, SettlementDecided
from contracts.claims.relief import ReliefFiled, ReliefGranted, ReliefPapersAsked, ReliefRefused
from contracts.claims.v1 import ClaimApproved, ClaimFiled, ClaimRejected
from contracts.envelope import Event
from contracts.health_checkup.stops import BookingCancelled, WaitingListLeft
from contracts.health_checkup.v1 import FindingRaised, MemberInvited, ResultsRecorded, SlotBooked
from contracts.payments.owing import PayeeReminded
from contracts.payments.v1 import PayoutReturned, PayoutSettled
from notify.domain.message import MESSAGE, CancelMessage
from notify.domain.template import day_text, place_or_withheld, yuan
from notify.inbox.telling import WHOLE_PERCENT, message, settings, tell, tell_later
from notify.projections import approvals, contacts, messages, stops

RELIEF_FUND = "relief"
REMINDED_AT = time(18)
"""On the evening before a check-up (domain 9.3)."""
WAITED_IN_VAIN = frozenset({"NOT_COVERED", "STOP_OVER"})
"""Why somebody waits no more for a check-up without having said so, or having a seat."""
NOT_PAYABLE = "NOT_PAYABLE"
PAYABLE = frozenset({"EXACT_NEW", "LEAD_CI", "LEAD_ACCIDENT"})
"""Result codes (domain 6.3) of stays that are paid; of one that ended in death nobody is told by a message."""


async def on_claim_filed(recorded: Recorded, session: Session) -> None:
    """Claim received."""
    event = recorded.event
    assert isinstance(event, ClaimFiled)
    for payee in event.payees:
        cause = f"received-{event.claim_id}"
        variables = {"no": event.claim_no, "n": str(settings().review_workdays)}
        await tell(session, cause, payee.payee_id, "claim-received", event.claim_id, **variables)


async def on_claim_approved(recorded: Recorded, session: Session) -> None:
    """Approved; an heir with a share is told the share, since the bank's lines fix the amounts later.

    What was paid ahead is not announced again; a grant raised on an objection tells what is added to it.
    """
    event = recorded.event
    assert isinstance(event, ClaimApproved)
    advanced_fen = sum(line.advanced_fen for line in event.lines)
    rest_fen = event.total_fen - advanced_fen
    cause = f"approved-{event.claim_id}"
    if event.raised:
        cause = f"{cause}-{recorded.header.streamversion}"
    for payee in event.payees:
        variables = {"no": event.claim_no, "tail": payee.account_tail}
        if advanced_fen and not rest_fen:
            template, variables = "claim-approved-prepaid", {"no": event.claim_no}
        elif payee.share_percent == WHOLE_PERCENT:
            template = "claim-approved-rest" if advanced_fen else "claim-approved"
            template = "claim-raised" if event.raised else template
            variables["amt"] = yuan(rest_fen)
        else:
            template, variables["share"] = "claim-approved-share", str(payee.share_percent)
        await tell(session, cause, payee.payee_id, template, event.claim_id, **variables)


async def on_claim_rejected(recorded: Recorded, session: Session) -> None:
    """Refused; the reason stands in the account only."""
    event = recorded.event
    assert isinstance(event, ClaimRejected)
    for payee in event.payees:
        cause = f"refused-{event.claim_id}"
        await tell(session, cause, payee.payee_id, "claim-refused", event.claim_id, no=event.claim_no)


async def on_relief_filed(recorded: Recorded, session: Session) -> None:
    """Relief asked for: received."""
    event = recorded.event
    assert isinstance(event, ReliefFiled)
    for payee in event.payees:
        cause = f"received-{event.relief_id}"
        await tell(session, cause, payee.payee_id, "relief-received", event.relief_id, no=event.relief_no)


async def on_relief_papers_asked(recorded: Recorded, session: Session) -> None:
    """Papers are asked for: which ones stands in the account; each round is a cause of its own."""
    event = recorded.event
    assert isinstance(event, ReliefPapersAsked)
    day = from_text(event.due_on)
    cause = f"papers-{event.relief_id}-{recorded.header.streamversion}"
    variables = {"no": event.relief_no, "dt": f"{day.month}月{day.day}日"}
    await tell(session, cause, event.person_id, "relief-papers", event.relief_id, **variables)


async def on_relief_granted(recorded: Recorded, session: Session) -> None:
    """Relief granted, without a word on why."""
    event = recorded.event
    assert isinstance(event, ReliefGranted)
    for payee in event.payees:
        variables = {"no": event.relief_no, "tail": payee.account_tail}
        if payee.share_percent == WHOLE_PERCENT:
            template, variables["amt"] = "relief-approved", yuan(event.amount_fen)
        else:
            template, variables["share"] = "relief-approved-share", str(payee.share_percent)
        await tell(session, f"granted-{event.relief_id}", payee.payee_id, template, event.relief_id, **variables)


async def on_relief_refused(recorded: Recorded, session: Session) -> None:
    """Relief refused; the reason stands in the account only."""
    event = recorded.event
    assert isinstance(event, ReliefRefused)
    for payee in event.payees:
        cause = f"refused-{event.relief_id}"
        await tell(session, cause, payee.payee_id, "relief-refused", event.relief_id, no=event.relief_no)


async def on_matches_announced(recorded: Recorded, session: Session) -> None:
    """Match found, or a stay that is not payable (domain 6.4): thousands at once, so they wait for what is urgent."""
    event = recorded.event
    assert isinstance(event, MatchesAnnounced)
    not_before = session.now + timedelta(seconds=settings().match_delay_s)
    people = [match.person_id for match in event.matches]
    async with session.reads.connection() as c:
        gone = await contacts.died_among(c, people)
        found, refused = await approvals.wording(c, "match-found"), await approvals.wording(c, "match-not-payable")
    commands = []
    for match in event.matches:
        template = found if match.code in PAYABLE else refused
        message_id = f"match-{match.setl_key}-{template.code}-{match.person_id}"
        if match.person_id not in gone:
            commands.append(message(session, message_id, match.person_id, template, match.claim_id, {}, not_before))
    session.bulk = True
    await session.load_many(MESSAGE, [command.message_id for command in commands])
    for command in commands:
        await session.decide(MESSAGE, command.message_id, command)


async def on_settlement_decided(recorded: Recorded, session: Session) -> None:
    """A stay that a person found not payable: told once, in the words of those that the machine found (domain 4.7)."""
    event = recorded.event
    assert isinstance(event, SettlementDecided)
    if event.outcome == NOT_PAYABLE:
        async with session.reads.connection() as c:
            template = await approvals.wording(c, "match-not-payable")
        cause = f"match-{event.task_id}-{template.code}"
        await tell(session, cause, event.person_id, "match-not-payable", event.claim_id)


async def on_payout_settled(recorded: Recorded, session: Session) -> None:
    """Paid; an attempt that follows a return is a cause of its own, and relief is called what it is."""
    event = recorded.event
    assert isinstance(event, PayoutSettled)
    template = "relief-paid" if event.fund == RELIEF_FUND else "benefit-paid"
    variables = {"amt": yuan(event.amount_fen), "tail": event.account_tail}
    cause = f"paid-{event.payout_id}-{event.attempt}"
    await tell(session, cause, event.payee_id, template, event.claim_id, **variables)


async def on_payout_returned(recorded: Recorded, session: Session) -> None:
    """Returned by the bank; each attempt is a cause of its own."""
    event = recorded.event
    assert isinstance(event, PayoutReturned)
    template = "relief-returned" if event.fund == RELIEF_FUND else "payment-returned"
    cause = f"returned-{event.payout_id}-{event.attempt}"
    await tell(session, cause, event.payee_id, template, event.claim_id)


async def on_payee_reminded(recorded: Recorded, session: Session) -> None:
    """Money that came back still waits for an account; each day of the list is a cause of its own (domain 7.1)."""
    event = recorded.event
    assert isinstance(event, PayeeReminded)
    cause = f"account-{event.payout_id}-{event.attempt}-{event.day}"
    await tell(session, cause, event.payee_id, "payment-reminder", event.claim_id, amt=yuan(event.amount_fen))


async def on_member_invited(recorded: Recorded, session: Session) -> None:
    """Check-up invitation."""
    event = recorded.event
    assert isinstance(event, MemberInvited)
    day = from_text(event.date)
    variables = {"dt": f"{day.month}月{day.day}日", "place": place_or_withheld(event.place)}
    template = "checkup-invitation-promotion" if settings().invitations_promote else "checkup-invitation"
    await tell(session, f"invited-{event.stop_id}", event.person_id, template, **variables)


async def on_slot_booked(recorded: Recorded, session: Session) -> None:
    """Reminded at six in the evening before; another slot of the same stop takes the first reminder back."""
    event = recorded.event
    assert isinstance(event, SlotBooked)
    async with session.reads.connection() as c:
        stop = await stops.find(c, event.stop_id)
        waiting = await messages.waiting_for(c, f"booked-{event.stop_id}-", event.person_id)
    if stop is None:
        return
    place, day = stop
    # A seat that was given back and taken again is another booking.
    cause = f"booked-{event.stop_id}-{event.ticket_id or event.slot_id}"
    for message_id in waiting:
        if message_id != f"{cause}-{event.person_id}":
            await session.decide(MESSAGE, message_id, CancelMessage(message_id))
    if event.waited:
        given = {"dt": day_text(day), "time": event.starts_at, "place": place_or_withheld(place)}
        await tell(session, f"seated-{event.stop_id}-{event.ticket_id}", event.person_id, "checkup-seat", **given)
    evening = datetime.combine(date.fromisoformat(day) - timedelta(days=1), REMINDED_AT, SHANGHAI)
    if session.now > evening:
        return
    variables = {"time": event.starts_at, "place": place_or_withheld(place)}
    await tell_later(session, cause, event.person_id, "checkup-reminder", "", variables, evening)


async def on_booking_cancelled(recorded: Recorded, session: Session) -> None:
    """Whoever gave the seat back is not reminded of it."""
    event = recorded.event
    assert isinstance(event, BookingCancelled)
    async with session.reads.connection() as c:
        waiting = await messages.waiting_for(c, f"booked-{event.stop_id}-", event.person_id)
    for message_id in waiting:
        await session.decide(MESSAGE, message_id, CancelMessage(message_id))


async def on_waiting_list_left(recorded: Recorded, session: Session) -> None:
    """Nobody goes on waiting for a seat that will not come; whoever waited again is told again."""
    event = recorded.event
    assert isinstance(event, WaitingListLeft)
    if event.reason not in WAITED_IN_VAIN:
        return
    async with session.reads.connection() as c:
        stop = await stops.find(c, event.stop_id)
    if stop is None:
        return
    cause = f"waited-{event.stop_id}-{recorded.header.streamversion}"
    await tell(session, cause, event.person_id, "checkup-waiting-ended", dt=day_text(stop[1]))


async def on_finding_raised(recorded: Recorded, session: Session) -> None:
    """A finding of class A or B: expect the doctor's call; what it is, the doctor says."""
    event = recorded.event
    assert isinstance(event, FindingRaised)
    await tell(session, f"finding-{event.finding_id}", event.person_id, "checkup-finding")


async def on_results_recorded(recorded: Recorded, session: Session) -> None:
    """Report ready."""
    event = recorded.event
    assert isinstance(event, ResultsRecorded)
    await tell(session, f"report-{event.exam_id}", event.person_id, "checkup-report-ready")


REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    "claims": {
        ClaimFiled: on_claim_filed,
        ClaimApproved: on_claim_approved,
        ClaimRejected: on_claim_rejected,
        ReliefFiled: on_relief_filed,
        ReliefPapersAsked: on_relief_papers_asked,
        ReliefGranted: on_relief_granted,
        ReliefRefused: on_relief_refused,
        MatchesAnnounced: on_matches_announced,
        SettlementDecided: on_settlement_decided,
    },
    "payments": {
        PayoutSettled: on_payout_settled,
        PayoutReturned: on_payout_returned,
        PayeeReminded: on_payee_reminded,
    },
    "health_checkup": {
        MemberInvited: on_member_invited,
        SlotBooked: on_slot_booked,
        BookingCancelled: on_booking_cancelled,
        WaitingListLeft: on_waiting_list_left,
        FindingRaised: on_finding_raised,
        ResultsRecorded: on_results_recorded,
    },
}
