"""What others tell payments: a donation is booked; an approved claim, an advance or granted relief is owed."""

from __future__ import annotations

from chassis import environment
from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.claims.process import AdvanceGranted, RecoveryReceived
from contracts.claims.relief import ReliefGranted
from contracts.claims.v1 import ClaimApproved
from contracts.enrolment.v1 import DonationReceived
from contracts.envelope import Event
from payments.domain.donation import DONATION, BookDonation
from payments.domain.ledger import POOL, RELIEF, Fund, shares_of
from payments.domain.payout import PAYOUT, RequestPayout
from payments.domain.payout_stages import payout_id_of
from payments.domain.recovery_receipt import RECOVERY_RECEIPT, BookRecovery, receipt_key
from payments.domain.reserve import SetAside
from payments.settings import Settings

SETTINGS = environment.read(Settings)


async def on_donation_received(recorded: Recorded, session: Session) -> None:
    """The donor's money enters the pool, and the shares of the plan are set aside."""
    event = recorded.event
    assert isinstance(event, DonationReceived)
    command = BookDonation(
        donation_id=event.donation_id,
        plan_code=event.plan_code,
        amount_fen=event.amount_fen,
        received_on=event.received_on,
        period_start=event.period_start,
        period_end=event.period_end,
        shares=SetAside(*SETTINGS.set_aside(event.plan_code)),
    )
    await session.decide(DONATION, event.donation_id, command)


async def on_claim_approved(recorded: Recorded, session: Session) -> None:
    """What was not paid ahead of every line is owed to every payee by their share."""
    event = recorded.event
    assert isinstance(event, ClaimApproved)
    for line in event.lines:
        rest_fen = line.amount_fen - line.advanced_fen
        await _owe(recorded, session, event, event.claim_id, event.claim_no, line.line_id, line.benefit_code, rest_fen)


async def on_advance_granted(recorded: Recorded, session: Session) -> None:
    """A part of a line is owed ahead of the decision (domain 4.9): a payout beside that of the line's rest."""
    event = recorded.event
    assert isinstance(event, AdvanceGranted)
    line_id = f"{event.line_id}.advance"
    code, amount_fen = event.benefit_code, event.amount_fen
    await _owe(recorded, session, event, event.claim_id, event.claim_no, line_id, code, amount_fen)


async def on_relief_granted(recorded: Recorded, session: Session) -> None:
    """The relief fund owes the grant to every payee by their share; the pool owes nothing (domain 4.5)."""
    event = recorded.event
    assert isinstance(event, ReliefGranted)
    line_id = f"{event.relief_id}.{event.kind}"
    kind, amount_fen = event.kind, event.amount_fen
    await _owe(recorded, session, event, event.relief_id, event.relief_no, line_id, kind, amount_fen, RELIEF)


async def on_recovery_received(recorded: Recorded, session: Session) -> None:
    """Money that was wrongly paid comes back to the fund that paid it; what is written off moves none."""
    event = recorded.event
    assert isinstance(event, RecoveryReceived)
    command = BookRecovery(
        event.recovery_id, event.receipt_id, event.claim_id, event.plan_code, event.amount_fen, event.fund
    )
    await session.decide(RECOVERY_RECEIPT, receipt_key(event.recovery_id, event.receipt_id), command)


async def _owe(
    recorded: Recorded,
    session: Session,
    event: ClaimApproved | AdvanceGranted | ReliefGranted,
    claim_id: str,
    claim_no: str,
    line_id: str,
    benefit_code: str,
    amount_fen: int,
    fund: Fund = POOL,
) -> None:
    """One payout for each payee by their share; a share of nothing is not owed. No hand in the grant pays it."""
    hands = tuple(sorted({*event.reviewed_by, recorded.header.actorsub}))
    percents = tuple(payee.share_percent for payee in event.payees)
    for payee, share_fen in zip(event.payees, shares_of(amount_fen, percents), strict=True):
        if share_fen == 0:
            continue
        payout_id = payout_id_of(line_id, payee.payee_id)
        command = RequestPayout(
            payout_id=payout_id,
            claim_id=claim_id,
            claim_no=claim_no,
            line_id=line_id,
            benefit_code=benefit_code,
            plan_code=event.plan_code,
            person_id=event.person_id,
            payee_id=payee.payee_id,
            org_path=event.org_path,
            amount_fen=share_fen,
            account=payee.account,
            account_tail=payee.account_tail,
            approved_by=hands,
            fund=fund.name,
            name_matches=payee.name_matches,
        )
        await session.decide(PAYOUT, payout_id, command)


REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    "enrolment": {DonationReceived: on_donation_received},
    "claims": {
        ClaimApproved: on_claim_approved,
        AdvanceGranted: on_advance_granted,
        RecoveryReceived: on_recovery_received,
        ReliefGranted: on_relief_granted,
    },
}
