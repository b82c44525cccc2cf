"""A relief case's steps over HTTP: papers, the county's look, objections, the prefecture's view, withdrawal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import Forbidden, allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import CLAIMANTS, FILERS, REVIEWERS, reads_subtree
from claims.api.notes import open_notes, seal_note
from claims.api.plans import plan_of
from claims.api.relief import RELIEF_FACTS_FIELD, relief_rules, visible_relief
from claims.api.relief_shapes import (
    AgreementAsked,
    NeedsAsked,
    ObjectionAsked,
    ObjectionList,
    ObjectionView,
    PapersAsked,
    ReliefId,
    ReliefPapers,
    ReliefStanding,
    SettlementAsked,
    VerificationAsked,
)
from claims.domain.plan import Plan
from claims.domain.relief import RELIEF
from claims.domain.relief_allowance import RELIEF_ALLOWANCE, ReleaseMatter
from claims.domain.relief_commands import (
    AgreeToRelief,
    AskReliefPapers,
    ObjectToRelief,
    ReliefCommand,
    ReopenRelief,
    SettleObjection,
    SupplyReliefPapers,
    VerifyRelief,
    WithdrawRelief,
)
from claims.domain.relief_stages import (
    Absent,
    Agreed,
    AtCounty,
    ClosedIncomplete,
    Granted,
    Paid,
    Refused,
    Relief,
    Verified,
    Withdrawn,
)
from claims.domain.reviews import CITY_REVIEW, levels_of
from claims.intake.working_days import after_working_days
from claims.papers import kept
from claims.projections import relief_cases, relief_objections
from contracts.claims.relief import ReliefFiled, ReliefVerified
from contracts.claims.v1 import Document
from contracts.envelope import Actor, Sealed
from contracts.organization import within
from contracts.person import Household, ObjectionText, ReliefFacts, ReliefFinding

FINDING_FIELD = "claims.relief-verified.v1/finding"
OBJECTION_FIELD = "claims.relief-objected.v1/text"

AnyRequest = Request[Any, Any, Any]
Told = Response[ReliefStanding]
Step = Callable[[Session, ReliefFiled, Plan], Awaitable[ReliefCommand]]
ObjectionId = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]


@post("/relief/cases/{relief_id:str}/ask-papers", status_code=200)
async def ask_relief_papers(
    relief_id: ReliefId, data: JSONBody[NeedsAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The county or prefecture asks for papers, all at once."""
    allow(actor, "county_clerk", "city_clerk")

    async def command(session: Session, _filed: ReliefFiled, plan: Plan) -> ReliefCommand:
        rules, today = relief_rules(plan), session.today
        due_on = (today + timedelta(days=rules.papers_days)).isoformat()
        return AskReliefPapers(data.needs, due_on, actor.sub, today.isoformat(), rules.remind_days)

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/papers", status_code=200)
async def supply_relief_papers(
    relief_id: ReliefId, data: JSONBody[PapersAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The member or the filer hands papers in."""
    allow(actor, *FILERS)

    async def command(_session: Session, filed: ReliefFiled, _plan: Plan) -> ReliefCommand:
        papers = tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents)
        await kept.require(context, filed.person_id, papers)
        return SupplyReliefPapers(papers, actor.sub)

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/reopen", status_code=200)
async def reopen_relief(
    relief_id: ReliefId, data: JSONBody[PapersAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """A case closed for want of papers goes on with them, within the plan's days."""
    allow(actor, *FILERS)

    async def command(session: Session, filed: ReliefFiled, plan: Plan) -> ReliefCommand:
        papers = tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents)
        await kept.require(context, filed.person_id, papers)
        until = date.fromisoformat(filed.happened_on) + timedelta(days=relief_rules(plan).run_off_days)
        return ReopenRelief(papers, session.today.isoformat(), until.isoformat(), actor.sub)

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/verify", status_code=200)
async def verify_relief(
    relief_id: ReliefId, data: JSONBody[VerificationAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The county's home visit or call; what holds goes on the public list for the plan's working days."""
    allow(actor, "county_clerk", "city_clerk")

    async def command(session: Session, filed: ReliefFiled, plan: Plan) -> ReliefCommand:
        rules = relief_rules(plan)
        household = Household(**msgspec.structs.asdict(data.household))
        finding = await session.keyring.seal(
            ReliefFinding(opinion=data.opinion, household=household),
            subject=filed.person_id,
            category="health",
            decision_id=session.decision_id,
            field=FINDING_FIELD,
        )
        return VerifyRelief(
            method=data.method,
            confirmed=data.confirmed,
            household=household,
            finding=finding,
            kind=rules.kinds[filed.kind],
            rules=rules,
            today=session.today.isoformat(),
            notice_ends_on=after_working_days(session.today, rules.notice_workdays).isoformat(),
            by=actor.sub,
        )

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/objections", status_code=201)
async def object_to_relief(
    relief_id: ReliefId, data: JSONBody[ObjectionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """Anyone objects to a case that is on the public list; what is not on it is unknown to them."""
    objection_id = new_id()

    async def work(session: Session) -> ReliefStanding:
        relief = await session.load(RELIEF, relief_id)
        if not isinstance(relief, Verified) or not relief.notice_ends_on:
            raise Problem(404, "notice-unknown", "No such case is on the public list.")
        text = await session.keyring.seal(
            ObjectionText(text=data.text),
            subject=relief.dossier.filed.person_id,
            category="health",
            decision_id=session.decision_id,
            field=OBJECTION_FIELD,
        )
        command = ObjectToRelief(objection_id, text, session.today.isoformat(), actor.sub)
        await session.decide(RELIEF, relief_id, command)
        return ReliefStanding(relief_id=relief_id, state=relief_cases.ON_NOTICE, objection_id=objection_id)

    return await context.command(request, actor, work, status=201)


@post("/relief/cases/{relief_id:str}/objections/{objection_id:str}/settle", status_code=200)
async def settle_objection(
    relief_id: ReliefId,
    objection_id: ObjectionId,
    data: JSONBody[SettlementAsked],
    request: AnyRequest,
    actor: Actor,
    context: Context,
) -> Told:
    """County or prefecture say what came of an objection; not who filed or verified the case."""
    allow(actor, "county_clerk", "city_clerk")

    async def command(session: Session, filed: ReliefFiled, _plan: Plan) -> ReliefCommand:
        note = await seal_note(session, filed.person_id, data.note)
        return SettleObjection(objection_id, data.upheld, note, actor.sub)

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/agree", status_code=200)
async def agree_to_relief(
    relief_id: ReliefId, data: JSONBody[AgreementAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The prefecture's view after the public notice; the office's where there is no prefecture above the member."""
    allow(actor, "city_clerk", "office_reviewer")

    async def command(session: Session, filed: ReliefFiled, _plan: Plan) -> ReliefCommand:
        if "city_clerk" not in actor.roles and CITY_REVIEW in levels_of(filed.org_path):
            raise Forbidden("step-of-the-prefecture")
        note = await seal_note(session, filed.person_id, data.opinion)
        return AgreeToRelief(data.agrees, note, session.today.isoformat(), actor.sub)

    return await _take(relief_id, request, actor, context, command)


@post("/relief/cases/{relief_id:str}/withdraw", status_code=200)
async def withdraw_relief(relief_id: ReliefId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The member or the filer takes it back; the matter may be brought again."""
    allow(actor, *FILERS)

    async def command(_session: Session, _filed: ReliefFiled, _plan: Plan) -> ReliefCommand:
        return WithdrawRelief(actor.sub)

    return await _take(relief_id, request, actor, context, command)


@get("/relief/cases/{relief_id:str}/facts")
async def relief_papers(relief_id: ReliefId, actor: Actor, context: Context) -> ReliefPapers:
    """What was stated and what the county found, opened for those who handle the case."""
    allow(actor, *REVIEWERS)
    await _seen(relief_id, actor, context)
    way = [one.event for one in await context.log.load(RELIEF.stream(relief_id))]
    filed = next(one for one in way if isinstance(one, ReliefFiled))
    verified = next((one for one in way if isinstance(one, ReliefVerified)), None)
    open_one, subject = context.keyring.open, filed.person_id
    stated = await open_one(filed.facts, ReliefFacts, subject=subject, field=RELIEF_FACTS_FIELD)
    found = None
    if verified is not None:
        finding = await open_one(verified.finding, ReliefFinding, subject=subject, field=FINDING_FIELD)
        found = ReliefFacts(narrative=finding.opinion, household=finding.household)
    return ReliefPapers(stated=stated, found=found)


@get("/relief/cases/{relief_id:str}/objections")
async def objection_list(relief_id: ReliefId, actor: Actor, context: Context) -> ObjectionList:
    """The objections with their texts, for those who look into them."""
    allow(actor, *REVIEWERS)
    person_id = await _seen(relief_id, actor, context)
    async with context.reads.connection() as c:
        rows = await relief_objections.of_case(c, relief_id)
    sealed_notes = [msgspec.json.decode(row["note"], type=Sealed) if row["note"] else None for row in rows]
    notes = await open_notes(context, sealed_notes)
    objections = []
    for row, note in zip(rows, notes, strict=True):
        sealed = msgspec.json.decode(row["text"], type=Sealed)
        said = await context.keyring.open(sealed, ObjectionText, subject=person_id, field=OBJECTION_FIELD)
        objections.append(
            ObjectionView(
                objection_id=row["objection_id"],
                text=said.text,
                objected_on=row["objected_on"],
                outcome=row["outcome"],
                note=note,
            )
        )
    return ObjectionList(objections=objections)


async def _seen(relief_id: str, actor: Actor, context: Context) -> str:
    """The person of a case that the actor may see. Raises Problem relief-unknown."""
    async with context.reads.connection() as c:
        row = await relief_cases.one(c, relief_id, visible_relief(actor))
    if row is None:
        raise Problem(404, "relief-unknown", "No such relief case.")
    return row.person_id


async def _take(relief_id: str, request: AnyRequest, actor: Actor, context: Context, step: Step) -> Told:
    """Load, check who reaches it, decide; what ends without money sets its matter free in the same group."""

    async def work(session: Session) -> ReliefStanding:
        filed = filed_of(await session.load(RELIEF, relief_id), actor)
        plan = plan_of(filed.plan_code, filed.plan_version)
        await session.decide(RELIEF, relief_id, await step(session, filed, plan))
        relief = await session.load(RELIEF, relief_id)
        if isinstance(relief, Withdrawn):
            await release_matter(session, filed)
        return standing(relief_id, relief)

    return await context.command(request, actor, work)


async def release_matter(session: Session, filed: ReliefFiled) -> None:
    """The case ended without money: what it stood for may be brought again."""
    for subject_id in (filed.person_id, *([filed.child_id] if filed.child_id else [])):
        command = ReleaseMatter(filed.plan_code, subject_id, filed.matter, filed.relief_id)
        await session.decide(RELIEF_ALLOWANCE, f"{filed.plan_code}-{subject_id}", command)


def filed_of(relief: Relief, actor: Actor) -> ReliefFiled:
    """What was filed, for those whose case it is. Raises Problem relief-unknown."""
    if not isinstance(relief, Absent):
        filed = (relief.granted if isinstance(relief, Paid) else relief).dossier.filed
        own = actor.sub in {filed.by, filed.person_id} and bool({*CLAIMANTS} & {*actor.roles})
        clerk = (reads_subtree(actor) or "unit_clerk" in actor.roles) and within(filed.org_path, actor.org_path)
        if own or clerk:
            return filed
    raise Problem(404, "relief-unknown", "No such relief case.")


def standing(relief_id: str, relief: Relief) -> ReliefStanding:
    """Where the case stands, as its actor is told."""
    match relief:
        case Absent():
            raise Problem(404, "relief-unknown", "No such relief case.")
        case AtCounty(asked=asked):
            state = relief_cases.PAPERS_ASKED if asked else relief_cases.AT_COUNTY
            return ReliefStanding(relief_id=relief_id, state=state)
        case ClosedIncomplete():
            return ReliefStanding(relief_id=relief_id, state=relief_cases.CLOSED_INCOMPLETE)
        case Verified(verified=verified, notice_ends_on=ends_on):
            return ReliefStanding(
                relief_id=relief_id,
                state=relief_cases.ON_NOTICE if ends_on else relief_cases.AT_CITY,
                hardship=verified.hardship,
                eligible=verified.eligible,
                notice_ends_on=ends_on,
            )
        case Agreed(verified=verified):
            hardship, eligible = verified.hardship, verified.eligible
            return ReliefStanding(
                relief_id=relief_id, state=relief_cases.AT_OFFICE, hardship=hardship, eligible=eligible
            )
        case Granted():
            return ReliefStanding(relief_id=relief_id, state=relief_cases.GRANTED)
        case Paid():
            return ReliefStanding(relief_id=relief_id, state=relief_cases.PAID)
        case Refused():
            return ReliefStanding(relief_id=relief_id, state=relief_cases.REFUSED)
        case Withdrawn():
            return ReliefStanding(relief_id=relief_id, state=relief_cases.WITHDRAWN)


ROUTES: list[ControllerRouterHandler] = [
    ask_relief_papers,
    supply_relief_papers,
    reopen_relief,
    verify_relief,
    object_to_relief,
    settle_objection,
    agree_to_relief,
    withdraw_relief,
    relief_papers,
    objection_list,
]
