"""Turns what the bank says into decisions: its messages in order, or one payment by query."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.context import Context
from chassis.execute import Session
from payments.bank.port import Bank, Line, NoAnswer
from payments.domain.payout import PAYOUT, Batched, MarkUnknown, RecordResult, Returned, Unknown, end_to_end_id
from payments.domain.payout_commands import RecordQuery
from payments.domain.statement import STATEMENT, ImportLines
from payments.projections import attempts, statements


async def read_messages(session: Session, bank: Bank, context: Context) -> None:
    """Take in the messages after the last one, each exactly once: results and the new last number are one group.

    A bank may answer before the read models know what was sent, and what is taken in unmatched is not looked at again:
    so they follow the log first. Raises NoAnswer, PositionNotReached.
    """
    settings = context.settings
    account = settings.bank_account
    async with session.reads.connection() as c:
        after = await statements.last_line(c, account)
    messages = await bank.messages(after, settings.bank_messages_max)
    # The read model may be behind the log; the stream is not.
    last = (await session.load(STATEMENT, account)).last_line if messages else after
    messages = [message for message in messages if message.number > last]
    if not messages:
        return
    lines = [line for message in messages for line in message.lines]
    await context.projecting.wait_for(await context.log.head())
    unmatched = await take_results(session, lines)
    command = ImportLines(account, messages[0].number, messages[-1].number, unmatched)
    await session.decide(STATEMENT, account, command)


async def take_results(session: Session, lines: Sequence[Line]) -> tuple[str, ...]:
    """Every line becomes a result of its attempt; the end-to-end ids that no payout of ours carries."""
    async with session.reads.connection() as c:
        ours = await attempts.found(c, [line.end_to_end_id for line in lines])
    await session.load_many(PAYOUT, sorted({payout_id for payout_id, _ in ours.values()}))
    unmatched = []
    for line in lines:
        if line.end_to_end_id in ours:
            payout_id, attempt = ours[line.end_to_end_id]
            await session.decide(PAYOUT, payout_id, _result(line, attempt))
        else:
            unmatched.append(line.end_to_end_id)
    return tuple(unmatched)


async def query_payout(payout_id: str, session: Session, bank: Bank) -> None:
    """Ask the bank about an attempt that has been silent; what it does not know or say is unknown, not failed."""
    payout = await session.load(PAYOUT, payout_id)
    if not isinstance(payout, Batched | Unknown):
        return
    attempt = payout.attempt
    lines = await _asked(bank, end_to_end_id(payout_id, attempt))
    for line in lines:
        await session.decide(PAYOUT, payout_id, _result(line, attempt))
    if not lines:
        await session.decide(PAYOUT, payout_id, MarkUnknown(attempt))


async def query_return(payout_id: str, session: Session, bank: Bank) -> None:
    """Ask the bank again about an attempt that its own failure sent back: only then it may be tried again.

    What it says now is taken in like any result; without an answer nothing is recorded. Raises NoAnswer.
    """
    payout = await session.load(PAYOUT, payout_id)
    if not isinstance(payout, Returned):
        return
    attempt = payout.attempt
    for line in await bank.results_of(end_to_end_id(payout_id, attempt)) or ():
        await session.decide(PAYOUT, payout_id, _result(line, attempt))
    await session.decide(PAYOUT, payout_id, RecordQuery(attempt, session.today.isoformat()))


async def _asked(bank: Bank, end_to_end: str) -> Sequence[Line]:
    try:
        return await bank.results_of(end_to_end) or ()
    except NoAnswer:
        return ()


def _result(line: Line, attempt: int) -> RecordResult:
    return RecordResult(
        attempt=attempt,
        outcome=line.outcome,
        amount_fen=line.amount_fen,
        bank_reference=line.reference,
        booked_on=line.booked_on,
        reason=line.reason,
    )
