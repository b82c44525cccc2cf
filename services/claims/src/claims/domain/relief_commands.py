"""What can be asked of a relief case; `by` is the sub of the actor who asks, days are ISO dates."""

from __future__ import annotations

from dataclasses import dataclass

from claims.domain.relief_plan import ReliefKind, ReliefRules
from contracts.claims.relief import ReliefFiled, ReliefVerdict
from contracts.claims.v1 import Document
from contracts.envelope import Sealed
from contracts.person import Household


@dataclass(frozen=True)
class FileRelief:
    """Open the case; `died` whether the member is dead, `cover` the days the cover runs (half-open)."""

    filed: ReliefFiled
    kind: ReliefKind
    cover: tuple[str, str]
    last_day: str
    died: bool


@dataclass(frozen=True)
class AskReliefPapers:
    """Ask for papers, all at once, by codes of domain 4.7; due on a day, reminded of on days after `today`."""

    needs: tuple[str, ...]
    due_on: str
    by: str
    today: str
    remind_days: tuple[int, ...]


@dataclass(frozen=True)
class SupplyReliefPapers:
    """Hand papers in."""

    documents: tuple[Document, ...]
    by: str


@dataclass(frozen=True)
class FollowUpReliefPapers:
    """A day has come on which missing papers are reminded of, or the case is closed."""

    today: str


@dataclass(frozen=True)
class ReopenRelief:
    """Hand papers in after the case was closed for want of them; not after `until`."""

    documents: tuple[Document, ...]
    today: str
    until: str
    by: str


@dataclass(frozen=True)
class VerifyRelief:
    """The county's look; the notice runs from `today` until and with `notice_ends_on` when the facts hold."""

    method: str
    confirmed: bool
    household: Household
    finding: Sealed
    kind: ReliefKind
    rules: ReliefRules
    today: str
    notice_ends_on: str
    by: str


@dataclass(frozen=True)
class ObjectToRelief:
    """Somebody objects while the case is on the public list."""

    objection_id: str
    text: Sealed
    today: str
    by: str


@dataclass(frozen=True)
class SettleObjection:
    """The county or prefecture looked into an objection."""

    objection_id: str
    upheld: bool
    note: Sealed | None
    by: str


@dataclass(frozen=True)
class AgreeToRelief:
    """The prefecture's view, once the notice is over and every objection looked into."""

    agrees: bool
    note: Sealed | None
    today: str
    by: str


@dataclass(frozen=True)
class DecideRelief:
    """The meeting's verdict; `participants` all who were there, `heads` those of them who head the office.

    `paid_elsewhere` whether the same matter was paid as a benefit.
    """

    verdict: ReliefVerdict
    meeting_id: str
    participants: tuple[str, ...]
    heads: frozenset[str]
    kind: ReliefKind
    rules: ReliefRules
    paid_elsewhere: bool
    today: str
    by: str


@dataclass(frozen=True)
class WithdrawRelief:
    """The member or the filer takes it back."""

    by: str


@dataclass(frozen=True)
class RecordReliefArrived:
    """The bank booked one payout."""

    payout_id: str
    payee_id: str
    amount_fen: int


@dataclass(frozen=True)
class RecordReliefReturned:
    """The bank sent an attempt back."""

    payout_id: str
    attempt: int
    reason: str


ReliefCommand = (
    FileRelief
    | AskReliefPapers
    | SupplyReliefPapers
    | FollowUpReliefPapers
    | ReopenRelief
    | VerifyRelief
    | ObjectToRelief
    | SettleObjection
    | AgreeToRelief
    | DecideRelief
    | WithdrawRelief
    | RecordReliefArrived
    | RecordReliefReturned
)
