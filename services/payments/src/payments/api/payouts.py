"""Payouts over HTTP: the worklist, and one payout with its attempts."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.clock import local_text
from chassis.context import Context
from chassis.web.problem import Problem
from contracts.envelope import Actor
from contracts.organization import within
from payments.api.reading import PAGE_ROWS, STAFF, After, Limit, shown
from payments.projections import attempts, payouts

CLERKS = ("agent", "unit_clerk", "county_clerk")
"""Who may hand in another account for a payee of their subtree."""

Standing = Annotated[
    Literal["", "requested", "batched", "unknown", "settled", "returned"], QueryParameter(name="state")
]
ClaimId = Annotated[str, QueryParameter(max_length=100)]


class PayoutView(msgspec.Struct, frozen=True):
    """A payout as it stands; times with +08:00, money in fen.

    `usable_at` is when a corrected account may be paid to; `proposed_tail` another account that waits for a second
    person; `call` due while the office has to phone; `limits` those that a further approval was asked for.
    """

    payout_id: str
    claim_id: str
    claim_no: str
    benefit_code: str
    plan_code: str
    person_id: str
    payee_id: str
    org_path: str
    amount_fen: int
    account_tail: str
    state: str
    attempt: int
    batch_id: str
    reason: str
    returns: int
    disputes: int
    requested_at: str
    settled_at: str
    usable_at: str
    proposed_tail: str
    proposed_by: str
    reminded_day: int
    call: str
    limits: list[str]
    asked_by: str
    approved_further_by: str


class PayoutPage(msgspec.Struct, frozen=True):
    """Some payouts; `next` goes on after them, if there are more."""

    items: list[PayoutView]
    next: int | None


class AttemptView(msgspec.Struct, frozen=True):
    """One attempt: open, unknown, settled or returned."""

    end_to_end_id: str
    attempt: int
    batch_id: str
    outcome: str
    reason: str


class PayoutDetail(msgspec.Struct, frozen=True):
    """A payout with its attempts."""

    payout: PayoutView
    attempts: list[AttemptView]


@get("/payouts")
async def list_payouts(
    actor: Actor,
    context: Context,
    standing: Standing = "",
    claim_id: ClaimId = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> PayoutPage:
    """Payouts of the caller's subtree, or a member's own, in the order they were requested."""
    allow(actor, "member", *STAFF)
    async with context.reads.connection() as c:
        rows = await payouts.page(c, visible_to(actor), standing, claim_id, after, limit + 1)
    more = len(rows) > limit
    return PayoutPage([payout_view(row) for row in rows[:limit]], rows[limit - 1]["position"] if more else None)


@get("/payouts/{payout_id:str}")
async def one_payout(payout_id: FromPath[str], actor: Actor, context: Context) -> PayoutDetail:
    """A payout and its attempts; 404 also when it is not the caller's to see."""
    allow(actor, "member", *CLERKS, *STAFF)
    async with context.reads.connection() as c:
        row = await payouts.one(c, payout_id)
        if row is None or not may_see(actor, row["org_path"], row["person_id"], row["payee_id"]):
            raise Problem(404, "payout-unknown", "No such payout.")
        tried = await attempts.of_payout(c, payout_id)
    return PayoutDetail(
        payout_view(row),
        [
            AttemptView(one["end_to_end_id"], one["attempt"], one["batch_id"], one["outcome"], one["reason"])
            for one in tried
        ],
    )


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which payouts the caller sees: a member their own, staff those of their subtree."""
    if set(actor.roles) == {"member"}:
        return sa.or_(payouts.C.person_id == actor.sub, payouts.C.payee_id == actor.sub)
    return in_subtree(payouts.C.org_path, actor)


def may_see(actor: Actor, org_path: str, person_id: str, payee_id: str) -> bool:
    """Whether a payout is the caller's to see."""
    if set(actor.roles) == {"member"}:
        return actor.sub in {person_id, payee_id}
    return within(org_path, actor.org_path)


def payout_view(row: sa.RowMapping) -> PayoutView:
    """A payout as people see it."""
    return PayoutView(
        payout_id=row["payout_id"],
        claim_id=row["claim_id"],
        claim_no=row["claim_no"],
        benefit_code=row["benefit_code"],
        plan_code=row["plan_code"],
        person_id=row["person_id"],
        payee_id=row["payee_id"],
        org_path=row["org_path"],
        amount_fen=row["amount_fen"],
        account_tail=row["account_tail"],
        state=row["state"],
        attempt=row["attempt"],
        batch_id=row["batch_id"],
        reason=row["reason"],
        returns=row["returns"],
        disputes=row["disputes"],
        requested_at=shown(row["requested_ms"]),
        settled_at=shown(row["settled_ms"]),
        usable_at=local_text(row["usable_from"]) if row["usable_from"] else "",
        proposed_tail=row["proposed_tail"],
        proposed_by=row["proposed_by"],
        reminded_day=row["reminded_day"],
        call=row["call"],
        limits=json.loads(row["limits"]),
        asked_by=row["asked_by"],
        approved_further_by=row["approved_further_by"],
    )


ROUTES: list[ControllerRouterHandler] = [list_payouts, one_payout]
