"""The bank's misbehaviour: planned by a test, played so many times, every hit on record."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date

SCHEMA = """
CREATE TABLE IF NOT EXISTS fault (
    fault_no INTEGER PRIMARY KEY, kind TEXT NOT NULL, matches TEXT NOT NULL, times INTEGER NOT NULL,
    delay_ms INTEGER NOT NULL, delay_days INTEGER NOT NULL, reason TEXT NOT NULL, hits INTEGER NOT NULL DEFAULT 0,
    began_on TEXT NOT NULL DEFAULT '');
"""
COLUMNS = "fault_no, kind, matches, times, delay_ms, delay_days, reason, hits, began_on"


@dataclass(frozen=True)
class Fault:
    """A misbehaviour still to play `times` times, on an end-to-end id, a card suffix or (empty) anything."""

    fault_no: int
    kind: str
    matches: str
    times: int
    delay_ms: int
    delay_days: int
    reason: str
    hits: int
    began_on: str


class Faults:
    """The faults of one bank, kept in its file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Over the bank's connection."""
        self._db = db
        self._db.executescript(SCHEMA)

    def plan(self, kind: str, matches: str, times: int, delay_ms: int, delay_days: int, reason: str) -> None:
        """Misbehave so, `times` times."""
        self._db.execute(
            "INSERT INTO fault (kind, matches, times, delay_ms, delay_days, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (kind, matches, times, delay_ms, delay_days, reason),
        )

    def all(self) -> list[Fault]:
        """Every fault ever planned, with how often it has hit."""
        return [Fault(*row) for row in self._db.execute(f"SELECT {COLUMNS} FROM fault ORDER BY fault_no")]  # noqa: S608

    def forget(self) -> None:
        """Behave from now on; the hits stay on record."""
        self._db.execute("UPDATE fault SET times = hits, began_on = ''")

    def play(self, kind: str, *subjects: str) -> Fault | None:
        """The next fault of a kind that matches one of the subjects, counted as hit; None when there is none."""
        for fault in self._due(kind, *subjects):
            self._db.execute("UPDATE fault SET hits = hits + 1 WHERE fault_no = ?", (fault.fault_no,))
            return fault
        return None

    def down_on(self, today: date) -> bool:
        """Whether the bank is down for the whole of this business day: from its first caller on."""
        for fault in self.all():
            if fault.kind == "down_day" and fault.began_on == today.isoformat():
                return True
        for fault in self._due("down_day"):
            self._db.execute(
                "UPDATE fault SET hits = hits + 1, began_on = ? WHERE fault_no = ?",
                (today.isoformat(), fault.fault_no),
            )
            return True
        return False

    def _due(self, kind: str, *subjects: str) -> list[Fault]:
        return [
            fault
            for fault in self.all()
            if fault.kind == kind and fault.hits < fault.times and (not fault.matches or fault.matches in subjects)
        ]
