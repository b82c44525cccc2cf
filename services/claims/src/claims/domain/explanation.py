"""A claim's amounts and refusals in plain Chinese, for the member: what was judged, by which rule, step by step."""

from __future__ import annotations

from collections.abc import Iterable

from claims.domain.plan import Plan
from claims.domain.trace import INTERNAL, KINDS, kind_of, yuan
from contracts.claims.v1 import BenefitLine

STATES = {
    "IN_REVIEW": "审核中,以下金额为初步核定",
    "SUPPLEMENT_REQUIRED": "待补充材料",
    "RETURNED": "已退回上一级核对",
    "CLOSED_INCOMPLETE": "因材料未补齐已结案",
    "WITHDRAWN": "已撤回",
    "APPEAL_REVIEW": "异议正在复核",
    "RECOVERY": "正在办理退款",
    "APPROVED": "已审核通过",
    "PAYMENT_FAILED": "已审核通过,打款未成功",
    "PAID": "已到账",
    "REJECTED": "不予给付",
}


def for_families(line: BenefitLine) -> tuple[str, ...]:
    """The line's trace without the office's own steps: how deaths are weighed is not shown to families (12a)."""
    return tuple(step for step in line.trace if not step.startswith(INTERNAL))


def explain(plan: Plan, claim_no: str, state: str, lines: Iterable[BenefitLine], refusal: str, *, family: bool) -> str:
    """The whole text, a sentence a line. `refusal` is the sentence of a refused claim, rule and objection in it."""
    lines = tuple(lines)
    text = [f"申领 {claim_no}", f"{plan.name}(方案 {plan.code} 第 {plan.version} 版)"]
    if state in STATES:
        text.append(f"进度:{STATES[state]}。")
    for number, line in enumerate(lines, 1):
        name = plan.benefits[line.benefit_code].name if line.benefit_code in plan.benefits else line.benefit_code
        text += ["", f"{number}. {name}:{yuan(line.amount_fen)}"]
        text += [f"   {step}" for step in _ordered(for_families(line) if family else line.trace)]
    if len(lines) > 1:
        text += ["", f"合计:{yuan(sum(line.amount_fen for line in lines))}"]
    if refusal:
        text += ["", refusal]
    elif not lines:
        text += ["", "尚未核定金额。"]
    return "\n".join(text) + "\n"


def _ordered(trace: Iterable[str]) -> list[str]:
    """Version, rule, input, steps, caps, result; what belongs to the office comes last."""
    return sorted(trace, key=lambda step: (*KINDS, "").index(kind_of(step)))
