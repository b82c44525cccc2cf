"""What the provider has taken and delivered, in one SQLite file: the oracle of who was told what."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY, message_id TEXT NOT NULL, mobile TEXT NOT NULL, text TEXT NOT NULL,
    day TEXT NOT NULL, fate TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 1, asked INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS message_id ON message (message_id);
CREATE INDEX IF NOT EXISTS message_mobile ON message (mobile, day);
CREATE TABLE IF NOT EXISTS receipt (number INTEGER PRIMARY KEY, message_id TEXT NOT NULL, status TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS receipt_message ON receipt (message_id);
CREATE TABLE IF NOT EXISTS template (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, asked INTEGER NOT NULL DEFAULT 0);
"""
TEMPLATE_PREFIX = "SMS_"


@dataclass(frozen=True)
class Arrival:
    """One message as it reached a phone; `attempts` counts how often it was handed in under its id."""

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


@dataclass(frozen=True)
class Detail:
    """A message of one mobile and day as the provider lists it; `asked` counts how often it was listed."""

    message_id: str
    text: str
    fate: str
    asked: int


class MessageDiffers(Exception):
    """The id was used for another message."""


class Box:
    """The provider's records."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def take(self, message_id: str, mobile: str, text: str) -> tuple[int, bool]:
        """The message's number, and whether it is new: an id is one message. Raises MessageDiffers."""
        row = self._db.execute(
            "SELECT number, mobile, text FROM message WHERE message_id = ?", (message_id,)
        ).fetchone()
        if row is None:
            return self.add(message_id, mobile, text, "", ""), True
        if (row[1], row[2]) != (mobile, text):
            raise MessageDiffers
        self._db.execute("UPDATE message SET attempts = attempts + 1 WHERE number = ?", (row[0],))
        return int(row[0]), False

    def add(self, message_id: str, mobile: str, text: str, day: str, fate: str) -> int:
        """Take a message whatever its id: the number that it gets. `fate` is what its receipt will say."""
        cursor = self._db.execute(
            "INSERT INTO message (message_id, mobile, text, day, fate) VALUES (?, ?, ?, ?, ?)",
            (message_id, mobile, text, day, fate),
        )
        return int(cursor.lastrowid or 0)

    def knows(self, message_id: str) -> bool:
        """Whether a message of this id was taken."""
        return self._db.execute("SELECT 1 FROM message WHERE message_id = ?", (message_id,)).fetchone() is not None

    def deliver(self, message_id: str, status: str) -> None:
        """Note a receipt."""
        self._db.execute("INSERT INTO receipt (message_id, status) VALUES (?, ?)", (message_id, status))

    def details(self, mobile: str, day: str) -> list[Detail]:
        """Every message to a mobile on a day, newest first; being listed is counted."""
        self._db.execute("UPDATE message SET asked = asked + 1 WHERE mobile = ? AND day = ?", (mobile, day))
        rows = self._db.execute(
            "SELECT message_id, text, fate, asked FROM message WHERE mobile = ? AND day = ? ORDER BY number DESC",
            (mobile, day),
        )
        return [Detail(*row) for row in rows]

    def count_day(self, mobile: str, day: str, text: str = "") -> int:
        """How many messages, or of one text, a mobile was sent on a day."""
        row = self._db.execute(
            "SELECT count(*) FROM message WHERE mobile = ? AND day = ? AND (? = '' OR text = ?)",
            (mobile, day, text, text),
        ).fetchone()
        return int(row[0])

    def submit(self, name: str, text: str) -> str:
        """A text to be reviewed: its code."""
        cursor = self._db.execute("INSERT INTO template (name, text) VALUES (?, ?)", (name, text))
        return f"{TEMPLATE_PREFIX}{100_000_000 + int(cursor.lastrowid or 0)}"

    def template(self, code: str) -> tuple[str, str, int] | None:
        """A text's name, the text, and how often its review was asked about before; asking is counted."""
        number = code.removeprefix(TEMPLATE_PREFIX)
        if not number.isdigit():
            return None
        key = (int(number) - 100_000_000,)
        row = self._db.execute("SELECT name, text, asked FROM template WHERE number = ?", key).fetchone()
        return (str(row[0]), str(row[1]), int(row[2])) if row else None

    def ask_review(self, code: str) -> None:
        """Count a question about a review."""
        number = int(code.removeprefix(TEMPLATE_PREFIX)) - 100_000_000
        self._db.execute("UPDATE template SET asked = asked + 1 WHERE number = ?", (number,))

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
