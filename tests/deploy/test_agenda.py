"""What is to be done on which day: on working days only, each thing once, nothing before the year begins."""

from __future__ import annotations

from datetime import date

from huzhu.year.agenda import Agenda, Hour, later
from huzhu.year.desk import reviewing

FIRST = date(2022, 1, 4)
SPRING_FESTIVAL = date(2022, 1, 31)


async def nothing(day: date) -> None:
    assert day


def test_what_falls_on_a_holiday_is_done_on_the_next_working_day_and_taken_once() -> None:
    agenda = Agenda(FIRST)
    agenda.put(SPRING_FESTIVAL, Hour.NOON, nothing)
    assert agenda.take(SPRING_FESTIVAL, Hour.NOON) == []
    assert agenda.take(date(2022, 2, 7), Hour.NOON) == [nothing]
    assert agenda.is_empty


def test_nothing_is_done_before_the_first_day_or_at_another_hour() -> None:
    agenda = Agenda(FIRST)
    agenda.put(date(2021, 12, 1), Hour.MORNING, nothing)
    assert agenda.take(FIRST, Hour.NOON) == []
    assert not agenda.is_empty
    assert agenda.take(FIRST, Hour.MORNING) == [nothing]


def test_a_saturday_that_is_worked_instead_counts() -> None:
    assert later(date(2022, 1, 28), 1) == date(2022, 1, 29)
    assert later(SPRING_FESTIVAL, 0) == date(2022, 2, 7)


def test_a_union_of_a_prefecture_without_counties_reviews_below_the_prefecture() -> None:
    assert reviewing(["620200", "6202001000001"]) == {"CITY_REVIEW": "620200", "UNIT_REVIEW": "6202001000001"}
    assert reviewing(["620700", "620725"]) == {"CITY_REVIEW": "620700", "COUNTY_REVIEW": "620725"}
