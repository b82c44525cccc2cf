"""Bank batches over HTTP: a maker drafts, a second person checks, a third signs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.clock import new_id, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.web.problem import Problem
from contracts.envelope import Actor
from contracts.organization import within
from contracts.person import Account
from payments.api.limits import above_limits, count
from payments.api.reading import BOOKKEEPERS, PAGE_ROWS, After, Limit
from payments.api.switch import Why
from payments.bank import kept
from payments.bank.ends import NEVER_SIGNED, release
from payments.domain.batch import (
    BATCH,
    BATCH_PAYOUTS_MAX,
    Absent,
    Batch,
    BatchItem,
    CancelBatch,
    CheckBatch,
    DraftBatch,
    SignBatch,
)
from payments.domain.batch import Checked as CheckedBatch
from payments.domain.card import issuer_of, warnings_of
from payments.domain.payout import PAYOUT, Batched, BatchPayout, Owed, Unknown
from payments.domain.payout import Absent as NoPayout
from payments.domain.payout_approval import hands
from payments.domain.payout_commands import AskApproval
from payments.domain.payout_stages import CLAIM_ACCOUNT_FIELD
from payments.domain.payout_switch import ALL, PAYOUT_SWITCH, running
from payments.projections import batches, payouts

PayoutId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
OfState = Annotated[
    Literal["", "drafted", "checked", "signed", "sent", "partly_done", "reconciled", "cancelled", "refused"],
    QueryParameter(name="state"),
]
PlanText = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,40}$")]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to pay: these payouts, or (none named) all of plan and fund that may be paid, up to BATCH_PAYOUTS_MAX."""

    plan_code: PlanText
    fund: Literal["pool", "relief"] = "pool"
    payout_ids: Annotated[tuple[PayoutId, ...], msgspec.Meta(max_length=BATCH_PAYOUTS_MAX)] = ()


class Warned(msgspec.Struct, frozen=True):
    """Look at this payment before you sign: `serial` counts from 1 (domain 7.1). It stops nothing."""

    serial: int
    code: str


class BatchTold(msgspec.Struct, frozen=True):
    """A batch after a step; `waiting` payouts are above a limit and wait for a further approval outside of it.

    `erased` payouts stay owed and are left out: the account that they would go to was erased.

    Without anything else to pay there is no batch: `batch_id` is empty and `state` waiting.
    """

    batch_id: str
    state: str
    payouts: int
    total_fen: int
    file_sha256: str = ""
    warnings: tuple[Warned, ...] = ()
    waiting: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()

    @property
    def http_status(self) -> int | None:
        """202 where everything waits for a further approval and no batch was made."""
        return None if self.batch_id else 202


class BatchView(msgspec.Struct, frozen=True):
    """A batch as it stands."""

    batch_id: str
    plan_code: str
    state: str
    payouts: int
    total_fen: int
    drafted_by: str
    checked_by: str
    signed_by: str
    approved_by: str
    file_sha256: str
    bank_reference: str
    ended: int
    end_reason: str
    """Why it was cancelled, or the bank's code for refusing it."""
    cancelled_by: str
    warnings: tuple[Warned, ...]


class BatchPage(msgspec.Struct, frozen=True):
    """Some batches; `next` goes on after them, if there are more. `refused` counts all whose file no bank took."""

    items: list[BatchView]
    next: int | None
    refused: int = 0


@post("/batches", status_code=201)
async def draft_batch(
    data: JSONBody[Draft], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchTold]:
    """The maker's step: every payout becomes an attempt of this batch, in the same group."""
    allow(actor, "finance")
    batch_id = new_id()

    async def work(session: Session) -> BatchTold:
        payout_ids = data.payout_ids or await _payable(session, actor, data.plan_code, data.fund)
        owed = await _owed(session, actor, payout_ids)
        if any(payout.terms.owed.plan_code != data.plan_code for payout in owed):
            raise Problem(422, "plan-differs", "A batch pays from one plan's pool.", "payout_ids")
        if any(payout.terms.owed.fund != data.fund for payout in owed):
            raise Problem(422, "fund-differs", "A batch pays from the pool or from the relief fund.", "payout_ids")
        accounts = await _accounts(session, owed)
        erased = tuple(one.terms.owed.payout_id for one in owed if one.terms.owed.payout_id not in accounts)
        owed = [one for one in owed if one.terms.owed.payout_id in accounts]
        if erased and not owed:
            raise Rejected("payee-erased", "The account of every payee was erased; nothing can be paid.", "payout_ids")
        waiting = await above_limits(session, owed, context.settings)
        for payout_id, limits in waiting.items():
            await session.decide(PAYOUT, payout_id, AskApproval(limits, actor.sub))
        free = [payout for payout in owed if payout.terms.owed.payout_id not in waiting]
        if waiting and not free:
            return BatchTold("", "waiting", 0, 0, waiting=tuple(waiting), erased=erased)
        items = _items(free, accounts)
        await session.decide(BATCH, batch_id, DraftBatch(batch_id, data.plan_code, items, actor.sub, data.fund))
        for item in items:
            next_one = BatchPayout(batch_id, utc_text(session.now), session.today.isoformat(), item.bank_code)
            await session.decide(PAYOUT, item.payout_id, next_one)
        await count(session, free, batch_id)
        warnings = tuple(Warned(serial, code) for serial, one in enumerate(items, start=1) for code in one.warnings)
        total_fen = sum(item.amount_fen for item in items)
        drafted = BatchTold(batch_id, "drafted", len(items), total_fen, warnings=warnings)
        return msgspec.structs.replace(drafted, waiting=tuple(waiting), erased=erased)

    return await context.command(request, actor, work, status=201, keep_s=None)


@post("/batches/{batch_id:str}/check", status_code=200)
async def check_batch(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchTold]:
    """The second person's step."""
    allow(actor, "finance")

    async def work(session: Session) -> BatchTold:
        owed = await payouts_of(session, actor, batch_id)
        await session.decide(BATCH, batch_id, CheckBatch(actor.sub))
        return _told(batch_id, "checked", owed)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/batches/{batch_id:str}/sign", status_code=200)
async def sign_batch(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchTold]:
    """The third person's step: the file is written and kept, its digest fixed, and it may go out."""
    allow(actor, "finance")
    sha256 = await _file(context, actor, batch_id)

    async def work(session: Session) -> BatchTold:
        owed = await payouts_of(session, actor, batch_id)
        running(await session.load(PAYOUT_SWITCH, ALL))
        settings = context.settings
        command = SignBatch(actor.sub, sha256, settings.batch_limit_fen, settings.bank_format)
        await session.decide(BATCH, batch_id, command)
        return _told(batch_id, "signed", owed, sha256)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/batches/{batch_id:str}/cancel", status_code=200)
async def cancel_batch(
    batch_id: FromPath[str],
    data: JSONBody[Why],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[BatchTold]:
    """Before it is signed anybody of finance may end a batch; what it held may go into another one."""
    allow(actor, "finance")

    async def work(session: Session) -> BatchTold:
        owed = await payouts_of(session, actor, batch_id)
        await session.decide(BATCH, batch_id, CancelBatch(actor.sub, data.reason))
        await release(session, batch_id, NEVER_SIGNED)
        return _told(batch_id, "cancelled", owed)

    return await context.command(request, actor, work, status=200, keep_s=None)


@get("/batches")
async def list_batches(
    actor: Actor, context: Context, of_state: OfState = "", after: After = 0, limit: Limit = PAGE_ROWS
) -> BatchPage:
    """Batches drafted in the caller's subtree, of one state if named, in the order they were drafted."""
    allow(actor, *BOOKKEEPERS)
    visible = in_subtree(batches.C.org_path, actor)
    async with context.reads.connection() as c:
        rows = await batches.page(c, visible, of_state, after, limit + 1)
        refused = await batches.refused(c, visible)
    more = len(rows) > limit
    items = [batch_view(row) for row in rows[:limit]]
    return BatchPage(items, rows[limit - 1]["position"] if more else None, refused)


@get("/batches/{batch_id:str}")
async def one_batch(batch_id: FromPath[str], actor: Actor, context: Context) -> BatchView:
    """A batch; 404 also when it is not the caller's to see."""
    allow(actor, *BOOKKEEPERS)
    async with context.reads.connection() as c:
        row = await batches.one(c, batch_id)
    if row is None or not within(row["org_path"], actor.org_path):
        raise Problem(404, "batch-unknown", "No such batch.")
    return batch_view(row)


async def _payable(session: Session, actor: Actor, plan_code: str, fund: str) -> tuple[str, ...]:
    async with session.reads.connection() as c:
        visible = in_subtree(payouts.C.org_path, actor)
        now, midnight = utc_text(session.now), payouts.day_began_ms(session.today)
        return tuple(await payouts.batchable(c, visible, plan_code, fund, now, midnight, BATCH_PAYOUTS_MAX))


async def _owed(session: Session, actor: Actor, payout_ids: tuple[str, ...]) -> list[Owed]:
    """The payouts, all of them within the actor's subtree."""
    states = await session.load_many(PAYOUT, payout_ids)
    owed: list[Owed] = []
    for payout_id in payout_ids:
        payout = states[payout_id]
        if isinstance(payout, NoPayout) or not within(payout.terms.owed.org_path, actor.org_path):
            raise Problem(404, "payout-unknown", "No such payout.", "payout_ids")
        owed.append(payout)
    return owed


async def _accounts(session: Session, owed: list[Owed]) -> dict[str, Account]:
    """The accounts that are still there, by payout, open in memory."""
    opened = await kept.accounts(session, owed)
    return {
        payout.terms.owed.payout_id: account
        for payout, account in zip(owed, opened, strict=True)
        if not isinstance(account, Erased)
    }


def _items(owed: list[Owed], accounts: dict[str, Account]) -> tuple[BatchItem, ...]:
    """The payouts with what people should look at: accounts are opened for it, and forgotten."""
    return tuple(
        BatchItem(
            payout_id=payout.terms.owed.payout_id,
            amount_fen=payout.terms.owed.amount_fen,
            approved_by=hands([payout]),
            warnings=warnings_of(card_no, name_matches=_name_matches(payout)),
            bank_code=issuer_of(card_no),
        )
        for payout in owed
        for card_no in (accounts[payout.terms.owed.payout_id].card_no,)
    )


def _name_matches(payout: Owed) -> bool:
    """As it was when the account was named; of a corrected account, a second person has seen to it."""
    return payout.terms.account_field != CLAIM_ACCOUNT_FIELD or payout.terms.owed.name_matches


async def _file(context: Context, actor: Actor, batch_id: str) -> str:
    """The digest of the file to be signed, written now and kept; "" where there is nothing to sign, or nobody to.

    It stands outside the decision, which may run again: a file that nobody signs in the end is never sent.
    """

    async def read(session: Session) -> tuple[Batch, list[Owed]]:
        batch = await session.load(BATCH, batch_id)
        return batch, await payouts_of(session, actor, batch_id) if isinstance(batch, CheckedBatch) else []

    batch, owed = (await context.executor.run(read)).value
    if not isinstance(batch, CheckedBatch) or actor.sub in {batch.drafted.by, batch.checked_by}:
        return ""
    if not all(isinstance(payout, Batched | Unknown) and payout.batch_id == batch_id for payout in owed):
        raise Rejected("payout-not-in-batch", "A payout of the batch is no longer an open attempt of it.")
    try:
        return await kept.keep(context, batch.drafted, owed)
    except kept.PayeeErased:
        raise Rejected(
            "payee-erased", "The account of a payee was erased; cancel the batch and draft the others."
        ) from None


async def payouts_of(session: Session, actor: Actor, batch_id: str) -> list[Owed]:
    """The payouts of a batch that the actor may handle."""
    batch = await session.load(BATCH, batch_id)
    if isinstance(batch, Absent):
        raise Problem(404, "batch-unknown", "No such batch.")
    return await _owed(session, actor, batch.drafted.payout_ids)


def _told(batch_id: str, state: str, owed: list[Owed], sha256: str = "") -> BatchTold:
    return BatchTold(batch_id, state, len(owed), sum(payout.terms.owed.amount_fen for payout in owed), sha256)


def batch_view(row: sa.RowMapping) -> BatchView:
    """A batch as people see it."""
    return BatchView(
        batch_id=row["batch_id"],
        plan_code=row["plan_code"],
        state=row["state"],
        payouts=row["payouts"],
        total_fen=row["total_fen"],
        drafted_by=row["drafted_by"],
        checked_by=row["checked_by"],
        signed_by=row["signed_by"],
        approved_by=row["approved_by"],
        file_sha256=row["file_sha256"],
        bank_reference=row["bank_reference"],
        ended=row["ended"],
        end_reason=row["end_reason"],
        cancelled_by=row["cancelled_by"],
        warnings=msgspec.json.decode(row["warnings"], type=tuple[Warned, ...]),
    )


ROUTES: list[ControllerRouterHandler] = [
    draft_batch,
    check_batch,
    sign_batch,
    cancel_batch,
    list_batches,
    one_batch,
]
