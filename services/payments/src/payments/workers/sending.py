"""Sends a signed batch once: asked for first, handed in only when the bank says it has never seen it."""

from __future__ import annotations

from chassis.context import Context
from chassis.execute import Session
from chassis.log import Recorded
from chassis.worker import NotYet
from contracts.payments.v1 import BatchSigned
from payments.bank import kept
from payments.bank.ends import release
from payments.bank.http import bank_of
from payments.bank.port import Bank, BatchRefused, NoAnswer
from payments.domain.batch import BATCH, Absent, EndOvertaken, RecordRefusal, RecordSending, Signed
from payments.domain.instruction import message_id
from payments.domain.payout import PAYOUT, Batched, Unknown
from payments.domain.payout_switch import ALL, PAYOUT_SWITCH, Paused
from payments.domain.reasons import FILE_NOT_TAKEN
from payments.workers.statement import read_messages


class BatchOvertaken(Exception):
    """A signed batch holds a payout that has an end already: nobody may hand it in."""


async def send_batch(recorded: Recorded, context: Context) -> None:
    """Bring one signed batch to the bank.

    What the bank refuses as a whole, and what must not go out any more, ends here; its payouts are owed as before.
    Raises NoAnswer (the job comes again), BatchDiffers, FileMissing. While payouts are paused nothing is handed in:
    NotYet.
    """
    event = recorded.event
    assert isinstance(event, BatchSigned)
    if await _sent_or_over(event.batch_id, context):
        return
    bank = bank_of(context)
    try:
        reference = await bank.reference_of(message_id(event.batch_id))
        if reference is None:
            reference = await _hand_in(event, bank, context)
    except BatchRefused as refused:
        await _end(event.batch_id, RecordRefusal(refused.reason), context)
        return
    except BatchOvertaken:
        await _end(event.batch_id, EndOvertaken(), context)
        return

    async def note(session: Session) -> None:
        await session.decide(BATCH, event.batch_id, RecordSending(reference))

    await context.executor.run(note)

    async def look(session: Session) -> None:
        await read_messages(session, bank, context)

    await context.executor.run(look)


async def _end(batch_id: str, command: RecordRefusal | EndOvertaken, context: Context) -> None:
    """The batch's end, and what of it is still out, in one group."""

    async def work(session: Session) -> None:
        await session.decide(BATCH, batch_id, command)
        await release(session, batch_id, FILE_NOT_TAKEN)

    await context.executor.run(work)


async def _sent_or_over(batch_id: str, context: Context) -> bool:
    async def work(session: Session) -> bool:
        batch = await session.load(BATCH, batch_id)
        return not isinstance(batch, Signed)

    return (await context.executor.run(work)).value


async def _hand_in(event: BatchSigned, bank: Bank, context: Context) -> str:
    file = await kept.take(context, event)
    await _held_back(context)
    await _still_asked_for(event, context)
    try:
        return await bank.submit(file, event.file_format)
    except (NoAnswer, BatchRefused):
        # Whether it arrived is the bank's to say; if it cannot, this job comes again and asks first.
        reference = await bank.reference_of(message_id(event.batch_id))
        if reference is None:
            raise
        return reference


async def _still_asked_for(event: BatchSigned, context: Context) -> None:
    """Another last look: what has come to an end elsewhere must not go out with the batch. Raises BatchOvertaken."""

    async def work(session: Session) -> bool:
        batch = await session.load(BATCH, event.batch_id)
        assert not isinstance(batch, Absent)
        payouts = await session.load_many(PAYOUT, batch.drafted.payout_ids)
        return all(isinstance(one, Batched | Unknown) and one.batch_id == event.batch_id for one in payouts.values())

    if not (await context.executor.run(work)).value:
        raise BatchOvertaken("A payout of the batch is no longer an open attempt of it.")


async def _held_back(context: Context) -> None:
    """The last look before the bank. Raises NotYet while somebody holds all payouts."""

    async def work(session: Session) -> bool:
        switch = await session.load(PAYOUT_SWITCH, ALL)
        return isinstance(switch, Paused)

    if (await context.executor.run(work)).value:
        raise NotYet("Payouts are paused.")
