"""What can be asked of a claim beside the straight way: papers, returns, objections, urgency, automatic approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from claims.domain.procedure import Papers, Urgency
from contracts.claims.v1 import BenefitLine, Document, Payee
from contracts.envelope import Sealed


@dataclass(frozen=True)
class AskForPapers:
    """Ask the member for papers, all at once, as the review `step`; days are ISO dates."""

    by: str
    step: str
    needs: tuple[str, ...]
    note: Sealed | None
    rules: Papers
    today: str
    due_on: str


@dataclass(frozen=True)
class SupplyPapers:
    """Hand in what was asked for."""

    by: str
    documents: tuple[Document, ...]
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowUpPapers:
    """A day has come on which missing papers are reminded of, or the claim is closed."""

    today: str


@dataclass(frozen=True)
class ReopenClaim:
    """Hand in papers after the claim was closed for want of them; not after `until`."""

    by: str
    documents: tuple[Document, ...]
    today: str
    until: str
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReturnClaim:
    """Send the claim back from the review `step` to the one below, with a reason code of `reasons`."""

    by: str
    step: str
    reason: str
    reasons: frozenset[str]
    note: Sealed | None
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WithdrawClaim:
    """Take the claim back, as its member or its filer."""

    by: str


@dataclass(frozen=True)
class UpgradeBenefit:
    """Put `line` in the place of `from_code`, or beside the rest when that is "", in the member's favour."""

    by: str
    from_code: str
    line: BenefitLine
    note: Sealed | None
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfirmPayees:
    """Name the accounts of a claim that was filed without."""

    by: str
    payees: tuple[Payee, ...]
    due: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ApproveAutomatically:
    """Grant a matched claim by the rules' answer, signed by two people for many such claims (domain 6.1)."""

    lines: tuple[BenefitLine, ...]
    findings: tuple[str, ...]
    signed_by: tuple[str, ...]
    flagged: bool
    amount_fen_max: int
    sampling_percent: int
    today: str
    offset_fen: int = 0


@dataclass(frozen=True)
class ReviewSample:
    """Look at a sampled automatic approval afterwards."""

    by: str
    correct: bool
    note: Sealed | None


@dataclass(frozen=True)
class MarkUrgent:
    """Put the claim on the urgent path; `contact_until` is RFC 3339 in UTC, the others are ISO dates."""

    by: str
    trigger: str
    rules: Urgency
    contact_until: str
    decide_until: str
    papers_until: str
    note: Sealed | None


@dataclass(frozen=True)
class RecordContact:
    """Somebody spoke with the family; `at` is RFC 3339 in UTC."""

    by: str
    at: str


@dataclass(frozen=True)
class GrantAdvance:
    """Pay `amount_fen` of a certain line ahead, at most `percent` of it, signed by the head.

    `held`: it is in doubt who the member is.
    """

    by: str
    line: BenefitLine
    amount_fen: int
    percent: int
    today: str
    held: bool = False


@dataclass(frozen=True)
class FileObjection:
    """Object to a refusal or a grant, until so many days after its notice; `due_on` is when it is to be decided."""

    by: str
    note: Sealed | None
    today: str
    until: str
    due_on: str


@dataclass(frozen=True)
class DecideObjection:
    """Decide the objection of `level`: UPHELD, or OVERTURNED or PARTLY with the lines to be granted.

    Of a grant these are lines that give more than it, whole; `facts` the corrected ones that they rest on.
    """

    by: str
    level: int
    outcome: str
    lines: tuple[BenefitLine, ...]
    note: Sealed | None
    today: str
    due: Mapping[str, str] = field(default_factory=dict)
    facts: Sealed | None = None


@dataclass(frozen=True)
class RaiseGrant:
    """Sign what an objection against a grant has won, as another person."""

    by: str
    today: str
    report_above_fen: int | None = None


@dataclass(frozen=True)
class EscalateStep:
    """The time of a step or an objection is over: the next level sees it."""

    today: str


@dataclass(frozen=True)
class EscalateContact:
    """The time for the first contact of an urgent claim is over; `now` is RFC 3339 in UTC."""

    now: str


@dataclass(frozen=True)
class EscalatePapers:
    """The last day of the papers that were to follow an urgent claim is over."""

    today: str


@dataclass(frozen=True)
class ExtendDecision:
    """Give a complex claim the plan's longer time, as the review `step`, with a sealed reason.

    `decide_until` is "" where the plan gives no such time, `due_on` of the step where no time runs.
    """

    by: str
    step: str
    decide_until: str
    due_on: str
    note: Sealed | None


SideCommand = (
    AskForPapers
    | SupplyPapers
    | FollowUpPapers
    | ReopenClaim
    | ReturnClaim
    | WithdrawClaim
    | UpgradeBenefit
    | ConfirmPayees
    | ApproveAutomatically
    | ReviewSample
    | MarkUrgent
    | RecordContact
    | GrantAdvance
    | FileObjection
    | DecideObjection
    | RaiseGrant
    | EscalateStep
    | EscalateContact
    | EscalatePapers
    | ExtendDecision
)
