"""Working days: weekends and holidays out, the Saturdays worked instead in; unknown years have their weekdays."""

from __future__ import annotations

from datetime import date

from claims.intake.working_days import DECISION, after_working_days, due_days, is_known, works_on
from tests.claims.material import PLAN


def test_holidays_are_out_and_saturdays_worked_instead_are_in() -> None:
    assert not works_on(date(2022, 10, 3))
    assert works_on(date(2022, 10, 8))
    assert not works_on(date(2022, 10, 15))


def test_days_are_counted_over_a_holiday() -> None:
    assert after_working_days(date(2022, 9, 29), 2) == date(2022, 10, 8)
    assert after_working_days(date(2022, 9, 29), 0) == date(2022, 9, 29)


def test_a_year_that_the_calendar_does_not_know_has_its_weekdays() -> None:
    assert works_on(date(2090, 10, 3))
    assert not works_on(date(2090, 10, 1))
    assert is_known(date(2022, 1, 1))
    assert not is_known(date(2090, 1, 1))


def test_every_step_and_the_whole_have_their_day() -> None:
    due = due_days(PLAN.procedure, date(2022, 6, 1))
    assert due["OFFICE_REVIEW"] == "2022-06-06"
    assert due[DECISION] == "2022-06-16"
