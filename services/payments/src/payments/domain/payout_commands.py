"""What can be asked of a payout."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.envelope import Sealed
from payments.domain import ledger


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
    name_matches: bool = True


@dataclass(frozen=True)
class BatchPayout:
    """Make the next attempt, in this batch; `now` is RFC 3339 in UTC, `today` the business date.

    `bank_code` is the card's bank, see `card.issuer_of`.
    """

    batch_id: str
    now: str = ""
    today: str = ""
    bank_code: str = ""


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
class ReleasePayout:
    """Its batch is over and the bank has not taken it; `reason` is "" or FILE_NOT_TAKEN, `today` an ISO date."""

    batch_id: str
    reason: str
    today: str


@dataclass(frozen=True)
class RecordQuery:
    """The bank was asked about this attempt, which its own failure had sent back; `queried_on` is an ISO date."""

    attempt: int
    queried_on: str


@dataclass(frozen=True)
class EndDispute:
    """Two people say what became of an attempt: `paid` or not, on `ended_on` (ISO date), as the open item has it."""

    attempt: int
    paid: bool
    ended_on: str
    item_id: str
    by: str
    confirmed_by: str


@dataclass(frozen=True)
class ProposeAccount:
    """Another account, sealed for CORRECTED_ACCOUNT_FIELD; `same` as the one that was proposed or confirmed last."""

    account: Sealed
    account_tail: str
    by: str
    same: bool = False


@dataclass(frozen=True)
class ConfirmAccount:
    """The second person wrote the number again and it `matches`; it may be paid to from `usable_from` on.

    `today` is an ISO date; `tries_max` wrong numbers of a payout are heard in a day, then no number at all.
    """

    by: str
    matches: bool
    usable_from: str
    today: str
    tries_max: int


@dataclass(frozen=True)
class DeclineAccount:
    """The second person does not confirm, for one of DECLINE_REASONS."""

    by: str
    reason: str


@dataclass(frozen=True)
class RemindPayee:
    """So many days have passed since this attempt came back."""

    attempt: int
    day: int


@dataclass(frozen=True)
class RequestCall:
    """The office phones when so many attempts have failed."""

    failed_min: int


@dataclass(frozen=True)
class RecordCall:
    """The office phoned; `called_on` is an ISO date."""

    by: str
    outcome: str
    called_on: str


@dataclass(frozen=True)
class AskApproval:
    """The payout is above these limits; `by` wanted to pay it."""

    limits: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class GiveApproval:
    """One further person agrees."""

    by: str


ReturnCommand = ProposeAccount | ConfirmAccount | DeclineAccount | RemindPayee | RequestCall | RecordCall
BankSaid = RecordResult | MarkUnknown | RecordQuery | EndDispute
PayoutCommand = RequestPayout | BatchPayout | ReleasePayout | BankSaid | ReturnCommand | AskApproval | GiveApproval
