"""Money asked back of a claim: opened by the office, its coming recorded by finance, written off by two people."""

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
from claims.api.access import OVERSIGHT, reaches
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
from claims.api.reviews import AnyRequest, filed_of, person_of, plan_key
from claims.api.shapes import ClaimId
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import Absent, Approved, Claim, Paid, Refused, granted_of
from claims.domain.entitlement import ENTITLEMENT, BarPerson
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
from claims.projections import recoveries
from claims.projections.recoveries import RecoveryRow
from contracts.claims.process import RecoveryOpened
from contracts.claims.v1 import PayoutArrived
from contracts.envelope import Actor

FRAUD = "FRAUD"
TOLD = Response[RecoveryStanding]
Make = Callable[[Session, Claim, Plan], Awaitable[RecoveryCommand]]


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

    async def command(session: Session, claim: Claim, plan: Plan) -> RecoveryCommand:
        rules, person_id = plan.procedure.recovering, person_of(claim)
        if data.reason == FRAUD:
            until = session.today.replace(day=min(session.today.day, 28), year=session.today.year + rules.bar_years)
            bar = BarPerson(plan.code, person_id, claim_id, until.isoformat(), actor.sub)
            await session.decide(ENTITLEMENT, f"{plan.code}-{person_id}", bar)
        claim_no, org_path, arrived = _paid(claim)
        opened = RecoveryOpened(
            recovery_id=claim_id,
            claim_id=claim_id,
            claim_no=claim_no,
            person_id=person_id,
            plan_code=plan.code,
            org_path=org_path,
            amount_fen=data.amount_fen,
            reason=data.reason,
            note=await seal_note(session, person_id, data.text),
            due_on=(session.today + timedelta(days=rules.notice_days)).isoformat(),
            by=actor.sub,
            payee_ids=tuple(dict.fromkeys(one.payee_id for one in arrived)),
        )
        paid_fen = sum(one.amount_fen for one in arrived)
        if isinstance(claim, Approved | Paid):
            # What was offset has arrived with a claim before.
            paid_fen += sum(line.offset_fen for line in granted_of(claim).approved.lines)
        return OpenRecovery(opened, paid_fen, rules.write_off_alone_max_fen)

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/receipts", status_code=200)
async def record_receipt(
    claim_id: ClaimId, data: JSONBody[ReceiptAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """A part has come back to the account."""
    allow(actor, "finance")

    async def command(_session: Session, _claim: Claim, _plan: Plan) -> RecoveryCommand:
        return RecordReceipt(actor.sub, data.receipt_id, data.amount_fen)

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/write-off", status_code=200)
async def propose_write_off(
    claim_id: ClaimId, data: JSONBody[WriteOffAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """Finance or the head proposes to ask no further."""
    allow(actor, "finance", "office_head")

    async def command(session: Session, claim: Claim, _plan: Plan) -> RecoveryCommand:
        return ProposeWriteOff(actor.sub, await seal_note(session, person_of(claim), data.reason))

    return await _take(claim_id, request, actor, context, command)


@post("/recoveries/{claim_id:str}/decide-write-off", status_code=200)
async def decide_write_off(
    claim_id: ClaimId, data: JSONBody[WriteOffDecisionAsked], request: AnyRequest, actor: Actor, context: Context
) -> TOLD:
    """The head or the committee agrees, or does not: never who proposed."""
    allow(actor, "office_head", "supervisor")

    async def command(_session: Session, _claim: Claim, _plan: Plan) -> RecoveryCommand:
        return DecideWriteOff(actor.sub, data.agreed)

    return await _take(claim_id, request, actor, context, command)


async def _take(claim_id: str, request: AnyRequest, actor: Actor, context: Context, make: Make) -> TOLD:
    async def work(session: Session) -> RecoveryStanding:
        claim = await session.load(CLAIM, claim_id)
        if not reaches(actor, claim):
            raise Problem(404, "claim-unknown", "No such claim in your organisation.")
        plan = plan_of(*plan_key(claim))
        await session.decide(RECOVERY, claim_id, await make(session, claim, plan))
        match await session.load(RECOVERY, claim_id):
            case Owed(left_fen=left_fen):
                return RecoveryStanding(claim_id=claim_id, state=recoveries.OPEN, left_fen=left_fen)
            case Closed(outcome=outcome):
                return RecoveryStanding(claim_id=claim_id, state=outcome, left_fen=0)
            case Unopened():
                raise Rejected("recovery-unknown", "Nothing is asked back of this claim.")

    return await context.command(request, actor, work)


def _paid(claim: Claim) -> tuple[str, str, tuple[PayoutArrived, ...]]:
    """The claim's number, its organisation's path, and what has arrived. Raises Rejected nothing-paid."""
    match claim:
        case Absent():
            raise Rejected("claim-unknown", "No such claim.")
        case Approved(approved, arrived) | Paid(Approved(approved, arrived)):
            number, path = approved.claim_no, approved.org_path
        case Refused(beside=beside):
            filed = filed_of(claim)
            number, path, arrived = filed.claim_no, filed.org_path, beside.arrived
        case _:
            raise Rejected("nothing-paid", "Nothing has been paid on this claim.")
    if not arrived:
        raise Rejected("nothing-paid", "Nothing has been paid on this claim.")
    return number, path, arrived


ROUTES: list[ControllerRouterHandler] = [
    recovery_list,
    open_recovery,
    record_receipt,
    propose_write_off,
    decide_write_off,
]
