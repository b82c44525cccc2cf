"""Money asked back of a claim or a relief case: by the office; it comes in with finance, two people write it off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OVERSIGHT
from claims.api.notes import seal_note
from claims.api.plans import plan_of
from claims.api.process_shapes import (
    ReceiptAsked,
    RecoveryAsked,
    RecoveryStanding,
    WriteOffAsked,
    WriteOffDecisionAsked,
)
from claims.api.queries import PAGE_ROWS, After, Limit
from claims.api.reviews import AnyRequest
from claims.api.shapes import ClaimId
from claims.domain import paid_matter
from claims.domain.claim import CLAIM
from claims.domain.entitlement import ENTITLEMENT, BarPerson
from claims.domain.paid_matter import PaidMatter
from claims.domain.plan import Plan
from claims.domain.recovery import (
    RECOVERY,
    Closed,
    DecideWriteOff,
    OpenRecovery,
    Owed,
    ProposeWriteOff,
    RecordReceipt,
    RecoveryCommand,
    Unopened,
)
from claims.domain.relief import RELIEF
from claims.projections import recoveries
from claims.projections.recoveries import RecoveryRow
from contracts.claims.process import RecoveryOpened
from contracts.envelope import Actor
from contracts.organization import within

FRAUD = "FRAUD"
TOLD = Response[RecoveryStanding]
Make = Callable[[Session, PaidMatter, Plan], Awaitable[RecoveryCommand]]


class RecoveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Money asked back in the order of asking; `next_after` goes on, 0 at the end."""

    recoveries: list[RecoveryRow]
    next_after: int


@get("/recoveries")
async def recovery_list(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> RecoveryPage:
    """What is asked back within the asker's subtree."""
    allow(actor, "office_head", "office_reviewer", "office_rechecker", "finance", *OVERSIGHT)
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        rows = await recoveries.page(c, actor, after, rows_max)
    next_after = rows[-1].position if len(rows) == rows_max else 0
    return RecoveryPage(recoveries=rows, next_after=next_after)


@post("/recoveries/{claim_id:str}", status_code=200)
async def open_recovery(
    claim_id: ClaimId, data: JSONBody[RecoveryAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """The head asks back what was wrongly paid; fraud bars the person for the plan's years."""
    allow(actor, "office_head")

    async def command(session: Session, matter: PaidMatter, plan: Plan) -> RecoveryCommand:
        rules, paid = plan.procedure.recovering, paid_matter.paid_by(matter)
        if data.reason == FRAUD:
            until = session.today.replace(day=min(session.today.day, 28), year=session.today.year + rules.bar_years)
            bar = BarPerson(plan.code, paid.person_id, claim_id, until.isoformat(), actor.sub)
            await session.decide(ENTITLEMENT, f"{plan.code}-{paid.person_id}", bar)
        opened = RecoveryOpened(
            recovery_id=claim_id,
            claim_id=claim_id,
            claim_no=paid.number,
            person_id=paid.person_id,
            plan_code=plan.code,
            org_path=paid.org_path,
            amount_fen=data.amount_fen,
            reason=data.reason,
            note=await seal_note(session, paid.person_id, data.text),
            due_on=(session.today + timedelta(days=rules.notice_days)).isoformat(),
            by=actor.sub,
            payee_ids=paid.payee_ids,
            fund=paid.fund,
        )
        return OpenRecovery(opened, paid.paid_fen, rules.write_off_alone_max_fen)

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/receipts", status_code=200)
async def record_receipt(
    claim_id: ClaimId, data: JSONBody[ReceiptAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """A part has come back to the account."""
    allow(actor, "finance")

    async def command(_session: Session, _matter: PaidMatter, _plan: Plan) -> RecoveryCommand:
        return RecordReceipt(actor.sub, data.receipt_id, data.amount_fen)

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/write-off", status_code=200)
async def propose_write_off(
    claim_id: ClaimId, data: JSONBody[WriteOffAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """Finance or the head proposes to ask no further."""
    allow(actor, "finance", "office_head")

    async def command(session: Session, matter: PaidMatter, _plan: Plan) -> RecoveryCommand:
        return ProposeWriteOff(actor.sub, await seal_note(session, matter.person_id, data.reason))

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/decide-write-off", status_code=200)
async def decide_write_off(
    claim_id: ClaimId, data: JSONBody[WriteOffDecisionAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """The head or the committee agrees, or does not: never who proposed."""
    allow(actor, "office_head", "supervisor")

    async def command(_session: Session, _matter: PaidMatter, _plan: Plan) -> RecoveryCommand:
        return DecideWriteOff(actor.sub, data.agreed)

    return await _take(claim_id, request, actor, context, command)


async def _take(claim_id: str, request: AnyRequest, actor: Actor, context: Context, make: Make) -> TOLD:
    async def work(session: Session) -> RecoveryStanding:
        matter = await _matter(session, claim_id)
        if matter is None or not within(matter.org_path, actor.org_path):
            raise Problem(404, "claim-unknown", "No such claim in your organisation.")
        await session.decide(RECOVERY, claim_id, await make(session, matter, plan_of(*matter.plan)))
        match await session.load(RECOVERY, claim_id):
            case Owed(left_fen=left_fen):
                return RecoveryStanding(claim_id=claim_id, state=recoveries.OPEN, left_fen=left_fen)
            case Closed(outcome=outcome):
                return RecoveryStanding(claim_id=claim_id, state=outcome, left_fen=0)
            case Unopened():
                raise Rejected("recovery-unknown", "Nothing is asked back of this claim.")

    return await context.command(request, actor, work)


async def _matter(session: Session, claim_id: str) -> PaidMatter | None:
    """The claim of this id, or the relief case."""
    claim = paid_matter.of_claim(await session.load(CLAIM, claim_id))
    return claim or paid_matter.of_relief(await session.load(RELIEF, claim_id))


ROUTES: list[ControllerRouterHandler] = [
    recovery_list,
    open_recovery,
    record_receipt,
    propose_write_off,
    decide_write_off,
]
