"""What can be asked of a claim; `by` is the sub of the actor who asks.

`due` says until when each step is to be done if it begins today (ISO dates by step): working days are not the
domain's to count. Steps without an entry have no time set. `offset_fen` is what the payees still have of earlier
claims for the same stay, whose settlements were taken back: a grant counts it as paid ahead (domain 6.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from claims.domain.plan import Authority
from claims.domain.side_commands import SideCommand
from contracts.claims.v1 import BenefitLine, ClaimFiled
from contracts.envelope import Sealed


@dataclass(frozen=True)
class FileClaim:
    """Open the claim with everything that is filed."""

    filed: ClaimFiled


@dataclass(frozen=True)
class ForwardClaim:
    """Pass a union level's review, `step`, with an opinion, sealed."""

    by: str
    step: str
    note: Sealed | None
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AssessClaim:
    """Record what the rules say; `authority` decides who has to agree. `held`: it is in doubt who the member is."""

    by: str
    lines: tuple[BenefitLine, ...]
    findings: tuple[str, ...]
    authority: Authority
    today: str
    report_above_fen: int | None = None
    due: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    offset_fen: int = 0


@dataclass(frozen=True)
class MakeSpecialDecision:
    """特事特办: grant `line` against an unmet definition, with a sealed reason and evidence (kinds of papers filed)."""

    by: str
    line: BenefitLine
    unmet: str
    note: Sealed | None
    evidence: tuple[str, ...]
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecheckClaim:
    """Agree as the second reviewer. `held`: it is in doubt who the member is."""

    by: str
    authority: Authority
    today: str
    report_above_fen: int | None = None
    due: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    offset_fen: int = 0


@dataclass(frozen=True)
class ApproveClaim:
    """Grant as the head of the office. `held`: it is in doubt who the member is."""

    by: str
    today: str
    report_above_fen: int | None = None
    held: bool = False
    offset_fen: int = 0


@dataclass(frozen=True)
class RejectClaim:
    """Refuse, with reason code, rule and a sentence; `rests_on_assumption`: the rule was not published."""

    by: str
    reason: str
    rule: str
    explanation: str
    rests_on_assumption: bool = False
    today: str = ""


@dataclass(frozen=True)
class RecordPayoutArrived:
    """The bank booked one payout."""

    payout_id: str
    benefit_code: str
    payee_id: str
    amount_fen: int


@dataclass(frozen=True)
class RecordPaymentFailed:
    """The bank sent an attempt back."""

    payout_id: str
    attempt: int
    reason: str


MainCommand = (
    FileClaim
    | ForwardClaim
    | AssessClaim
    | MakeSpecialDecision
    | RecheckClaim
    | ApproveClaim
    | RejectClaim
    | RecordPayoutArrived
    | RecordPaymentFailed
)
ClaimCommand = MainCommand | SideCommand
