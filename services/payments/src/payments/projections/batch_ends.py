"""How many payments of a batch have an end, and whether the statement has said the same of each."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.projections import attempts, bank_entries, batches, open_items

DUE_MAX = 200


async def due(c: AsyncConnection) -> list[tuple[str, int, bool]]:
    """Batches that have come further than their row says: (id, payments with an end, whether all of them agree).

    What was refused never stands in a statement; what was booked has to, and no open item may speak of it.
    """
    a, b = attempts.C, batches.C
    ended = a.outcome.in_(("settled", "returned"))
    booked = sa.or_(a.outcome == "settled", a.after_booking)
    stands = sa.exists().where(bank_entries.C.order_key == a.end_to_end_id, bank_entries.C.kind == "paid")
    # Two people have seen that the bank never moved it, whatever it had said.
    never = sa.exists().where(open_items.C.end_to_end_id == a.end_to_end_id, open_items.C.resolution == "not_paid")
    disputed = sa.exists().where(open_items.C.end_to_end_id == a.end_to_end_id, open_items.C.state != "closed")
    agrees = sa.and_(ended, sa.or_(~booked, stands, never), ~disputed)
    ends = sa.func.count().filter(ended)
    query = (
        sa.select(b.batch_id, b.state, b.payouts, ends.label("ended"), sa.func.count().filter(agrees).label("agreed"))
        .join(attempts.TABLE, a.batch_id == b.batch_id)
        .where(b.state.in_(("sent", "partly_done")))
        .group_by(b.batch_id, b.state, b.payouts)
        .having(ends > 0)
        .limit(DUE_MAX)
    )
    return [
        (row.batch_id, row.ended, row.agreed == row.payouts)
        for row in await c.execute(query)
        if row.state == "sent" or row.agreed == row.payouts
    ]
