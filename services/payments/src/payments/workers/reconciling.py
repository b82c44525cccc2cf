"""Takes in the bank's finished days, compares ledger, batches and statement, and keeps the list of what differs."""

from __future__ import annotations

from datetime import date, timedelta

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from contracts.payments.bank import BankEntry
from payments.bank.http import bank_of
from payments.bank.port import BankDay, Line
from payments.domain.bank_day import BANK_DAY, TakeDay, day_key
from payments.domain.batch import BATCH, RecordEnds
from payments.domain.open_item import OPEN_ITEM, MatchItem, RaiseItem
from payments.domain.reconciliation import AGREED, Finding
from payments.projections import bank_days, batch_ends, open_items, reconciliation
from payments.workers.statement import take_results

OUTCOMES = {"paid": "BOOKED", "returned": "RETURNED", "reversed": "REVERSED"}
EVENTS_MAX = 5_000
"""Events that one turn looks through for what has changed; the next turn goes on."""
ITEMS_MAX = 100
"""Open items that are raised, or found to agree, in one group."""
LONG_AGO = "2000-01-01"


Standing = tuple[int, date]
"""What a comparison rests on: the position up to which what had changed was looked at, and the business day."""


async def reconcile(context: Context, compared: Standing | None = None) -> Standing:
    """One turn: new finished days, then what they and the books say, then the batches' ends. Raises NoAnswer.

    `compared` is what the turn before answered: only orders that something has changed of since, or that are open, are
    compared again; the first turn compares all.
    """
    if await _take_days(context):
        await context.projecting.wait_for(await context.log.head())
    standing = (context.projecting.position(context.log.service), context.clock.today())
    if standing == compared:
        return standing
    keys = None
    if compared is not None:
        standing, keys = await changed_since(context, compared, standing)
    await _compare(context, standing[1], keys)
    await _end_batches(context)
    return standing


async def changed_since(context: Context, compared: Standing, standing: Standing) -> tuple[Standing, list[str]]:
    """The orders to compare again, in order, and how far that goes: at most EVENTS_MAX events further.

    An order's outcome moves with an event of it, with the day, or, while it is an open item, in ways of its own.
    """
    batch = await context.log.read(compared[0], EVENTS_MAX)
    seen = [context.log.recorded(one) for one in batch if one.position <= standing[0]]
    reached = seen[-1].position if len(seen) == EVENTS_MAX else standing[0]
    before, now = (_days(context, day) for day in (compared[1], standing[1]))
    async with context.reads.connection() as c:
        keys = await reconciliation.touched(c, (one.event for one in seen))
        if now != before:
            keys |= await reconciliation.come_of_age(c, (before[0], now[0]), (before[1], now[1]))
        keys |= set((await open_items.standing(c)).values())
    return (reached, standing[1]), sorted(keys)


def _days(context: Context, today: date) -> tuple[str, str]:
    """The day that is compared, and the latest day whose orders have to have an answer, as ISO dates."""
    unanswered_days = context.settings.unanswered_days
    return (today - timedelta(days=1)).isoformat(), (today - timedelta(days=unanswered_days)).isoformat()


async def _take_days(context: Context) -> int:
    settings, bank = context.settings, bank_of(context)
    async with context.reads.connection() as c:
        taken = await bank_days.last(c, settings.bank_account)
    days = (await bank.days(taken[0] if taken else LONG_AGO))[: settings.reconcile_days_max]
    closed_fen = taken[1] if taken else None
    for day in days:
        told = await bank.day(day)
        expected_fen = closed_fen

        async def work(session: Session, told: BankDay = told, expected_fen: int | None = expected_fen) -> None:
            command = TakeDay(
                settings.bank_account, told.day, told.opening_fen, told.closing_fen, told.entries, expected_fen
            )
            await session.decide(BANK_DAY, day_key(settings.bank_account, told.day), command)
            # What no message told, the statement tells: an unknown order settles by it.
            await take_results(session, [_line(entry, told.day) for entry in told.entries if entry.kind in OUTCOMES])

        await context.executor.run(work)
        closed_fen = told.closing_fen
    return len(days)


def _line(entry: BankEntry, day: str) -> Line:
    outcome = OUTCOMES[entry.kind]
    return Line(entry.end_to_end_id, outcome, entry.reason, entry.reference, abs(entry.amount_fen), day)


async def _compare(context: Context, today: date, keys: list[str] | None) -> None:
    """New disagreements are raised, those that are gone are closed; only an exact match closes by itself."""
    day, overdue = _days(context, today)
    async with context.reads.connection() as c:
        # Before what is found: an end that comes in between leaves an item standing for this turn, not found anew.
        standing = await open_items.standing(c)
        found = await reconciliation.findings(c, day, overdue, keys)
        differing = {one.item_id: one for one in found if one.finding not in AGREED}
        raised = await open_items.rounds(c, [item_id for item_id in differing if item_id not in standing])
    fresh = [RaiseItem(one, raised.get(item_id, 0)) for item_id, one in differing.items() if item_id not in standing]
    gone = [item_id for item_id in standing if item_id not in differing]
    for start in range(0, max(len(fresh), len(gone)), ITEMS_MAX):
        await _note(context, fresh[start : start + ITEMS_MAX], gone[start : start + ITEMS_MAX], differing, standing)


async def _note(
    context: Context, fresh: list[RaiseItem], gone: list[str], differing: dict[str, Finding], standing: dict[str, str]
) -> None:
    still = {one.key for one in differing.values()}

    async def work(session: Session) -> None:
        for one in fresh:
            await session.decide(OPEN_ITEM, one.found.item_id, one)
        for item_id in gone:
            await session.decide(OPEN_ITEM, item_id, MatchItem(agreed=standing[item_id] not in still))

    await context.executor.run(work)


async def _end_batches(context: Context) -> None:
    async with context.reads.connection() as c:
        ends = await batch_ends.due(c)

    for batch_id, ended, agreed in ends:

        async def work(session: Session, key: str = batch_id, ended: int = ended, agreed: bool = agreed) -> None:
            await session.decide(BATCH, key, RecordEnds(ended, agreed))

        try:
            await context.executor.run(work)
        except Rejected:
            # The receipt of the batch is not noted yet; the next turn finds it.
            continue
