"""The rules of a plan as data: every amount, day count and limit that a claim is judged by (domain 2.2)."""

from __future__ import annotations

from claims.domain.procedure import Procedure
from contracts.envelope import Value


class WaitingTier(Value, frozen=True, kw_only=True):
    """Up to and with day `last_day` of the cover, only `percent` of the benefit is paid (domain 2.6)."""

    last_day: int
    percent: int


class SelfPayRatio(Value, frozen=True, kw_only=True, tag_field="kind", tag="SELF_PAY_RATIO"):
    """A share of the in-scope self-payment, at least `minimum_fen`, at most `stay_cap_fen` a stay (domain 2.2)."""

    ratio_percent: int
    minimum_fen: int
    stay_cap_fen: int


class NamedFactor(Value, frozen=True, kw_only=True, tag_field="kind", tag="NAMED_FACTOR"):
    """A base times a named factor, less what the same accident has paid under other benefits (domain 2.3)."""

    base_fen: int
    factor_percents: dict[str, int]
    less_same_accident: tuple[str, ...]


class GradeTable(Value, frozen=True, kw_only=True, tag_field="kind", tag="GRADE_TABLE"):
    """A base times the percent of a disability grade of one standard, less what the same accident paid (3.2)."""

    base_fen: int
    standard: str
    grade_percents: dict[int, int]
    less_same_accident: tuple[str, ...]


class Illness(Value, frozen=True, kw_only=True):
    """A listed illness: it is proven by `evidence_min` of its kinds of evidence (domain 3.1)."""

    no: int
    code: str
    name: str
    evidence: tuple[str, ...]
    evidence_min: int


class ListedIllness(Value, frozen=True, kw_only=True, tag_field="kind", tag="LISTED_ILLNESS"):
    """A lump sum for an illness of the list, by the edition of the list (domain 3.1)."""

    amount_fen: int
    edition: str
    illnesses: tuple[Illness, ...]


class LumpSum(Value, frozen=True, kw_only=True, tag_field="kind", tag="LUMP_SUM"):
    """A lump sum, less what the same claim pays under other benefits (domain 2.2)."""

    amount_fen: int
    less_paid: tuple[str, ...]


Formula = SelfPayRatio | NamedFactor | GradeTable | ListedIllness | LumpSum


class Benefit(Value, frozen=True, kw_only=True):
    """One benefit: which incidents open it, from which day, by which formula, up to what.

    `death` is YES, NO or ANY; `once` ends the benefit for the period after it has been paid.
    """

    name: str
    enabled: bool
    kinds: tuple[str, ...]
    death: str
    waiting: tuple[WaitingTier, ...]
    once: bool
    period_cap_fen: int
    formula: Formula


class Exclusion(Value, frozen=True, kw_only=True):
    """A circumstance that bars `benefits`, refused with `reason`; one not `active` is known but has no effect."""

    code: str
    name: str
    benefits: tuple[str, ...]
    reason: str
    active: bool


class RefusalText(Value, frozen=True, kw_only=True):
    """What a refusal says: the rule's name and a sentence that tells nothing of the illness (domain 4.7)."""

    rule: str
    text: str


class Authority(Value, frozen=True, kw_only=True):
    """Who may decide what (domain 4.3): amounts in fen; `sampling_percent` of the small claims are rechecked."""

    reviewer_alone_max_fen: int
    sampling_percent: int
    without_head_max_fen: int
    head_for_deaths: bool


class Reviews(Value, frozen=True, kw_only=True):
    """Where a claim enters the ladder of reviews: by channel, or at the office for plain kinds (domain 4.4)."""

    entry: dict[str, str]
    plain_to_office: dict[str, tuple[str, ...]]


class Plan(Value, frozen=True, kw_only=True):
    """A version of a plan's rules. Dates are ISO dates in Asia/Shanghai, the period is half-open."""

    code: str
    version: int
    name: str
    period_start: str
    period_end: str
    contribution_fen: int
    seats: int
    age_min: int
    age_max: int
    run_off_days: int
    accident_days_max: int
    objection_days: int
    overall_cap_fen: int
    benefits: dict[str, Benefit]
    exclusions: tuple[Exclusion, ...]
    refusals: dict[str, RefusalText]
    authority: Authority
    reviews: Reviews
    procedure: Procedure
