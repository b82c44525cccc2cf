"""The stages of a claim and what each remembers: the state that every decision about it starts from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW
from contracts.claims.process import (
    AdvanceGranted,
    BenefitUpgraded,
    ClaimantContacted,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    LargeSumReported,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    ReviewSampled,
    SampleReviewed,
    StepOverdue,
)
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    PaymentFailed,
    PayoutArrived,
    SpecialDecisionMade,
)

# State: one class per stage


@dataclass(frozen=True)
class Absent:
    """Nothing was filed under this id."""


@dataclass(frozen=True)
class Hands:
    """Who did what: the filer, the reviews passed as (step, actor), and who acted at a step without passing it."""

    filer: str
    reviews: tuple[tuple[str, str], ...] = ()
    touched: tuple[tuple[str, str], ...] = ()

    def after(self, step: str, by: str) -> Hands:
        """With one more review passed."""
        return replace(self, reviews=(*self.reviews, (step, by)))

    def touching(self, step: str, by: str) -> Hands:
        """With somebody who asked, returned, upgraded, signed an advance or confirmed an account at a step."""
        return self if (step, by) in self.touched else replace(self, touched=(*self.touched, (step, by)))

    def before_office(self) -> Hands:
        """With the union's reviews only: a new assessment voids the office's earlier ones."""
        return self.before(OFFICE_REVIEW, OFFICE_RECHECK, HEAD_APPROVAL)

    def before(self, *steps: str) -> Hands:
        """Without the reviews of these steps: they are to be passed again."""
        return replace(self, reviews=tuple(entry for entry in self.reviews if entry[0] not in steps))

    def all(self) -> tuple[str, ...]:
        """Everyone, once, in order of appearance."""
        reviewers = [by for _, by in self.reviews]
        others = [by for _, by in self.touched if by not in reviewers]
        return tuple(dict.fromkeys((self.filer, *others, *reviewers)))


@dataclass(frozen=True)
class Beside:
    """What happened beside the straight way, and the time that runs.

    `due_on` is "" where no time runs or its end has been told; `objected` the levels decided; `decide_until` the day
    of the whole decision, `complex` when it has the longer time. `papers_came` of an urgent claim: nothing more is to
    follow, or that it did not has been told.
    """

    due_on: str = ""
    rounds: int = 0
    urgency: ClaimMarkedUrgent | None = None
    contacted: bool = False
    contact_overdue: bool = False
    advances: tuple[AdvanceGranted, ...] = ()
    arrived: tuple[PayoutArrived, ...] = ()
    failed: frozenset[tuple[str, int]] = frozenset()
    objected: int = 0
    decide_until: str = ""
    complex: bool = False
    papers_came: bool = False
    replaced: tuple[tuple[str, str], ...] = ()
    """Benefits that upgrades have put others in the place of, old and new code."""

    def advanced_fen(self, line_id: str) -> int:
        """What has been granted ahead of a line."""
        return sum(one.amount_fen for one in self.advances if one.line_id == line_id)

    def advanced_before(self, benefit_code: str, granted: Collection[str]) -> tuple[AdvanceGranted, ...]:
        """What was granted ahead of benefits that this one has replaced and that are not `granted` any more."""
        codes = {benefit_code}
        for old, new in reversed(self.replaced):
            if new in codes and old not in granted:
                codes.add(old)
        return tuple(one for one in self.advances if one.benefit_code in codes - {benefit_code})


@dataclass(frozen=True)
class AtUnion:
    """Waits for a union level, `step`."""

    filed: ClaimFiled
    hands: Hands
    step: str
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class AtOffice:
    """Waits for the office's first review."""

    filed: ClaimFiled
    hands: Hands
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class Assessed:
    """Judged by the rules; waits for `step`: a recheck, or, with nothing payable, a refusal or special decision."""

    filed: ClaimFiled
    hands: Hands
    assessed: ClaimAssessed
    special: tuple[BenefitLine, ...]
    step: str
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class Rechecked:
    """A second pair of eyes agreed; waits for the head of the office."""

    filed: ClaimFiled
    hands: Hands
    assessed: ClaimAssessed
    special: tuple[BenefitLine, ...]
    beside: Beside = field(default_factory=Beside)


@dataclass(frozen=True)
class Contest:
    """What was said against a grant (domain 4.8): `levels` decided, the last on `decided_on`, `by` whom.

    `raised` are lines of the last decision that wait for a signature; `due_on` is "" where no time runs.
    """

    levels: int = 0
    decided_on: str = ""
    by: tuple[str, ...] = ()
    open: ObjectionFiled | None = None
    raised: tuple[BenefitLine, ...] = ()
    due_on: str = ""


@dataclass(frozen=True)
class Approved:
    """Granted; its payouts arrive or come back. `arrived` by payout; `failed` are (payout, attempt).

    `sampled` when a person has still to look at an automatic approval, `looked_by` who did; `advances` were granted
    ahead and may still arrive; `filed` is the filing that was judged.
    """

    approved: ClaimApproved
    arrived: tuple[PayoutArrived, ...] = ()
    failed: frozenset[tuple[str, int]] = frozenset()
    sampled: bool = False
    looked_by: str = ""
    advances: tuple[AdvanceGranted, ...] = ()
    filed: ClaimFiled | None = None
    contest: Contest = field(default_factory=Contest)

    def without(self, payout_id: str, attempt: int) -> Approved:
        """After an attempt came back."""
        left = tuple(one for one in self.arrived if one.payout_id != payout_id)
        return replace(self, arrived=left, failed=self.failed | {(payout_id, attempt)})


@dataclass(frozen=True)
class Paid:
    """All of it has arrived; a bank may still send a payout back afterwards."""

    granted: Approved


def granted_of(claim: Approved | Paid) -> Approved:
    """The grant, paid or not."""
    return claim.granted if isinstance(claim, Paid) else claim


def with_contest(claim: Approved | Paid, contest: Contest) -> Approved | Paid:
    """The same grant, with what is said against it now."""
    granted = replace(granted_of(claim), contest=contest)
    return Paid(granted) if isinstance(claim, Paid) else granted


Undecided = AtUnion | AtOffice | Assessed | Rechecked


@dataclass(frozen=True)
class AwaitingPapers:
    """The member was asked for papers; the clock stands still until the claim is back at `waiting`."""

    waiting: Undecided
    asked: PapersRequested
    reminded: frozenset[int] = frozenset()

    @property
    def filed(self) -> ClaimFiled:
        """The filing as it stands."""
        return self.waiting.filed


@dataclass(frozen=True)
class ClosedIncomplete:
    """The papers did not come; the claim goes on at `waiting` when they do, within the hard limit."""

    waiting: Undecided
    asked: PapersRequested

    @property
    def filed(self) -> ClaimFiled:
        """The filing as it stands."""
        return self.waiting.filed


@dataclass(frozen=True)
class Withdrawn:
    """Taken back before it was decided."""

    filed: ClaimFiled


@dataclass(frozen=True)
class Refused:
    """Refused with a reason code of domain 4.7; `decided_on` is the day of the refusal or of the last objection's."""

    filed: ClaimFiled
    reason: str
    hands: Hands
    beside: Beside
    decided_on: str


@dataclass(frozen=True)
class Objected:
    """The member objects to the refusal."""

    refused: Refused
    objection: ObjectionFiled
    overdue: bool = False

    @property
    def filed(self) -> ClaimFiled:
        """The filing as it stands."""
        return self.refused.filed


Claim = (
    Absent
    | AtUnion
    | AtOffice
    | Assessed
    | Rechecked
    | AwaitingPapers
    | ClosedIncomplete
    | Withdrawn
    | Approved
    | Paid
    | Refused
    | Objected
)
ClaimEvent = (
    ClaimFiled
    | ClaimForwarded
    | ClaimAssessed
    | SpecialDecisionMade
    | ClaimRechecked
    | ClaimApproved
    | ClaimRejected
    | PayoutArrived
    | PaymentFailed
    | ClaimPaid
    | PapersRequested
    | PapersSupplied
    | PapersReminded
    | ClaimClosedIncomplete
    | ClaimReopened
    | ClaimReturned
    | ClaimWithdrawn
    | BenefitUpgraded
    | PayeesConfirmed
    | ClaimMarkedUrgent
    | ClaimantContacted
    | AdvanceGranted
    | ObjectionFiled
    | ObjectionDecided
    | StepOverdue
    | ReviewSampled
    | SampleReviewed
    | LargeSumReported
    | DecisionTimeExtended
)
