"""Rows for the tests of enrolment, made at run time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

from enrolment.domain.plan import Plan, plans
from enrolment.domain.row import Checked, Rules
from enrolment.domain.survey import Survey
from huzhu.synthetic import people
from huzhu.synthetic.people import Person

PLAN_CODE = "GS-NEF-2022"
TODAY = date(2021, 12, 31)
START = date(2022, 1, 1)


def the_plan() -> Plan:
    return plans()[PLAN_CODE]


def worker(seed: int = 1, born: date | None = None, **fields: str) -> Person:
    """A faultless worker of 山丹 with a union code left empty."""
    draw = random.Random(f"worker-{seed}")
    some = replace(people.person(draw, START), division_code="620725", union_code="")
    number = people.id_number(draw, born or date(1985, 5, 20), region="620725")
    return replace(some, **{"name": "张三", "mobile": people.mobile(draw), "id_no": number, **fields})


def rules(sender: str = "620000") -> Rules:
    return Rules.of(the_plan(), sender, TODAY)


def judged(*rows: Person, sender: str = "620000") -> list[Checked]:
    cells = [row.cells() for row in rows]
    survey = Survey.of(cells, rules(sender))
    return [survey.judge(row_no, each) for row_no, each in enumerate(cells, 1)]
