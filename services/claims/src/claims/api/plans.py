"""The plans' rules, read once from the data files beside the code, and the digest that their signers sign."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from chassis.web import Problem
from claims.domain.plan import Plan
from claims.domain.plan_check import faults

FOLDER = Path(__file__).parent.parent / "plans"


class PlanUnusable(Exception):
    """A plan's file cannot be judged by: names the file, the field and what is wrong."""


def plan_from(document: bytes, name: str) -> Plan:
    """One plan from its JSON document. Raises PlanUnusable."""
    try:
        plan = msgspec.json.decode(document, type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PlanUnusable(f"{name}: {error}") from None
    wrong = [f"{field} {sentence}" for field, sentence in faults(plan)]
    if wrong:
        raise PlanUnusable(f"{name}: {'; '.join(wrong)}")
    return plan


def read_plans(folder: Path = FOLDER) -> dict[tuple[str, int], Plan]:
    """Every plan by code and version. Raises PlanUnusable for a file of another shape, or two of one version."""
    return {key: plan for key, (plan, _) in _read(folder).items()}


def _read(folder: Path) -> dict[tuple[str, int], tuple[Plan, str]]:
    """Every plan and its file's SHA-256, as `sha256sum` prints it: an auditor needs no tool of ours."""
    found: dict[tuple[str, int], tuple[Plan, str]] = {}
    for path in sorted(folder.glob("*.json")):
        document = path.read_bytes()
        plan = plan_from(document, path.name)
        if (plan.code, plan.version) in found:
            raise PlanUnusable(f"{path.name}: version {plan.version} of {plan.code} stands in another file too")
        found[plan.code, plan.version] = (plan, hashlib.sha256(document).hexdigest())
    return found


_FILES = _read(FOLDER)
PLANS = {key: plan for key, (plan, _) in _FILES.items()}
DIGESTS = {key: sha256 for key, (_, sha256) in _FILES.items()}


def plan_of(code: str, version: int) -> Plan:
    """The rules that a cover was granted under. Raises Problem plan-unknown."""
    plan = PLANS.get((code, version))
    if plan is None:
        raise Problem(409, "plan-unknown", "The rules of this plan's version are not known here.", "plan")
    return plan


def plans_of_period(period: str) -> list[str]:
    """The codes of all plans whose period begins in a year. Raises Problem period-unknown."""
    codes = sorted({code for (code, _), plan in PLANS.items() if plan.period_start[:4] == period})
    if not codes:
        raise Problem(404, "period-unknown", "No plan's period begins in this year.", "period")
    return codes
