"""The rules of a plan's version in plain Chinese, for leaflets: every figure comes from the plan's data."""

from __future__ import annotations

from collections.abc import Iterator

from claims.domain.plan import (
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
from claims.domain.trace import percent_of, yuan
from contracts.envelope import Value

FACTORS = {"NON_WORK": "非工作期间", "WORK": "工作期间"}
SEPARATOR = "、"


class Section(Value, frozen=True, kw_only=True):
    """A heading and the sentences below it."""

    heading: str
    sentences: tuple[str, ...]


class RulesSheet(Value, frozen=True, kw_only=True):
    """What a plan's version pays, for whom, when not, and how it is asked for (domain 2.2, 2.5, 4.1, 4.8)."""

    plan_code: str
    plan_version: int
    title: str
    sections: tuple[Section, ...]


def sheet_of(plan: Plan) -> RulesSheet:
    """The sheet of a version. It tells whatever its data say, and nothing that they do not."""
    sections = (
        Section(heading="谁参加、保多久", sentences=tuple(_who(plan))),
        Section(heading="保什么、给付多少", sentences=tuple(_benefits(plan))),
        Section(heading="哪些情况不给付", sentences=tuple(_exclusions(plan))),
        Section(heading="怎么申领", sentences=tuple(_how(plan))),
        Section(heading="困难救助(互助互济金)", sentences=tuple(_relief(plan))),
    )
    return RulesSheet(
        plan_code=plan.code,
        plan_version=plan.version,
        title=plan.name,
        sections=tuple(section for section in sections if section.sentences),
    )


def _who(plan: Plan) -> Iterator[str]:
    yield f"年龄 {plan.age_min} 至 {plan.age_max} 周岁,每人最多 {plan.shares_per_person_max} 份。"
    yield f"保障期:{plan.period_start} 起,至 {plan.period_end} 零时止。"
    yield f"每份缴费标准 {yuan(plan.contribution_fen)}。"
    yield f"一个保障期内各项合计最高 {yuan(plan.overall_cap_fen)}。"


def _benefits(plan: Plan) -> Iterator[str]:
    for benefit in plan.benefits.values():
        if benefit.enabled:
            yield f"{benefit.name}:{_formula(plan, benefit)}{_limits(benefit)}"


def _formula(plan: Plan, benefit: Benefit) -> str:
    match benefit.formula:
        case SelfPayRatio() as ratio:
            return (
                f"按政策范围内个人自付金额的 {ratio.ratio_percent}% 给付,"
                f"每次最低 {yuan(ratio.minimum_fen)},最高 {yuan(ratio.stay_cap_fen)}。"
            )
        case FundPayRatio() as ratio:
            levels = SEPARATOR.join(
                f"{plan.hospital_levels.get(level, level)}医院 {percent_of(points)}"
                for level, points in ratio.level_basis_points.items()
            )
            above = ",且不超过个人自付金额" if ratio.never_above_self_paid else ""
            return (
                f"按统筹基金支付额的比例给付({levels}),每次最低 {yuan(ratio.minimum_fen)},"
                f"最高 {yuan(ratio.stay_cap_fen)}{above}。"
            )
        case DailyAllowance() as daily:
            levels = SEPARATOR.join(plan.hospital_levels.get(level, level) for level in daily.levels)
            return (
                f"在{levels}医院住院,扣除 {daily.free_days} 天后每天 {yuan(daily.per_day_fen)},"
                f"每次最多 {daily.stay_days_max} 天。"
            )
        case NamedFactor() as named:
            factors = SEPARATOR.join(
                f"{FACTORS.get(name, name)} {yuan(named.base_fen * percent // 100)}"
                for name, percent in named.factor_percents.items()
            )
            return f"{factors};同一事故已给付的其他项目从中扣除。" if named.less_same_accident else f"{factors}。"
        case GradeTable() as table:
            grades = SEPARATOR.join(
                f"{grade} 级 {yuan(table.base_fen * percent // 100)}" for grade, percent in table.grade_percents.items()
            )
            return f"按伤残等级({table.standard})给付:{grades}。"
        case ListedIllness() as listed:
            names = SEPARATOR.join(illness.name for illness in listed.illnesses)
            return f"首次确诊目录内疾病,一次给付 {yuan(listed.amount_fen)}。目录 {len(listed.illnesses)} 种:{names}。"
        case LumpSum() as lump:
            return f"一次给付 {yuan(lump.amount_fen)}。"


def _limits(benefit: Benefit) -> str:
    parts = [
        f"参保第 {tier.last_day} 日(含)前不给付。"
        if tier.percent == 0
        else f"参保第 {tier.last_day} 日(含)前按 {tier.percent}% 给付。"
        for tier in benefit.waiting
    ]
    if benefit.claims_max:
        parts.append(f"一个保障期最多 {benefit.claims_max} 次。")
    if benefit.once:
        parts.append("给付后本项保障终止。")
    parts.append(f"一个保障期最高 {yuan(benefit.period_cap_fen)}。")
    return "".join(parts)


def _exclusions(plan: Plan) -> Iterator[str]:
    for exclusion in plan.exclusions:
        if exclusion.active and exclusion.effect == "BARS":
            names = [plan.benefits[code].name for code in exclusion.benefits if plan.benefits[code].enabled]
            if names:
                yield f"{exclusion.name}({_which(plan, exclusion, names)})。"


def _which(plan: Plan, exclusion: Exclusion, names: list[str]) -> str:
    enabled = [code for code, benefit in plan.benefits.items() if benefit.enabled]
    which = "各项均不给付" if set(enabled) <= set(exclusion.benefits) else f"不给付:{SEPARATOR.join(names)}"
    return which + (",急诊抢救除外" if exclusion.except_emergencies else "")


def _how(plan: Plan) -> Iterator[str]:
    procedure = plan.procedure
    yield "可在公众号办理,或找单位工会、县区总工会、办事处窗口,也可拨打 12351。"
    if plan.papers is not None:
        names = plan.papers.names
        yield f"都需要:{SEPARATOR.join(names[kind] for kind in plan.papers.base)}。"
        for code, kinds in plan.papers.benefits.items():
            name = _name(plan, code)
            if kinds and name:
                yield f"{name}另需:{SEPARATOR.join(names[kind] for kind in kinds)}。"
    longer = f",情况复杂的 {procedure.complex_workdays} 个工作日内" if procedure.complex_workdays else ""
    decided = f"材料齐全后 {procedure.decision_workdays} 个工作日内作出决定{longer}"
    yield f"{decided};缺材料的,{procedure.papers.due_days} 日内补齐。"
    yield f"保障期满后 {plan.run_off_days} 日内仍可申领保障期内的事项。"
    yield f"对决定有异议的,收到通知后 {plan.objection_days} 日内提出,或拨打 12351。"


def _name(plan: Plan, code: str) -> str:
    """What papers are listed for: a benefit that is paid, or a kind of relief."""
    if code in plan.benefits:
        return plan.benefits[code].name if plan.benefits[code].enabled else ""
    return plan.relief.kinds[code].name if plan.relief is not None and code in plan.relief.kinds else ""


def _relief(plan: Plan) -> Iterator[str]:
    if plan.relief is None:
        return
    rules = plan.relief
    for kind in rules.kinds.values():
        tiers = SEPARATOR.join(yuan(tier) for tier in kind.tiers_fen)
        yield f"{kind.name}:{tiers}。事由:{SEPARATOR.join(reason.name for reason in kind.reasons.values())}。"
    yield f"县区核实、公示 {rules.notice_workdays} 个工作日后集体研究;每人每个保障期最高 {yuan(rules.cap_fen)}。"
