"""The three legs read together: how every order stands at the end of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.envelope import Event
from contracts.payments.bank import BankDayTaken, DisputeEnded, OpenItemClosed, PayoutReleased
from contracts.payments.v1 import (
    BatchSigned,
    DonationBooked,
    PayoutBatched,
    PayoutDisputed,
    PayoutReturned,
    PayoutSettled,
    PayoutUnknown,
    RecoveryBooked,
    ReliefDonationBooked,
)
from payments.domain.payout import end_to_end_id
from payments.domain.reconciliation import Attempt, Finding, compare
from payments.projections import attempts, bank_entries, batches, cash_movements, open_items

KEYS_MAX = 2_000
"""Orders that are named to Postgres at once."""


async def findings(c: AsyncConnection, day: str, overdue: str, keys: Sequence[str] | None = None) -> list[Finding]:
    """Every order up to a day, or these; one that is out since `overdue` or longer without an answer is unanswered.

    An order is compared by its own legs alone, so what is found of some is what would be found of them among all.
    """
    if keys is None:
        return await _found(c, day, overdue, None)
    found: list[Finding] = []
    for start in range(0, len(keys), KEYS_MAX):
        found += await _found(c, day, overdue, keys[start : start + KEYS_MAX])
    return found


async def touched(c: AsyncConnection, events: Iterable[Event]) -> set[str]:
    """The orders of which these events of payments say something that a comparison looks at."""
    keys: set[str] = set()
    batch_ids, item_ids = [], []
    for event in events:
        match event:
            case (
                PayoutBatched()
                | PayoutReleased()
                | PayoutSettled()
                | PayoutReturned()
                | PayoutUnknown()
                | PayoutDisputed()
                | DisputeEnded()
            ):
                keys.add(end_to_end_id(event.payout_id, event.attempt))
            case DonationBooked(donation_id=key) | ReliefDonationBooked(reference=key) | RecoveryBooked(receipt_id=key):
                keys.add(key)
            case BankDayTaken(entries=entries):
                keys |= {entry.end_to_end_id for entry in entries}
            case BatchSigned(batch_id=batch_id):
                batch_ids.append(batch_id)
            case OpenItemClosed(item_id=item_id):
                item_ids.append(item_id)
            case _:
                pass
    in_batches = sa.select(attempts.C.end_to_end_id).where(attempts.C.batch_id.in_(batch_ids))
    of_items = sa.select(open_items.C.end_to_end_id).where(open_items.C.item_id.in_(item_ids))
    return keys | await _keys(c, in_batches, of_items)


async def come_of_age(c: AsyncConnection, days: tuple[str, str], overdue: tuple[str, str]) -> set[str]:
    """The orders that a later day looks at for the first time, both after the first day and up to the second.

    What is dated on one of `days`, and what was put into a batch on one of the days that are `overdue` now.
    """
    entry, movement, order = bank_entries.C, cash_movements.C, attempts.C
    return await _keys(
        c,
        sa.select(entry.order_key).where(entry.day > days[0], entry.day <= days[1]),
        sa.select(movement.order_key).where(movement.day > days[0], movement.day <= days[1]),
        sa.select(order.end_to_end_id).where(order.batched_on > overdue[0], order.batched_on <= overdue[1]),
    )


async def _keys(c: AsyncConnection, *queries: sa.Select[str]) -> set[str]:
    keys: set[str] = set()
    for query in queries:
        keys.update((await c.execute(query)).scalars())
    return keys


async def _found(c: AsyncConnection, day: str, overdue: str, keys: Sequence[str] | None) -> list[Finding]:
    entries, transfers = await open_items.explained(c, keys)
    there = [one for one in await bank_entries.until(c, day, keys) if (one.day, one.entry_no) not in entries]
    here = [
        one
        for one in await cash_movements.until(c, day, keys)
        if one.kind != cash_movements.CORRECTED and one.transfer_id not in transfers
    ]
    return compare(here, there, await _orders(c, overdue, keys), day)


async def ledger_fen(c: AsyncConnection, day: str) -> int:
    """The ledger's cash at the end of a day, of all plans and funds."""
    moved = cash_movements.C
    total = sa.select(sa.func.coalesce(sa.func.sum(moved.amount_fen), 0)).where(moved.day <= day)
    return int((await c.execute(total)).scalar_one())


async def _orders(c: AsyncConnection, overdue: str, keys: Sequence[str] | None) -> list[Attempt]:
    """The batches' leg: what was signed and may be with the bank, and what should not be there any more."""
    signed = batches.C.state.in_((*batches.SIGNED, *batches.OVER))
    query = sa.select(attempts.TABLE).join(batches.TABLE, batches.C.batch_id == attempts.C.batch_id).where(signed)
    if keys is not None:
        query = query.where(attempts.C.end_to_end_id.in_(keys))
    return [
        Attempt(
            key=row.end_to_end_id,
            payout_id=row.payout_id,
            attempt=row.attempt,
            amount_fen=row.amount_fen,
            plan_code=row.plan_code,
            fund=row.fund,
            open=row.outcome in {"open", "unknown"} and row.batched_on <= overdue,
            contradicted=row.outcome in {"returned", "released"}
            and row.also_booked
            and not row.after_booking
            and row.batched_on <= overdue,
        )
        for row in await c.execute(query)
    ]
