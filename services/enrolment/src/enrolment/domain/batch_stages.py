"""The stages of a batch, how events lead from one to the next, and what may be asked of it (domain 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

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
    HeldRow,
    RowReplaced,
    RowWithdrawn,
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What a batch is in every stage: its chunks, its period, how many rows have a seat, and which have changed."""

    plan_code: str
    org_path: str
    chunks: tuple[int, ...]
    starts_on: str
    ends_on: str
    sent_by: str
    seats: int
    replaced: Mapping[int, HeldRow] = field(default_factory=dict)
    withdrawn: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Absent:
    """No such batch, or its rows are still being imported."""


@dataclass(frozen=True)
class HasErrors:
    """Some rows are faulty: somebody must decide to go on without them."""

    listed: Listed


@dataclass(frozen=True)
class Ready:
    """Every row that is left is right."""

    listed: Listed


@dataclass(frozen=True)
class CityConfirmed:
    """The prefecture stands for it."""

    listed: Listed
    city: str


@dataclass(frozen=True)
class OfficeConfirmed:
    """The office stands for it too."""

    listed: Listed


@dataclass(frozen=True)
class Funded:
    """Paid for and frozen; `done` is people covered, by chunk, once the period has started."""

    listed: Listed
    done: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Active:
    """Everybody on it is covered."""

    listed: Listed


@dataclass(frozen=True)
class Expired:
    """The period is over."""

    listed: Listed


@dataclass(frozen=True)
class Cancelled:
    """Withdrawn before the start; `done` are the chunks that have given their seats back."""

    listed: Listed
    done: frozenset[int] = frozenset()


STAGES: Mapping[type, str] = {
    HasErrors: "HAS_ERRORS",
    Ready: "READY",
    CityConfirmed: "CITY_CONFIRMED",
    OfficeConfirmed: "OFFICE_CONFIRMED",
    Funded: "FUNDED",
    Active: "ACTIVE",
    Expired: "EXPIRED",
    Cancelled: "CANCELLED",
}
"""The stages under the names of domain 5.1."""

Open: TypeAlias = HasErrors | Ready | CityConfirmed | OfficeConfirmed | Funded | Active | Expired
Batch: TypeAlias = Absent | Open | Cancelled
BatchEvent: TypeAlias = (
    BatchOpened
    | BatchErrorsSettled
    | BatchConfirmedByCity
    | BatchConfirmedByOffice
    | BatchFunded
    | BatchRowsActivated
    | BatchActivated
    | BatchExpired
    | BatchCancelled
    | BatchRowsCancelled
    | RowReplaced
    | RowWithdrawn
)


def evolve(batch: Batch, event: BatchEvent) -> Batch:
    """The batch after an event."""
    if isinstance(event, BatchOpened):
        return _opened(event)
    if isinstance(batch, Absent):
        return batch
    listed = batch.listed
    match event:
        case BatchErrorsSettled():
            return Ready(listed)
        case BatchConfirmedByCity():
            return CityConfirmed(listed, event.by)
        case BatchConfirmedByOffice():
            return OfficeConfirmed(listed)
        case BatchFunded():
            return Funded(listed)
        case BatchRowsActivated():
            if not isinstance(batch, Funded):
                return batch
            return replace(batch, done={**batch.done, event.first_row: event.people})
        case BatchActivated():
            return Active(listed)
        case BatchExpired():
            return Expired(listed)
        case BatchCancelled():
            return Cancelled(listed)
        case BatchRowsCancelled():
            return replace(batch, done=batch.done | {event.first_row}) if isinstance(batch, Cancelled) else batch
        case RowReplaced(row=row):
            return replace(batch, listed=replace(listed, replaced={**listed.replaced, row.row_no: row}))
        case RowWithdrawn(row_no=row_no):
            rest = replace(listed, seats=listed.seats - 1, withdrawn=listed.withdrawn | {row_no})
            return replace(batch, listed=rest)


def _opened(event: BatchOpened) -> HasErrors | Ready:
    listed = Listed(
        plan_code=event.plan_code,
        org_path=event.org_path,
        chunks=event.chunks,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        sent_by=event.sent_by,
        seats=event.valid,
    )
    return HasErrors(listed) if event.faulty else Ready(listed)


@dataclass(frozen=True, kw_only=True)
class OpenBatch:
    """The last row of a roster is decided."""

    batch_id: str
    plan_code: str
    organization: str
    org_path: str
    valid: int
    faulty: int
    chunks: tuple[int, ...]
    starts_on: str
    ends_on: str
    sent_by: str


@dataclass(frozen=True, kw_only=True)
class SettleErrors:
    """Go on without the faulty rows."""

    batch_id: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ConfirmByCity:
    """The prefecture confirms."""

    batch_id: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ConfirmByOffice:
    """The office confirms."""

    batch_id: str
    by: str


@dataclass(frozen=True, kw_only=True)
class FundBatch:
    """Donated money is set aside for `seats` rows; in fen a head."""

    batch_id: str
    contribution_fen: int
    by: str


@dataclass(frozen=True, kw_only=True)
class ActivateRows:
    """The people of the chunk from `first_row` on are covered; `terminated` of its rows have died before."""

    batch_id: str
    first_row: int
    people: int
    terminated: int
    today: str


@dataclass(frozen=True, kw_only=True)
class ExpireBatch:
    """The period is over."""

    batch_id: str
    today: str


@dataclass(frozen=True, kw_only=True)
class CancelBatch:
    """Withdraw the whole list."""

    batch_id: str
    reason: str
    by: str
    today: str


@dataclass(frozen=True, kw_only=True)
class CancelRows:
    """The rows of one chunk of a cancelled batch have given their seats back."""

    batch_id: str
    first_row: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class ReplaceRow:
    """Another person takes the seat. After the start only by the office head, and before any claim (`claimed`)."""

    batch_id: str
    former_person_id: str
    row: HeldRow
    reason: str
    by: str
    by_head: bool
    claimed: bool
    today: str


@dataclass(frozen=True, kw_only=True)
class WithdrawRow:
    """A row was entered by mistake: its seat is free again."""

    batch_id: str
    row_no: int
    person_id: str
    reason: str
    by: str
    today: str


BatchCommand: TypeAlias = (
    OpenBatch
    | SettleErrors
    | ConfirmByCity
    | ConfirmByOffice
    | FundBatch
    | ActivateRows
    | ExpireBatch
    | CancelBatch
    | CancelRows
    | ReplaceRow
    | WithdrawRow
)
