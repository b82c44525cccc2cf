"""What the provider has taken and delivered, in one SQLite file: the oracle of who was told what."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, mobile TEXT NOT NULL, text TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS receipt (number INTEGER PRIMARY KEY, message_id TEXT NOT NULL, status TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS receipt_message ON receipt (message_id);
"""


@dataclass(frozen=True)
class Arrival:
    """One message as it reached a phone; `attempts` counts how often it was handed in."""

    number: int
    message_id: str
    mobile: str
    text: str
    attempts: int


@dataclass(frozen=True)
class Receipt:
    """The fate of a message: DELIVRD or UNDELIV. Receipts count from 1."""

    number: int
    message_id: str
    status: str


class MessageDiffers(Exception):
    """The id was used for another message."""


class Box:
    """The provider's records."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def take(self, message_id: str, mobile: str, text: str) -> tuple[int, bool]:
        """The message's number, and whether it is new. Raises MessageDiffers."""
        row = self._db.execute(
            "SELECT number, mobile, text FROM message WHERE message_id = ?", (message_id,)
        ).fetchone()
        if row is None:
            cursor = self._db.execute(
                "INSERT INTO message (message_id, mobile, text) VALUES (?, ?, ?)", (message_id, mobile, text)
            )
            return int(cursor.lastrowid or 0), True
        if (row[1], row[2]) != (mobile, text):
            raise MessageDiffers
        self._db.execute("UPDATE message SET attempts = attempts + 1 WHERE number = ?", (row[0],))
        return int(row[0]), False

    def deliver(self, message_id: str, status: str) -> None:
        """Note a receipt."""
        self._db.execute("INSERT INTO receipt (message_id, status) VALUES (?, ?)", (message_id, status))

    def arrivals(self, mobile: str, after: int, limit: int) -> list[Arrival]:
        """Messages after a number, to one mobile or to all."""
        rows = self._db.execute(
            "SELECT number, message_id, mobile, text, attempts FROM message"
            " WHERE number > ? AND (? = '' OR mobile = ?) ORDER BY number LIMIT ?",
            (after, mobile, mobile, limit),
        )
        return [Arrival(*row) for row in rows]

    def count(self) -> int:
        """How many messages were taken."""
        return int(self._db.execute("SELECT count(*) FROM message").fetchone()[0])

    def receipts(self, message_id: str, after: int, limit: int) -> list[Receipt]:
        """Receipts after a number, of one message or of all."""
        rows = self._db.execute(
            "SELECT number, message_id, status FROM receipt"
            " WHERE number > ? AND (? = '' OR message_id = ?) ORDER BY number LIMIT ?",
            (after, message_id, message_id, limit),
        )
        return [Receipt(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()
