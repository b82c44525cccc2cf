"""The rules of a plan as data: every amount, day count and limit that a claim is judged by (domain 2.2)."""

from __future__ import annotations

from claims.domain.matching import Matching
from claims.domain.procedure import Procedure
from claims.domain.relief_plan import HeirRules, PhoneRules, ReliefRules, SignalRules
from claims.domain.required_papers import RequiredPapers
from contracts.envelope import Value

BARS, REDUCES, WAITING, COVER = "BARS", "REDUCES", "WAITING", "COVER"
EFFECTS = (BARS, REDUCES, WAITING, COVER)


class WaitingTier(Value, frozen=True, kw_only=True):
    """Up to and with day `last_day` of the cover, only `percent` of the benefit is paid (domain 2.6)."""

    last_day: int
    percent: int


class SelfPayRatio(Value, frozen=True, kw_only=True, tag_field="kind", tag="SELF_PAY_RATIO"):
    """A share of the in-scope self-payment, at least `minimum_fen`, at most `stay_cap_fen` a stay (domain 2.2)."""

    ratio_percent: int
    minimum_fen: int
    stay_cap_fen: int


class FundPayRatio(Value, frozen=True, kw_only=True, tag_field="kind", tag="FUND_PAY_RATIO"):
    """A share of what the pooled fund paid, by the hospital's level (domain 2.1, F2).

    `level_basis_points` are hundredths of a percent (10.5 % is 1,050); a level that is not listed is not paid.
    """

    level_basis_points: dict[str, int]
    minimum_fen: int
    stay_cap_fen: int
    never_above_self_paid: bool


class DailyAllowance(Value, frozen=True, kw_only=True, tag_field="kind", tag="DAILY_ALLOWANCE"):
    """An amount for each day in hospital after `free_days`, for at most `stay_days_max` days a stay (domain 2.1, F3).

    `levels` are the hospital levels that count. With `transfer_day_counts` a stay of under 24 hours that ended in
    a transfer counts as the first day of the next one, when the transfer form is there.
    """

    per_day_fen: int
    free_days: int
    stay_days_max: int
    levels: tuple[str, ...]
    transfer_day_counts: bool


class NamedFactor(Value, frozen=True, kw_only=True, tag_field="kind", tag="NAMED_FACTOR"):
    """A base times a named factor, less what the same accident has paid under other benefits (domain 2.3)."""

    base_fen: int
    factor_percents: dict[str, int]
    less_same_accident: tuple[str, ...]


class GradeTable(Value, frozen=True, kw_only=True, tag_field="kind", tag="GRADE_TABLE"):
    """A base times the percent of a disability grade of one standard, less what the same accident paid (3.2).

    With `two_raise` two items of the most severe grade count one grade higher.
    """

    base_fen: int
    standard: str
    grade_percents: dict[int, int]
    two_raise: bool = True
    less_same_accident: tuple[str, ...]


class Illness(Value, frozen=True, kw_only=True):
    """A listed illness: it is proven by `evidence_min` of its kinds of evidence (domain 3.1).

    `decided_by` names the date that decides, when it is not the plan's for illnesses: pathology, operation (2.6).
    """

    no: int
    code: str
    name: str
    evidence: tuple[str, ...]
    evidence_min: int
    decided_by: tuple[str, ...] = ()


class ListedIllness(Value, frozen=True, kw_only=True, tag_field="kind", tag="LISTED_ILLNESS"):
    """A lump sum for an illness of the list, by the edition of the list (domain 3.1)."""

    amount_fen: int
    edition: str
    illnesses: tuple[Illness, ...]


class LumpSum(Value, frozen=True, kw_only=True, tag_field="kind", tag="LUMP_SUM"):
    """A lump sum, less what the same claim pays under other benefits (domain 2.2)."""

    amount_fen: int
    less_paid: tuple[str, ...]


Formula = SelfPayRatio | FundPayRatio | DailyAllowance | NamedFactor | GradeTable | ListedIllness | LumpSum


class Benefit(Value, frozen=True, kw_only=True):
    """One benefit: which incidents open it, from which day, by which formula, up to what.

    `death` is YES, NO or ANY; `once` ends the benefit for the period after it has been paid; `claims_max` is the
    number of claims it is paid for in a period, 0 for any.
    """

    name: str
    enabled: bool
    kinds: tuple[str, ...]
    death: str
    waiting: tuple[WaitingTier, ...]
    once: bool
    claims_max: int = 0
    period_cap_fen: int
    formula: Formula


class Exclusion(Value, frozen=True, kw_only=True):
    """A rule that takes from `benefits` (domain 2.5), refused with `reason`; one not `active` has no effect.

    `effect` BARS: a circumstance stated among the facts bars them. REDUCES: what others have paid is taken from the
    self-payment of ratio formulas. WAITING: the waiting tiers count. COVER: only members of the roster are paid,
    which is never switched off. With `except_emergencies` an emergency is not barred.
    """

    code: str
    name: str
    benefits: tuple[str, ...]
    reason: str
    active: bool
    effect: str = BARS
    except_emergencies: bool = False


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


class Renewal(Value, frozen=True, kw_only=True):
    """A cover that starts at most `gap_days_max` days after one of `plans` ended has no waiting (domain 2.2)."""

    gap_days_max: int
    plans: tuple[str, ...]


class Plan(Value, frozen=True, kw_only=True):
    """A version of a plan's rules. Dates are ISO dates in Asia/Shanghai, the period is half-open.

    `hospital_levels` are the levels that formulas speak of, with their names.
    `dates` names for each kind of incident the dates that decide, the first known one first (domain 2.6).
    `assumed` are the parameters that rest on no published rule, as paths into this document: lists by the code of
    their entries; a path stands for everything below it. A refusal that rests on one goes to a person.

    A plan without `relief` has no relief fund, without `signals` no signals of fraud; without `matching` the bureau's
    settlements are not matched with it.
    """

    code: str
    version: int
    name: str
    period_start: str
    period_end: str
    contribution_fen: int
    seats: int
    shares_per_person_max: int = 1
    age_min: int
    age_max: int
    run_off_days: int
    accident_days_max: int
    objection_days: int
    overall_cap_fen: int
    renewal: Renewal | None = None
    dates: dict[str, tuple[str, ...]]
    hospital_levels: dict[str, str]
    benefits: dict[str, Benefit]
    exclusions: tuple[Exclusion, ...]
    refusals: dict[str, RefusalText]
    authority: Authority
    reviews: Reviews
    procedure: Procedure
    papers: RequiredPapers | None = None
    assumed: tuple[str, ...] = ()
    relief: ReliefRules | None = None
    heirs: HeirRules | None = None
    signals: SignalRules | None = None
    phone: PhoneRules | None = None
    matching: Matching | None = None
