"""The port to a bank. Whatever bank pays, this is all that payments asks of it.

A bank is an object with the calls of `Bank`. `payments.bank.http.HttpBank` is one adapter: documents over HTTP, in ISO
20022 or plain CSV, as `simulators.bank` speaks them. A real bank is another adapter behind the same calls; it turns
the bank's words into `Line` and `BankDay`, and its failures into the exceptions here. Nothing else of payments knows
how a bank is reached, and no adapter repeats a call by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from contracts.payments.bank import BankEntry

CODE = re.compile("[A-Z0-9_]{1,35}")
"""A reason that a bank gives as a code; its free words might name a payee."""


class NoAnswer(Exception):
    """The bank did not answer, or not in a way that decides anything: ask it before doing anything again."""


class Unreadable(NoAnswer):
    """The bank answered with a document that cannot be read: asked again it says the same, so people have to look."""

    def __init__(self, why: str, document: bytes) -> None:
        """`document` as the bank sent it; it may name people."""
        super().__init__(why)
        self.document = document


class BatchRefused(Exception):
    """The bank has refused this file as a whole, and carries out nothing of it. `reason` is its code."""

    def __init__(self, reason: str) -> None:
        """`reason`: a code (CODE); what a bank wrote otherwise is OTHER."""
        self.reason = reason if CODE.fullmatch(reason) else "OTHER"
        super().__init__(f"The bank refused the file: {self.reason}.")


class BatchDiffers(Exception):
    """The bank knows this batch id with another content: a person has to look."""


@dataclass(frozen=True)
class Line:
    """What a bank says of one payment. `outcome` is BOOKED, REJECTED, RETURNED (退票) or REVERSED (冲账).

    `reason` is a code of domain 7.1, `booked_on` an ISO date, `reference` the bank's own for this line: the same
    line has the same reference in a report, in an answer and in a statement.
    """

    end_to_end_id: str
    outcome: str
    reason: str
    reference: str
    amount_fen: int
    booked_on: str


@dataclass(frozen=True)
class BankMessage:
    """A status report (pain.002) or a page of the running day's statement (camt.053), numbered from 1 without a gap."""

    number: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class BankDay:
    """The statement of a finished day (camt.053): balances in fen, and every entry, ours or not."""

    day: str
    opening_fen: int
    closing_fen: int
    entries: tuple[BankEntry, ...]


class Bank(Protocol):
    """One bank account at one bank. Every call is bounded in time; every call may raise NoAnswer."""

    async def submit(self, file: bytes, file_format: str) -> str:
        """Hand in a signed file, unchanged; the bank's receipt. Raises BatchRefused, BatchDiffers.

        The message id in the file is the idempotency key: the same file again is the same batch.
        """
        ...

    async def reference_of(self, message_id: str) -> str | None:
        """Query by batch: its receipt, or None when the bank says that it has never seen it. Raises BatchRefused."""
        ...

    async def results_of(self, end_to_end_id: str) -> list[Line] | None:
        """Query by end-to-end id: what has become of it so far, or None when the bank has never seen it."""
        ...

    async def messages(self, after: int, limit: int) -> list[BankMessage]:
        """What the bank has told since a message."""
        ...

    async def days(self, after: str) -> list[str]:
        """The finished days after an ISO date on which the account moved, in order."""
        ...

    async def day(self, day: str) -> BankDay:
        """The statement of a finished day."""
        ...
