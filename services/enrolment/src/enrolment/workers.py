"""What enrolment does by itself when a day has come: batches start, end, and give their seats back (domain 5.1)."""

from __future__ import annotations

from chassis.execute import Session
from chassis.sweep import Sweep
from enrolment.domain.batch import BATCH
from enrolment.domain.batch_stages import ExpireBatch
from enrolment.intake.held import work_off
from enrolment.projections import batch_chunks, batches

SWEEP_INTERVAL_MS = 1_000


async def work_chunk_off(key: str, session: Session) -> None:
    """One chunk, `<batch>-<first row>`: its people covered, or its seats given back."""
    batch_id, _, first_row = key.rpartition("-")
    await work_off(session, batch_id, int(first_row))


async def expire(batch_id: str, session: Session) -> None:
    """The period of a batch is over."""
    await session.decide(BATCH, batch_id, ExpireBatch(batch_id=batch_id, today=session.today.isoformat()))


SWEEPS = (
    Sweep(name="batch-chunks", due=batch_chunks.due, act=work_chunk_off, interval_ms=SWEEP_INTERVAL_MS),
    Sweep(name="batch-expiry", due=batches.over, act=expire, interval_ms=SWEEP_INTERVAL_MS),
)
