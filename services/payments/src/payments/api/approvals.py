"""What is above a limit, over HTTP: it is listed and needs one further person, and is never held back beyond that."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.execute import Session
from chassis.web.problem import Problem
from contracts.envelope import Actor
from contracts.organization import within
from payments.api.batches import BatchView, batch_view, payouts_of
from payments.api.payouts import PayoutView, payout_view
from payments.api.reading import BOOKKEEPERS, PAGE_ROWS_MAX
from payments.domain.batch import BATCH, ApproveBatch
from payments.domain.payout import PAYOUT, Absent
from payments.domain.payout_commands import GiveApproval
from payments.projections import batches, payouts

APPROVERS = ("office_head", "supervisor", "finance")
"""Who may be the further person; whoever granted, asked or pays it is refused by the rule itself."""


class Approved(msgspec.Struct, frozen=True):
    """The further person has agreed."""

    id: str
    by: str


class Waiting(msgspec.Struct, frozen=True):
    """What waits for one further person, the oldest first, at most PAGE_ROWS_MAX of each."""

    payouts: list[PayoutView]
    batches: list[BatchView]


@get("/approvals")
async def list_approvals(actor: Actor, context: Context) -> Waiting:
    """Payouts and batches above a limit that wait, in the caller's subtree."""
    allow(actor, *BOOKKEEPERS)
    visible = in_subtree(payouts.C.org_path, actor)
    limit_fen = context.settings.batch_limit_fen
    async with context.reads.connection() as c:
        held = await payouts.waiting(c, visible, payouts.TO_APPROVE, 0, PAGE_ROWS_MAX)
        large = (
            await batches.to_approve(c, in_subtree(batches.C.org_path, actor), limit_fen, PAGE_ROWS_MAX)
            if limit_fen
            else []
        )
    return Waiting([payout_view(row) for row in held], [batch_view(row) for row in large])


@post("/payouts/{payout_id:str}/approval", status_code=200)
async def approve_payout(
    payout_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[Approved]:
    """One further person agrees to a payout above a limit: the next batch may take it."""
    allow(actor, *APPROVERS)

    async def work(session: Session) -> Approved:
        payout = await session.load(PAYOUT, payout_id)
        if isinstance(payout, Absent) or not within(payout.terms.owed.org_path, actor.org_path):
            raise Problem(404, "payout-unknown", "No such payout.")
        await session.decide(PAYOUT, payout_id, GiveApproval(actor.sub))
        return Approved(payout_id, actor.sub)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/batches/{batch_id:str}/approval", status_code=200)
async def approve_batch(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[Approved]:
    """One further person agrees to a batch above the limit: it may be signed."""
    allow(actor, *APPROVERS)

    async def work(session: Session) -> Approved:
        await payouts_of(session, actor, batch_id)
        await session.decide(BATCH, batch_id, ApproveBatch(actor.sub, context.settings.batch_limit_fen))
        return Approved(batch_id, actor.sub)

    return await context.command(request, actor, work, status=200, keep_s=None)


ROUTES: list[ControllerRouterHandler] = [list_approvals, approve_payout, approve_batch]
