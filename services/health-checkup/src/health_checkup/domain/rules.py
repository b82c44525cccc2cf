"""The rules of inviting and booking, versioned plan data (domain 8.2): nothing of them is a constant in code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Priority:
    """Who is asked first: the points of what applies are added up; occupations by code."""

    age_from: int
    age_points: int
    drivers: tuple[str, ...]
    driver_points: int
    night_work: tuple[str, ...]
    night_work_points: int
    hardship_points: int
    inpatient_points: int


@dataclass(frozen=True)
class Rules:
    """One version. Times are local `HH:MM`; `wave_percent` of the free seats are invited at a time."""

    version: str
    wave_percent: int
    answer_within_h: int
    change_until: str
    closes_at: str
    first_slot: str
    ends_at: str
    slot_minutes: int
    daily_capacity: int
    quota_chunk: int
    slot_capacity_min: int
    slot_capacity_max: int
    no_shows_before_back_of_queue: int
    report_within_days: int
    cell_min: int
    fasting_hours_min: int
    pregnant_leaves_out: tuple[str, ...]
    priority: Priority

    def slot_starts(self, first: str, count: int) -> list[str]:
        """So many starts from `first` on. Raises ValueError beyond the day."""
        start = _minutes(first)
        if start + self.slot_minutes * count > DAY_MINUTES:
            raise ValueError("The slots go beyond the day.")
        return [_clock(start + self.slot_minutes * number) for number in range(count)]

    def slots_between(self, first: str, end: str) -> int:
        """How many whole slots lie between two times of a day."""
        return max((_minutes(end) - _minutes(first)) // self.slot_minutes, 0)

    def end_of(self, last_start: str) -> str:
        """The end of a slot; midnight is `24:00`."""
        return _clock(_minutes(last_start) + self.slot_minutes)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def shared_out(seats: int, slots: int) -> list[int]:
    """Seats spread over the slots as evenly as they go, the earlier slots first."""
    each, rest = divmod(seats, slots)
    return [each + (1 if number < rest else 0) for number in range(slots)]


def parse(document: str) -> Rules:
    """One rules file. Raises TypeError or ValueError for another shape."""
    fields = json.loads(document)
    priority = fields.pop("priority")
    drivers, night_work = tuple(priority.pop("drivers")), tuple(priority.pop("night_work"))
    left_out = tuple(fields.pop("pregnant_leaves_out"))
    return Rules(
        **fields, pregnant_leaves_out=left_out, priority=Priority(drivers=drivers, night_work=night_work, **priority)
    )


def _load() -> dict[str, Rules]:
    folder = resources.files("health_checkup") / "rules"
    found = [parse(entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".json")]
    return {rules.version: rules for rules in found}


RULES: Mapping[str, Rules] = _load()
FIRST_VERSION = "CHECKUP.v1"
"""Of stops from before there were campaigns."""


def rules_of(version: str) -> Rules:
    """The rules of a stop or campaign."""
    return RULES[version or FIRST_VERSION]
