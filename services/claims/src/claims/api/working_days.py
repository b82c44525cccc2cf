"""Working days of China: weekends and holidays out, the Saturdays worked instead in (domain 4.2, 12.13)."""

from __future__ import annotations

from datetime import date, timedelta

from chinese_calendar import is_workday

SATURDAY = 5


def works_on(day: date) -> bool:
    """Whether it is a working day; a year that the calendar does not know yet has its weekdays."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY


def after_working_days(day: date, days: int) -> date:
    """The day on which so many working days have passed, `day` itself not counted."""
    while days > 0:
        day += timedelta(days=1)
        days -= works_on(day)
    return day
