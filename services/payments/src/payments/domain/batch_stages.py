"""A bank batch in every stage, and how its events fold."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.payments.bank import BatchCancelled, BatchPartlyDone, BatchReconciled, BatchRefused
from contracts.payments.owing import BatchApproved
from contracts.payments.v1 import BatchChecked, BatchDrafted, BatchSent, BatchSigned


@dataclass(frozen=True)
class Absent:
    """No such batch."""


@dataclass(frozen=True)
class Drafted:
    """Gathered by its maker, waiting for a second person; `approved_by` agreed to it above the limit."""

    drafted: BatchDrafted
    approved_by: str = ""


@dataclass(frozen=True)
class Checked:
    """Checked by a second person, waiting for a third."""

    drafted: BatchDrafted
    checked_by: str
    approved_by: str = ""


@dataclass(frozen=True)
class Signed:
    """Released; the file of this digest may be sent."""

    drafted: BatchDrafted
    checked_by: str
    signed_by: str
    file_sha256: str


@dataclass(frozen=True)
class Sent:
    """The bank has it."""

    drafted: BatchDrafted
    checked_by: str
    signed_by: str
    file_sha256: str
    bank_reference: str


@dataclass(frozen=True)
class PartlyDone:
    """Some of its payments have come to an end."""

    sent: Sent

    @property
    def drafted(self) -> BatchDrafted:
        """What was gathered."""
        return self.sent.drafted


@dataclass(frozen=True)
class Reconciled:
    """All of its payments have an end on which ledger, batch and statement agree."""

    sent: Sent

    @property
    def drafted(self) -> BatchDrafted:
        """What was gathered."""
        return self.sent.drafted


@dataclass(frozen=True)
class Cancelled:
    """Over before the bank had it."""

    drafted: BatchDrafted
    by: str


@dataclass(frozen=True)
class Refused:
    """Over: the bank did not take its file."""

    drafted: BatchDrafted
    reason: str


Alive = Absent | Drafted | Checked | Signed | Sent | PartlyDone | Reconciled
Over = Cancelled | Refused
Batch = Alive | Over
BatchEvent = (
    BatchDrafted
    | BatchApproved
    | BatchChecked
    | BatchSigned
    | BatchSent
    | BatchPartlyDone
    | BatchReconciled
    | BatchCancelled
    | BatchRefused
)


def evolve(batch: Batch, event: BatchEvent) -> Batch:
    """The batch after an event."""
    match event, batch:
        case BatchDrafted(), _:
            return Drafted(event)
        case BatchApproved(), Drafted(drafted):
            return Drafted(drafted, event.by)
        case BatchApproved(), Checked(drafted, checked_by):
            return Checked(drafted, checked_by, event.by)
        case BatchChecked(), Drafted(drafted, approved_by):
            return Checked(drafted, event.by, approved_by)
        case BatchSigned(), Checked(drafted, checked_by):
            return Signed(drafted, checked_by, event.by, event.file_sha256)
        case BatchSent(), Signed(drafted, checked_by, signed_by, file_sha256):
            return Sent(drafted, checked_by, signed_by, file_sha256, event.bank_reference)
        case BatchPartlyDone(), Sent():
            return PartlyDone(batch)
        case BatchReconciled(), PartlyDone(sent):
            return Reconciled(sent)
        case BatchCancelled(by=by), Drafted(drafted) | Checked(drafted) | Signed(drafted):
            return Cancelled(drafted, by)
        case BatchRefused(reason=reason), Signed(drafted):
            return Refused(drafted, reason)
        case _:
            raise ValueError("A batch is drafted, checked, signed, sent, partly done and reconciled, in this order.")
