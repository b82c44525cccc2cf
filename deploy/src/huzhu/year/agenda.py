"""What is to be done on which day: every step of every claim waits here for its working day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from enum import IntEnum

from claims.intake.working_days import works_on

Action = Callable[[date], Awaitable[None]]


class Hour(IntEnum):
    """When in the day, business time in Lanzhou; what is written at one is read at the next."""

    MORNING = 9
    NOON = 11
    AFTERNOON = 15


class Agenda:
    """Actions by day and hour. Those of one hour go on at the same time: no two of them may be of one claim."""

    def __init__(self, first: date) -> None:
        """Nothing is done before `first`."""
        self._first = first
        self._days: dict[date, dict[Hour, list[Action]]] = defaultdict(lambda: defaultdict(list))

    def put(self, day: date, hour: Hour, action: Action) -> None:
        """On that day, or on the first working day after it."""
        day = max(day, self._first)
        while not works_on(day):
            day += timedelta(days=1)
        self._days[day][hour].append(action)

    def take(self, day: date, hour: Hour) -> list[Action]:
        """What is to be done now; it is taken off."""
        return self._days[day].pop(hour, []) if day in self._days else []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not any(actions for hours in self._days.values() for actions in hours.values())


def later(day: date, days: int) -> date:
    """So many days later, on a working day."""
    day += timedelta(days=days)
    while not works_on(day):
        day += timedelta(days=1)
    return day
