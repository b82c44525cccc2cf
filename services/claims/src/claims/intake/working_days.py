"""Working days of China: weekends and holidays out, the Saturdays worked instead in (domain 4.2, 12.13)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import is_workday

from claims.domain.procedure import Procedure

SATURDAY = 5
DECISION = "DECISION"
ANSWERS_KEPT = 256
SPANS_KEPT = 16_384


def works_on(day: date) -> bool:
    """Whether it is a working day; a year that the calendar does not know yet has its weekdays."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY


def is_known(day: date) -> bool:
    """Whether the calendar knows the year's holidays; else due days count weekdays only, and are said to."""
    try:
        is_workday(day)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=ANSWERS_KEPT)
def after_working_days(day: date, days: int) -> date:
    """The day on which so many working days have passed, `day` itself not counted; each claim of a file asks alike."""
    while days > 0:
        day += timedelta(days=1)
        days -= works_on(day)
    return day


@lru_cache(maxsize=SPANS_KEPT)
def working_days_between(first: date, last: date) -> int:
    """How many working days have passed from one day to another, the first not counted."""
    return sum(works_on(first + timedelta(days=day)) for day in range(1, (last - first).days + 1))


def due_days(procedure: Procedure, today: date) -> dict[str, str]:
    """Until when each step is to be done if it begins today, and under DECISION the whole; ISO dates."""
    due = {step: after_working_days(today, days).isoformat() for step, days in procedure.step_workdays.items()}
    return {**due, DECISION: after_working_days(today, procedure.decision_workdays).isoformat()}
