"""A payout: one approved line owed to one payee, paid by attempts of which at most one is ever alive."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.payments.v1 import (
    AccountCorrected,
    PayoutBatched,
    PayoutDisputed,
    PayoutRequested,
    PayoutReturned,
    PayoutSettled,
    PayoutUnknown,
)
from payments.domain import ledger

CLAIM_ACCOUNT_FIELD = "claims.claim-filed.v1/account"
"""The field that the account of an approved claim was sealed for; it is carried over as it is."""
CORRECTED_ACCOUNT_FIELD = "payments.account-corrected.v1/account"

BOOKED, REJECTED, RETURNED = "BOOKED", "REJECTED", "RETURNED"
OUTCOMES = (BOOKED, REJECTED, RETURNED)
"""What a bank says of an attempt: booked; refused before booking; sent back after booking (退票, 冲账)."""

SAME_ACCOUNT_REASONS = frozenset({"BANK_SYSTEM"})
"""Return reasons (domain 7.1) after which the same account may be tried again; all others want another one."""

END_TO_END_LENGTH = 32
"""Hex digits of an end-to-end id; ISO 20022 allows 35 characters."""


@dataclass(frozen=True)
class Result:
    """One thing a bank said of one attempt; equal results are the same fact told again."""

    attempt: int
    outcome: str
    amount_fen: int
    reason: str
    bank_reference: str


@dataclass(frozen=True)
class Terms:
    """What is owed, where to, and everything a bank has said so far."""

    owed: PayoutRequested
    account: Sealed
    account_field: str
    account_tail: str
    heard: tuple[Result, ...] = ()


# State


@dataclass(frozen=True)
class Absent:
    """Nothing is owed under this id."""


@dataclass(frozen=True)
class Requested:
    """Owed, and free to enter a batch; `attempt` attempts have failed finally."""

    terms: Terms
    attempt: int


@dataclass(frozen=True)
class Batched:
    """In a batch as this attempt; the money is reserved."""

    terms: Terms
    attempt: int
    batch_id: str


@dataclass(frozen=True)
class Unknown:
    """The bank gave no answer for this attempt; it is queried, never sent again."""

    terms: Terms
    attempt: int
    batch_id: str


@dataclass(frozen=True)
class Settled:
    """The bank booked this attempt."""

    terms: Terms
    attempt: int


@dataclass(frozen=True)
class Returned:
    """This attempt has failed finally, for a reason of domain 7.1."""

    terms: Terms
    attempt: int
    reason: str


Owed = Requested | Batched | Unknown | Settled | Returned
Payout = Absent | Owed
PayoutMoved = PayoutBatched | PayoutSettled | PayoutReturned | PayoutUnknown | PayoutDisputed | AccountCorrected
PayoutEvent = PayoutRequested | PayoutMoved


def evolve(payout: Payout, event: PayoutEvent) -> Payout:
    """The payout after an event."""
    if isinstance(event, PayoutRequested):
        return Requested(Terms(event, event.account, CLAIM_ACCOUNT_FIELD, event.account_tail), attempt=0)
    assert not isinstance(payout, Absent), "The first event of a payout is its request."
    return _moved(payout, event)


def _moved(payout: Owed, event: PayoutMoved) -> Owed:
    terms = payout.terms
    match event:
        case PayoutBatched():
            return Batched(terms, event.attempt, event.batch_id)
        case PayoutUnknown():
            return Unknown(terms, event.attempt, payout.batch_id if isinstance(payout, Batched) else "")
        case PayoutSettled():
            booked = Result(event.attempt, BOOKED, event.amount_fen, "", event.bank_reference)
            return Settled(_told(terms, booked), event.attempt)
        case PayoutReturned():
            outcome = RETURNED if event.after_booking else REJECTED
            failed = Result(event.attempt, outcome, event.amount_fen, event.reason, event.bank_reference)
            return Returned(_told(terms, failed), event.attempt, event.reason)
        case PayoutDisputed():
            disputed = Result(event.attempt, event.outcome, event.amount_fen, event.reason, event.bank_reference)
            return replace(payout, terms=_told(terms, disputed))
        case AccountCorrected(account=account, account_tail=tail):
            corrected = replace(terms, account=account, account_field=CORRECTED_ACCOUNT_FIELD, account_tail=tail)
            return Requested(corrected, payout.attempt)


# Commands


@dataclass(frozen=True)
class RequestPayout:
    """An approved line is owed to this payee; the account is sealed for CLAIM_ACCOUNT_FIELD."""

    payout_id: str
    claim_id: str
    claim_no: str
    line_id: str
    benefit_code: str
    plan_code: str
    person_id: str
    payee_id: str
    org_path: str
    amount_fen: int
    account: Sealed
    account_tail: str
    approved_by: tuple[str, ...]
    fund: str = ledger.POOL.name


@dataclass(frozen=True)
class BatchPayout:
    """Make the next attempt, in this batch."""

    batch_id: str


@dataclass(frozen=True)
class RecordResult:
    """The bank says this of an attempt; `booked_on` is its ISO date."""

    attempt: int
    outcome: str
    amount_fen: int
    bank_reference: str
    booked_on: str
    reason: str = ""


@dataclass(frozen=True)
class MarkUnknown:
    """The bank gives no answer for this attempt."""

    attempt: int


@dataclass(frozen=True)
class CorrectAccount:
    """The payee names another account, sealed for CORRECTED_ACCOUNT_FIELD."""

    account: Sealed
    account_tail: str


PayoutCommand = RequestPayout | BatchPayout | RecordResult | MarkUnknown | CorrectAccount


def payout_id_of(line_id: str, payee_id: str) -> str:
    """One line owed to one payee is one payout, for ever."""
    return f"{line_id}-{payee_id}"


def end_to_end_id(payout: str, attempt: int) -> str:
    """What the bank sees: the same attempt has the same id wherever it is computed."""
    return hashlib.sha256(f"{payout}:{attempt}".encode()).hexdigest()[:END_TO_END_LENGTH]


def decide(command: PayoutCommand, payout: Payout) -> list[PayoutEvent]:
    """A new attempt needs a proven final failure of the one before it (security 4.3)."""
    if isinstance(command, RequestPayout):
        return _request(command, payout)
    if isinstance(payout, Absent):
        raise Rejected("payout-unknown", "No such payout.")
    match command:
        case BatchPayout():
            return _batch(command, payout)
        case RecordResult():
            return _result(command, payout)
        case MarkUnknown():
            return _mark_unknown(command, payout)
        case CorrectAccount():
            return _correct_account(command, payout)


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


def maybe_paid(terms: Terms) -> bool:
    """Whether the bank has said "booked" of an attempt more often than that its money came back."""
    booked = Counter(result.attempt for result in terms.heard if result.outcome == BOOKED)
    back = Counter(result.attempt for result in terms.heard if result.outcome == RETURNED)
    return not booked <= back


def _batch(command: BatchPayout, payout: Owed) -> list[PayoutEvent]:
    if isinstance(payout, Requested | Returned) and maybe_paid(payout.terms):
        raise Rejected("payout-disputed", "The bank has contradicted itself: an earlier attempt may have been paid.")
    match payout:
        case Requested(terms, attempt):
            return [_batched(command, terms, attempt + 1)]
        case Returned(terms, attempt, reason):
            if reason not in SAME_ACCOUNT_REASONS:
                raise Rejected("account-not-corrected", "The bank sent it back; the payee has to name another account.")
            return [_batched(command, terms, attempt + 1)]
        case Batched(batch_id=batch_id) | Unknown(batch_id=batch_id):
            if batch_id != command.batch_id:
                raise Rejected("payout-in-batch", "The payout is in another batch whose result is not final.")
            return []
        case Settled():
            raise Rejected("payout-settled", "The payout has been paid.")


def _batched(command: BatchPayout, terms: Terms, attempt: int) -> PayoutBatched:
    owed = terms.owed
    return PayoutBatched(
        payout_id=owed.payout_id,
        batch_id=command.batch_id,
        attempt=attempt,
        end_to_end_id=end_to_end_id(owed.payout_id, attempt),
        transfers=ledger.reserved(*_money(owed, attempt)),
    )


def _mark_unknown(command: MarkUnknown, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Batched(terms, attempt):
            if attempt != command.attempt:
                return []
            return [PayoutUnknown(payout_id=terms.owed.payout_id, attempt=attempt)]
        case Requested() | Unknown() | Settled() | Returned():
            return []


def _correct_account(command: CorrectAccount, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Returned(terms):
            payout_id = terms.owed.payout_id
            return [AccountCorrected(payout_id=payout_id, account=command.account, account_tail=command.account_tail)]
        case Requested(terms):
            if terms.account_field == CORRECTED_ACCOUNT_FIELD and terms.account_tail == command.account_tail:
                return []
            raise Rejected("payout-not-returned", "The account can be corrected after the bank has sent it back.")
        case Batched() | Unknown():
            raise Rejected("payout-in-batch", "The payout is with the bank; wait for its result.")
        case Settled():
            raise Rejected("payout-settled", "The payout has been paid.")


def _money(owed: PayoutRequested, attempt: int) -> tuple[str, int, str, int, ledger.Fund]:
    """What the ledger asks of every moment of an attempt."""
    return owed.payout_id, attempt, owed.plan_code, owed.amount_fen, ledger.FUNDS[owed.fund]


def _told(terms: Terms, result: Result) -> Terms:
    return replace(terms, heard=(*terms.heard, result))


def _result(command: RecordResult, payout: Owed) -> list[PayoutEvent]:
    if command.outcome not in OUTCOMES:
        raise Rejected("outcome-unknown", "A bank's result is BOOKED, REJECTED or RETURNED.", "outcome")
    terms = payout.terms
    reason = "" if command.outcome == BOOKED else command.reason
    if Result(command.attempt, command.outcome, command.amount_fen, reason, command.bank_reference) in terms.heard:
        return []
    if command.attempt == payout.attempt and command.amount_fen == terms.owed.amount_fen:
        match command.outcome, payout:
            case "BOOKED", Batched() | Unknown():
                return [_settled(command, terms)]
            case "REJECTED", Batched() | Unknown():
                return [_returned(command, terms, after_booking=False)]
            case "RETURNED", Settled():
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
        )
    ]


def _settled(command: RecordResult, terms: Terms) -> PayoutSettled:
    owed = terms.owed
    return PayoutSettled(
        payout_id=owed.payout_id,
        claim_id=owed.claim_id,
        claim_no=owed.claim_no,
        person_id=owed.person_id,
        payee_id=owed.payee_id,
        plan_code=owed.plan_code,
        benefit_code=owed.benefit_code,
        amount_fen=owed.amount_fen,
        account_tail=terms.account_tail,
        attempt=command.attempt,
        bank_reference=command.bank_reference,
        settled_on=command.booked_on,
        transfers=ledger.settled(*_money(owed, command.attempt)),
        fund=owed.fund,
    )


def _returned(command: RecordResult, terms: Terms, *, after_booking: bool) -> PayoutReturned:
    owed = terms.owed
    transfers = ledger.returned if after_booking else ledger.refused
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
        transfers=transfers(*_money(owed, command.attempt)),
        fund=owed.fund,
        returned_on=command.booked_on,
    )


PAYOUT: Decider[PayoutCommand, Payout, PayoutEvent] = Decider("payout", Absent(), evolve, decide)
