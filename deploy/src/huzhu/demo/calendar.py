"""Where the business clock is moved to: working days, office hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from chassis.clock import SHANGHAI

WEEKEND = (5, 6)


def office_hour(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A time of day in Lanzhou."""
    return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(UTC)


def working_day_after(day: date) -> date:
    """The next day that is not a Saturday or Sunday; public holidays are not looked at here."""
    day += timedelta(days=1)
    while day.weekday() in WEEKEND:
        day += timedelta(days=1)
    return day
