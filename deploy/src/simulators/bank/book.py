"""The bank's own book in one SQLite file: batches taken, payments booked, its account, what it tells and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from simulators.bank.faults import Faults

CARD_SUFFIXES = {
    "990001": "NAME_MISMATCH",
    "990002": "ACCOUNT_NOT_FOUND",
    "990003": "ACCOUNT_CLOSED",
    "990004": "ACCOUNT_FROZEN",
    "990005": "ACCOUNT_DORMANT",
    "990006": "LIMIT",
    "990007": "BANK_INFO",
    "990008": "BANK_SYSTEM",
}
"""A card number that ends like this is refused with this reason (domain 7.1)."""
SUFFIX_LENGTH = 6
STATUS, ENTRIES = "status", "entries"
"""What a message is: a report on payments that were refused, or a page of the account's statement."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (batch_id TEXT PRIMARY KEY, digest TEXT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    payment_no INTEGER PRIMARY KEY, batch_id TEXT NOT NULL, end_to_end_id TEXT NOT NULL, card_suffix TEXT NOT NULL,
    amount_fen INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS payment_end_to_end ON payment (end_to_end_id);
CREATE TABLE IF NOT EXISTS booking (
    booking_no INTEGER PRIMARY KEY, end_to_end_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, kind TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    entry_no INTEGER PRIMARY KEY, day TEXT NOT NULL, end_to_end_id TEXT NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, reference TEXT NOT NULL, amount_fen INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entry_day ON entry (day);
CREATE TABLE IF NOT EXISTS waiting (
    waiting_no INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, due_on TEXT NOT NULL, batch_id TEXT NOT NULL,
    end_to_end_id TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    booked_on TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (message_no INTEGER PRIMARY KEY, kind TEXT NOT NULL, batch_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS line (
    line_no INTEGER PRIMARY KEY, message_no INTEGER NOT NULL, end_to_end_id TEXT NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, reference TEXT NOT NULL, amount_fen INTEGER NOT NULL, booked_on TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS line_end_to_end ON line (end_to_end_id);
CREATE INDEX IF NOT EXISTS line_message ON line (message_no);
"""
LINE = "line_no, end_to_end_id, outcome, reason, reference, amount_fen, booked_on"
ENTRY = "entry_no, end_to_end_id, outcome, reason, reference, amount_fen, day"


@dataclass(frozen=True)
class Payment:
    """One credit transfer of a batch, as the bank needs it."""

    end_to_end_id: str
    amount_fen: int
    card_no: str

    @property
    def card_suffix(self) -> str:
        """All that the bank keeps of the card."""
        return self.card_no[-SUFFIX_LENGTH:]


@dataclass(frozen=True)
class Line:
    """One thing told of a payment or the account; `amount_fen` is never negative, `outcome` says which way it went.

    BOOKED, RETURNED (退票), REVERSED (冲账), RECEIVED and CHARGED are entries; REJECTED is none.
    """

    number: int
    end_to_end_id: str
    outcome: str
    reason: str
    reference: str
    amount_fen: int
    booked_on: str


@dataclass(frozen=True)
class Told:
    """A message to the customer, numbered from 1: of a batch (STATUS) or of the account (ENTRIES)."""

    number: int
    kind: str
    batch_id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Day:
    """One day of the account, from its opening to its closing balance."""

    day: str
    opening_fen: int
    closing_fen: int
    lines: tuple[Line, ...]


class BatchDiffers(Exception):
    """A batch id comes again with other content."""


class Book:
    """Everything the bank knows. One process, one connection; every public call is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)
        self.faults = Faults(self._db)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def take(self, batch_id: str, digest: str, payments: list[Payment], now_ms: int, today: date) -> str:
        """Take a batch once and book its payments; the reference. Raises BatchDiffers."""
        with self._transaction():
            known = self._db.execute("SELECT digest, reference FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
            if known is not None:
                if known[0] != digest:
                    raise BatchDiffers(batch_id)
                return str(known[1])
            (count,) = self._db.execute("SELECT count(*) FROM batch").fetchone()
            reference = f"BATCH-{count + 1:08d}"
            self._db.execute("INSERT INTO batch VALUES (?, ?, ?)", (batch_id, digest, reference))
            for payment in payments:
                self._pay(batch_id, payment, now_ms, today)
            return reference

    def reference_of(self, batch_id: str) -> str | None:
        """The reference of a batch, when the bank has it."""
        row = self._db.execute("SELECT reference FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
        return None if row is None else str(row[0])

    def messages(self, after: int, limit: int, now_ms: int, today: date) -> list[Told]:
        """Messages after a number, in order; what has become due is written first."""
        with self._transaction():
            self._write_due(now_ms, today)
            rows = self._db.execute(
                "SELECT message_no, kind, batch_id FROM message WHERE message_no > ? ORDER BY message_no LIMIT ?",
                (after, limit),
            ).fetchall()
            return [Told(number, kind, batch, self._lines("message_no", number)) for number, kind, batch in rows]

    def results(self, end_to_end_id: str, now_ms: int, today: date) -> list[Told] | None:
        """What was told of a payment so far; None when the bank does not know it."""
        with self._transaction():
            self._write_due(now_ms, today)
            payment = self._db.execute(
                "SELECT batch_id FROM payment WHERE end_to_end_id = ? ORDER BY payment_no", (end_to_end_id,)
            ).fetchone()
            if payment is None:
                return None
            lines = self._lines("end_to_end_id", end_to_end_id)
            refused = tuple(line for line in lines if line.outcome == "REJECTED")
            moved = tuple(line for line in lines if line.outcome != "REJECTED")
            told = [Told(0, ENTRIES, "", moved), Told(0, STATUS, payment[0], refused)]
            return [message for message in told if message.lines]

    def days(self, after: date, now_ms: int, today: date) -> list[str]:
        """The days after a day on which the account moved, and that are over."""
        with self._transaction():
            self._write_due(now_ms, today)
            rows = self._db.execute(
                "SELECT DISTINCT day FROM entry WHERE day > ? AND day < ? ORDER BY day",
                (after.isoformat(), today.isoformat()),
            )
            return [row[0] for row in rows]

    def day(self, day: date, now_ms: int, today: date) -> Day:
        """The statement of a day; of today, as far as it has come."""
        with self._transaction():
            self._write_due(now_ms, today)
            text = day.isoformat()
            balance = (
                "SELECT coalesce(sum(iif(outcome IN ('BOOKED', 'CHARGED'), -amount_fen, amount_fen)), 0) FROM entry"
            )
            (opening,) = self._db.execute(f"{balance} WHERE day < ?", (text,)).fetchone()
            (closing,) = self._db.execute(f"{balance} WHERE day <= ?", (text,)).fetchone()
            rows = self._db.execute(f"SELECT {ENTRY} FROM entry WHERE day = ? ORDER BY entry_no", (text,))  # noqa: S608
            return Day(text, opening, closing, tuple(Line(*row) for row in rows))

    def move(self, reference: str, end_to_end_id: str, amount_fen: int, today: date) -> None:
        """The account moves without an order of the customer: money in, or (negative) out."""
        outcome = "RECEIVED" if amount_fen > 0 else "CHARGED"
        self._enter(today, end_to_end_id or reference, outcome, "", abs(amount_fen), reference)

    def ledger(self) -> dict[str, dict[str, int]]:
        """The oracle: per end-to-end id how often and how much was booked, and how much came back."""
        rows = self._db.execute(
            "SELECT end_to_end_id, sum(kind = 'BOOKED'), sum(iif(kind = 'BOOKED', amount_fen, 0)),"
            " sum(iif(kind <> 'BOOKED', amount_fen, 0)) FROM booking GROUP BY end_to_end_id ORDER BY end_to_end_id"
        )
        return {row[0]: {"bookings": row[1], "booked_fen": row[2], "returned_fen": row[3]} for row in rows}

    def _pay(self, batch_id: str, payment: Payment, now_ms: int, today: date) -> None:
        faults, subjects = self.faults, (payment.end_to_end_id, payment.card_suffix)
        self._db.execute(
            "INSERT INTO payment (batch_id, end_to_end_id, card_suffix, amount_fen) VALUES (?, ?, ?, ?)",
            (batch_id, payment.end_to_end_id, payment.card_suffix, payment.amount_fen),
        )
        if faults.play("lose", *subjects):
            return
        late = faults.play("delay", *subjects)
        refusal = faults.play("reject", *subjects)
        reason = refusal.reason if refusal else CARD_SUFFIXES.get(payment.card_suffix, "")
        told = [("REJECTED", reason)] if reason else [("BOOKED", "")]
        if faults.play("contradict", *subjects):
            told.append(("BOOKED", "") if reason else ("REJECTED", "ACCOUNT_FROZEN"))
        if faults.play("duplicate", *subjects):
            told = [line for line in told for _ in range(2)]
        if faults.play("silent", *subjects):
            told = []
        due_on = today + timedelta(days=late.delay_days if late else 0)
        for outcome, why in told:
            self._wait(batch_id, payment, outcome, why, due_on, now_ms + (late.delay_ms if late else 0), today)
        if not reason:
            self._book(payment, "BOOKED", "", today)
            self._come_back(batch_id, payment, now_ms, today)

    def _come_back(self, batch_id: str, payment: Payment, now_ms: int, today: date) -> None:
        """What was booked comes back: 退票 as money in, 冲账 as an entry that undoes the first; perhaps days later."""
        subjects = (payment.end_to_end_id, payment.card_suffix)
        for kind, outcome in (("return_after_booking", "RETURNED"), ("reverse", "REVERSED")):
            back = self.faults.play(kind, *subjects)
            if back:
                on = today + timedelta(days=back.delay_days)
                reason = back.reason or ("ACCOUNT_CLOSED" if outcome == "RETURNED" else "REVERSED_BY_BANK")
                self._wait(batch_id, payment, outcome, reason, on, now_ms, on)

    def _wait(
        self, batch_id: str, payment: Payment, outcome: str, reason: str, due_on: date, due_ms: int, booked_on: date
    ) -> None:
        self._db.execute(
            "INSERT INTO waiting (due_ms, due_on, batch_id, end_to_end_id, outcome, reason, amount_fen, booked_on)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (due_ms, due_on.isoformat(), batch_id, payment.end_to_end_id, outcome, reason, payment.amount_fen,
             booked_on.isoformat()),
        )  # fmt: skip

    def _book(self, payment: Payment, outcome: str, reason: str, day: date) -> None:
        """Booked as often as it is asked for: the oracle must show a payment that was sent twice."""
        wrong = self.faults.play("wrong_amount", payment.end_to_end_id, payment.card_suffix)
        self._db.execute(
            "INSERT INTO booking (end_to_end_id, amount_fen, kind) VALUES (?, ?, ?)",
            (payment.end_to_end_id, payment.amount_fen, outcome),
        )
        shown = payment.amount_fen + (1 if wrong else 0)
        self._enter(day, payment.end_to_end_id, outcome, reason, shown, _reference(outcome, payment.end_to_end_id))

    def _enter(self, day: date, end_to_end_id: str, outcome: str, reason: str, amount_fen: int, reference: str) -> None:
        self._db.execute(
            "INSERT INTO entry (day, end_to_end_id, outcome, reason, reference, amount_fen) VALUES (?, ?, ?, ?, ?, ?)",
            (day.isoformat(), end_to_end_id, outcome, reason, reference, amount_fen),
        )

    def _write_due(self, now_ms: int, today: date) -> None:
        """Messages are numbered when they appear, so a reader's cursor never passes a late one."""
        due = self._db.execute(
            "SELECT waiting_no, batch_id, end_to_end_id, outcome, reason, amount_fen, booked_on FROM waiting"
            " WHERE due_ms <= ? AND due_on <= ? ORDER BY waiting_no",
            (now_ms, today.isoformat()),
        ).fetchall()
        numbers: dict[tuple[str, str], int] = {}
        for waiting_no, batch_id, end_to_end_id, outcome, reason, amount_fen, booked_on in due:
            about = (STATUS, batch_id) if outcome == "REJECTED" else (ENTRIES, "")
            if about not in numbers:
                cursor = self._db.execute("INSERT INTO message (kind, batch_id) VALUES (?, ?)", about)
                numbers[about] = int(cursor.lastrowid or 0)
            self._db.execute(
                "INSERT INTO line (message_no, end_to_end_id, outcome, reason, reference, amount_fen, booked_on)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (numbers[about], end_to_end_id, outcome, reason, _reference(outcome, end_to_end_id), amount_fen,
                 booked_on),
            )  # fmt: skip
            if outcome in {"RETURNED", "REVERSED"}:
                self._book(Payment(end_to_end_id, amount_fen, ""), outcome, reason, date.fromisoformat(booked_on))
            self._db.execute("DELETE FROM waiting WHERE waiting_no = ?", (waiting_no,))

    def _lines(self, column: str, value: object) -> tuple[Line, ...]:
        rows = self._db.execute(f"SELECT {LINE} FROM line WHERE {column} = ? ORDER BY line_no", (value,))  # noqa: S608
        return tuple(Line(*row) for row in rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _reference(outcome: str, end_to_end_id: str) -> str:
    return f"{outcome}-{end_to_end_id[:12]}"
