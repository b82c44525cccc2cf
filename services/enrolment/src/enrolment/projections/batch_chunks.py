"""Read model `batch_chunks`: chunks of batches still to be covered from a day on, or to give their seats back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_day
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.batches import BatchCancelled, BatchFunded, BatchRowsActivated, BatchRowsCancelled
from contracts.envelope import Event

NAME = "batch_chunks"
AT_ONCE = ""
"""Earlier than any day."""

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("first_row", sa.Integer, primary_key=True),
    sa.Column("due_on", sa.Text, nullable=False),
    sa.Index("batch_chunks_due", "due_on"),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """A row for each chunk that waits; what is done is removed."""
    match recorded.event:
        case BatchFunded(batch_id=batch_id, chunks=chunks, starts_on=starts_on):
            for first_row in chunks:
                yield Put((batch_id, first_row), due_on=starts_on)
        case BatchCancelled(batch_id=batch_id, chunks=chunks):
            for first_row in chunks:
                yield Put((batch_id, first_row), due_on=AT_ONCE)
        case BatchRowsActivated(batch_id=batch_id, first_row=first_row):
            yield Remove((batch_id, first_row))
        case BatchRowsCancelled(batch_id=batch_id, first_row=first_row):
            yield Remove((batch_id, first_row))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({BatchFunded, BatchCancelled, BatchRowsActivated, BatchRowsCancelled})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Chunks whose day has come, as `<batch>-<first row>`, in the order of their rows."""
    today = local_day(now).isoformat()
    query = sa.select(TABLE.c.batch_id, TABLE.c.first_row).where(TABLE.c.due_on <= today)
    query = query.order_by(TABLE.c.batch_id, TABLE.c.first_row).limit(limit)
    return [f"{batch_id}-{first_row}" for batch_id, first_row in await c.execute(query)]
