"""The formulas of a plan's benefits: each makes a sum with its trace of the facts, or says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from claims.domain.dates import GRADED, known_dates
from claims.domain.plan import (
    DailyAllowance,
    FundPayRatio,
    GradeTable,
    Illness,
    ListedIllness,
    NamedFactor,
    SelfPayRatio,
)
from claims.domain.trace import INPUT, INTERNAL, RULE, STEP, percent_of, rounded_percent, rounded_points, told, yuan
from contracts.claims.v1 import Incident
from contracts.person import Facts


@dataclass(frozen=True)
class Sum:
    """What a formula yields before waiting tiers and caps, `trace` explaining it."""

    fen: int
    trace: tuple[str, ...]


@dataclass(frozen=True)
class Unpayable:
    """Why nothing is payable: a reason code of domain 4.7, a detail, the parameters it rests on.

    A path that begins with a dot is one of the benefit's own. `manual`: the rules cannot judge it, a person does.
    """

    reason: str
    detail: str = ""
    rests_on: tuple[str, ...] = ()
    manual: bool = False


def self_pay(facts: Facts, rule: SelfPayRatio, third_party_fen: int) -> Sum | Unpayable:
    """Domain 12.7: the ratio, raised to the minimum, never above what is still self-paid."""
    left = facts.self_paid_fen - third_party_fen
    in_scope = min(facts.self_pay_in_scope_fen, left)
    if in_scope <= 0:
        return Unpayable("RJ_NO_SELF_PAY", rests_on=(".formula",))
    share = rounded_percent(in_scope, rule.ratio_percent)
    fen = min(max(rule.minimum_fen, share), left)
    return Sum(
        fen,
        (
            told(
                RULE, f"政策范围内个人自付的 {rule.ratio_percent}%,不低于 {yuan(rule.minimum_fen)},不超过个人实际自付"
            ),
            told(
                INPUT,
                f"政策范围内个人自付 {yuan(facts.self_pay_in_scope_fen)},个人实际自付 {yuan(facts.self_paid_fen)}",
            ),
            *_third_party(third_party_fen),
            told(STEP, f"{yuan(in_scope)} × {rule.ratio_percent}% = {yuan(share)}"),
            told(STEP, f"不低于 {yuan(rule.minimum_fen)},不超过个人实际自付 {yuan(left)},得 {yuan(fen)}"),
        ),
    )


def fund_share(facts: Facts, rule: FundPayRatio, levels: dict[str, str], third_party_fen: int) -> Sum | Unpayable:
    """Domain 2.1, F2: a share of what the pooled fund paid, by the hospital's level."""
    points = rule.level_basis_points.get(facts.hospital_level)
    if points is None:
        return Unpayable(
            "RJ_HOSPITAL_LEVEL", rests_on=(".formula.level_basis_points",), manual=not facts.hospital_level
        )
    left = facts.self_paid_fen - third_party_fen
    if facts.fund_paid_fen <= 0 or (rule.never_above_self_paid and left <= 0):
        return Unpayable("RJ_NO_SELF_PAY", rests_on=(".formula",))
    level = levels[facts.hospital_level]
    share = rounded_points(facts.fund_paid_fen, points)
    fen = max(rule.minimum_fen, share)
    trace = [
        told(RULE, f"统筹基金支付额的一定比例,{level}医院 {percent_of(points)},不低于 {yuan(rule.minimum_fen)}"),
        told(
            INPUT, f"统筹基金支付 {yuan(facts.fund_paid_fen)},医院等级 {level},个人实际自付 {yuan(facts.self_paid_fen)}"
        ),
        *_third_party(third_party_fen),
        told(STEP, f"{yuan(facts.fund_paid_fen)} × {percent_of(points)} = {yuan(share)}"),
    ]
    if fen != share:
        trace.append(told(STEP, f"不足最低标准,按 {yuan(fen)}"))
    if rule.never_above_self_paid and fen > left:
        fen = left
        trace.append(told(STEP, f"不超过个人实际自付 {yuan(left)}"))
    return Sum(fen, tuple(trace))


def allowance(facts: Facts, incident: Incident, rule: DailyAllowance, levels: dict[str, str]) -> Sum | Unpayable:
    """Domain 2.1, F3: an amount for each day after those that are not paid, up to a number of days."""
    if facts.hospital_level not in rule.levels:
        return Unpayable("RJ_HOSPITAL_LEVEL", rests_on=(".formula.levels",), manual=not facts.hospital_level)
    days = facts.hospital_days or _days(incident)
    carried = 1 if facts.transferred_in and rule.transfer_day_counts else 0
    paid_days = min(days + carried - rule.free_days, rule.stay_days_max)
    if paid_days <= 0:
        return Unpayable("RJ_BELOW_DEDUCTIBLE", rests_on=(".formula.free_days",))
    fen = paid_days * rule.per_day_fen
    counted = f"{days} 天 + 转院前 1 天" if carried else f"{days} 天"
    return Sum(
        fen,
        (
            told(RULE, f"第 {rule.free_days + 1} 天起每天 {yuan(rule.per_day_fen)},每次最多 {rule.stay_days_max} 天"),
            told(INPUT, f"住院 {days} 天,医院等级 {levels[facts.hospital_level]}"),
            told(STEP, f"{counted} − {rule.free_days} 天,计 {paid_days} 天"),
            told(STEP, f"{paid_days} 天 × {yuan(rule.per_day_fen)} = {yuan(fen)}"),
        ),
    )


def accident_death(
    incident: Incident, rule: NamedFactor, days_max: int, paid: Callable[[tuple[str, ...]], int]
) -> Sum | Unpayable:
    """Domain 2.3: the base times the factor's percent, less what the same accident's injury was paid."""
    if incident.died_on and not 0 <= _between(incident.decisive_on, incident.died_on) <= days_max:
        return Unpayable("RJ_NOT_ACCIDENT", rests_on=("accident_days_max",))
    factor = "WORK" if incident.at_work else "NON_WORK"
    percent = rule.factor_percents[factor]
    full = rounded_percent(rule.base_fen, percent)
    already = paid(rule.less_same_accident)
    if full <= already:
        return Unpayable("RJ_CAP_REACHED", rests_on=(".formula.base_fen",))
    steps = [
        told(RULE, "按意外身故给付标准,扣除同一事故已给付的伤残互助金"),
        told(INPUT, f"事故日期 {incident.decisive_on},身故日期 {incident.died_on}"),
        f"{INTERNAL} 基数 {yuan(rule.base_fen)} × 系数 {factor} {percent}%",
        told(STEP, f"核定 {yuan(full)}"),
    ]
    if already:
        steps.append(told(STEP, f"减同一事故已给付 {yuan(already)}"))
    return Sum(full - already, tuple(steps))


def disability(
    facts: Facts, incident: Incident, rule: GradeTable, days_max: int, paid: Callable[[tuple[str, ...]], int]
) -> Sum | Unpayable:
    """Domain 3.2: the most severe grade; two items of it count one grade higher, never above the first.

    Another scale is never converted, and a grading after the last day is no state at that day: a person's matter.
    """
    if facts.grading_standard and facts.grading_standard != rule.standard:
        return Unpayable("RJ_GRADE_NONE", "鉴定采用其他标准,不作换算,转人工核定", (".formula.standard",), manual=True)
    graded = known_dates(incident, facts).get(GRADED)
    if graded is not None and _between(incident.decisive_on, graded.isoformat()) > days_max:
        detail = f"评定日期距事故超过 {days_max} 天,须按第 {days_max} 天的状态评定,转人工核定"
        return Unpayable("RJ_GRADE_NONE", detail, ("accident_days_max",), manual=True)
    grades = {item: grade for item, grade in sorted(facts.disabilities, reverse=True) if grade in rule.grade_percents}
    if not facts.grading_standard or not grades:
        return Unpayable("RJ_GRADE_NONE", rests_on=(".formula.grade_percents",))
    worst = min(grades.values())
    raised = rule.two_raise and list(grades.values()).count(worst) > 1
    grade = max(min(rule.grade_percents), worst - 1) if raised else worst
    percent = rule.grade_percents[grade]
    fen = rounded_percent(rule.base_fen, percent)
    steps = [
        told(RULE, f"基数 {yuan(rule.base_fen)} × 伤残等级对应比例,同一事故以最重等级为准"),
        told(INPUT, f"伤残标准 {rule.standard},最重等级 {worst} 级"),
    ]
    if grade != worst:
        steps.append(told(STEP, f"两项以上同为最重等级,晋升为 {grade} 级"))
    steps.append(told(STEP, f"基数 {yuan(rule.base_fen)} × {percent}% = {yuan(fen)}"))
    already = paid(rule.less_same_accident)
    if already:
        steps.append(told(STEP, f"减同一事故已给付 {yuan(already)}"))
    return Sum(fen - already, tuple(steps)) if fen > already else Unpayable("RJ_CAP_REACHED", rests_on=(".formula",))


def listed_illness(facts: Facts, rule: ListedIllness, *, waived: bool) -> Sum | Unpayable:
    """Domain 3.1: a lump sum for an illness of the list, proven by enough of its kinds of evidence."""
    listed = next((one for one in rule.illnesses if one.code == facts.illness), None)
    if not waived and (listed is None or not _proven(facts, listed)):
        rests_on = ".formula.edition" if listed is None else f".formula.illnesses.{listed.code}"
        return Unpayable("RJ_NOT_LISTED_ILLNESS", rests_on=(rests_on,))
    trace = [told(RULE, f"目录内疾病按给付标准 {yuan(rule.amount_fen)},每个保障期一次")]
    if not waived:
        trace.append(told(INPUT, f"符合目录({rule.edition})的定义与证据要求"))
    return Sum(rule.amount_fen, (*trace, told(STEP, f"给付标准 {yuan(rule.amount_fen)}")))


def _proven(facts: Facts, illness: Illness) -> bool:
    """Whether enough kinds of evidence are there (`illness_basis`, commas)."""
    shown = {basis.strip() for basis in facts.illness_basis.split(",")}
    return len(shown.intersection(illness.evidence)) >= illness.evidence_min


def _third_party(fen: int) -> tuple[str, ...]:
    return (told(STEP, f"减第三人、工伤或职业伤害保障已支付 {yuan(fen)}"),) if fen else ()


def _days(incident: Incident) -> int:
    return _between(incident.decisive_on, incident.discharged_on) if incident.discharged_on else 0


def _between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days
