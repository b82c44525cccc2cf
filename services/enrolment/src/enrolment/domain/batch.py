"""A batch: a validated roster on its way to cover, where the plan asks for confirmations (domain 5.1).

HAS_ERRORS or READY; confirmed by the prefecture, then by the office, funded; active from the start on, chunk by chunk;
expired. Or cancelled before the start.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.decider import Decider, Rejected
from contracts.enrolment.batches import (
    BatchActivated,
    BatchCancelled,
    BatchConfirmedByCity,
    BatchConfirmedByOffice,
    BatchErrorsSettled,
    BatchExpired,
    BatchFunded,
    BatchOpened,
    BatchRowsActivated,
    BatchRowsCancelled,
    RowReplaced,
    RowWithdrawn,
)
from enrolment.domain.batch_stages import (
    Absent,
    ActivateRows,
    Active,
    Batch,
    BatchCommand,
    BatchEvent,
    CancelBatch,
    Cancelled,
    CancelRows,
    CityConfirmed,
    ConfirmByCity,
    ConfirmByOffice,
    ExpireBatch,
    Expired,
    FundBatch,
    Funded,
    HasErrors,
    Listed,
    OfficeConfirmed,
    OpenBatch,
    Ready,
    ReplaceRow,
    SettleErrors,
    WithdrawRow,
    evolve,
)

ROW_CHANGES_MAX = 5_000
"""More rows than this are not changed one by one: the batch is cancelled and sent again."""


def decide(command: BatchCommand, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected, of every command: batch-unknown, batch-cancelled; of each, what stands at its own function."""
    if isinstance(command, OpenBatch):
        return _open(command, batch)
    match batch:
        case Absent():
            raise Rejected("batch-unknown", "There is no such batch, or its rows are not yet imported.", "batch_id")
        case Cancelled():
            return _after_cancelling(command, batch)
        case HasErrors() | Ready() | CityConfirmed() | OfficeConfirmed() | Funded() | Active() | Expired():
            pass
    match command:
        case SettleErrors():
            return _settle(command, batch)
        case ConfirmByCity():
            return _confirm_by_city(command, batch)
        case ConfirmByOffice():
            return _confirm_by_office(command, batch)
        case FundBatch():
            return _fund(command, batch)
        case ActivateRows():
            return _activate(command, batch)
        case ExpireBatch():
            return _expire(command, batch)
        case CancelBatch():
            return _cancel(command, batch)
        case CancelRows():
            raise Rejected("batch-not-cancelled", "The batch is not cancelled.", "batch_id")
        case ReplaceRow():
            return _replace(command, batch)
        case WithdrawRow():
            return _withdraw(command, batch)


def _open(command: OpenBatch, batch: Batch) -> Sequence[BatchEvent]:
    if not isinstance(batch, Absent):
        return []
    return [
        BatchOpened(
            batch_id=command.batch_id,
            plan_code=command.plan_code,
            organization=command.organization,
            org_path=command.org_path,
            valid=command.valid,
            faulty=command.faulty,
            chunks=command.chunks,
            starts_on=command.starts_on,
            ends_on=command.ends_on,
            sent_by=command.sent_by,
        )
    ]


def _after_cancelling(command: BatchCommand, batch: Cancelled) -> Sequence[BatchEvent]:
    """Of a cancelled batch only the seats are still given back."""
    match command:
        case CancelBatch():
            return []
        case CancelRows():
            if command.first_row not in batch.listed.chunks:
                raise Rejected("batch-chunk-unknown", "No chunk of the batch begins there.", "first_row")
            if command.first_row in batch.done:
                return []
            return [BatchRowsCancelled(batch_id=command.batch_id, first_row=command.first_row, rows=command.rows)]
        case _:
            raise Rejected("batch-cancelled", "The batch is cancelled.", "batch_id")


def _settle(command: SettleErrors, batch: Batch) -> Sequence[BatchEvent]:
    if isinstance(batch, HasErrors):
        return [BatchErrorsSettled(batch_id=command.batch_id, by=command.by)]
    return []


def _confirm_by_city(command: ConfirmByCity, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-has-errors, confirmed-by-sender."""
    match batch:
        case HasErrors():
            raise Rejected("batch-has-errors", "Its faulty rows are still undecided.", "batch_id")
        case Ready(listed):
            if command.by == listed.sent_by:
                raise Rejected("confirmed-by-sender", "Who sent the list does not confirm it.")
            return [BatchConfirmedByCity(batch_id=command.batch_id, by=command.by)]
        case _:
            return []


def _confirm_by_office(command: ConfirmByOffice, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-not-confirmed, confirmed-by-sender, confirmed-by-same-person."""
    match batch:
        case HasErrors() | Ready():
            raise Rejected("batch-not-confirmed", "The prefecture has not confirmed it.", "batch_id")
        case CityConfirmed(listed, city):
            if command.by == listed.sent_by:
                raise Rejected("confirmed-by-sender", "Who sent the list does not confirm it.")
            if command.by == city:
                raise Rejected("confirmed-by-same-person", "Prefecture and office confirm by different people.")
            return [BatchConfirmedByOffice(batch_id=command.batch_id, by=command.by)]
        case _:
            return []


def _fund(command: FundBatch, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-not-confirmed, batch-empty."""
    match batch:
        case HasErrors() | Ready() | CityConfirmed():
            raise Rejected("batch-not-confirmed", "The office has not confirmed it.", "batch_id")
        case OfficeConfirmed(listed):
            if not listed.seats:
                raise Rejected("batch-empty", "No row of it has a seat.", "batch_id")
            return [
                BatchFunded(
                    batch_id=command.batch_id,
                    seats=listed.seats,
                    amount_fen=listed.seats * command.contribution_fen,
                    chunks=listed.chunks,
                    starts_on=listed.starts_on,
                    by=command.by,
                )
            ]
        case _:
            return []


def _activate(command: ActivateRows, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-not-funded, batch-not-started, batch-chunk-unknown."""
    match batch:
        case Active() | Expired():
            return []
        case Funded(listed, done):
            if command.today < listed.starts_on:
                raise Rejected("batch-not-started", "The period has not started.")
            if command.first_row not in listed.chunks:
                raise Rejected("batch-chunk-unknown", "No chunk of the batch begins there.", "first_row")
            if command.first_row in done:
                return []
            activated = BatchRowsActivated(
                batch_id=command.batch_id,
                first_row=command.first_row,
                people=command.people,
                terminated=command.terminated,
            )
            if len(done) + 1 < len(listed.chunks):
                return [activated]
            people = sum(done.values()) + command.people
            return [activated, BatchActivated(batch_id=command.batch_id, people=people, ends_on=listed.ends_on)]
        case _:
            raise Rejected("batch-not-funded", "Nobody has paid for it.", "batch_id")


def _expire(command: ExpireBatch, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-not-active, batch-not-over."""
    match batch:
        case Expired():
            return []
        case Active(listed):
            if command.today < listed.ends_on:
                raise Rejected("batch-not-over", "The period is not over.")
            return [BatchExpired(batch_id=command.batch_id)]
        case _:
            raise Rejected("batch-not-active", "It was never active.", "batch_id")


def _cancel(command: CancelBatch, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-started. What is not funded never starts and may be cancelled on any day."""
    match batch:
        case Active() | Expired():
            raise Rejected("batch-started", "People on it are covered.", "batch_id")
        case Funded(listed, _) if command.today >= listed.starts_on:
            raise Rejected("batch-started", "Its period has started.", "batch_id")
        case HasErrors(listed) | Ready(listed) | CityConfirmed(listed, _) | OfficeConfirmed(listed) | Funded(listed, _):
            return [
                BatchCancelled(batch_id=command.batch_id, chunks=listed.chunks, reason=command.reason, by=command.by)
            ]
        case _:
            return []


def _replace(command: ReplaceRow, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-starting, batch-over, row-withdrawn, row-changes-exhausted.

    And after the start: replacement-needs-office-head, replacement-after-claim.
    """
    listed = _changeable(batch, command.row.row_no, command.today)
    current = listed.replaced.get(command.row.row_no)
    if current is not None and current.person_id == command.row.person_id:
        return []
    if isinstance(batch, Active):
        if not command.by_head:
            raise Rejected("replacement-needs-office-head", "After the start the office head decides.")
        if command.claimed:
            raise Rejected("replacement-after-claim", "The covered person has filed a claim.", "row_no")
    return [
        RowReplaced(
            batch_id=command.batch_id,
            former_person_id=command.former_person_id,
            row=command.row,
            reason=command.reason,
            by=command.by,
        )
    ]


def _withdraw(command: WithdrawRow, batch: Batch) -> Sequence[BatchEvent]:
    """Rejected: batch-starting, batch-started, batch-over, row-changes-exhausted."""
    if not isinstance(batch, Absent) and command.row_no in batch.listed.withdrawn:
        return []
    if isinstance(batch, Active):
        raise Rejected("batch-started", "People on it are covered.", "batch_id")
    _changeable(batch, command.row_no, command.today)
    return [
        RowWithdrawn(
            batch_id=command.batch_id,
            row_no=command.row_no,
            person_id=command.person_id,
            reason=command.reason,
            by=command.by,
        )
    ]


def _changeable(batch: Batch, row_no: int, today: str) -> Listed:
    """The list, if a row of it may be changed now."""
    match batch:
        case Expired() | Absent() | Cancelled():
            raise Rejected("batch-over", "The period is over.", "batch_id")
        case Funded(listed, _) if today >= listed.starts_on:
            raise Rejected("batch-starting", "Its people are being covered at this moment; ask again.", "batch_id")
        case _:
            listed = batch.listed
    if row_no in listed.withdrawn:
        raise Rejected("row-withdrawn", "The row has given its seat back.", "row_no")
    if len(listed.replaced) + len(listed.withdrawn) >= ROW_CHANGES_MAX:
        raise Rejected("row-changes-exhausted", "Cancel the batch and send a corrected one.", "batch_id")
    return listed


BATCH = Decider[BatchCommand, Batch, BatchEvent]("batch", Absent(), evolve, decide)
