"""When missing papers are reminded of: each day of a list once, counted from the asking (domain 4.2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta


def day_due(asked_on: str, remind_days: Collection[int], reminded: Collection[int], today: str) -> int:
    """The latest day of the list that has passed and was not reminded of, 0 for none; dates are ISO."""
    passed = (date.fromisoformat(today) - date.fromisoformat(asked_on)).days
    last = max(reminded, default=0)
    return max((day for day in remind_days if last < day <= passed), default=0)


def next_on(asked_on: str, remind_days: Collection[int], reminded: Collection[int], due_on: str) -> str:
    """The ISO date of the next reminder, or of the day after the last day."""
    last = max(reminded, default=0)
    left = [day for day in remind_days if day > last]
    if left:
        return (date.fromisoformat(asked_on) + timedelta(days=min(left))).isoformat()
    return day_after(due_on)


def day_after(due_on: str) -> str:
    """The first day on which a last day is over."""
    return (date.fromisoformat(due_on) + timedelta(days=1)).isoformat()
