"""What happens to synthetic members: equal for equal seeds, as often as the data say, to the living only."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

from huzhu.synthetic.people import Person, person
from huzhu.year.incidence import DEATHS, INPATIENT, WAITING_ENDS, cases_of, read_incidence

DATA = read_incidence()
PEOPLE = 20_000


def people(count: int = PEOPLE) -> list[Person]:
    draw = random.Random("incidence")
    return [person(draw, date(2022, 1, 1)) for _ in range(count)]


def test_equal_seeds_give_equal_cases_and_others_give_others() -> None:
    some = people(2_000)
    assert cases_of(some, 1, DATA) == cases_of(some, 1, DATA)
    assert cases_of(some, 1, DATA) != cases_of(some, 2, DATA)


def test_nothing_happens_to_somebody_after_the_death() -> None:
    died: dict[str, date] = {}
    for case in cases_of(people(), 3, DATA):
        assert case.member.id_no not in died or case.happened_on < died[case.member.id_no]
        if case.kind in DEATHS:
            died[case.member.id_no] = case.happened_on
    assert died


def test_stays_are_as_frequent_as_the_data_say_and_happen_before_they_are_filed() -> None:
    cases = cases_of(people(), 4, DATA)
    stays = [case for case in cases if case.kind == INPATIENT]
    # Between the youngest band's and the oldest's rate, whoever the people are.
    rates = DATA.hospital_per_1000_months.values()
    months = sum(DATA.month_factors) * PEOPLE / 1_000
    assert min(rates) * months * 0.8 < len(stays) < max(rates) * months * 1.2
    for case in cases:
        assert case.happened_on <= case.ended_on
        assert case.files_on is None or case.files_on > case.ended_on
    early = [case for case in stays if case.happened_on < WAITING_ENDS]
    assert sum(case.files_on is not None for case in early) < len(early) / 4


def test_every_assumption_has_its_provenance() -> None:
    told = Counter(DATA.provenance)
    assert {"hospital_per_1000_months", "month_factors", "self_pay_yuan", "per_100000_years", "conduct"} <= told.keys()
    assert len(DATA.month_factors) == 12
