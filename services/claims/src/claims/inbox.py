"""What payments tell claims: a payout has arrived, or the bank sent it back."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import RecordPaymentFailed, RecordPayoutArrived
from claims.domain.relief import RELIEF
from claims.domain.relief_commands import RecordReliefArrived, RecordReliefReturned
from contracts.envelope import Event
from contracts.payments.v1 import PayoutReturned, PayoutSettled

RELIEF_FUND = "relief"
"""The fund of a payout whose claim id is a relief case's."""


async def on_payout_settled(recorded: Recorded, session: Session) -> None:
    """One payout of the claim or relief case has arrived; the last one makes it paid."""
    event = recorded.event
    assert isinstance(event, PayoutSettled)
    if event.fund == RELIEF_FUND:
        arrived = RecordReliefArrived(event.payout_id, event.payee_id, event.amount_fen)
        await session.decide(RELIEF, event.claim_id, arrived)
        return
    command = RecordPayoutArrived(event.payout_id, event.benefit_code, event.payee_id, event.amount_fen)
    await session.decide(CLAIM, event.claim_id, command)


async def on_payout_returned(recorded: Recorded, session: Session) -> None:
    """An attempt came back; the claim or relief case waits for a corrected account."""
    event = recorded.event
    assert isinstance(event, PayoutReturned)
    if event.fund == RELIEF_FUND:
        back = RecordReliefReturned(event.payout_id, event.attempt, event.reason)
        await session.decide(RELIEF, event.claim_id, back)
        return
    command = RecordPaymentFailed(event.payout_id, event.attempt, event.reason)
    await session.decide(CLAIM, event.claim_id, command)


REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    "payments": {PayoutSettled: on_payout_settled, PayoutReturned: on_payout_returned}
}
