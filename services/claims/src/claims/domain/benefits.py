"""What the plan's rules make of an incident: benefit lines with a trace, or refusals with their reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from claims.domain import formulas
from claims.domain.assumptions import assumed
from claims.domain.dates import decisive_on, known_dates
from claims.domain.formulas import Sum, Unpayable
from claims.domain.incident import incident_key, same_accident
from claims.domain.plan import (
    BARS,
    REDUCES,
    WAITING,
    Benefit,
    DailyAllowance,
    Exclusion,
    FundPayRatio,
    GradeTable,
    ListedIllness,
    LumpSum,
    NamedFactor,
    Plan,
    SelfPayRatio,
)
from claims.domain.trace import (
    CAP,
    CAP_NAMES,
    CAP_OVERALL,
    CAP_PERIOD,
    CAP_STAY,
    RESULT,
    RULE,
    STEP,
    VERSION,
    rounded_percent,
    told,
    yuan,
)
from contracts.claims.v1 import BenefitLine, Incident
from contracts.person import Facts

PERSON_CONFIRMS = "此结论依据未经公布的规则或无法自动判断,须由人工确认。"


@dataclass(frozen=True)
class Cover:
    """The person's cover of the plan's period, half-open; `earlier` are the covers before it: plan and end."""

    effective_on: date
    ends_on: date
    earlier: tuple[tuple[str, date], ...] = ()


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
    """A benefit that is not payable by the rules: reason code of domain 4.7, the rule's name, a sentence.

    `assumed`: it rests on a parameter that was not published. `manual`: the rules cannot judge it.
    """

    benefit_code: str
    code: str
    rule: str
    explanation: str
    assumed: bool = False
    manual: bool = False

    @property
    def needs_person(self) -> bool:
        """Whether a person has to confirm it before it is told to anyone (domain 12a)."""
        return self.assumed or self.manual

    @property
    def finding(self) -> str:
        """As an assessment records it."""
        return f"{self.code} {self.explanation}" + (PERSON_CONFIRMS if self.needs_person else "")


@dataclass(frozen=True)
class Assessment:
    """The answer of the rules: what is payable, and why the rest is not."""

    lines: tuple[BenefitLine, ...]
    refusals: tuple[Refusal, ...]


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
        return _refuse(application.plan, benefit_code, Unpayable("RJ_NOT_IN_PLAN"))
    return _judge(application, benefit_code, benefit, list(lines), waived=True)


def judge_again(application: Application, benefit_code: str, kept: Iterable[BenefitLine]) -> BenefitLine | Refusal:
    """A named benefit beside lines that stay as they were granted: by the rules, else with its definition waived."""
    benefit = application.plan.benefits.get(benefit_code)
    lines = list(kept)
    if benefit is not None and opens(benefit, application.incident):
        answer = _judge(application, benefit_code, benefit, lines, waived=False)
        if not isinstance(answer, Refusal):
            return answer
    return grant(application, benefit_code, lines)


def opens(benefit: Benefit, incident: Incident) -> bool:
    """Whether the kind of incident, and a death or its absence, opens the benefit."""
    death = {"YES": bool(incident.died_on), "NO": not incident.died_on}
    return incident.kind in benefit.kinds and death.get(benefit.death, True)


def rests_on_assumption(application: Application, reason: str) -> bool:
    """Whether a refusal for this reason rests on a parameter that was not published."""
    return any(one.assumed for one in assess(application).refusals if one.code == reason)


def _judge(
    application: Application, code: str, benefit: Benefit, lines: list[BenefitLine], *, waived: bool
) -> BenefitLine | Refusal:
    plan = application.plan
    decisive = decisive_on(plan, application.incident, application.facts)
    barred = _barred(application, code, benefit, decisive)
    if barred:
        return _refuse(plan, code, barred)
    day_no = _day_no(application, decisive)
    percent = _waiting_percent(application, code, benefit, day_no)
    if percent == 0:
        return _refuse(plan, code, Unpayable("RJ_WAITING", f"认定日期为保障生效第 {day_no} 天", (".waiting",)))
    outcome = _formula(application, code, benefit, lines, waived=waived)
    if isinstance(outcome, Unpayable):
        return _refuse(plan, code, outcome)
    trace = [told(VERSION, f"方案 {plan.code} 第 {plan.version} 版 · {benefit.name}"), *outcome.trace]
    if waived:
        trace.append(told(STEP, "特事特办,由办事处负责人决定,未适用本项定义"))
    if benefit.waiting:
        trace.append(told(STEP, f"认定日期为保障生效第 {day_no} 天,给付比例 {percent}%"))
    return _capped(application, code, lines, computed=rounded_percent(outcome.fen, percent), trace=trace)


def _barred(application: Application, code: str, benefit: Benefit, decisive: date) -> Unpayable | None:
    """Cover, period, time limit, what was paid before, exclusions: why nothing is payable, or None."""
    plan, cover, incident = application.plan, application.cover, application.incident
    if not benefit.enabled:
        return Unpayable("RJ_NOT_IN_PLAN", rests_on=(".enabled",))
    if cover is None:
        return Unpayable("RJ_NOT_COVERED", rests_on=("exclusions.EX_NOT_MEMBER",))
    if not _inside(cover, decisive):
        # Another date of the same incident would have been inside: then the choice of the date is what refuses.
        chosen = any(_inside(cover, day) for day in known_dates(incident, application.facts).values())
        return Unpayable("RJ_OUT_OF_PERIOD", rests_on=(f"dates.{incident.kind}",) if chosen else ("period_start",))
    if (application.filed_on - decisive).days > plan.run_off_days:
        return Unpayable("RJ_LATE", f"认定日期起 {plan.run_off_days} 天内申领", ("run_off_days",))
    paid = {award.claim_id for award in application.awarded if award.benefit_code == code}
    if benefit.once and paid:
        return Unpayable("RJ_CAP_REACHED", "每个保障期给付一次", (".once",))
    if benefit.claims_max and len(paid - {application.claim_id}) >= benefit.claims_max:
        return Unpayable("RJ_CAP_REACHED", f"每个保障期最多给付 {benefit.claims_max} 次", (".claims_max",))
    excluded = _excluded(application, code)
    # The exclusion itself may speak of the person's health: it stays among the sealed facts.
    return Unpayable(excluded.reason, rests_on=(f"exclusions.{excluded.code}",)) if excluded else None


def _inside(cover: Cover, day: date) -> bool:
    return cover.effective_on <= day < cover.ends_on


def _excluded(application: Application, code: str) -> Exclusion | None:
    facts = application.facts
    if not facts.exclusions:
        return None
    return next(
        (
            one
            for one in _rules(application.plan, BARS, code)
            if one.active and one.code in facts.exclusions and not (one.except_emergencies and facts.emergency)
        ),
        None,
    )


def _rules(plan: Plan, effect: str, code: str) -> list[Exclusion]:
    """The plan's exclusions of one effect that name the benefit."""
    return [one for one in plan.exclusions if one.effect == effect and code in one.benefits]


def _day_no(application: Application, decisive: date) -> int:
    """The day of the cover that decides: its first day is day 1 (domain 2.6)."""
    assert application.cover is not None
    return (decisive - application.cover.effective_on).days + 1


def _waiting_percent(application: Application, code: str, benefit: Benefit, day_no: int) -> int:
    """The tier of the day; 100 where the plan has switched waiting off, or the cover renews an earlier one."""
    percent = next((tier.percent for tier in benefit.waiting if day_no <= tier.last_day), 100)
    if percent < 100 and (_renewed(application) or not _waiting_counts(application.plan, code)):
        return 100
    return percent


def _waiting_counts(plan: Plan, code: str) -> bool:
    return all(one.active for one in _rules(plan, WAITING, code))


def _renewed(application: Application) -> bool:
    renewal, cover = application.plan.renewal, application.cover
    if renewal is None or cover is None:
        return False
    gaps = [(cover.effective_on - ended_on).days for plan, ended_on in cover.earlier if plan in renewal.plans]
    return any(0 <= gap <= renewal.gap_days_max for gap in gaps)


def _formula(
    application: Application, code: str, benefit: Benefit, lines: list[BenefitLine], *, waived: bool
) -> Sum | Unpayable:
    """The benefit's formula: a sum, or why its own conditions are not met."""
    plan, facts, incident = application.plan, application.facts, application.incident
    third_party_fen = facts.third_party_paid_fen
    if third_party_fen and not any(one.active for one in _rules(plan, REDUCES, code)):
        third_party_fen = 0

    def paid(codes: tuple[str, ...]) -> int:
        return _paid_for_accident(application, codes)

    match benefit.formula:
        case SelfPayRatio() as rule:
            return formulas.self_pay(facts, rule, third_party_fen)
        case FundPayRatio() as rule:
            return formulas.fund_share(facts, rule, plan.hospital_levels, third_party_fen)
        case DailyAllowance() as rule:
            return formulas.allowance(facts, incident, rule, plan.hospital_levels)
        case NamedFactor() as rule:
            return formulas.accident_death(incident, rule, plan.accident_days_max, paid)
        case GradeTable() as rule:
            return formulas.disability(facts, incident, rule, plan.accident_days_max, paid)
        case ListedIllness() as rule:
            return formulas.listed_illness(facts, rule, waived=waived)
        case LumpSum() as rule:
            return _lump_sum(application, rule, lines)


def _lump_sum(application: Application, rule: LumpSum, lines: list[BenefitLine]) -> Sum | Unpayable:
    """Domain 2.2: what is left of the sum after the benefits that it is not paid beside."""
    paid = sum(line.amount_fen for line in lines if line.benefit_code in rule.less_paid)
    paid += sum(award.amount_fen for award in application.awarded if award.benefit_code in rule.less_paid)
    left = max(0, rule.amount_fen - paid)
    if not left:
        return Unpayable("RJ_CAP_REACHED", rests_on=(".formula.less_paid",))
    text = f"给付标准 {yuan(rule.amount_fen)},减已给付 {yuan(paid)}"
    return Sum(left, (told(RULE, f"给付标准 {yuan(rule.amount_fen)},已按其他责任给付的只补差额"), told(STEP, text)))


def _paid_for_accident(application: Application, codes: tuple[str, ...]) -> int:
    """What the same accident was paid under other benefits: injury and death are not paid in full both (2.2)."""
    key = incident_key(application.incident)
    return sum(
        award.amount_fen
        for award in application.awarded
        if award.benefit_code in codes and same_accident(award.incident_key, key)
    )


def _capped(
    application: Application, code: str, lines: list[BenefitLine], *, computed: int, trace: list[str]
) -> BenefitLine | Refusal:
    """Cut by the stay's, the benefit's and, last, the person's overall cap (domain 2.2, rule 4)."""
    plan, awarded, benefit = application.plan, application.awarded, application.plan.benefits[code]
    used = sum(award.amount_fen for award in awarded if award.benefit_code == code)
    total = sum(award.amount_fen for award in awarded) + sum(line.amount_fen for line in lines)
    caps = [
        (CAP_PERIOD, benefit.period_cap_fen - used, ".period_cap_fen"),
        (CAP_OVERALL, plan.overall_cap_fen - total, "overall_cap_fen"),
    ]
    if isinstance(benefit.formula, SelfPayRatio | FundPayRatio):
        caps.insert(0, (CAP_STAY, benefit.formula.stay_cap_fen, ".formula.stay_cap_fen"))
    amount = computed
    reasons: list[tuple[str, str]] = []
    for name, left, path in caps:
        if amount > max(0, left):
            trace.append(told(CAP, f"{CAP_NAMES[name]}({name}),减 {yuan(amount - max(0, left))}"))
            reasons.append((name, path))
            amount = max(0, left)
    if amount == 0:
        name, path = reasons[-1] if reasons else (CAP_PERIOD, ".formula")
        return _refuse(plan, code, Unpayable("RJ_CAP_REACHED", CAP_NAMES[name], (path,)))
    trace.append(told(RESULT, yuan(amount)))
    return BenefitLine(
        line_id=f"{application.claim_id}.{code}",
        benefit_code=code,
        computed_fen=computed,
        cap_cut_fen=computed - amount,
        amount_fen=amount,
        trace=tuple(trace),
        cap_reasons=tuple(name for name, _ in reasons),
    )


def _refuse(plan: Plan, benefit_code: str, why: Unpayable) -> Refusal:
    text = plan.refusals[why.reason]
    explanation = f"{text.text.removesuffix('。')}({why.detail})。" if why.detail else text.text
    paths = (f"benefits.{benefit_code}{path}" if path.startswith(".") else path for path in why.rests_on)
    return Refusal(benefit_code, why.reason, text.rule, explanation, assumed(plan, *paths), why.manual)
