"""A payout in every stage: one approved line owed to one payee, and how its events fold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace

from contracts.envelope import Sealed
from contracts.payments.bank import DisputeEnded, PayoutReleased, ReturnQueried
from contracts.payments.owing import (
    AccountDeclined,
    AccountMismatched,
    AccountProposed,
    FurtherApprovalAsked,
    FurtherApprovalGiven,
    OfficeCallMade,
    OfficeCallRequested,
    PayeeReminded,
)
from contracts.payments.v1 import (
    AccountCorrected,
    PayoutBatched,
    PayoutDisputed,
    PayoutRequested,
    PayoutReturned,
    PayoutSettled,
    PayoutUnknown,
)

CLAIM_ACCOUNT_FIELD = "claims.claim-filed.v1/account"
"""The field that the account of an approved claim was sealed for; it is carried over as it is."""
CORRECTED_ACCOUNT_FIELD = "payments.account-corrected.v1/account"

BOOKED, REJECTED, RETURNED, REVERSED = "BOOKED", "REJECTED", "RETURNED", "REVERSED"
OUTCOMES = (BOOKED, REJECTED, RETURNED, REVERSED)
"""What a bank says of an attempt: booked; refused before booking; sent back after it (退票); taken back (冲账)."""

CALL_DUE, CALL_DONE = "due", "done"
REACHED, NOT_REACHED = "REACHED", "NOT_REACHED"
CALL_OUTCOMES = (REACHED, NOT_REACHED)

ON_PAPER = "open_item-"
"""How the reference of a result begins that two people read on the bank's paper."""
END_TO_END_LENGTH = 32
"""Hex digits of an end-to-end id; ISO 20022 allows 35 characters."""


@dataclass(frozen=True)
class Result:
    """One thing a bank said of one attempt; equal results are the same fact told again, whatever date they carry."""

    attempt: int
    outcome: str
    amount_fen: int
    reason: str
    bank_reference: str
    booked_on: str = field(default="", compare=False)


@dataclass(frozen=True)
class Terms:
    """What is owed, where to, and everything a bank has said so far.

    A corrected account may be paid to from `usable_from` on; `hands` had a part in the account or in a further
    approval; `limits` are those that a further approval was asked for, by `asked_by`. `judged` says of an attempt how
    much of `heard` came before two people said what became of it; `sent_to_tail` is where the last attempt went.
    """

    owed: PayoutRequested
    account: Sealed
    account_field: str
    account_tail: str
    heard: tuple[Result, ...] = ()
    usable_from: str = ""
    hands: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    asked_by: str = ""
    approved_further_by: str = ""
    judged: tuple[tuple[int, int], ...] = ()
    sent_to_tail: str = ""


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
    """This attempt has failed finally, for a reason of domain 7.1.

    `proposal` is another account that waits for a second person; `declined` who declined the last one, and why;
    `reminded_day` the last day told; `call` whether the office has to phone, and `calls` what became of it;
    `mismatched_on` the day of each wrong number that a second person wrote, whatever account was proposed.
    `queried_on` is the later day on which the bank was asked about it again; `after_booking`: its money had gone out.
    """

    terms: Terms
    attempt: int
    reason: str
    proposal: AccountProposed | None = None
    declined: AccountDeclined | None = None
    reminded_day: int = 0
    call: str = ""
    calls: tuple[OfficeCallMade, ...] = ()
    returned_on: str = ""
    mismatched_on: tuple[str, ...] = ()
    queried_on: str = ""
    after_booking: bool = False


Owed = Requested | Batched | Unknown | Settled | Returned
Payout = Absent | Owed
ReturnFollowed = (
    AccountProposed
    | AccountDeclined
    | AccountMismatched
    | PayeeReminded
    | OfficeCallRequested
    | OfficeCallMade
    | ReturnQueried
)
Approval = FurtherApprovalAsked | FurtherApprovalGiven
PayoutMoved = (
    PayoutBatched
    | PayoutReleased
    | PayoutSettled
    | PayoutReturned
    | PayoutUnknown
    | PayoutDisputed
    | DisputeEnded
    | AccountCorrected
    | ReturnFollowed
    | Approval
)
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
            return Batched(replace(terms, sent_to_tail=terms.account_tail), event.attempt, event.batch_id)
        case PayoutReleased(attempt=attempt):
            if not event.reason:
                return Requested(terms, attempt)
            said = Result(attempt, REJECTED, terms.owed.amount_fen, event.reason, "", event.released_on)
            return Returned(_told(terms, said), attempt, event.reason, returned_on=event.released_on)
        case PayoutUnknown():
            return Unknown(terms, event.attempt, payout.batch_id if isinstance(payout, Batched) else "")
        case PayoutSettled():
            booked = Result(event.attempt, BOOKED, event.amount_fen, "", event.bank_reference, event.settled_on)
            return Settled(_told(terms, booked), event.attempt)
        case PayoutReturned():
            outcome = REVERSED if event.reversal else RETURNED if event.after_booking else REJECTED
            failed = _said(event, outcome, event.returned_on)
            return Returned(
                _told(terms, failed),
                event.attempt,
                event.reason,
                returned_on=event.returned_on,
                after_booking=event.after_booking,
            )
        case PayoutDisputed():
            return replace(payout, terms=_told(terms, _said(event, event.outcome, event.booked_on)))
        case DisputeEnded(attempt=attempt):
            judged = tuple(one for one in terms.judged if one[0] != attempt)
            return replace(payout, terms=replace(terms, judged=(*judged, (attempt, len(terms.heard)))))
        case AccountCorrected():
            return Requested(_corrected(terms, event), payout.attempt)
        case FurtherApprovalAsked(limits=limits, by=by):
            return replace(payout, terms=replace(terms, limits=limits, asked_by=by, approved_further_by=""))
        case FurtherApprovalGiven(by=by):
            return replace(payout, terms=replace(terms, approved_further_by=by, hands=(*terms.hands, by)))
        case _:
            assert isinstance(payout, Returned), "Only what came back is followed."
            return _followed(payout, event)


def _corrected(terms: Terms, event: AccountCorrected) -> Terms:
    return replace(
        terms,
        account=event.account,
        account_field=CORRECTED_ACCOUNT_FIELD,
        account_tail=event.account_tail,
        usable_from=event.usable_from,
        hands=(*terms.hands, *(one for one in (event.proposed_by, event.by) if one)),
    )


def _followed(payout: Returned, event: ReturnFollowed) -> Returned:
    match event:
        case AccountProposed():
            return replace(payout, proposal=event, declined=None)
        case AccountDeclined():
            return replace(payout, proposal=None, declined=event)
        case AccountMismatched(on=on):
            return replace(payout, mismatched_on=(*payout.mismatched_on, on))
        case PayeeReminded(day=day):
            return replace(payout, reminded_day=day)
        case OfficeCallRequested():
            return replace(payout, call=CALL_DUE)
        case OfficeCallMade(outcome=outcome):
            call = CALL_DONE if outcome == REACHED else payout.call
            return replace(payout, call=call, calls=(*payout.calls, event))
        case ReturnQueried(queried_on=queried_on):
            return replace(payout, queried_on=queried_on)


def _said(event: PayoutReturned | PayoutDisputed, outcome: str, booked_on: str) -> Result:
    return Result(event.attempt, outcome, event.amount_fen, event.reason, event.bank_reference, booked_on)


def _told(terms: Terms, result: Result) -> Terms:
    return replace(terms, heard=(*terms.heard, result))


def payout_id_of(line_id: str, payee_id: str) -> str:
    """One line owed to one payee is one payout, for ever."""
    return f"{line_id}-{payee_id}"


def end_to_end_id(payout: str, attempt: int) -> str:
    """What the bank sees: the same attempt has the same id wherever it is computed."""
    return hashlib.sha256(f"{payout}:{attempt}".encode()).hexdigest()[:END_TO_END_LENGTH]


def maybe_paid(terms: Terms) -> frozenset[int]:
    """The attempts of which the bank has said "booked" more often than that its money came back.

    One booking told with two amounts is one: it has one reference. What two people have judged counts no longer.
    """
    counted_from = dict(terms.judged)
    booked: dict[int, set[str]] = defaultdict(set)
    back: dict[int, set[str]] = defaultdict(set)
    for place, result in enumerate(terms.heard):
        if place < counted_from.get(result.attempt, 0):
            continue
        if result.outcome == BOOKED:
            booked[result.attempt].add(result.bank_reference)
        elif result.outcome in {RETURNED, REVERSED}:
            back[result.attempt].add(result.bank_reference)
    return frozenset(attempt for attempt in booked if len(booked[attempt]) > len(back[attempt]))
