"""Reconciliation over HTTP: how a day stands, what is open, and how people bring it to zero."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web.problem import Problem
from contracts.envelope import Actor
from payments.api.reading import PAGE_ROWS, After, Limit, allow_province
from payments.domain.batch import BATCH, Signed
from payments.domain.open_item import (
    NOT_PAID,
    OPEN_ITEM,
    PAID,
    Absent,
    Closed,
    ConfirmResolution,
    DeclineResolution,
    Open,
    PairItem,
    Proposed,
    ProposeResolution,
)
from payments.domain.payout import PAYOUT, Batched, Unknown
from payments.domain.payout_commands import EndDispute
from payments.domain.reconciliation import AGREED
from payments.projections import bank_days, open_items, reconciliation

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=80)]


class ClassCount(msgspec.Struct, frozen=True):
    """How many orders of a plan and fund are of a class, and how much the bank moved for them."""

    plan_code: str
    fund: str
    finding: str
    count: int
    bank_fen: int


class DayView(msgspec.Struct, frozen=True):
    """A day three ways, in fen. `closing_fen` = `ledger_cash_fen` + `open_difference_fen` + `unexplained_fen`.

    Classes are those of all orders whose day it is; the balances are of everything until its end. `taken`: the bank's
    statement of this day, or of the last before it on which the account moved, was taken in.
    """

    day: str
    taken: bool
    closing_fen: int
    ledger_cash_fen: int
    open_difference_fen: int
    unexplained_fen: int
    classes: list[ClassCount]


class ItemView(msgspec.Struct, frozen=True):
    """Something that does not agree."""

    item_id: str
    state: str
    finding: str
    day: str
    end_to_end_id: str
    kind: str
    difference_fen: int
    plan_code: str
    fund: str
    payout_id: str
    resolution: str
    reason: str
    by: str


class ItemPage(msgspec.Struct, frozen=True):
    """Some open items; `next` goes on after them, if there are more."""

    items: list[ItemView]
    next: int | None


class Resolve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an item ends: `paired` with another of its order at once, anything else when a second person agrees."""

    resolution: Literal["paired", "booked", "paid", "not_paid"]
    reason: Reason
    paired_with: Short = ""
    plan_code: Short = ""
    fund: Literal["", "pool", "relief"] = ""
    bank_reference: Short = ""


class Decline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the second person does not agree."""

    reason: Reason


class ItemTold(msgspec.Struct, frozen=True):
    """An item after a step."""

    item_id: str
    state: str


@get("/reconciliation/open")
async def list_open(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> ItemPage:
    """What does not agree with the bank, oldest first; it is to reach zero."""
    allow_province(actor)
    async with context.reads.connection() as c:
        rows = await open_items.page(c, after, limit + 1)
    more = len(rows) > limit
    return ItemPage([_view(row) for row in rows[:limit]], rows[limit - 1]["position"] if more else None)


@get("/reconciliation/{day:str}")
async def one_day(day: FromPath[str], actor: Actor, context: Context) -> DayView:
    """How a day stands; an ISO date, not after today."""
    allow_province(actor)
    try:
        on = date.fromisoformat(day)
        overdue = (on - timedelta(days=context.settings.unanswered_days)).isoformat()
    except (ValueError, OverflowError):
        raise Problem(404, "day-unknown", "A day is an ISO date.") from None
    # ISO's other forms would be compared with dates as text; and nothing is known of a day that has not begun.
    if on.isoformat() != day or on > context.clock.today():
        raise Problem(404, "day-unknown", "A day is an ISO date, not after today.")
    async with context.reads.connection() as c:
        taken = await bank_days.last(c, context.settings.bank_account, day)
        found = await reconciliation.findings(c, day, overdue)
        ledger_fen = await reconciliation.ledger_fen(c, day)
    counts: Counter[tuple[str, str, str]] = Counter()
    moved: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        if one.day == day:
            key = (one.plan_code, one.fund, one.finding)
            counts[key] += 1
            moved[key] += one.bank_fen
    differing_fen = sum(one.difference_fen for one in found if one.finding not in AGREED)
    closing_fen = taken[1] if taken else 0
    return DayView(
        day=day,
        taken=taken is not None,
        closing_fen=closing_fen,
        ledger_cash_fen=ledger_fen,
        open_difference_fen=differing_fen,
        unexplained_fen=closing_fen - ledger_fen - differing_fen,
        classes=[ClassCount(*key, count, moved[key]) for key, count in sorted(counts.items())],
    )


@post("/reconciliation/items/{item_id:str}/resolve", status_code=200)
async def resolve(
    item_id: FromPath[str], data: JSONBody[Resolve], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[ItemTold]:
    """The first person says how an item ends; two that cancel out end together, of one order at once."""
    _allow_finance(actor)

    async def work(session: Session) -> ItemTold:
        if data.resolution == "paired":
            await _pair(session, actor, item_id, data)
        else:
            command = ProposeResolution(
                data.resolution, data.reason, actor.sub, data.plan_code, data.fund, data.bank_reference
            )
            await session.decide(OPEN_ITEM, item_id, command)
        return await _told(session, item_id)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/reconciliation/items/{item_id:str}/confirm", status_code=200)
async def confirm(
    item_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[ItemTold]:
    """The second person agrees: money is booked, or an unanswered order gets its end."""
    _allow_finance(actor)

    async def work(session: Session) -> ItemTold:
        paired_with = await _other_of(session, item_id)
        fresh = await session.decide(OPEN_ITEM, item_id, ConfirmResolution(actor.sub, paired_with))
        if fresh and paired_with:
            await session.decide(OPEN_ITEM, paired_with, ConfirmResolution(actor.sub, item_id))
        item = await session.load(OPEN_ITEM, item_id)
        assert isinstance(item, Closed)
        if fresh and item.closed.resolution in {PAID, NOT_PAID}:
            await _end_order(session, item)
        return await _told(session, item_id)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/reconciliation/items/{item_id:str}/decline", status_code=200)
async def decline(
    item_id: FromPath[str], data: JSONBody[Decline], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[ItemTold]:
    """The second person does not agree; the item is open again."""
    _allow_finance(actor)

    async def work(session: Session) -> ItemTold:
        paired_with = await _other_of(session, item_id)
        await session.decide(OPEN_ITEM, item_id, DeclineResolution(data.reason, actor.sub))
        if paired_with and await _other_of(session, paired_with) == item_id:
            await session.decide(OPEN_ITEM, paired_with, DeclineResolution(data.reason, actor.sub))
        return await _told(session, item_id)

    return await context.command(request, actor, work, status=200, keep_s=None)


def _allow_finance(actor: Actor) -> None:
    allow_province(actor)
    allow(actor, "finance")


async def _pair(session: Session, actor: Actor, item_id: str, data: Resolve) -> None:
    both = {one: await session.load(OPEN_ITEM, one) for one in (item_id, data.paired_with)}
    raised = {one: item.raised for one, item in both.items() if not isinstance(item, Absent)}
    if len(raised) < len(both):
        raise Problem(404, "open-item-unknown", "No such open item.", "paired_with")
    for one, other in ((item_id, data.paired_with), (data.paired_with, item_id)):
        await session.decide(OPEN_ITEM, one, PairItem(raised[other], data.reason, actor.sub))


async def _other_of(session: Session, item_id: str) -> str:
    """The item that a person wants to end together with this one; "" for none."""
    item = await session.load(OPEN_ITEM, item_id)
    return item.proposed.paired_with if isinstance(item, Proposed) else ""


async def _end_order(session: Session, item: Closed) -> None:
    """What two people read on the bank's paper becomes the order's result."""
    raised, closed = item.raised, item.closed
    payout = await session.load(PAYOUT, raised.payout_id)
    paid = closed.resolution == PAID
    if not paid and isinstance(payout, Batched | Unknown):
        await _not_on_its_way(session, payout.batch_id)
    ended_on = raised.day if raised.entry_no else session.today.isoformat()
    command = EndDispute(raised.attempt, paid, ended_on, raised.item_id, closed.by, closed.confirmed_by)
    await session.decide(PAYOUT, raised.payout_id, command)


async def _not_on_its_way(session: Session, batch_id: str) -> None:
    """What the bank has not receipted may still be handed in by the batch's job, and would then be paid."""
    batch = await session.load(BATCH, batch_id)
    if isinstance(batch, Signed):
        raise Rejected("batch-on-its-way", "The bank has not taken the batch yet; its job may still hand it in.")


async def _told(session: Session, item_id: str) -> ItemTold:
    match await session.load(OPEN_ITEM, item_id):
        case Proposed():
            return ItemTold(item_id, "proposed")
        case Closed():
            return ItemTold(item_id, "closed")
        case Open() | Absent():
            return ItemTold(item_id, "open")


def _view(row: sa.RowMapping) -> ItemView:
    return ItemView(**{name: row[name] for name in ItemView.__struct_fields__})


ROUTES: list[ControllerRouterHandler] = [list_open, one_day, resolve, confirm, decline]
