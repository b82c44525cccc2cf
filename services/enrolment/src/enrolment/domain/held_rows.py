"""The valid rows of one chunk of a batch that waits for confirmation: written once with their chunk (domain 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider
from contracts.enrolment.batches import HeldRow, RowsHeld

ROWS_PER_EVENT_MAX = 150
"""A row is some 250 bytes long; this many stay below the size of one event."""

HeldRows: TypeAlias = tuple[HeldRow, ...]
"""In the order of the file; empty when the chunk has none."""


def chunk_id(batch_id: str, first_row: int) -> str:
    """One stream a chunk, so that none grows beyond what one decision reads."""
    return f"{batch_id}-{first_row}"


def evolve(held: HeldRows, event: RowsHeld) -> HeldRows:
    """The rows after an event."""
    return (*held, *event.rows)


@dataclass(frozen=True, kw_only=True)
class HoldRows:
    """Keep the valid rows of a chunk until the batch starts or is cancelled."""

    batch_id: str
    rows: tuple[HeldRow, ...]


def decide(command: HoldRows, held: HeldRows) -> Sequence[RowsHeld]:
    """Rows are held once; a chunk is several events where its rows are too many for one."""
    if held:
        return []
    starts = range(0, len(command.rows), ROWS_PER_EVENT_MAX)
    parts = (command.rows[start : start + ROWS_PER_EVENT_MAX] for start in starts)
    return [RowsHeld(batch_id=command.batch_id, rows=part) for part in parts]


HELD_ROWS = Decider[HoldRows, HeldRows, RowsHeld]("batch_rows", (), evolve, decide)
