"""Quiet hours: nobody is woken by a notice (domain 9.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The law's one time zone; without summer time in every year the platform can live in."""


@dataclass(frozen=True)
class QuietHours:
    """From hour `starts_h` of one day to hour `ends_h`, local time; equal hours mean there are none."""

    starts_h: int = 21
    ends_h: int = 8

    def covers(self, moment: datetime) -> bool:
        """Whether an aware moment lies inside; the first moment is quiet, the last is not."""
        hour = moment.astimezone(SHANGHAI).hour
        if self.starts_h <= self.ends_h:
            return self.starts_h <= hour < self.ends_h
        return hour >= self.starts_h or hour < self.ends_h

    def release(self, moment: datetime) -> datetime:
        """When a notice decided at `moment` may go out, in UTC: at once, or when the quiet hours end."""
        if not self.covers(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(SHANGHAI)
        ends = datetime.combine(local.date(), time(self.ends_h), SHANGHAI)
        return (ends if ends > local else ends + timedelta(days=1)).astimezone(UTC)

    def morning_after(self, day: date) -> datetime:
        """When the quiet hours of the night after a day end, in UTC."""
        return datetime.combine(day + timedelta(days=1), time(self.ends_h), SHANGHAI).astimezone(UTC)
