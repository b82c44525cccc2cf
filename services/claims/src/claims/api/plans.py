"""The plans' rules, read once from the data files beside the code."""

from __future__ import annotations

from pathlib import Path

import msgspec

from chassis.web import Problem
from claims.domain.plan import Plan

FOLDER = Path(__file__).parent.parent / "plans"


def read_plans(folder: Path = FOLDER) -> dict[tuple[str, int], Plan]:
    """Every plan by code and version. Raises msgspec.ValidationError for a file of another shape."""
    plans = [msgspec.json.decode(path.read_bytes(), type=Plan) for path in sorted(folder.glob("*.json"))]
    return {(plan.code, plan.version): plan for plan in plans}


PLANS = read_plans()


def plan_of(code: str, version: int) -> Plan:
    """The rules that a cover was granted under. Raises Problem plan-unknown."""
    plan = PLANS.get((code, version))
    if plan is None:
        raise Problem(409, "plan-unknown", "The rules of this plan's version are not known here.", "plan")
    return plan
