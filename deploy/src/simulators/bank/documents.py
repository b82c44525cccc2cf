"""How the bank reads an order and what its answers look like: one shape for ISO 20022, one for plain CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from simulators.bank.book import Day, Payment, Told

ACCOUNT = "main"
BANK_NAME = "模拟银行"


class Unreadable(Exception):
    """An order that cannot be read, or whose control totals do not agree."""


@dataclass(frozen=True)
class Order:
    """A batch as it was read, with its control totals proven."""

    batch_id: str
    payments: tuple[Payment, ...]


class Dialect(Protocol):
    """One way of writing what a bank and its customer tell each other."""

    media_type: str

    def order(self, document: bytes) -> Order:
        """Read a batch. Raises Unreadable."""
        ...

    def receipt(self, batch_id: str, reference: str, now: str) -> bytes:
        """The bank has the batch."""
        ...

    def refusal(self, batch_id: str, reason: str, now: str) -> bytes:
        """The bank takes nothing of the batch."""
        ...

    def message(self, told: Told, now: str) -> tuple[str, bytes]:
        """What was told, and the kind of its document."""
        ...

    def day(self, day: Day, now: str) -> bytes:
        """The statement of a day."""
        ...


def fen_of(text: str) -> int:
    """An amount with at most two decimals, in fen. Raises Unreadable."""
    yuan, _, cents = text.strip().partition(".")
    if not (yuan.isascii() and yuan.isdigit() and len(cents) <= 2 and (not cents or cents.isdigit())):
        raise Unreadable("An amount has at most two decimals.")
    return int(yuan) * 100 + int(cents.ljust(2, "0") or "0")


def yuan(fen: int) -> str:
    """Two decimals; negative with a minus."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def proven(batch_id: str, payments: list[Payment], count: str, total: str) -> Order:
    """An order whose header says what its lines say. Raises Unreadable."""
    if count.strip() != str(len(payments)) or fen_of(total) != sum(one.amount_fen for one in payments):
        raise Unreadable("The control totals do not agree.")
    if not batch_id or len({one.end_to_end_id for one in payments}) < len(payments):
        raise Unreadable("A batch has an id, and each of its payments another.")
    return Order(batch_id, tuple(payments))
