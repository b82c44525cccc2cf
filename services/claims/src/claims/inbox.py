"""What payments tell claims: a payout has arrived, or the bank sent it back."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import RecordPaymentFailed, RecordPayoutArrived
from contracts.envelope import Event
from contracts.payments.v1 import PayoutReturned, PayoutSettled


async def on_payout_settled(recorded: Recorded, session: Session) -> None:
    """One payout of the claim has arrived; the last one makes the claim paid."""
    event = recorded.event
    assert isinstance(event, PayoutSettled)
    command = RecordPayoutArrived(event.payout_id, event.benefit_code, event.payee_id, event.amount_fen)
    await session.decide(CLAIM, event.claim_id, command)


async def on_payout_returned(recorded: Recorded, session: Session) -> None:
    """An attempt came back; the claim waits for a corrected account."""
    event = recorded.event
    assert isinstance(event, PayoutReturned)
    command = RecordPaymentFailed(event.payout_id, event.attempt, event.reason)
    await session.decide(CLAIM, event.claim_id, command)


REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    "payments": {PayoutSettled: on_payout_settled, PayoutReturned: on_payout_returned}
}
