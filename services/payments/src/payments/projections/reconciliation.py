"""The three legs read together: how every order stands at the end of a day."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.domain.reconciliation import Attempt, Finding, compare
from payments.projections import attempts, bank_entries, batches, cash_movements, open_items


async def findings(c: AsyncConnection, day: str, overdue: str) -> list[Finding]:
    """Every order up to a day; one that is out since `overdue` or longer without an answer is unanswered."""
    entries, transfers = await open_items.explained(c)
    there = [one for one in await bank_entries.until(c, day) if one.entry_no not in entries]
    here = [
        one
        for one in await cash_movements.until(c, day)
        if one.kind != cash_movements.CORRECTED and one.transfer_id not in transfers
    ]
    return compare(here, there, await _orders(c, overdue), day)


async def ledger_fen(c: AsyncConnection, day: str) -> int:
    """The ledger's cash at the end of a day, of all plans and funds."""
    moved = cash_movements.C
    total = sa.select(sa.func.coalesce(sa.func.sum(moved.amount_fen), 0)).where(moved.day <= day)
    return int((await c.execute(total)).scalar_one())


async def _orders(c: AsyncConnection, overdue: str) -> list[Attempt]:
    """The batches' leg: what was signed and may be with the bank."""
    signed = batches.C.state.in_(("signed", "sent", "partly_done", "reconciled"))
    query = sa.select(attempts.TABLE).join(batches.TABLE, batches.C.batch_id == attempts.C.batch_id).where(signed)
    return [
        Attempt(
            key=row.end_to_end_id,
            payout_id=row.payout_id,
            attempt=row.attempt,
            amount_fen=row.amount_fen,
            plan_code=row.plan_code,
            fund=row.fund,
            open=row.outcome in {"open", "unknown"} and row.batched_on <= overdue,
            contradicted=row.outcome == "returned"
            and row.also_booked
            and not row.after_booking
            and row.batched_on <= overdue,
        )
        for row in await c.execute(query)
    ]
