"""The seven paid cases: their facts alone, under the plan's rules, come to 475,000 yuan."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import msgspec
import pytest

from claims.domain.benefits import Refusal, assess, grant
from claims.domain.plan import Plan
from contracts.claims.v1 import BenefitLine, Incident
from contracts.person import Facts
from tests.claims.material import CASES, PLAN, YUAN, application, changed

FILES = sorted(CASES.glob("*.json"))
EXPECTED_YUAN = [150_000, 50_000, 50_000, 75_000, 50_000, 50_000, 50_000]


def lines_of(case: dict[str, Any], plan: Plan = PLAN) -> tuple[BenefitLine, ...]:
    question = application(
        msgspec.convert(case["incident"], Incident),
        msgspec.convert(case["facts"], Facts),
        plan=plan,
        filed_on=date.fromisoformat(case["filed_on"]),
    )
    lines = assess(question).lines
    if special := case.get("special_decision"):
        assert not lines, "a special decision is made where the rules grant nothing"
        assert set(special["evidence"]) <= set(case["documents"])
        granted = grant(question, special["benefit_code"], lines)
        assert not isinstance(granted, Refusal), granted.code
        return (granted,)
    return lines


def read() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in FILES]


def test_the_seven_cases_come_to_475_000_yuan() -> None:
    sums = [sum(line.amount_fen for line in lines_of(case)) for case in read()]
    assert sums == [yuan * YUAN for yuan in EXPECTED_YUAN]
    assert sum(sums) == 475_000 * YUAN


def test_changing_one_parameter_changes_what_the_cases_are_paid() -> None:
    plan = changed("CRITICAL_ILLNESS", amount_fen=4_000_000)
    sums = [sum(line.amount_fen for line in lines_of(case, plan)) for case in read()]
    assert sums == [yuan * YUAN for yuan in (150_000, 40_000, 40_000, 75_000, 40_000, 40_000, 40_000)]
    plan = changed("ACCIDENT_DISABILITY", base_fen=10_000_000)
    assert sum(line.amount_fen for line in lines_of(read()[3], plan)) == 5_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_case_is_facts_only(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    case = json.loads(text)
    assert not re.search(r"\d{5,}", text.replace(case["division_code"], "")), "no amount and no number of a person"
    assert "fen" not in text
    assert date.fromisoformat(case["filed_on"]) <= date(2022, 7, 31)
    shares = [heir["share_percent"] for heir in case["heirs"]]
    assert sum(shares) == (100 if case["incident"].get("died_on") else 0)
