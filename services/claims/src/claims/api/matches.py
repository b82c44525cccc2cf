"""Settlements that a named person looks at: listed, assigned, decided; and the member's "not me" (domain 6.3, 6.5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT
from claims.api.notes import open_notes, seal_note
from claims.api.plans import PLANS, plan_of
from claims.api.queries import After, Filter, Limit
from claims.api.shapes import Asked, ClaimId, ShortText
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import RejectClaim
from claims.domain.claim_stages import Assessed, AtOffice, Claim
from claims.domain.entitlement import ENTITLEMENT, ReleaseIncident
from claims.domain.match_task import (
    DISPUTED,
    MATCH_TASK,
    MATCHED,
    NOT_MATCHED,
    NOT_PAYABLE,
    AssignSettlement,
    DecideSettlement,
    DisputeMatch,
    Open,
)
from claims.domain.plan import Plan
from claims.intake.answering import claim_for
from claims.intake.queueing import ROW_FIELD
from claims.intake.reversals import WITHDRAWN
from claims.projections import claims, match_results, match_tasks
from claims.projections.match_tasks import TaskRow
from contracts.claims.matching import MatchDisputed, SettlementQueued
from contracts.envelope import Actor, Sealed
from contracts.person import BureauRow

TaskId = Annotated[str, PathParameter(min_length=40, max_length=40, pattern=r"^[0-9a-f]+$")]
AnyRequest = Request[Any, Any, Any]


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement that waits for `assigned_to`, or has been decided; `reason` is opened."""

    task_id: str
    plan_code: str
    setl_id: str
    import_id: str
    code: str
    detail: str
    person_id: str
    claim_id: str
    assigned_to: str
    state: str
    outcome: str
    reason: str
    decided_by: str


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they were asked; `next_after` goes on, 0 at the end."""

    matches: list[TaskView]
    next_after: int


class AssigneeAsked(Asked, frozen=True, kw_only=True):
    """Who is to decide: the `sub` of an officer."""

    assigned_to: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[0-9A-Za-z_.@-]+$")]


class DecisionAsked(Asked, frozen=True, kw_only=True):
    """What was decided and why; `rule_code` (domain 4.7) with NOT_PAYABLE."""

    outcome: Literal["MATCHED", "NOT_MATCHED", "NOT_PAYABLE", "DONE"]
    reason: ShortText
    rule_code: Annotated[str, Meta(max_length=40, pattern=r"^[A-Z_]*$")] = ""


class TaskStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where it stands; `claim_id` the claim it opened or belongs to."""

    task_id: str
    state: str
    claim_id: str = ""


@get("/matches")
async def match_list(
    actor: Actor,
    context: Context,
    code: Filter = "",
    assigned_to: Filter = "",
    state_is: Filter = "OPEN",
    after: After = 0,
    limit: Limit = 50,
) -> TaskPage:
    """The queue; `state_is` is OPEN unless told otherwise, "" for all."""
    allow(actor, *OFFICE, *OVERSIGHT)
    asked = {"code": code, "assigned_to": assigned_to, "state": state_is}
    filters = {name: value for name, value in asked.items() if value}
    async with context.reads.connection() as c:
        rows = await match_tasks.page(c, in_subtree(match_tasks.C.org_path, actor), filters, after, limit)
    sealed = [msgspec.json.decode(row.note, type=Sealed) if row.note else None for row in rows]
    reasons = await open_notes(context, sealed)
    views = [_view(row, reason) for row, reason in zip(rows, reasons, strict=True)]
    return TaskPage(matches=views, next_after=rows[-1].position if len(rows) == limit else 0)


@get("/matches/{task_id:str}/row")
async def match_row(task_id: TaskId, actor: Actor, context: Context) -> BureauRow:
    """The bureau's row, opened for who has to decide."""
    allow(actor, *OFFICE)
    await _visible(context, task_id, actor)
    history = [one.event for one in await context.log.load(MATCH_TASK.stream(task_id))]
    queued = next((event for event in reversed(history) if isinstance(event, SettlementQueued)), None)
    if queued is None:
        raise Problem(404, "match-unknown", "No row is kept with this settlement.", "task_id")
    return await context.keyring.open(queued.row, BureauRow, subject=queued.row.s, field=ROW_FIELD)


@post("/matches/{task_id:str}/assign", status_code=200)
async def assign_match(
    task_id: TaskId, data: JSONBody[AssigneeAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[TaskStanding]:
    """Hand a settlement to another person."""
    allow(actor, *OFFICE)
    await _visible(context, task_id, actor)

    async def work(session: Session) -> TaskStanding:
        await session.decide(MATCH_TASK, task_id, AssignSettlement(task_id, data.assigned_to, actor.sub))
        return TaskStanding(task_id=task_id, state=match_tasks.OPEN)

    return await context.command(request, actor, work)


@post("/matches/{task_id:str}/decide", status_code=200)
async def decide_match(
    task_id: TaskId, data: JSONBody[DecisionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[TaskStanding]:
    """Decide a settlement: the member's or not, payable or not; MATCHED opens its claim or links it."""
    allow(actor, *OFFICE)
    row = await _visible(context, task_id, actor)
    plan = next(plan for (code, _), plan in sorted(PLANS.items(), reverse=True) if code == row.plan_code)
    if data.outcome == NOT_PAYABLE and data.rule_code not in plan.refusals:
        raise Problem(422, "rule-unknown", "Name the rule that the refusal rests on.", "rule_code")

    async def work(session: Session) -> TaskStanding:
        task = await session.load(MATCH_TASK, task_id)
        claim_id = ""
        if isinstance(task, Open) and task.assigned_to == actor.sub:
            if data.outcome == MATCHED:
                claim_id = await claim_for(session, task, plan_of)
            elif data.outcome == NOT_MATCHED and task.code == DISPUTED:
                await _end_claim(session, task, plan, actor)
        note = await seal_note(session, row.person_id, data.reason)
        command = DecideSettlement(task_id, data.outcome, data.rule_code, claim_id, note, actor.sub)
        await session.decide(MATCH_TASK, task_id, command)
        return TaskStanding(task_id=task_id, state=match_tasks.DECIDED, claim_id=claim_id)

    return await context.command(request, actor, work)


@post("/claims/{claim_id:str}/not-me", status_code=200)
async def dispute_match(
    claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context
) -> Response[TaskStanding]:
    """不是我: the member says that the matched stay is another's; a named person checks it."""
    allow(actor, "member")
    async with context.reads.connection() as c:
        claim = await claims.one(c, claim_id, claims.C.person_id == actor.sub)
        found = await match_results.of_claim(c, claim_id) if claim else None
    if claim is None or found is None:
        raise Problem(404, "claim-unknown", "No such claim was opened from data.")
    assigned_to = found.asked_of
    disputed = MatchDisputed(
        task_id=found.task_id,
        plan_code=claim.plan_code,
        setl_id=found.setl_id,
        person_id=claim.person_id,
        org_path=claim.org_path,
        claim_id=claim_id,
        assigned_to=assigned_to,
        by=actor.sub,
    )

    async def work(session: Session) -> TaskStanding:
        await session.decide(MATCH_TASK, found.task_id, DisputeMatch(disputed))
        return TaskStanding(task_id=found.task_id, state=DISPUTED, claim_id=claim_id)

    return await context.command(request, actor, work)


def _view(row: TaskRow, reason: str) -> TaskView:
    shown = {name: getattr(row, name) for name in TaskView.__struct_fields__ if name != "reason"}
    return TaskView(**shown, reason=reason)


async def _visible(context: Context, task_id: str, actor: Actor) -> TaskRow:
    async with context.reads.connection() as c:
        row = await match_tasks.find(c, task_id, in_subtree(match_tasks.C.org_path, actor))
    if row is None:
        raise Problem(404, "match-unknown", "There is no such settlement in your organisation.", "task_id")
    return row


async def _end_claim(session: Session, task: Open, plan: Plan, actor: Actor) -> None:
    """Another's stay is not paid to the member: its claim ends, unless money has been granted already."""
    claim_id, person_id = task.asked.claim_id, task.asked.person_id
    claim: Claim = await session.load(CLAIM, claim_id)
    if not isinstance(claim, AtOffice | Assessed):
        raise Rejected("claim-granted", "The claim is past its review: open a recovery first.")
    text = plan.refusals[WITHDRAWN]
    await session.decide(CLAIM, claim_id, RejectClaim(actor.sub, WITHDRAWN, text.rule, text.text))
    await session.decide(ENTITLEMENT, f"{plan.code}-{person_id}", ReleaseIncident(plan.code, person_id, claim_id))


ROUTES: list[ControllerRouterHandler] = [match_list, match_row, assign_match, decide_match, dispute_match]
