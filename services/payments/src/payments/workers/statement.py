"""Turns what the bank says into decisions: statement lines in order, or one payment by query."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.execute import Session
from payments.domain.payout import PAYOUT, Batched, MarkUnknown, RecordResult, Unknown, end_to_end_id
from payments.domain.statement import STATEMENT, ImportLines
from payments.projections import attempts, statements
from payments.settings import Settings
from payments.workers.bank import Bank, NoAnswer, StatementLine


async def read_statement(session: Session, bank: Bank, settings: Settings) -> None:
    """Take in the lines after the last one, each exactly once: results and the new last line are one group."""
    account = settings.bank_account
    async with session.reads.connection() as c:
        after = await statements.last_line(c, account)
    lines = await bank.statement(after, settings.statement_lines_max)
    if not lines:
        return
    # The read model may be behind the log; the stream is not.
    last_line = (await session.load(STATEMENT, account)).last_line
    lines = [line for line in lines if line.line > last_line]
    if not lines:
        return
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
    command = ImportLines(account, lines[0].line, lines[-1].line, tuple(unmatched))
    await session.decide(STATEMENT, account, command)


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


async def _asked(bank: Bank, end_to_end: str) -> Sequence[StatementLine]:
    try:
        return await bank.results_of(end_to_end) or ()
    except NoAnswer:
        return ()


def _result(line: StatementLine, attempt: int) -> RecordResult:
    return RecordResult(
        attempt=attempt,
        outcome=line.outcome,
        amount_fen=line.amount_fen,
        bank_reference=line.reference,
        booked_on=line.booked_on,
        reason=line.reason,
    )
