"""The bank's own book in one SQLite file: batches taken, payments booked, statement lines, faults to play."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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

SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (batch_id TEXT PRIMARY KEY, digest TEXT NOT NULL, reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    payment_no INTEGER PRIMARY KEY, batch_id TEXT NOT NULL, end_to_end_id TEXT NOT NULL, card_suffix TEXT NOT NULL,
    amount_fen INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS payment_end_to_end ON payment (end_to_end_id);
CREATE TABLE IF NOT EXISTS booking (
    booking_no INTEGER PRIMARY KEY, end_to_end_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, kind TEXT NOT NULL,
    reference TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS waiting (
    waiting_no INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, end_to_end_id TEXT NOT NULL, outcome TEXT NOT NULL,
    reason TEXT NOT NULL, reference TEXT NOT NULL, amount_fen INTEGER NOT NULL, booked_on TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS line (
    line_no INTEGER PRIMARY KEY, end_to_end_id TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
    reference TEXT NOT NULL, amount_fen INTEGER NOT NULL, booked_on TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS line_end_to_end ON line (end_to_end_id);
CREATE TABLE IF NOT EXISTS fault (
    fault_no INTEGER PRIMARY KEY, kind TEXT NOT NULL, matches TEXT NOT NULL, times INTEGER NOT NULL,
    delay_ms INTEGER NOT NULL, reason TEXT NOT NULL, hits INTEGER NOT NULL DEFAULT 0);
"""


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
    """One statement line: BOOKED, REJECTED before booking, or RETURNED after it. Lines count from 1."""

    line: int
    end_to_end_id: str
    outcome: str
    reason: str
    reference: str
    amount_fen: int
    booked_on: str


@dataclass(frozen=True)
class Fault:
    """A misbehaviour still to play `times` times, on an end-to-end id, a card suffix or (empty) anything."""

    fault_no: int
    kind: str
    matches: str
    times: int
    delay_ms: int
    reason: str
    hits: int


class BatchDiffers(Exception):
    """A batch id comes again with other content."""


class Book:
    """Everything the bank knows. One process, one connection; every public call is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def take(self, batch_id: str, digest: str, payments: list[Payment], now_ms: int, today: str) -> str:
        """Take a batch once and book its payments; the reference. Raises BatchDiffers."""
        with self._transaction():
            known = self._db.execute("SELECT digest, reference FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
            if known is not None:
                if known[0] != digest:
                    raise BatchDiffers(batch_id)
                return str(known[1])
            reference = f"BATCH-{self._count('batch') + 1:08d}"
            self._db.execute("INSERT INTO batch VALUES (?, ?, ?)", (batch_id, digest, reference))
            for payment in payments:
                self._pay(batch_id, payment, now_ms, today)
            return reference

    def reference_of(self, batch_id: str) -> str | None:
        """The reference of a batch, when the bank has it."""
        row = self._db.execute("SELECT reference FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
        return None if row is None else str(row[0])

    def statement(self, after: int, limit: int, now_ms: int) -> list[Line]:
        """Lines after a line number; what has become due is written first."""
        with self._transaction():
            self._write_due(now_ms)
            rows = self._db.execute("SELECT * FROM line WHERE line_no > ? ORDER BY line_no LIMIT ?", (after, limit))
            return [Line(*row) for row in rows]

    def results(self, end_to_end_id: str, now_ms: int) -> tuple[int, list[Line]] | None:
        """The amount of a payment and its statement lines so far; None when the bank does not know it."""
        with self._transaction():
            self._write_due(now_ms)
            payment = self._db.execute(
                "SELECT amount_fen FROM payment WHERE end_to_end_id = ? ORDER BY payment_no", (end_to_end_id,)
            ).fetchone()
            if payment is None:
                return None
            rows = self._db.execute("SELECT * FROM line WHERE end_to_end_id = ? ORDER BY line_no", (end_to_end_id,))
            return int(payment[0]), [Line(*row) for row in rows]

    def ledger(self) -> dict[str, dict[str, int]]:
        """The oracle: per end-to-end id how often and how much was booked, and how much came back."""
        rows = self._db.execute(
            "SELECT end_to_end_id, sum(kind = 'BOOKED'), sum(iif(kind = 'BOOKED', amount_fen, 0)),"
            " sum(iif(kind = 'RETURNED', amount_fen, 0)) FROM booking GROUP BY end_to_end_id ORDER BY end_to_end_id"
        )
        return {row[0]: {"bookings": row[1], "booked_fen": row[2], "returned_fen": row[3]} for row in rows}

    def plan_fault(self, kind: str, matches: str, times: int, delay_ms: int, reason: str) -> None:
        """Misbehave so, `times` times."""
        self._db.execute(
            "INSERT INTO fault (kind, matches, times, delay_ms, reason) VALUES (?, ?, ?, ?, ?)",
            (kind, matches, times, delay_ms, reason),
        )

    def faults(self) -> list[Fault]:
        """Every fault ever planned, with how often it has hit."""
        rows = self._db.execute(
            "SELECT fault_no, kind, matches, times, delay_ms, reason, hits FROM fault ORDER BY fault_no"
        )
        return [Fault(*row) for row in rows]

    def forget_faults(self) -> None:
        """Behave from now on; the hits stay on record."""
        self._db.execute("UPDATE fault SET times = hits")

    def play(self, kind: str, *subjects: str) -> Fault | None:
        """The next fault of a kind that matches one of the subjects, counted as hit; None when there is none."""
        for fault in self.faults():
            if fault.kind == kind and fault.hits < fault.times and (not fault.matches or fault.matches in subjects):
                self._db.execute("UPDATE fault SET hits = hits + 1 WHERE fault_no = ?", (fault.fault_no,))
                return fault
        return None

    def _pay(self, batch_id: str, payment: Payment, now_ms: int, today: str) -> None:
        subjects = (payment.end_to_end_id, payment.card_suffix)
        self._db.execute(
            "INSERT INTO payment (batch_id, end_to_end_id, card_suffix, amount_fen) VALUES (?, ?, ?, ?)",
            (batch_id, payment.end_to_end_id, payment.card_suffix, payment.amount_fen),
        )
        late = self.play("delay", *subjects)
        due_ms = now_ms + (late.delay_ms if late else 0)
        refusal = self.play("reject", *subjects)
        reason = refusal.reason if refusal else CARD_SUFFIXES.get(payment.card_suffix, "")
        told = [("REJECTED", reason)] if reason else [("BOOKED", "")]
        if self.play("contradict", *subjects):
            told.append(("BOOKED", "") if reason else ("REJECTED", "ACCOUNT_FROZEN"))
        if self.play("duplicate", *subjects):
            told = [line for line in told for _ in range(2)]
        if not reason:
            self._book(payment, "BOOKED")
            back = self.play("return_after_booking", *subjects)
            if back:
                self._book(payment, "RETURNED")
                told.append(("RETURNED", back.reason or "ACCOUNT_CLOSED"))
        for outcome, why in told:
            reference = f"{outcome}-{payment.end_to_end_id[:12]}"
            self._db.execute(
                "INSERT INTO waiting (due_ms, end_to_end_id, outcome, reason, reference, amount_fen, booked_on)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (due_ms, payment.end_to_end_id, outcome, why, reference, payment.amount_fen, today),
            )

    def _book(self, payment: Payment, kind: str) -> None:
        """Booked as often as it is asked for: the oracle must show a payment that was sent twice."""
        reference = f"{kind}-{payment.end_to_end_id[:12]}"
        self._db.execute(
            "INSERT INTO booking (end_to_end_id, amount_fen, kind, reference) VALUES (?, ?, ?, ?)",
            (payment.end_to_end_id, payment.amount_fen, kind, reference),
        )

    def _write_due(self, now_ms: int) -> None:
        """Statement lines are numbered when they appear, so a reader's cursor never passes a late one."""
        self._db.execute(
            "INSERT INTO line (end_to_end_id, outcome, reason, reference, amount_fen, booked_on)"
            " SELECT end_to_end_id, outcome, reason, reference, amount_fen, booked_on FROM waiting"
            " WHERE due_ms <= ? ORDER BY waiting_no",
            (now_ms,),
        )
        self._db.execute("DELETE FROM waiting WHERE due_ms <= ?", (now_ms,))

    def _count(self, table: str) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  a literal

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
