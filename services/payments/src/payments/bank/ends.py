"""What becomes of a batch's payouts when the batch is over and no bank has it."""

from __future__ import annotations

from chassis.execute import Session
from payments.domain.batch import BATCH, Absent
from payments.domain.payout import PAYOUT
from payments.domain.payout_commands import ReleasePayout

NEVER_SIGNED = ""
"""The reason of a release where no file of the batch can have left the house."""


async def release(session: Session, batch_id: str, reason: str) -> None:
    """Everything of the batch that is still out is owed as before; the caller ends the batch in the same group.

    `reason` is NEVER_SIGNED or FILE_NOT_TAKEN.
    """
    batch = await session.load(BATCH, batch_id)
    assert not isinstance(batch, Absent), "Only a batch that is over is let go."
    await session.load_many(PAYOUT, batch.drafted.payout_ids)
    for payout_id in batch.drafted.payout_ids:
        await session.decide(PAYOUT, payout_id, ReleasePayout(batch_id, reason, session.today.isoformat()))
