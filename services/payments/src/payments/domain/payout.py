"""A payout: one approved line owed to one payee, paid by attempts of which at most one is ever alive."""

from __future__ import annotations

from chassis.decider import Decider, Rejected
from contracts.payments.bank import PayoutReleased
from contracts.payments.v1 import PayoutBatched, PayoutRequested
from payments.domain import ledger
from payments.domain.payout_approval import decide_approval, waits_for_approval
from payments.domain.payout_commands import (
    AskApproval,
    BatchPayout,
    EndDispute,
    GiveApproval,
    MarkUnknown,
    PayoutCommand,
    RecordQuery,
    RecordResult,
    ReleasePayout,
    RequestPayout,
)
from payments.domain.payout_results import decide_result, money
from payments.domain.payout_returns import decide_return
from payments.domain.payout_stages import (
    BOOKED,
    OUTCOMES,
    Absent,
    Batched,
    Owed,
    Payout,
    PayoutEvent,
    Requested,
    Returned,
    Settled,
    Terms,
    Unknown,
    end_to_end_id,
    evolve,
    maybe_paid,
)
from payments.domain.reasons import SAME_ACCOUNT_REASONS

__all__ = [
    "BOOKED",
    "OUTCOMES",
    "PAYOUT",
    "Absent",
    "BatchPayout",
    "Batched",
    "MarkUnknown",
    "Owed",
    "Payout",
    "PayoutCommand",
    "PayoutEvent",
    "RecordResult",
    "RequestPayout",
    "Requested",
    "Returned",
    "Settled",
    "Terms",
    "Unknown",
    "end_to_end_id",
    "evolve",
    "maybe_paid",
]
"""What others need of a payout; how it is stored and asked stands in the files beside this one."""


def decide(command: PayoutCommand, payout: Payout) -> list[PayoutEvent]:
    """A new attempt needs a proven final failure of the one before it (security 4.3)."""
    if isinstance(command, RequestPayout):
        return _request(command, payout)
    if isinstance(payout, Absent):
        raise Rejected("payout-unknown", "No such payout.")
    match command:
        case BatchPayout():
            return _batch(command, payout)
        case ReleasePayout():
            return _release(command, payout)
        case RecordResult() | MarkUnknown() | RecordQuery() | EndDispute():
            return decide_result(command, payout)
        case AskApproval() | GiveApproval():
            return [*decide_approval(command, payout)]
        case _:
            return decide_return(command, payout)


def _request(command: RequestPayout, payout: Payout) -> list[PayoutEvent]:
    if not isinstance(payout, Absent):
        owed = payout.terms.owed
        if (command.claim_id, command.amount_fen, command.fund) != (owed.claim_id, owed.amount_fen, owed.fund):
            raise Rejected("payout-differs", "This line is owed to this payee with another claim, amount or fund.")
        return []
    if command.amount_fen <= 0:
        raise Rejected("amount-not-positive", "A payout is more than nothing.", "amount_fen")
    fund = ledger.FUNDS[command.fund]
    transfers = ledger.approved(command.payout_id, command.plan_code, command.benefit_code, command.amount_fen, fund)
    return [PayoutRequested(**vars(command), transfers=transfers)]


def _batch(command: BatchPayout, payout: Owed) -> list[PayoutEvent]:
    if isinstance(payout, Requested | Returned) and maybe_paid(payout.terms):
        raise Rejected("payout-disputed", "The bank has contradicted itself: an earlier attempt may have been paid.")
    match payout:
        case Requested(terms, attempt):
            _may_be_paid(command, terms)
            return [_batched(command, terms, attempt + 1)]
        case Returned(terms, attempt, reason, queried_on=queried_on):
            if reason not in SAME_ACCOUNT_REASONS:
                raise Rejected("account-not-corrected", "The bank sent it back; the payee has to name another account.")
            if payout.proposal is not None:
                raise Rejected("account-not-confirmed", "Another account was named and waits for a second person.")
            if command.today and command.today <= payout.returned_on:
                raise Rejected("retry-next-day", "The bank's own failure is tried again on a later day.")
            if not queried_on:
                raise Rejected("query-first", "The bank has to be asked on a later day what became of the attempt.")
            _may_be_paid(command, terms)
            return [_batched(command, terms, attempt + 1)]
        case Batched(batch_id=batch_id) | Unknown(batch_id=batch_id):
            if batch_id != command.batch_id:
                raise Rejected("payout-in-batch", "The payout is in another batch whose result is not final.")
            return []
        case Settled():
            raise Rejected("payout-settled", "The payout has been paid.")


def _release(command: ReleasePayout, payout: Owed) -> list[PayoutEvent]:
    """The attempt's number is not used again, so that the bank never sees one id twice (security 4.3)."""
    match payout:
        case Batched(terms, attempt, batch_id) | Unknown(terms, attempt, batch_id) if batch_id == command.batch_id:
            return [
                PayoutReleased(
                    payout_id=terms.owed.payout_id,
                    batch_id=batch_id,
                    attempt=attempt,
                    reason=command.reason,
                    released_on=command.today,
                    transfers=ledger.refused(*money(terms.owed, attempt)),
                )
            ]
        case Requested() | Batched() | Unknown() | Settled() | Returned():
            return []


def _may_be_paid(command: BatchPayout, terms: Terms) -> None:
    if command.now < terms.usable_from:
        raise Rejected("account-cooling", "The corrected account may be paid to after its cooling period.")
    if waits_for_approval(terms):
        raise Rejected("approval-needed", "The payout is above a limit and waits for one further person.")


def _batched(command: BatchPayout, terms: Terms, attempt: int) -> PayoutBatched:
    owed = terms.owed
    return PayoutBatched(
        payout_id=owed.payout_id,
        batch_id=command.batch_id,
        attempt=attempt,
        end_to_end_id=end_to_end_id(owed.payout_id, attempt),
        transfers=ledger.reserved(*money(owed, attempt)),
        bank_code=command.bank_code,
    )


PAYOUT: Decider[PayoutCommand, Payout, PayoutEvent] = Decider("payout", Absent(), evolve, decide)
