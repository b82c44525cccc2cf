"""Whether a plan's data make sense: what is wrong with a document that has the right shape, by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from claims.domain.assumptions import NoSuchParameter, value_at
from claims.domain.dates import NAMES
from claims.domain.matching import MODES
from claims.domain.plan import (
    COVER,
    EFFECTS,
    Benefit,
    DailyAllowance,
    Formula,
    FundPayRatio,
    GradeTable,
    ListedIllness,
    LumpSum,
    NamedFactor,
    Plan,
    SelfPayRatio,
)
from claims.domain.required_papers import CIRCUMSTANCES, RequiredPapers

KINDS = ("INPATIENT", "ACCIDENT", "ILLNESS", "SUDDEN_ILLNESS")
DEATHS = ("YES", "NO", "ANY")
FACTORS = ("WORK", "NON_WORK")
REASONS = (
    *("RJ_NOT_COVERED", "RJ_OUT_OF_PERIOD", "RJ_WAITING", "RJ_NOT_LISTED_ILLNESS", "RJ_NO_SELF_PAY"),
    *("RJ_BELOW_DEDUCTIBLE", "RJ_HOSPITAL_LEVEL", "RJ_CAP_REACHED", "RJ_LATE", "RJ_NOT_ACCIDENT"),
    *("RJ_GRADE_NONE", "RJ_NOT_IN_PLAN"),
)
"""What the rules themselves refuse with: every plan says these in words."""

Faults = Iterator[tuple[str, str]]


def faults(plan: Plan) -> list[tuple[str, str]]:
    """Field and sentence of everything that is wrong; [] for a plan that can be judged by."""
    return [
        *_of_plan(plan),
        *_of_benefits(plan),
        *_of_exclusions(plan),
        *_of_papers(plan),
        *_of_matching(plan),
        *_of_assumptions(plan),
    ]


def _of_plan(plan: Plan) -> Faults:
    days = {}
    for field in ("period_start", "period_end"):
        try:
            days[field] = date.fromisoformat(getattr(plan, field))
        except ValueError:
            yield field, "is no ISO date"
    if len(days) == 2 and days["period_start"] >= days["period_end"]:
        yield "period_end", "lies not after the period's start"
    for field in ("version", "run_off_days", "accident_days_max", "objection_days", "overall_cap_fen"):
        if getattr(plan, field) <= 0:
            yield field, "is not positive"
    if not 0 <= plan.age_min <= plan.age_max:
        yield "age_max", "is below the lowest age"
    for code in REASONS:
        if code not in plan.refusals:
            yield f"refusals.{code}", "is missing"
    for kind, names in plan.dates.items():
        if kind not in KINDS or not set(names) <= set(NAMES):
            yield f"dates.{kind}", f"names another kind or date than {', '.join((*KINDS, *NAMES))}"


def _of_benefits(plan: Plan) -> Faults:
    for code, benefit in plan.benefits.items():
        at = f"benefits.{code}"
        if not benefit.kinds or not set(benefit.kinds) <= set(KINDS):
            yield f"{at}.kinds", f"is not among {', '.join(KINDS)}"
        if benefit.death not in DEATHS:
            yield f"{at}.death", f"is none of {', '.join(DEATHS)}"
        if benefit.period_cap_fen <= 0 or benefit.claims_max < 0:
            yield f"{at}.period_cap_fen", "is not positive, or the number of claims is negative"
        yield from _of_waiting(at, benefit)
        yield from _of_formula(plan, f"{at}.formula", benefit.formula)


def _of_waiting(at: str, benefit: Benefit) -> Faults:
    last = [tier.last_day for tier in benefit.waiting]
    if last != sorted(set(last)) or any(day < 1 for day in last):
        yield f"{at}.waiting", "has tiers whose last days do not rise"
    if any(not 0 <= tier.percent <= 100 for tier in benefit.waiting):
        yield f"{at}.waiting", "has a percent that is not between 0 and 100"


def _of_formula(plan: Plan, at: str, formula: Formula) -> Faults:
    levels: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    match formula:
        case FundPayRatio():
            levels = tuple(formula.level_basis_points)
        case DailyAllowance():
            levels = formula.levels
        case NamedFactor() | GradeTable():
            less = formula.less_same_accident
        case LumpSum():
            less = formula.less_paid
        case SelfPayRatio() | ListedIllness():
            pass
    if not set(levels) <= plan.hospital_levels.keys():
        yield at, "speaks of a hospital level that hospital_levels does not name"
    if not set(less) <= plan.benefits.keys():
        yield at, "takes from a benefit that the plan has not"
    if isinstance(formula, NamedFactor) and not set(FACTORS) <= formula.factor_percents.keys():
        yield f"{at}.factor_percents", f"lacks one of {', '.join(FACTORS)}"
    if isinstance(formula, GradeTable) and not formula.grade_percents:
        yield f"{at}.grade_percents", "is empty"


def _of_exclusions(plan: Plan) -> Faults:
    for one in plan.exclusions:
        at = f"exclusions.{one.code}"
        if one.effect not in EFFECTS:
            yield f"{at}.effect", f"is none of {', '.join(EFFECTS)}"
        if one.effect == COVER and not one.active:
            yield f"{at}.active", "is off, but only members of the roster are paid"
        if one.reason not in plan.refusals:
            yield f"{at}.reason", "is not among the refusals"
        if not set(one.benefits) <= plan.benefits.keys():
            yield f"{at}.benefits", "names a benefit that the plan has not"


def _of_papers(plan: Plan) -> Faults:
    if plan.papers is None:
        return
    papers = plan.papers
    if unnamed := sorted(_kinds(papers) - papers.names.keys()):
        yield "papers.names", f"lacks {', '.join(unnamed)}"
    if not papers.circumstances.keys() <= set(CIRCUMSTANCES):
        yield "papers.circumstances", f"is not among {', '.join(CIRCUMSTANCES)}"


def _of_matching(plan: Plan) -> Faults:
    if plan.matching is None:
        return
    if plan.matching.mode not in MODES:
        yield "matching.mode", f"is none of {', '.join(MODES)}"
    if not set(plan.matching.hospital_levels.values()) <= plan.hospital_levels.keys():
        yield "matching.hospital_levels", "speaks of a hospital level that hospital_levels does not name"


def _kinds(papers: RequiredPapers) -> set[str]:
    lists = [papers.base, papers.originals, papers.matched_papers, *papers.benefits.values()]
    lists += [kinds for extra in papers.circumstances.values() for kinds in extra.values()]
    return {kind for kinds in lists for kind in kinds}


def _of_assumptions(plan: Plan) -> Faults:
    for path in plan.assumed:
        try:
            value_at(plan, path)
        except NoSuchParameter:
            yield f"assumed.{path}", "leads nowhere in this plan"
