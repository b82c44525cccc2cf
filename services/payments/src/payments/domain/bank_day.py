"""A finished day of the bank account: its statement is taken in page by page, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.bank import BankDayTaken, BankEntry

PAGE_ENTRIES_MAX = 200
"""Entries of one event, which must stay within 60,000 bytes."""


@dataclass(frozen=True)
class BankDay:
    """How many pages were taken, and whether the day is whole."""

    pages: int = 0
    whole: bool = False


def evolve(day: BankDay, event: BankDayTaken) -> BankDay:
    """The day after a page."""
    return BankDay(day.pages + 1, event.last)


@dataclass(frozen=True)
class TakeDay:
    """Take in a day's statement. Balances in fen; `opening_expected_fen` is where the last taken day closed."""

    bank_account: str
    day: str
    opening_fen: int
    closing_fen: int
    entries: tuple[BankEntry, ...]
    opening_expected_fen: int | None


def day_key(bank_account: str, day: str) -> str:
    """A day of an account is one stream, for ever."""
    return f"{bank_account}-{day}"


def decide(command: TakeDay, day: BankDay) -> list[BankDayTaken]:
    """A statement adds up, and goes on where the one before it ended; a day is taken once."""
    if day.whole:
        return []
    if command.opening_fen + sum(entry.amount_fen for entry in command.entries) != command.closing_fen:
        raise Rejected("statement-does-not-add-up", "Opening balance and entries do not give the closing balance.")
    if command.opening_expected_fen is not None and command.opening_fen != command.opening_expected_fen:
        raise Rejected("statement-hole", "The day does not open where the day before it closed.")
    pages = _pages(command.entries)
    return [
        BankDayTaken(
            bank_account=command.bank_account,
            day=command.day,
            page=number,
            last=number == len(pages),
            opening_fen=command.opening_fen,
            closing_fen=command.closing_fen,
            entries=tuple(page),
        )
        for number, page in enumerate(pages, start=1)
    ]


def _pages(entries: tuple[BankEntry, ...]) -> list[Sequence[BankEntry]]:
    cut = [entries[start : start + PAGE_ENTRIES_MAX] for start in range(0, len(entries), PAGE_ENTRIES_MAX)]
    return list(cut) or [()]


BANK_DAY: Decider[TakeDay, BankDay, BankDayTaken] = Decider("bank_day", BankDay(), evolve, decide)
