"""A bank batch: drafted by a maker, checked, signed by a third person, sent once, followed to its end (domain 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.bank import BatchCancelled, BatchPartlyDone, BatchReconciled, BatchRefused
from contracts.payments.owing import BatchApproved
from contracts.payments.v1 import BatchChecked, BatchDrafted, BatchSent, BatchSigned, BatchWarning
from payments.domain.batch_stages import (
    Absent,
    Alive,
    Batch,
    BatchEvent,
    Cancelled,
    Checked,
    Drafted,
    Over,
    PartlyDone,
    Reconciled,
    Refused,
    Sent,
    Signed,
    evolve,
)

__all__ = [
    "BATCH",
    "BATCH_PAYOUTS_MAX",
    "Absent",
    "Batch",
    "BatchEvent",
    "BatchItem",
    "Cancelled",
    "Checked",
    "Drafted",
    "PartlyDone",
    "Reconciled",
    "Refused",
    "Sent",
    "Signed",
    "evolve",
]
"""What others need of a batch beside its commands, which follow."""

BATCH_PAYOUTS_MAX = 200
"""Payouts in one batch: its draft is one group of the log, and its event must stay within 60,000 bytes."""

BY_ITSELF, OVERTAKEN = "payments", "overtaken"
"""Who cancels a signed batch that must not go out any more, and why."""


@dataclass(frozen=True)
class BatchItem:
    """One payout of a batch, who approved its claim, and the bank of its card."""

    payout_id: str
    amount_fen: int
    approved_by: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    bank_code: str = ""


@dataclass(frozen=True)
class DraftBatch:
    """Gather these payouts of one plan and fund; `by` is the maker."""

    batch_id: str
    plan_code: str
    items: tuple[BatchItem, ...]
    by: str
    fund: str = "pool"


@dataclass(frozen=True)
class CheckBatch:
    """The second person agrees."""

    by: str


@dataclass(frozen=True)
class ApproveBatch:
    """One further person agrees to a batch above the limit, in fen; 0 is no limit."""

    by: str
    limit_fen: int


@dataclass(frozen=True)
class SignBatch:
    """The third person releases the kept file of this digest; above `limit_fen` a further one has to have agreed."""

    by: str
    file_sha256: str
    limit_fen: int = 0
    file_format: str = "iso20022"


@dataclass(frozen=True)
class RecordSending:
    """The bank has taken the batch under this reference."""

    bank_reference: str


@dataclass(frozen=True)
class RecordEnds:
    """So many of its payments have an end; `agreed`: the statement has said the same of every one of them."""

    ended: int
    agreed: bool


@dataclass(frozen=True)
class CancelBatch:
    """A person ends a batch that is not signed yet, and says why."""

    by: str
    reason: str


@dataclass(frozen=True)
class EndOvertaken:
    """The bank does not know the signed batch, and it must not go out: a payout of it has ended elsewhere."""


@dataclass(frozen=True)
class RecordRefusal:
    """The bank refused the whole file, for this reason, and does not know the batch."""

    reason: str


BatchCommand = (
    DraftBatch
    | ApproveBatch
    | CheckBatch
    | SignBatch
    | RecordSending
    | RecordEnds
    | CancelBatch
    | EndOvertaken
    | RecordRefusal
)


def decide(command: BatchCommand, batch: Batch) -> list[BatchEvent]:
    """Three different people, none of whom approved what is paid (domain 4.3, 12.3)."""
    if isinstance(batch, Cancelled | Refused):
        return _after_its_end(command, batch)
    match command:
        case DraftBatch():
            return _draft(command, batch)
        case ApproveBatch():
            return _approve(command, batch)
        case CheckBatch():
            return _check(command, batch)
        case SignBatch():
            return _sign(command, batch)
        case RecordSending():
            return _record_sending(command, batch)
        case RecordEnds():
            return _record_ends(command, batch)
        case CancelBatch():
            return _cancel(command, batch)
        case EndOvertaken() | RecordRefusal():
            return _end_unsent(command, batch)


def _draft(command: DraftBatch, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            return [_gathered(command)]
        case Drafted() | Checked() | Signed() | Sent() | PartlyDone() | Reconciled():
            return _drafted_again(command, batch.drafted)


def _drafted_again(command: DraftBatch, drafted: BatchDrafted) -> list[BatchEvent]:
    if tuple(item.payout_id for item in command.items) != drafted.payout_ids or command.by != drafted.by:
        raise Rejected("batch-differs", "A batch of this id holds other payouts.")
    return []


def above_limit(total_fen: int, limit_fen: int) -> bool:
    """Whether a batch's total asks for one further person; a limit of 0 never does."""
    return 0 < limit_fen < total_fen


def _approve(command: ApproveBatch, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted(drafted, approved_by) | Checked(drafted, _, approved_by):
            if approved_by == command.by:
                return []
            if approved_by:
                raise Rejected("already-approved", "Another person has agreed to this batch.")
            if not above_limit(drafted.total_fen, command.limit_fen):
                raise Rejected("approval-not-asked", "This batch is not above the limit.")
            earlier = (drafted.by, batch.checked_by) if isinstance(batch, Checked) else (drafted.by,)
            _separate(command.by, drafted, earlier=earlier)
            return [BatchApproved(batch_id=drafted.batch_id, limit_fen=command.limit_fen, by=command.by)]
        case Signed() | Sent() | PartlyDone() | Reconciled():
            raise Rejected("batch-already-signed", "The batch has been signed.")


def _check(command: CheckBatch, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted(drafted, approved_by):
            _separate(command.by, drafted, earlier=(drafted.by, approved_by))
            return [BatchChecked(batch_id=drafted.batch_id, by=command.by)]
        case (
            Checked(_, checked_by)
            | Signed(_, checked_by)
            | Sent(_, checked_by)
            | PartlyDone(Sent(_, checked_by))
            | Reconciled(Sent(_, checked_by))
        ):
            if command.by != checked_by:
                raise Rejected("batch-already-checked", "Another person has checked this batch.")
            return []


def _sign(command: SignBatch, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted():
            raise Rejected("batch-not-checked", "A second person has to check the batch first.")
        case Checked(drafted, checked_by, approved_by):
            if above_limit(drafted.total_fen, command.limit_fen) and not approved_by:
                raise Rejected("approval-needed", "The batch is above the limit and waits for one further person.")
            _separate(command.by, drafted, earlier=(drafted.by, checked_by, approved_by))
            if not command.file_sha256:
                raise Rejected("batch-file-missing", "The batch was checked just now; sign it again.")
            return [
                BatchSigned(
                    batch_id=drafted.batch_id,
                    by=command.by,
                    file_sha256=command.file_sha256,
                    count=len(drafted.payout_ids),
                    total_fen=drafted.total_fen,
                    file_format=command.file_format,
                )
            ]
        case (
            Signed(_, _, signed_by)
            | Sent(_, _, signed_by)
            | PartlyDone(Sent(_, _, signed_by))
            | Reconciled(Sent(_, _, signed_by))
        ):
            if command.by != signed_by:
                raise Rejected("batch-already-signed", "Another person has signed this batch.")
            return []


def _record_sending(command: RecordSending, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted() | Checked():
            raise Rejected("batch-not-signed", "Only a signed batch is sent.")
        case Signed(drafted):
            return [BatchSent(batch_id=drafted.batch_id, bank_reference=command.bank_reference)]
        case (
            Sent(bank_reference=first_reference)
            | PartlyDone(Sent(bank_reference=first_reference))
            | Reconciled(Sent(bank_reference=first_reference))
        ):
            if command.bank_reference != first_reference:
                raise Rejected("batch-sent-twice", "The bank has taken this batch under another reference.")
            return []


def _record_ends(command: RecordEnds, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted() | Checked() | Signed():
            raise Rejected("batch-not-sent", "Only what was sent can come to an end.")
        case Sent():
            first = BatchPartlyDone(batch_id=batch.drafted.batch_id, ended=command.ended)
            return [first, *_agreed(command, batch)] if command.ended else []
        case PartlyDone(sent):
            return _agreed(command, sent)
        case Reconciled():
            return []


def _agreed(command: RecordEnds, sent: Sent) -> list[BatchEvent]:
    whole = len(sent.drafted.payout_ids)
    if not command.agreed or command.ended < whole:
        return []
    return [BatchReconciled(batch_id=sent.drafted.batch_id, ended=whole)]


def _cancel(command: CancelBatch, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted(drafted) | Checked(drafted):
            return [BatchCancelled(batch_id=drafted.batch_id, by=command.by, reason=command.reason)]
        case Signed() | Sent() | PartlyDone() | Reconciled():
            raise Rejected("batch-already-signed", "The batch has been signed, and may be with the bank.")


def _end_unsent(command: EndOvertaken | RecordRefusal, batch: Alive) -> list[BatchEvent]:
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "No such batch.")
        case Drafted() | Checked():
            raise Rejected("batch-not-signed", "Only a signed batch is handed in.")
        case Signed(drafted):
            if isinstance(command, RecordRefusal):
                return [BatchRefused(batch_id=drafted.batch_id, reason=command.reason)]
            return [BatchCancelled(batch_id=drafted.batch_id, by=BY_ITSELF, reason=OVERTAKEN)]
        case Sent() | PartlyDone() | Reconciled():
            raise Rejected("batch-taken", "The bank has taken the batch.")


def _after_its_end(command: BatchCommand, batch: Over) -> list[BatchEvent]:
    """Told again it is quiet; nothing else is done with it any more."""
    match command, batch:
        case DraftBatch(), _:
            return _drafted_again(command, batch.drafted)
        case CancelBatch(by=by), Cancelled(by=first) if by == first:
            return []
        case (EndOvertaken(), Cancelled()) | (RecordRefusal(), Refused()):
            return []
        case _:
            raise Rejected("batch-ended", "The batch was cancelled, or the bank has refused it.")


def _gathered(command: DraftBatch) -> BatchDrafted:
    if not command.items:
        raise Rejected("batch-empty", "There is nothing to pay.")
    if len(command.items) > BATCH_PAYOUTS_MAX:
        raise Rejected("batch-too-large", f"A batch holds at most {BATCH_PAYOUTS_MAX} payouts.", "payout_ids")
    payout_ids = tuple(item.payout_id for item in command.items)
    if len(set(payout_ids)) < len(payout_ids):
        raise Rejected("payout-repeated", "A payout stands in a batch once.", "payout_ids")
    drafted = BatchDrafted(
        batch_id=command.batch_id,
        plan_code=command.plan_code,
        payout_ids=payout_ids,
        total_fen=sum(item.amount_fen for item in command.items),
        approved_by=tuple(sorted({sub for item in command.items for sub in item.approved_by})),
        by=command.by,
        fund=command.fund,
        warnings=tuple(
            BatchWarning(serial=serial, code=code)
            for serial, item in enumerate(command.items, start=1)
            for code in item.warnings
        ),
    )
    _separate(command.by, drafted, earlier=())
    return drafted


def _separate(by: str, drafted: BatchDrafted, *, earlier: tuple[str, ...]) -> None:
    if by in drafted.approved_by:
        raise Rejected("approver-cannot-pay", "Who approved a claim does not pay it.")
    if by in earlier:
        raise Rejected("same-person", "Maker, checker, signer and who agrees to a large batch are different people.")


BATCH: Decider[BatchCommand, Batch, BatchEvent] = Decider("batch", Absent(), evolve, decide)
