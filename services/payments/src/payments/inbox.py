"""What others tell payments: a donation is booked, an approved claim or granted relief is owed."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.claims.relief import ReliefGranted
from contracts.claims.v1 import ClaimApproved
from contracts.enrolment.v1 import DonationReceived
from contracts.envelope import Event
from payments.domain.donation import DONATION, BookDonation
from payments.domain.ledger import RELIEF, shares_of
from payments.domain.payout import PAYOUT, RequestPayout, payout_id_of


async def on_donation_received(recorded: Recorded, session: Session) -> None:
    """The donor's money enters the pool."""
    event = recorded.event
    assert isinstance(event, DonationReceived)
    command = BookDonation(event.donation_id, event.plan_code, event.amount_fen)
    await session.decide(DONATION, event.donation_id, command)


async def on_claim_approved(recorded: Recorded, session: Session) -> None:
    """Every line of the claim is owed to every payee by their share; a share of nothing is not owed."""
    event = recorded.event
    assert isinstance(event, ClaimApproved)
    hands = tuple(sorted({*event.reviewed_by, recorded.header.actorsub}))
    percents = tuple(payee.share_percent for payee in event.payees)
    for line in event.lines:
        for payee, amount_fen in zip(event.payees, shares_of(line.amount_fen, percents), strict=True):
            if amount_fen == 0:
                continue
            payout_id = payout_id_of(line.line_id, payee.payee_id)
            command = RequestPayout(
                payout_id=payout_id,
                claim_id=event.claim_id,
                claim_no=event.claim_no,
                line_id=line.line_id,
                benefit_code=line.benefit_code,
                plan_code=event.plan_code,
                person_id=event.person_id,
                payee_id=payee.payee_id,
                org_path=event.org_path,
                amount_fen=amount_fen,
                account=payee.account,
                account_tail=payee.account_tail,
                approved_by=hands,
            )
            await session.decide(PAYOUT, payout_id, command)


async def on_relief_granted(recorded: Recorded, session: Session) -> None:
    """The relief fund owes the grant to every payee by their share; the pool owes nothing (domain 4.5)."""
    event = recorded.event
    assert isinstance(event, ReliefGranted)
    hands = tuple(sorted({*event.reviewed_by, recorded.header.actorsub}))
    line_id = f"{event.relief_id}.{event.kind}"
    percents = tuple(payee.share_percent for payee in event.payees)
    for payee, amount_fen in zip(event.payees, shares_of(event.amount_fen, percents), strict=True):
        if amount_fen == 0:
            continue
        payout_id = payout_id_of(line_id, payee.payee_id)
        command = RequestPayout(
            payout_id=payout_id,
            claim_id=event.relief_id,
            claim_no=event.relief_no,
            line_id=line_id,
            benefit_code=event.kind,
            plan_code=event.plan_code,
            person_id=event.person_id,
            payee_id=payee.payee_id,
            org_path=event.org_path,
            amount_fen=amount_fen,
            account=payee.account,
            account_tail=payee.account_tail,
            approved_by=hands,
            fund=RELIEF.name,
        )
        await session.decide(PAYOUT, payout_id, command)


REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    "enrolment": {DonationReceived: on_donation_received},
    "claims": {ClaimApproved: on_claim_approved, ReliefGranted: on_relief_granted},
}
