"""Every payout: where it stands, whose it is, and what of it was booked and came back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import SHANGHAI, from_text
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.payments.bank import PayoutReleased, ReturnQueried
from contracts.payments.owing import (
    AccountDeclined,
    AccountProposed,
    FurtherApprovalAsked,
    FurtherApprovalGiven,
    OfficeCallMade,
    OfficeCallRequested,
    PayeeReminded,
)
from contracts.payments.v1 import (
    AccountCorrected,
    PayoutBatched,
    PayoutDisputed,
    PayoutRequested,
    PayoutReturned,
    PayoutSettled,
    PayoutUnknown,
)
from payments.domain.payout_stages import CALL_DONE, CALL_DUE, REACHED
from payments.domain.reasons import SAME_ACCOUNT_REASONS
from payments.projections import bank_words, batches

NAME = "payouts"
REQUESTED, BATCHED, UNKNOWN, SETTLED, RETURNED = "requested", "batched", "unknown", "settled", "returned"
NO_LIMITS = "[]"
STATES = (REQUESTED, BATCHED, UNKNOWN, SETTLED, RETURNED)

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("payout_id", sa.Text, primary_key=True),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("benefit_code", sa.Text, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("payee_id", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("account_tail", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("booked_fen", sa.BigInteger, nullable=False),
    sa.Column("came_back_fen", sa.BigInteger, nullable=False),
    sa.Column("returns", sa.Integer, nullable=False),
    sa.Column("disputes", sa.Integer, nullable=False),
    sa.Column("requested_ms", sa.BigInteger, nullable=False),
    sa.Column("batched_ms", sa.BigInteger, nullable=True),
    sa.Column("settled_ms", sa.BigInteger, nullable=True),
    sa.Column("disputed_ms", sa.BigInteger, nullable=True),
    sa.Column("returned_ms", sa.BigInteger, nullable=True),
    sa.Column("queried_on", sa.Text, nullable=False),
    sa.Column("usable_from", sa.Text, nullable=False),
    sa.Column("proposed_tail", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("reminded_day", sa.Integer, nullable=False),
    sa.Column("call", sa.Text, nullable=False),
    sa.Column("limits", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("approved_further_by", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("payouts_by_state", "state", "position"),
    sa.Index("payouts_by_path", "org_path"),
    sa.Index("payouts_by_person", "person_id"),
    sa.Index("payouts_by_claim", "claim_id"),
)
"""Moments are business times, in milliseconds since 1970; `position` is that of the request.

`disputes` counts how often the bank contradicted itself, whatever became of it.
`queried_on` is the ISO date on which the bank was asked again about its own failure, "" before; `usable_from` the
moment (RFC 3339, UTC) from which a corrected account may be paid to; `limits` a JSON list of those
that a further approval was asked for, "[]" for none; `call` "", due or done.
"""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a payout."""
    at_ms = round(from_text(recorded.header.time).timestamp() * 1000)
    match recorded.event:
        case PayoutRequested() as event:
            return [_row(event, at_ms, recorded.position)]
        case PayoutBatched(payout_id=payout_id, attempt=attempt, batch_id=batch_id):
            columns = {"state": BATCHED, "attempt": attempt, "batch_id": batch_id, "reason": "", "batched_ms": at_ms}
            return [Patch((payout_id,), **columns, returned_ms=None, call="")]
        case PayoutReleased(payout_id=payout_id, reason=reason):
            state, returned_ms = (RETURNED, at_ms) if reason else (REQUESTED, None)
            columns = {"state": state, "returned_ms": returned_ms, "reason": reason, "batched_ms": None}
            return [Patch((payout_id,), **columns, queried_on="", reminded_day=0, proposed_tail="", proposed_by="")]
        case PayoutUnknown(payout_id=payout_id):
            return [Patch((payout_id,), state=UNKNOWN)]
        case PayoutSettled() as event:
            key = (event.payout_id,)
            return [Patch(key, state=SETTLED, settled_ms=at_ms, reason=""), Count(key, booked_fen=event.amount_fen)]
        case PayoutReturned() as event:
            key = (event.payout_id,)
            back = event.amount_fen if event.after_booking else 0
            columns = {"state": RETURNED, "reason": event.reason, "settled_ms": None, "returned_ms": at_ms}
            return [
                Patch(key, **columns, queried_on="", reminded_day=0, call="", proposed_tail="", proposed_by=""),
                Count(key, returns=1, came_back_fen=back),
            ]
        case PayoutDisputed(payout_id=payout_id):
            return [Patch((payout_id,), disputed_ms=at_ms), Count((payout_id,), disputes=1)]
        case _:
            return _followed(recorded)


def _followed(recorded: Recorded) -> Iterable[Write]:
    """What happens to what is owed while it is not with the bank."""
    match recorded.event:
        case AccountProposed() as event:
            return [Patch((event.payout_id,), proposed_tail=event.account_tail, proposed_by=event.by)]
        case AccountDeclined() as event:
            return [Patch((event.payout_id,), proposed_tail="", proposed_by="")]
        case AccountCorrected() as event:
            columns = {"account_tail": event.account_tail, "usable_from": event.usable_from, "returned_ms": None}
            key = (event.payout_id,)
            return [Patch(key, **columns, state=REQUESTED, reason="", call="", proposed_tail="", proposed_by="")]
        case ReturnQueried() as event:
            return [Patch((event.payout_id,), queried_on=event.queried_on)]
        case PayeeReminded() as event:
            return [Patch((event.payout_id,), reminded_day=event.day)]
        case OfficeCallRequested() as event:
            return [Patch((event.payout_id,), call=CALL_DUE)]
        case OfficeCallMade() as event:
            return [Patch((event.payout_id,), call=CALL_DONE)] if event.outcome == REACHED else []
        case FurtherApprovalAsked() as event:
            limits = json.dumps(list(event.limits))
            return [Patch((event.payout_id,), limits=limits, asked_by=event.by, approved_further_by="")]
        case FurtherApprovalGiven() as event:
            return [Patch((event.payout_id,), approved_further_by=event.by)]
        case _:
            return []


def _row(event: PayoutRequested, at_ms: int, position: int) -> Put:
    return Put(
        (event.payout_id,),
        claim_id=event.claim_id,
        claim_no=event.claim_no,
        benefit_code=event.benefit_code,
        plan_code=event.plan_code,
        fund=event.fund,
        person_id=event.person_id,
        payee_id=event.payee_id,
        org_path=event.org_path,
        amount_fen=event.amount_fen,
        account_tail=event.account_tail,
        state=REQUESTED,
        attempt=0,
        batch_id="",
        reason="",
        booked_fen=0,
        came_back_fen=0,
        returns=0,
        disputes=0,
        requested_ms=at_ms,
        batched_ms=None,
        settled_ms=None,
        disputed_ms=None,
        returned_ms=None,
        queried_on="",
        usable_from="",
        proposed_tail="",
        proposed_by="",
        reminded_day=0,
        call="",
        limits=NO_LIMITS,
        asked_by="",
        approved_further_by="",
        position=position,
    )


PROJECTION = Projection(NAME, version=6, source="payments", table=TABLE, apply=apply)

BANKS_OWN = (C.state == RETURNED) & C.reason.in_(sorted(SAME_ACCOUNT_REASONS)) & (C.proposed_by == "")
AGAIN = BANKS_OWN & (C.queried_on != "")
WAITS_FOR_APPROVAL = (C.limits != NO_LIMITS) & (C.approved_further_by == "")
BATCHABLE = ((C.state == REQUESTED) | AGAIN) & ~WAITS_FOR_APPROVAL
OPEN = C.state.in_((BATCHED, UNKNOWN))
IN_DOUBT = (C.disputes > 0) & bank_words.maybe_paid(C.payout_id)


async def one(c: AsyncConnection, payout_id: str) -> sa.RowMapping | None:
    """A payout's row."""
    return (await c.execute(sa.select(TABLE).where(C.payout_id == payout_id))).mappings().one_or_none()


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], state: str, claim_id: str, after: int, limit: int
) -> Sequence[sa.RowMapping]:
    """Payouts in the order of their requests, after a position; of one state or claim, if named."""
    query = sa.select(TABLE).where(visible, C.position > after).order_by(C.position).limit(limit)
    if state:
        query = query.where(C.state == state)
    if claim_id:
        query = query.where(C.claim_id == claim_id)
    return (await c.execute(query)).mappings().all()


async def batchable(
    c: AsyncConnection,
    visible: sa.ColumnElement[bool],
    plan_code: str,
    fund: str,
    now: str,
    midnight_ms: int,
    limit: int,
) -> list[str]:
    """Payouts of a plan's fund that may enter a batch at `now` (RFC 3339, UTC), oldest first.

    What may have been paid already waits for a person, a corrected account for its time, what is above a limit for
    approval, what the bank's own failure sent back for a query on a day after that, hence `midnight_ms` (the day's
    beginning).
    """
    rested = (C.state == REQUESTED) | (C.returned_ms < midnight_ms)
    gathered = (visible, BATCHABLE, rested, ~IN_DOUBT, C.plan_code == plan_code, C.fund == fund)
    query = sa.select(C.payout_id).where(*gathered, C.usable_from <= now).order_by(C.position)
    return list((await c.execute(query.limit(limit))).scalars())


async def out_to_members(c: AsyncConnection, plan_code: str, fund: str, person_ids: Sequence[str]) -> dict[str, int]:
    """What of a plan's fund is paid or in a batch to each member, in fen."""
    out = C.state.in_((BATCHED, UNKNOWN, SETTLED))
    of = (C.plan_code == plan_code, C.fund == fund, C.person_id.in_(person_ids), out)
    rows = await c.execute(sa.select(C.person_id, sa.func.sum(C.amount_fen)).where(*of).group_by(C.person_id))
    return {person_id: int(fen) for person_id, fen in rows}


async def waiting(
    c: AsyncConnection, visible: sa.ColumnElement[bool], what: sa.ColumnElement[bool], after: int, limit: int
) -> Sequence[sa.RowMapping]:
    """Payouts that wait for a person in one way or another, in the order of their requests."""
    query = sa.select(TABLE).where(visible, what, C.position > after).order_by(C.position).limit(limit)
    return (await c.execute(query)).mappings().all()


PROPOSED = (C.state == RETURNED) & (C.proposed_by != "")
TO_CALL = (C.state == RETURNED) & (C.call == CALL_DUE)
TO_APPROVE = C.state.in_((REQUESTED, RETURNED)) & WAITS_FOR_APPROVAL


async def to_remind(c: AsyncConnection, before_ms: Sequence[tuple[int, int]], limit: int) -> list[tuple[str, int, int]]:
    """Payout, attempt and the latest day due, of what came back and nobody has corrected.

    `before_ms` has a pair for each day of reminders, ascending: the day, and the moment that far before now.
    """
    unanswered = (C.state == RETURNED) & (C.proposed_by == "") & ~C.reason.in_(sorted(SAME_ACCOUNT_REASONS))
    if not before_ms:
        return []
    arms = [(C.returned_ms <= moment, day) for day, moment in reversed(before_ms)]
    due = sa.case(*arms, else_=0)
    query = sa.select(C.payout_id, C.attempt, due).where(unanswered, due > C.reminded_day).order_by(C.position)
    return [(row[0], row[1], row[2]) for row in await c.execute(query.limit(limit))]


async def to_phone(c: AsyncConnection, failed_min: int, limit: int) -> list[str]:
    """Payouts that failed so often that somebody has to phone, and nobody has been asked to."""
    failed = (C.state == RETURNED) & (C.proposed_by == "") & (C.call == "") & (C.attempt >= failed_min)
    return list((await c.execute(sa.select(C.payout_id).where(failed).order_by(C.position).limit(limit))).scalars())


async def any_open(c: AsyncConnection) -> bool:
    """Whether an attempt is with the bank."""
    return bool((await c.execute(sa.select(sa.exists().where(OPEN)))).scalar_one())


async def silent(c: AsyncConnection, before_ms: int, after: tuple[int, str], limit: int) -> list[tuple[int, str]]:
    """Payouts of signed batches that were batched before a moment and have heard nothing, each with its moment.

    In that order, after the last one that was asked about (`after`).
    """
    signed = sa.exists().where(batches.C.batch_id == C.batch_id, batches.C.state.in_(batches.SIGNED))
    place = sa.tuple_(C.batched_ms, C.payout_id)
    query = sa.select(C.batched_ms, C.payout_id).where(OPEN, C.batched_ms <= before_ms, signed, place > after)
    rows = await c.execute(query.order_by(C.batched_ms, C.payout_id).limit(limit))
    return [(row.batched_ms, row.payout_id) for row in rows]


async def to_query(c: AsyncConnection, midnight_ms: int, limit: int) -> list[str]:
    """Payouts that the bank's own failure sent back before this day began, and that nobody has asked about since."""
    due = (BANKS_OWN, C.queried_on == "", C.returned_ms < midnight_ms)
    return list((await c.execute(sa.select(C.payout_id).where(*due).order_by(C.position).limit(limit))).scalars())


def day_began_ms(day: date) -> int:
    """When a business day began, in milliseconds since 1970."""
    return round(datetime.combine(day, time(), SHANGHAI).timestamp() * 1000)


async def booked(c: AsyncConnection, plan_code: str, fund: str) -> tuple[int, int]:
    """What a plan's fund paid out by the bank, and what of it came back, in fen: beside the ledger, not from it."""
    sums = sa.select(
        sa.func.coalesce(sa.func.sum(C.booked_fen), 0), sa.func.coalesce(sa.func.sum(C.came_back_fen), 0)
    ).where(C.plan_code == plan_code, C.fund == fund)
    paid, back = (await c.execute(sums)).one()
    return int(paid), int(back)


async def totals(c: AsyncConnection, visible: sa.ColumnElement[bool], fund: str) -> dict[str, Any]:
    """Of one fund: people, person-times and fen paid, returns so far, and the quartiles of settle times."""
    paid = C.state == SETTLED
    visible = sa.and_(visible, C.fund == fund)
    settle_ms = C.settled_ms - C.requested_ms
    one_row = (
        (
            await c.execute(
                sa.select(
                    sa.func.count(sa.distinct(C.person_id)).filter(paid).label("people"),
                    sa.func.count(sa.distinct(C.claim_id)).filter(paid).label("person_times"),
                    sa.func.coalesce(sa.func.sum(C.amount_fen).filter(paid), 0).label("fen"),
                    sa.func.coalesce(sa.func.sum(C.returns), 0).label("returned"),
                    sa.func.coalesce(sa.func.sum(C.disputes).filter(IN_DOUBT), 0).label("disputed"),
                    sa.func.count().filter(~paid).label("open_payouts"),
                    sa.func.percentile_disc(0.5).within_group(settle_ms).filter(paid).label("settle_ms_p50"),
                    sa.func.percentile_disc(0.99).within_group(settle_ms).filter(paid).label("settle_ms_p99"),
                ).where(visible)
            )
        )
        .mappings()
        .one()
    )
    by_benefit = await c.execute(
        sa.select(C.benefit_code, sa.func.sum(C.amount_fen)).where(visible, paid).group_by(C.benefit_code)
    )
    # Postgres sums bigints into numeric.
    figures = {name: None if value is None else int(value) for name, value in one_row.items()}
    return {**figures, "fen_by_benefit": {benefit: int(fen) for benefit, fen in by_benefit}}
