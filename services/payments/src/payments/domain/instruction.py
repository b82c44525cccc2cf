"""What a batch asks of the bank: the canonical order behind every format, and the digest of a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

PURPOSE = "互助金"
"""The purpose on the payee's statement (domain 7.1)."""


@dataclass(frozen=True)
class CreditTransfer:
    """One payment with its account open: it lives in memory, and in a file that is kept sealed. Never logged."""

    end_to_end_id: str
    claim_no: str
    amount_fen: int
    account_name: str = field(repr=False)
    card_no: str = field(repr=False)
    bank_name: str = field(default="", repr=False)
    cnaps: str = field(default="", repr=False)


@dataclass(frozen=True)
class PaymentOrder:
    """A batch as the bank is to carry it out.

    `file_no` is drawn for each file, so that the digest in the log tells nothing about what it covers. `requested_on`
    is the ISO date of execution, `made_at` an RFC 3339 time.
    """

    batch_id: str
    file_no: str
    debtor_name: str
    debtor_account: str
    debtor_bank: str
    requested_on: str
    made_at: str
    transfers: tuple[CreditTransfer, ...]

    @property
    def total_fen(self) -> int:
        """The control total."""
        return sum(transfer.amount_fen for transfer in self.transfers)

    @property
    def message_id(self) -> str:
        """The batch as the bank knows it: at most 35 characters, so a UUID stands without its hyphens."""
        return message_id(self.batch_id)


def message_id(batch_id: str) -> str:
    """The bank's name for a batch."""
    return batch_id.replace("-", "")


def yuan_text(fen: int) -> str:
    """An amount with two decimals, as files carry it."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def digest(file: bytes) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(file).hexdigest()
