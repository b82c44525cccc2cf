"""Plans of enrolment are data: the shipped ones, another that is only a file, and what is said of a wrong one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from claims.api.plans import PLANS
from enrolment.domain.plan import PlanUnusable, plans, read_plans

SHARED = ("name", "contribution_fen", "seats", "shares_per_person_max", "age_min", "age_max", "run_off_days")


def document(**changes: Any) -> str:
    text = (files("enrolment") / "plans" / "GS-NEF-2022.json").read_text(encoding="utf-8")
    told = {**json.loads(text), **changes}
    return json.dumps({name: value for name, value in told.items() if value is not None})


def test_enrolment_and_claims_know_the_same_plans() -> None:
    assert {(plan.code, plan.version) for plan in plans().values()} == set(PLANS)
    for plan in plans().values():
        rules = PLANS[plan.code, plan.version]
        assert [getattr(plan, name) for name in SHARED] == [getattr(rules, name) for name in SHARED]
        assert (plan.period_start.isoformat(), plan.period_end.isoformat()) == (rules.period_start, rules.period_end)


def test_another_plan_is_a_file_and_nothing_else() -> None:
    plan = read_plans([("x.json", document(code="X", age_max=65))])["X"]
    assert plan.age_fits("19570101")
    assert not plans()["GS-NEF-2022"].age_fits("19570101")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seats": None}, "seats"),
        ({"period_start": None}, "period_start"),
        ({"period_start": "2022-13-01"}, "period_start"),
        ({"period_end": "2021-01-01"}, "period_end"),
        ({"age_max": "60"}, "age_max"),
        ({"seats": 0}, "seats"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name_and_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PlanUnusable) as refused:
        read_plans([("wrong.json", document(**changes))])
    assert "wrong.json" in str(refused.value)
    assert field in str(refused.value)


def test_two_files_of_one_code_are_refused() -> None:
    with pytest.raises(PlanUnusable, match=r"b\.json"):
        read_plans([("a.json", document()), ("b.json", document())])
