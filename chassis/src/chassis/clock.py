"""Time and identity: the only place that reads the machine's clock or makes ids."""

from __future__ import annotations

import json
import os
import secrets
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Business time: what commands are decided by. Always aware, in UTC."""

    def now(self) -> datetime:
        """The business time."""
        ...

    def today(self) -> date:
        """The business date in Asia/Shanghai."""
        ...


def real_now() -> datetime:
    """The machine's time in UTC, for leases, expiry and latency; never for a business rule."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as it stands in events."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The moment an RFC 3339 text names."""
    return datetime.fromisoformat(text)


def local_day(moment: datetime) -> date:
    """The date in Asia/Shanghai at a moment."""
    return moment.astimezone(SHANGHAI).date()


def local_text(text: str) -> str:
    """An RFC 3339 text as RFC 3339 with +08:00 to the second, for people."""
    return from_text(text).astimezone(SHANGHAI).isoformat(timespec="seconds")


class SystemClock:
    """Business time is the machine's time."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return real_now()

    def today(self) -> date:
        """The machine's date in Asia/Shanghai."""
        return local_day(self.now())


class FixedClock(SystemClock):
    """Business time stands still until it is moved."""

    def __init__(self, moment: datetime) -> None:
        """Start at an aware moment."""
        self._moment = moment

    def now(self) -> datetime:
        """The moment it stands at."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Stand at another moment."""
        self._moment = moment

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._moment += by


class SteeredClock(SystemClock):
    """Business time as a file sets it, running on from there; without the file, the machine's time."""

    def __init__(self, path: Path) -> None:
        """Watch `path`; it may come and go."""
        self._path = path
        self._stamp = -1
        self._shift = timedelta()

    def now(self) -> datetime:
        """The steered time in UTC."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return real_now()
        if stamp != self._stamp:
            setting = json.loads(self._path.read_text(encoding="utf-8"))
            self._shift = from_text(setting["business"]) - from_text(setting["set_at"])
            self._stamp = stamp
        return real_now() + self._shift


def steer(path: Path, business: datetime) -> None:
    """Set the business time of every process that watches `path`."""
    setting = {"business": utc_text(business), "set_at": utc_text(real_now())}
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(setting), encoding="utf-8")
    fresh.replace(path)


def new_id() -> str:
    """A UUIDv7: 48 bits of milliseconds, then random, as lower-case text."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
