"""Follows the bank for as long as the service runs: its statement at once while money is out, silence by query."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.projecting import PositionNotReached
from chassis.tail.failures import is_away
from payments.bank import kept
from payments.bank.http import bank_of
from payments.bank.port import NoAnswer, Unreadable
from payments.domain.instruction import digest
from payments.projections import payouts
from payments.workers.reconciling import Standing, reconcile
from payments.workers.statement import query_payout, query_return, read_messages

Look = Callable[[Context], Awaitable[None]]
FROM_THE_OLDEST = (0, "")


async def follow_statement(context: Context) -> None:
    """Read new lines every `statement_interval_ms` while an attempt is out, else every `statement_idle_interval_ms`.

    Every replica may: what one has taken in, another finds decided.
    """
    settings = context.settings
    read_at = 0.0

    async def look(context: Context) -> None:
        nonlocal read_at
        async with context.reads.connection() as c:
            waiting = await payouts.any_open(c)
        if waiting or time.monotonic() - read_at >= settings.statement_idle_interval_ms / 1000:
            await take_in_statement(context)
            read_at = time.monotonic()

    await _keep_on(look, context, settings.statement_interval_ms)


async def follow_silence(context: Context) -> None:
    """Query what has been out for `silent_after_s` of business time, and what may be tried again after a query."""
    asked = FROM_THE_OLDEST

    async def look(context: Context) -> None:
        nonlocal asked
        asked = await query_silent(context, asked)
        await query_returns(context)

    await _keep_on(look, context, context.settings.silent_interval_ms)


async def follow_days(context: Context) -> None:
    """Take in finished days, compare three ways, and follow batches to their end. Every replica may."""
    compared: Standing | None = None

    async def look(context: Context) -> None:
        nonlocal compared
        compared = await reconcile(context, compared)

    await _keep_on(look, context, context.settings.reconcile_interval_ms)


async def take_in_statement(context: Context) -> None:
    """New statement lines become results. Raises NoAnswer."""
    bank = bank_of(context)

    async def work(session: Session) -> None:
        await read_messages(session, bank, context)

    await context.executor.run(work)


async def query_silent(context: Context, after: tuple[int, str] = FROM_THE_OLDEST) -> tuple[int, str]:
    """Ask the bank about silent attempts, one by one, at most `silent_payouts_max` a turn.

    In turn: those behind `after`, which the turn before answered, and from the oldest again once all were asked about.
    """
    settings = context.settings
    bank = bank_of(context)
    before = context.clock.now() - timedelta(seconds=settings.silent_after_s)
    async with context.reads.connection() as c:
        silent = await payouts.silent(c, round(before.timestamp() * 1000), after, settings.silent_payouts_max)
    for _, payout_id in silent:

        async def work(session: Session, payout_id: str = payout_id) -> None:
            await query_payout(payout_id, session, bank)

        await context.executor.run(work)
    return silent[-1] if len(silent) == settings.silent_payouts_max else FROM_THE_OLDEST


async def query_returns(context: Context) -> None:
    """Ask about what the bank's own failure sent back on an earlier day (domain 7.1), as many a turn.

    Raises NoAnswer.
    """
    bank = bank_of(context)
    async with context.reads.connection() as c:
        began = payouts.day_began_ms(context.clock.today())
        due = await payouts.to_query(c, began, context.settings.silent_payouts_max)
    for payout_id in due:

        async def work(session: Session, payout_id: str = payout_id) -> None:
            await query_return(payout_id, session, bank)

        await context.executor.run(work)


async def _keep_on(look: Look, context: Context, interval_ms: int) -> None:
    told = ""
    while True:
        try:
            await look(context)
            told = ""
            await asyncio.sleep(interval_ms / 1000)
        except Exception as error:
            if not (isinstance(error, NoAnswer | Rejected | PositionNotReached) or is_away(error)):
                raise
            told = await _tell(context, error, told)
            await asyncio.sleep(context.settings.follow_retry_delay_ms / 1000)


async def _tell(context: Context, error: Exception, told: str) -> str:
    """Say once why nothing is taken in from the bank: an error is for people, a warning passes by itself.

    What cannot be read, or does not add up, is asked for again all the while: the bank may mend it.
    """
    log = structlog.get_logger("payments.bank")
    why = type(error).__name__
    if isinstance(error, Unreadable):
        why = digest(error.document)
        if why != told:
            log.error("bank-document-unreadable", document_id=why)
            try:
                await kept.keep_unread(context, error.document)
            except Exception as away:
                if not (isinstance(away, OSError) or is_away(away)):
                    raise
                return told
    elif isinstance(error, Rejected):
        why = error.code
        if why != told:
            log.error("bank-statement-refused", code=why)
    elif why != told:
        log.warning("bank-follow-waits", kind=why)
    return why
