"""What does not agree with the bank: the list that people bring to zero, and how each item ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.payments.bank import OpenItemClosed, OpenItemRaised, ResolutionDeclined, ResolutionProposed
from payments.domain.open_item import EXPLAINING

NAME = "open_items"
OPEN, PROPOSED, CLOSED = "open", "proposed", "closed"
ITEMS_MAX = 2_000
"""Items that are named to Postgres at once."""

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("finding", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("end_to_end_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("entry_no", sa.BigInteger, nullable=False),
    sa.Column("transfer_id", sa.Text, nullable=False),
    sa.Column("difference_fen", sa.BigInteger, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("payout_id", sa.Text, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("paired_with", sa.Text, nullable=False),
    sa.Column("resolution", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("confirmed_by", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("open_items_by_state", "state", "position"),
    sa.Index("open_items_by_order", "end_to_end_id"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an item."""
    match recorded.event:
        case OpenItemRaised() as event:
            return [
                Put(
                    (event.item_id,),
                    state=OPEN,
                    finding=event.finding,
                    day=event.day,
                    end_to_end_id=event.end_to_end_id,
                    kind=event.kind,
                    entry_no=event.entry_no,
                    transfer_id=event.transfer_id,
                    difference_fen=event.difference_fen,
                    plan_code=event.plan_code,
                    fund=event.fund,
                    payout_id=event.payout_id,
                    round=event.round,
                    paired_with="",
                    resolution="",
                    reason="",
                    by="",
                    confirmed_by="",
                    position=recorded.position,
                )
            ]
        case ResolutionProposed() as event:
            told = {"resolution": event.resolution, "reason": event.reason, "by": event.by}
            return [Patch((event.item_id,), state=PROPOSED, paired_with=event.paired_with, **told)]
        case ResolutionDeclined(item_id=item_id, reason=reason):
            return [Patch((item_id,), state=OPEN, resolution="", reason=reason, by="", paired_with="")]
        case OpenItemClosed() as event:
            told = {"resolution": event.resolution, "reason": event.reason, "by": event.by}
            whose = {"plan_code": event.plan_code, "fund": event.fund, "confirmed_by": event.confirmed_by}
            return [Patch((event.item_id,), state=CLOSED, paired_with=event.paired_with, **told, **whose)]
        case _:
            return []


PROJECTION = Projection(NAME, version=3, source="payments", table=TABLE, apply=apply)


async def page(c: AsyncConnection, after: int, limit: int) -> Sequence[sa.RowMapping]:
    """What is not closed, in the order it was raised."""
    query = sa.select(TABLE).where(C.state != CLOSED, C.position > after).order_by(C.position).limit(limit)
    return (await c.execute(query)).mappings().all()


async def standing(c: AsyncConnection) -> dict[str, str]:
    """Every item that is not closed, by its id: the end-to-end id it is about."""
    rows = await c.execute(sa.select(C.item_id, C.end_to_end_id).where(C.state.in_((OPEN, PROPOSED))))
    return {row.item_id: row.end_to_end_id for row in rows}


async def rounds(c: AsyncConnection, item_ids: Sequence[str]) -> dict[str, int]:
    """How often each of these was raised; those that never were are left out."""
    found: dict[str, int] = {}
    for start in range(0, len(item_ids), ITEMS_MAX):
        some = C.item_id.in_(item_ids[start : start + ITEMS_MAX])
        found |= {row.item_id: row.round for row in await c.execute(sa.select(C.item_id, C.round).where(some))}
    return found


async def explained(c: AsyncConnection, keys: Sequence[str] | None = None) -> tuple[set[tuple[str, int]], set[str]]:
    """Entries (by day and number) and transfers that people have explained, of orders if any are named.

    Nothing is asked of them again.
    """
    explaining = C.resolution.in_(EXPLAINING)
    query = sa.select(C.day, C.entry_no, C.transfer_id).where(C.state == CLOSED, explaining)
    rows = (await c.execute(query if keys is None else query.where(C.end_to_end_id.in_(keys)))).all()
    entries = {(row.day, row.entry_no) for row in rows if row.entry_no}
    return entries, {row.transfer_id for row in rows if row.transfer_id}


async def booked_fen(c: AsyncConnection, plan_code: str, fund: str) -> int:
    """By how much the cash of a fund followed the statement."""
    total = sa.select(sa.func.coalesce(sa.func.sum(C.difference_fen), 0))
    return int(
        (
            await c.execute(
                total.where(C.resolution == "booked", C.state == CLOSED, C.plan_code == plan_code, C.fund == fund)
            )
        ).scalar_one()
    )
