"""What the plan's rules make of an incident: benefit lines with a trace, or refusals with their reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from claims.domain.incident import incident_key, same_accident
from claims.domain.plan import Benefit, GradeTable, ListedIllness, LumpSum, NamedFactor, Plan, SelfPayRatio
from contracts.claims.v1 import BenefitLine, Incident
from contracts.person import Facts

INTERNAL = "[内部]"
"""A step of a trace for the office and the auditor: families are not shown how deaths are weighed (domain 12a)."""


@dataclass(frozen=True)
class Cover:
    """The person's cover of the plan's period, half-open."""

    effective_on: date
    ends_on: date


@dataclass(frozen=True)
class Award:
    """What an earlier claim took from the person's caps of the period."""

    claim_id: str
    incident_key: str
    benefit_code: str
    amount_fen: int


@dataclass(frozen=True)
class Application:
    """All that a claim is judged by; `facts` are the opened papers, `awarded` what the period has granted so far."""

    claim_id: str
    plan: Plan
    cover: Cover | None
    incident: Incident
    facts: Facts
    filed_on: date
    awarded: tuple[Award, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A benefit that is not payable by the rules: reason code of domain 4.7, the rule's name, a sentence."""

    benefit_code: str
    code: str
    rule: str
    explanation: str


@dataclass(frozen=True)
class Assessment:
    """The answer of the rules: what is payable, and why the rest is not."""

    lines: tuple[BenefitLine, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Sum:
    """What a formula yields before waiting tiers and caps, `trace` explaining it."""

    fen: int
    trace: tuple[str, ...]


def assess(application: Application) -> Assessment:
    """Judge every benefit that the kind of incident opens, in the plan's order; the overall cap comes last."""
    lines: list[BenefitLine] = []
    refusals: list[Refusal] = []
    for code, benefit in application.plan.benefits.items():
        if opens(benefit, application.incident):
            answer = _judge(application, code, benefit, lines, waived=False)
            if isinstance(answer, Refusal):
                refusals.append(answer)
            else:
                lines.append(answer)
    return Assessment(tuple(lines), tuple(refusals))


def grant(application: Application, benefit_code: str, lines: Iterable[BenefitLine]) -> BenefitLine | Refusal:
    """A named benefit by special decision: its definition is waived, cover, waiting tiers and caps are not."""
    benefit = application.plan.benefits.get(benefit_code)
    if benefit is None:
        return _refuse(application.plan, benefit_code, "RJ_NOT_IN_PLAN")
    return _judge(application, benefit_code, benefit, list(lines), waived=True)


def opens(benefit: Benefit, incident: Incident) -> bool:
    """Whether the kind of incident, and a death or its absence, opens the benefit."""
    death = {"YES": bool(incident.died_on), "NO": not incident.died_on}
    return incident.kind in benefit.kinds and death.get(benefit.death, True)


def yuan(fen: int) -> str:
    """An amount as people read it."""
    return f"{fen // 100:,}.{fen % 100:02d} 元"


def rounded_percent(fen: int, percent: int) -> int:
    """A percentage, rounded half up to the fen (domain 11.1)."""
    return (fen * percent * 2 + 100) // 200


def _judge(
    application: Application, code: str, benefit: Benefit, lines: list[BenefitLine], *, waived: bool
) -> BenefitLine | Refusal:
    plan = application.plan
    barred = _barred(application, code, benefit)
    if barred:
        return _refuse(plan, code, *barred)
    day_no = _day_no(application)
    percent = next((tier.percent for tier in benefit.waiting if day_no <= tier.last_day), 100)
    if percent == 0:
        return _refuse(plan, code, "RJ_WAITING", f"认定日期为保障生效第 {day_no} 天")
    formula = _formula(application, benefit, lines, waived=waived)
    if isinstance(formula, str):
        return _refuse(plan, code, formula)
    computed = rounded_percent(formula.fen, percent)
    trace = [f"方案 {plan.code} 第 {plan.version} 版 · {benefit.name}", *formula.trace]
    if waived:
        trace.append("特事特办:由办事处负责人决定,未适用本项定义")
    if benefit.waiting:
        trace.append(f"认定日期为保障生效第 {day_no} 天,给付比例 {percent}%")
    return _capped(application, code, lines, computed=computed, trace=trace)


def _barred(application: Application, code: str, benefit: Benefit) -> tuple[str, str] | None:
    """Cover, period, time limit, what was paid before, exclusions: the reason and its detail, or None."""
    plan, facts, cover = application.plan, application.facts, application.cover
    if not benefit.enabled:
        return "RJ_NOT_IN_PLAN", ""
    if cover is None:
        return "RJ_NOT_COVERED", ""
    decisive_on = date.fromisoformat(application.incident.decisive_on)
    if not cover.effective_on <= decisive_on < cover.ends_on:
        return "RJ_OUT_OF_PERIOD", ""
    if (application.filed_on - decisive_on).days > plan.run_off_days:
        return "RJ_LATE", f"认定日期起 {plan.run_off_days} 天内申领"
    if benefit.once and any(award.benefit_code == code for award in application.awarded):
        return "RJ_CAP_REACHED", "每个保障期给付一次"
    active = [one for one in plan.exclusions if one.active and code in one.benefits]
    excluded = next((one for one in active if one.code in facts.exclusions), None)
    # The exclusion itself may speak of the person's health: it stays among the sealed facts.
    return (excluded.reason, "") if excluded else None


def _day_no(application: Application) -> int:
    """The day of the cover that decides: its first day is day 1 (domain 2.6)."""
    assert application.cover is not None
    return (date.fromisoformat(application.incident.decisive_on) - application.cover.effective_on).days + 1


def _formula(application: Application, benefit: Benefit, lines: list[BenefitLine], *, waived: bool) -> _Sum | str:
    """The benefit's formula: a sum, or the reason code when its own conditions are not met."""
    match benefit.formula:
        case SelfPayRatio() as rule:
            return _self_pay(application.facts, rule)
        case NamedFactor() as rule:
            return _accident_death(application, rule)
        case GradeTable() as rule:
            return _disability(application, rule)
        case ListedIllness() as rule:
            if not waived and not _proven(application.facts, rule):
                return "RJ_NOT_LISTED_ILLNESS"
            steps = (f"给付标准 {yuan(rule.amount_fen)}",)
            return _Sum(rule.amount_fen, steps if waived else (*steps, f"符合目录({rule.edition})的定义与证据要求"))
        case LumpSum() as rule:
            paid = sum(line.amount_fen for line in lines if line.benefit_code in rule.less_paid)
            paid += sum(award.amount_fen for award in application.awarded if award.benefit_code in rule.less_paid)
            left = max(0, rule.amount_fen - paid)
            return (
                _Sum(left, (f"给付标准 {yuan(rule.amount_fen)},减已给付 {yuan(paid)}",)) if left else "RJ_CAP_REACHED"
            )


def _self_pay(facts: Facts, rule: SelfPayRatio) -> _Sum | str:
    """Domain 12.7: the ratio, raised to the minimum, never above what the member really paid."""
    in_scope, self_paid = facts.self_pay_in_scope_fen, facts.self_paid_fen
    if in_scope <= 0 or self_paid <= 0:
        return "RJ_NO_SELF_PAY"
    share = rounded_percent(in_scope, rule.ratio_percent)
    fen = min(max(rule.minimum_fen, share), self_paid)
    return _Sum(
        fen,
        (
            f"政策范围内个人自付 {yuan(in_scope)} × {rule.ratio_percent}% = {yuan(share)}",
            f"不低于 {yuan(rule.minimum_fen)},不超过个人实际自付 {yuan(self_paid)},得 {yuan(fen)}",
        ),
    )


def _accident_death(application: Application, rule: NamedFactor) -> _Sum | str:
    """Domain 2.3: the base times the factor's percent, less what the same accident's injury was paid."""
    incident = application.incident
    if incident.died_on:
        days = (date.fromisoformat(incident.died_on) - date.fromisoformat(incident.decisive_on)).days
        if not 0 <= days <= application.plan.accident_days_max:
            return "RJ_NOT_ACCIDENT"
    factor = "WORK" if incident.at_work else "NON_WORK"
    percent = rule.factor_percents[factor]
    full = rounded_percent(rule.base_fen, percent)
    paid = _paid_for_accident(application, rule.less_same_accident)
    if full <= paid:
        return "RJ_CAP_REACHED"
    steps = (f"{INTERNAL} 基数 {yuan(rule.base_fen)} × 系数 {factor} {percent}%", f"核定 {yuan(full)}")
    return _Sum(full - paid, (*steps, f"减同一事故已给付 {yuan(paid)}") if paid else steps)


def _disability(application: Application, rule: GradeTable) -> _Sum | str:
    """Domain 3.2: the most severe grade; two items of it count one grade higher, never above the first."""
    facts = application.facts
    if facts.grading_standard != rule.standard:
        return "RJ_GRADE_NONE"
    grades = {item: grade for item, grade in sorted(facts.disabilities, reverse=True) if grade in rule.grade_percents}
    if not grades:
        return "RJ_GRADE_NONE"
    worst = min(grades.values())
    grade = worst
    if list(grades.values()).count(worst) > 1:
        grade = max(min(rule.grade_percents), worst - 1)
    percent = rule.grade_percents[grade]
    steps = [f"伤残标准 {rule.standard},最重等级 {worst} 级"]
    if grade != worst:
        steps.append(f"两项以上同为最重等级,晋升为 {grade} 级")
    fen = rounded_percent(rule.base_fen, percent)
    steps.append(f"基数 {yuan(rule.base_fen)} × {percent}% = {yuan(fen)}")
    paid = _paid_for_accident(application, rule.less_same_accident)
    if paid:
        steps.append(f"减同一事故已给付 {yuan(paid)}")
    return _Sum(fen - paid, tuple(steps)) if fen > paid else "RJ_CAP_REACHED"


def _paid_for_accident(application: Application, codes: tuple[str, ...]) -> int:
    """What the same accident was paid under other benefits: injury and death are not paid in full both (2.2)."""
    key = incident_key(application.incident)
    return sum(
        award.amount_fen
        for award in application.awarded
        if award.benefit_code in codes and same_accident(award.incident_key, key)
    )


def _proven(facts: Facts, rule: ListedIllness) -> bool:
    """Whether the illness is on the list and enough kinds of its evidence are there (`illness_basis`, commas)."""
    shown = {basis.strip() for basis in facts.illness_basis.split(",")}
    return any(
        illness.code == facts.illness and len(shown.intersection(illness.evidence)) >= illness.evidence_min
        for illness in rule.illnesses
    )


def _capped(
    application: Application, code: str, lines: list[BenefitLine], *, computed: int, trace: list[str]
) -> BenefitLine | Refusal:
    """Cut by the stay's, the benefit's and, last, the person's overall cap (domain 2.2, rule 4)."""
    plan, awarded, benefit = application.plan, application.awarded, application.plan.benefits[code]
    used = sum(award.amount_fen for award in awarded if award.benefit_code == code)
    total = sum(award.amount_fen for award in awarded) + sum(line.amount_fen for line in lines)
    caps = [("CAP_PERIOD", benefit.period_cap_fen - used), ("CAP_OVERALL", plan.overall_cap_fen - total)]
    if isinstance(benefit.formula, SelfPayRatio):
        caps.insert(0, ("CAP_STAY", benefit.formula.stay_cap_fen))
    amount = computed
    for name, left in caps:
        if amount > max(0, left):
            trace.append(f"限额 {name}:减 {yuan(amount - max(0, left))}")
            amount = max(0, left)
    if amount == 0:
        return _refuse(plan, code, "RJ_CAP_REACHED")
    trace.append(f"给付 {yuan(amount)}")
    return BenefitLine(
        line_id=f"{application.claim_id}.{code}",
        benefit_code=code,
        computed_fen=computed,
        cap_cut_fen=computed - amount,
        amount_fen=amount,
        trace=tuple(trace),
    )


def _refuse(plan: Plan, benefit_code: str, reason: str, detail: str = "") -> Refusal:
    text = plan.refusals[reason]
    explanation = f"{text.text.removesuffix('。')}({detail})。" if detail else text.text
    return Refusal(benefit_code, reason, text.rule, explanation)
