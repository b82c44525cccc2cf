"""What a bank says of an attempt, and what two people say of it where the bank contradicts itself (security 4.3)."""

from __future__ import annotations

from chassis.decider import Rejected
from contracts.payments.bank import DisputeEnded
from contracts.payments.v1 import PayoutDisputed, PayoutRequested, PayoutReturned, PayoutSettled, PayoutUnknown
from payments.domain import ledger
from payments.domain.payout_commands import BankSaid, EndDispute, MarkUnknown, RecordQuery, RecordResult
from payments.domain.payout_returns import record_query
from payments.domain.payout_stages import (
    BOOKED,
    ON_PAPER,
    OUTCOMES,
    REJECTED,
    RETURNED,
    REVERSED,
    Batched,
    Owed,
    PayoutEvent,
    Requested,
    Result,
    Returned,
    Settled,
    Terms,
    Unknown,
    maybe_paid,
)
from payments.domain.reasons import FILE_NOT_TAKEN

BACK = frozenset({RETURNED, REVERSED})


def decide_result(command: BankSaid, payout: Owed) -> list[PayoutEvent]:
    """Only a final answer moves money, and each answer once."""
    match command:
        case RecordResult():
            return _result(command, payout)
        case MarkUnknown():
            return _mark_unknown(command, payout)
        case RecordQuery():
            return [*record_query(command, payout)]
        case EndDispute():
            return _end_dispute(command, payout)


def money(owed: PayoutRequested, attempt: int) -> tuple[str, int, str, int, ledger.Fund]:
    """What the ledger asks of every moment of an attempt."""
    return owed.payout_id, attempt, owed.plan_code, owed.amount_fen, ledger.FUNDS[owed.fund]


def _mark_unknown(command: MarkUnknown, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Batched(terms, attempt):
            if attempt != command.attempt:
                return []
            return [PayoutUnknown(payout_id=terms.owed.payout_id, attempt=attempt)]
        case Requested() | Unknown() | Settled() | Returned():
            return []


def _result(command: RecordResult, payout: Owed) -> list[PayoutEvent]:
    if command.outcome not in OUTCOMES:
        raise Rejected("outcome-unknown", "A bank's result is BOOKED, REJECTED, RETURNED or REVERSED.", "outcome")
    terms = payout.terms
    reason = "" if command.outcome == BOOKED else command.reason
    if any(_same(one, command, reason) for one in terms.heard):
        return []
    if command.attempt == payout.attempt and command.amount_fen == terms.owed.amount_fen:
        match command.outcome, payout:
            case "BOOKED", Batched() | Unknown():
                return [_settled(command, terms), *_came_back_before(command, terms)]
            case "REJECTED", Batched() | Unknown():
                return [_returned(command, terms, after_booking=False)]
            case "RETURNED" | "REVERSED", Settled():
                return [_returned(command, terms, after_booking=True)]
            case _:
                pass
    return [
        PayoutDisputed(
            payout_id=terms.owed.payout_id,
            claim_id=terms.owed.claim_id,
            claim_no=terms.owed.claim_no,
            attempt=command.attempt,
            outcome=command.outcome,
            reason=reason,
            amount_fen=command.amount_fen,
            bank_reference=command.bank_reference,
            booked_on=command.booked_on,
        )
    ]


def _same(heard: Result, command: RecordResult, reason: str) -> bool:
    """The same fact again; what two people have read on the bank's paper, the bank may also tell in its own words."""
    if (heard.attempt, heard.outcome, heard.amount_fen) != (command.attempt, command.outcome, command.amount_fen):
        return False
    # What it said of a whole file it may say of each payment in it, too.
    if heard.reason == FILE_NOT_TAKEN:
        return True
    told_again = (heard.reason, heard.bank_reference) == (reason, command.bank_reference)
    return told_again or heard.bank_reference.startswith(ON_PAPER)


def _came_back_before(command: RecordResult, terms: Terms) -> list[PayoutReturned]:
    """The bank may tell that money came back before it tells that it had gone out."""
    for one in terms.heard:
        if (one.attempt, one.amount_fen) == (command.attempt, command.amount_fen) and one.outcome in BACK:
            booked_on = one.booked_on or command.booked_on
            told = RecordResult(one.attempt, one.outcome, one.amount_fen, one.bank_reference, booked_on, one.reason)
            return [_returned(told, terms, after_booking=True)]
    return []


def _settled(command: RecordResult, terms: Terms, *, after_all: bool = False) -> PayoutSettled:
    owed = terms.owed
    transfers = ledger.settled_after_all if after_all else ledger.settled
    return PayoutSettled(
        payout_id=owed.payout_id,
        claim_id=owed.claim_id,
        claim_no=owed.claim_no,
        person_id=owed.person_id,
        payee_id=owed.payee_id,
        plan_code=owed.plan_code,
        benefit_code=owed.benefit_code,
        amount_fen=owed.amount_fen,
        account_tail=terms.sent_to_tail,
        attempt=command.attempt,
        bank_reference=command.bank_reference,
        settled_on=command.booked_on,
        transfers=transfers(*money(owed, command.attempt)),
        fund=owed.fund,
    )


def _returned(command: RecordResult, terms: Terms, *, after_booking: bool) -> PayoutReturned:
    owed = terms.owed
    reversal = command.outcome == REVERSED
    transfers = ledger.reversed_by_bank if reversal else ledger.returned if after_booking else ledger.refused
    return PayoutReturned(
        payout_id=owed.payout_id,
        claim_id=owed.claim_id,
        claim_no=owed.claim_no,
        person_id=owed.person_id,
        payee_id=owed.payee_id,
        plan_code=owed.plan_code,
        amount_fen=owed.amount_fen,
        attempt=command.attempt,
        reason=command.reason,
        after_booking=after_booking,
        bank_reference=command.bank_reference,
        transfers=transfers(*money(owed, command.attempt)),
        fund=owed.fund,
        returned_on=command.booked_on,
        reversal=reversal,
    )


def _end_dispute(command: EndDispute, payout: Owed) -> list[PayoutEvent]:
    """What two people read on the bank's paper; where that is what stands here already, nothing moves."""
    terms = payout.terms
    overtaken = command.attempt != payout.attempt
    if overtaken and command.paid:
        raise Rejected("attempt-overtaken", "A later attempt has been made; let the cash follow the statement instead.")
    ended = DisputeEnded(
        payout_id=terms.owed.payout_id,
        attempt=command.attempt,
        paid=command.paid,
        item_id=command.item_id,
        by=command.by,
        confirmed_by=command.confirmed_by,
    )
    if command.paid:
        paid = _on_paper(command, terms, BOOKED)
        match payout:
            case Settled():
                return []
            case Batched() | Unknown():
                return [ended, _settled(paid, terms), *_came_back_before(paid, terms)]
            case Returned(after_booking=True):
                raise Rejected("came-back", "The money of this attempt has come back; it was not paid in the end.")
            case Requested() | Returned():
                return [ended, _settled(paid, terms, after_all=True), *_came_back_before(paid, terms)]
    doubtful = [ended] if command.attempt in maybe_paid(terms) else []
    if overtaken:
        return [*doubtful]
    match payout:
        case Batched() | Unknown():
            return [ended, _returned(_on_paper(command, terms, REJECTED), terms, after_booking=False)]
        case Settled():
            return [ended, _returned(_on_paper(command, terms, REVERSED), terms, after_booking=True)]
        case Requested() | Returned():
            return [*doubtful]


def _on_paper(command: EndDispute, terms: Terms, outcome: str) -> RecordResult:
    reference, amount_fen = f"{ON_PAPER}{command.item_id}", terms.owed.amount_fen
    reason = "" if outcome == BOOKED else "BANK_SYSTEM"
    return RecordResult(command.attempt, outcome, amount_fen, reference, command.ended_on, reason)
