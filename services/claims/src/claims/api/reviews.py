"""The reviews: a union level forwards, the office assesses, rechecks, grants or refuses, its head decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, TypeGuard

from litestar import Request, Response, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from claims.api import wording
from claims.api.access import OFFICE, UNION_STEPS, concerns, reaches, reads_subtree
from claims.api.filing import FACTS_FIELD
from claims.api.heirs import check_heirs
from claims.api.notes import seal_note
from claims.api.plans import plan_of
from claims.api.shapes import ClaimId, ClaimStanding, OpinionAsked, RefusalAsked, SpecialAsked
from claims.domain.benefits import Application, Refusal, assess, grant, rests_on_assumption
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ClaimCommand,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RejectClaim,
)
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Withdrawn,
    granted_of,
)
from claims.domain.entitlement import ENTITLEMENT, AwardBenefits, ReleaseIncident, limits_of
from claims.domain.plan import Plan
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_REVIEW
from claims.domain.standing import step_of
from claims.intake.offsetting import had_before, offset
from claims.intake.working_days import DECISION, after_working_days, due_days
from claims.projections import covers, held_people, match_tasks
from contracts.claims.process import ClaimWithdrawn
from contracts.claims.v1 import BenefitLine, ClaimApproved, ClaimFiled
from contracts.envelope import Actor
from contracts.person import Facts

AnyRequest = Request[Any, Any, Any]
Told = Response[ClaimStanding]
Step = Callable[[Session, Claim, Plan], Awaitable[ClaimCommand]]
After = Callable[[Session, Claim, Plan], Awaitable[None]]


@post("/claims/{claim_id:str}/forward", status_code=200)
async def forward_claim(
    claim_id: ClaimId, data: JSONBody[OpinionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """A union level passes the claim on with its opinion."""
    allow(actor, *UNION_STEPS)
    step = next(UNION_STEPS[role] for role in actor.roles if role in UNION_STEPS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        note = await seal_note(session, person_of(claim), data.opinion)
        return ForwardClaim(actor.sub, step, note, due_of(claim, plan, session))

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/assess", status_code=200)
async def assess_claim(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The office's first review: the plan's rules are applied to the opened papers."""
    allow(actor, "office_reviewer")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        result = assess(await application_of(session, claim, plan)) if _open(claim) else None
        lines = result.lines if result else ()
        findings = tuple(refusal.finding for refusal in result.refusals) if result else ()
        if _open(claim) and not all(payee.name_matches for payee in filed_of(claim).payees):
            findings = (*findings, "户名与申领人姓名不一致,请核对。")
        had = await _had_before(session, claim)
        doubts = await doubts_of(session, claim)
        findings = (*findings, *doubts)
        due = due_of(claim, plan, session)
        report_above_fen = plan.procedure.report_above_fen
        today = session.today.isoformat()
        return AssessClaim(actor.sub, lines, findings, plan.authority, today, report_above_fen, due, bool(doubts), had)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/special-decision", status_code=200)
async def decide_specially(
    claim_id: ClaimId, data: JSONBody[SpecialAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """特事特办: the head grants a named benefit against a definition that is not met."""
    allow(actor, "office_head")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        note = await seal_note(session, person_of(claim), data.reason)
        if not isinstance(claim, Assessed | Rechecked):
            nothing = BenefitLine(
                line_id="", benefit_code=data.benefit_code, computed_fen=0, cap_cut_fen=0, amount_fen=0, trace=()
            )
            return MakeSpecialDecision(actor.sub, nothing, "", note, data.evidence)
        application = await application_of(session, claim, plan)
        line = grant(application, data.benefit_code, claim.assessed.lines + claim.special)
        if isinstance(line, Refusal):
            raise Rejected("special-not-payable", line.explanation, "benefit_code")
        refusals = assess(application).refusals
        unmet = next((one.code for one in refusals if one.benefit_code == data.benefit_code), "NOT_OPENED")
        due = due_of(claim, plan, session)
        return MakeSpecialDecision(actor.sub, line, unmet, note, data.evidence, due)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/recheck", status_code=200)
async def recheck_claim(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The second pair of eyes; what needs no head is granted with it."""
    allow(actor, "office_rechecker")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        due = due_of(claim, plan, session)
        report_above_fen = plan.procedure.report_above_fen
        held, had = await is_held(session, claim), await _had_before(session, claim)
        return RecheckClaim(actor.sub, plan.authority, session.today.isoformat(), report_above_fen, due, held, had)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/approve", status_code=200)
async def approve_claim(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The head grants deaths, large sums and special decisions."""
    allow(actor, "office_head")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        held, had = await is_held(session, claim), await _had_before(session, claim)
        return ApproveClaim(actor.sub, session.today.isoformat(), plan.procedure.report_above_fen, held, had)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/reject", status_code=200)
async def reject_claim(
    claim_id: ClaimId, data: JSONBody[RefusalAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The office refuses by a reason code; rule, sentence and the way to object are the plan's."""
    allow(actor, *OFFICE)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        if data.reason not in plan.refusals:
            raise Problem(422, "reason-unknown", "The plan knows no such reason code.", "reason")
        text = plan.refusals[data.reason]
        objection = wording.objection(plan.objection_days)
        assumed = _open(claim) and rests_on_assumption(await application_of(session, claim, plan), data.reason)
        today = session.today.isoformat()
        return RejectClaim(
            actor.sub, data.reason, text.rule, text.text + objection, rests_on_assumption=assumed, today=today
        )

    return await take(claim_id, request, actor, context, command)


async def take(
    claim_id: str, request: AnyRequest, actor: Actor, context: Context, step: Step, after: After | None = None
) -> Told:
    """Load, check who may see it, decide; an approval takes from the person's caps in the same group.

    `after` follows in it too, when something was decided.
    """

    async def work(session: Session) -> ClaimStanding:
        claim = await session.load(CLAIM, claim_id)
        if not (reaches(actor, claim) if reads_subtree(actor) else concerns(actor, claim)):
            raise Problem(404, "claim-unknown", "No such claim in your organisation.")
        plan = plan_of(*plan_key(claim))
        events = await session.decide(CLAIM, claim_id, await step(session, claim, plan))
        await keep_entitlement(session, plan, events)
        if events and after is not None:
            await after(session, await session.load(CLAIM, claim_id), plan)
        return standing(claim_id, await session.load(CLAIM, claim_id))

    return await context.command(request, actor, work)


async def keep_entitlement(session: Session, plan: Plan, events: Sequence[ClaimEvent]) -> None:
    """What was granted is taken from the person's caps, a withdrawn incident set free, in the same group.

    Raises Rejected assessment-outdated.
    """
    for event in events:
        if isinstance(event, ClaimApproved):
            await check_heirs(session, plan, event)
            command = AwardBenefits(plan.code, event.person_id, event.claim_id, event.lines, limits_of(plan))
            await session.decide(ENTITLEMENT, f"{plan.code}-{event.person_id}", command)
            if not event.raised:
                await offset(session, plan, filed_of(await session.load(CLAIM, event.claim_id)), event)
        if isinstance(event, ClaimWithdrawn):
            release = ReleaseIncident(plan.code, event.person_id, event.claim_id)
            await session.decide(ENTITLEMENT, f"{plan.code}-{event.person_id}", release)


async def application_of(session: Session, claim: Claim, plan: Plan) -> Application:
    """Everything the rules read: the opened facts, the cover, what the period has granted already."""
    filed = filed_of(claim)
    facts = await session.keyring.open(filed.facts, Facts, subject=filed.person_id, field=FACTS_FIELD)
    async with session.reads.connection() as c:
        cover = await covers.of_person(c, filed.person_id, plan.code)
    entitlement = await session.load(ENTITLEMENT, f"{plan.code}-{filed.person_id}")
    return Application(
        claim_id=filed.claim_id,
        plan=plan,
        cover=cover.cover if cover else None,
        incident=filed.incident,
        facts=facts,
        filed_on=date.fromisoformat(filed.filed_on),
        awarded=entitlement.awards,
    )


async def _had_before(session: Session, claim: Claim) -> int:
    """What a grant would count as paid by claims that this one corrects, in fen."""
    return await had_before(session, claim.filed) if _open(claim) else 0


async def is_held(session: Session, claim: Claim) -> bool:
    """Whether it is in doubt whose claim it is."""
    return bool(await doubts_of(session, claim))


async def doubts_of(session: Session, claim: Claim) -> tuple[str, ...]:
    """What holds the money, as findings: another name came with the number (domain 5.4), or 不是我 was said (6.5)."""
    if isinstance(claim, Absent | Approved | Paid):
        return ()
    filed = filed_of(claim)
    async with session.reads.connection() as c:
        held = filed.person_id in await held_people.among(c, [filed.person_id])
        disputed = await match_tasks.is_disputed(c, filed.claim_id)
    doubts = ((held, wording.IDENTITY_HELD), (disputed, wording.MATCH_DISPUTED))
    return tuple(finding for doubted, finding in doubts if doubted)


def due_of(claim: Claim, plan: Plan, session: Session) -> dict[str, str]:
    """Until when each step is to be done if it begins today; an urgent claim keeps its own day for all of them."""
    due = due_days(plan.procedure, session.today)
    waiting = claim.waiting if isinstance(claim, AwaitingPapers | ClosedIncomplete) else claim
    if isinstance(waiting, AtUnion | AtOffice | Assessed | Rechecked):
        if waiting.beside.urgency is not None:
            return dict.fromkeys(due, waiting.beside.urgency.decide_until)
        if waiting.beside.complex:
            due[DECISION] = after_working_days(session.today, plan.procedure.complex_workdays).isoformat()
    return due


def person_of(claim: Claim) -> str:
    """The member whose matter it is."""
    match claim:
        case Absent():
            raise Rejected("claim-unknown", "No such claim.")
        case Approved(approved) | Paid(Approved(approved)):
            return approved.person_id
        case _:
            return claim.filed.person_id


def _open(claim: Claim) -> TypeGuard[AtOffice | Assessed | Rechecked]:
    return isinstance(claim, AtOffice | Assessed | Rechecked)


def filed_of(claim: Claim) -> ClaimFiled:
    """The filing as it stands, or as it was granted."""
    assert not isinstance(claim, Absent)
    filed = granted_of(claim).filed if isinstance(claim, Approved | Paid) else claim.filed
    assert filed is not None
    return filed


def plan_key(claim: Claim) -> tuple[str, int]:
    """The code and version of the plan that judges the claim."""
    match claim:
        case Absent():
            raise Rejected("claim-unknown", "No such claim.")
        case Approved(approved) | Paid(Approved(approved)):
            return approved.plan_code, approved.plan_version
        case _:
            return claim.filed.plan_code, claim.filed.plan_version


def standing(claim_id: str, claim: Claim) -> ClaimStanding:
    """Where the claim stands, as its actor is told."""
    match claim:
        case Absent():
            raise Rejected("claim-unknown", "No such claim.")
        case AtUnion(step=step):
            return ClaimStanding(claim_id=claim_id, state="IN_REVIEW", step=step, total_fen=0)
        case AtOffice():
            return ClaimStanding(claim_id=claim_id, state="IN_REVIEW", step=OFFICE_REVIEW, total_fen=0)
        case Assessed(assessed=assessed, special=special) | Rechecked(assessed=assessed, special=special):
            total_fen = sum(line.amount_fen for line in assessed.lines + special)
            step = claim.step if isinstance(claim, Assessed) else HEAD_APPROVAL
            findings = assessed.findings
            return ClaimStanding(
                claim_id=claim_id, state="IN_REVIEW", step=step, total_fen=total_fen, findings=findings
            )
        case Approved(approved):
            return ClaimStanding(claim_id=claim_id, state="APPROVED", step="", total_fen=approved.total_fen)
        case Paid(Approved(approved)):
            return ClaimStanding(claim_id=claim_id, state="PAID", step="", total_fen=approved.total_fen)
        case Refused():
            return ClaimStanding(claim_id=claim_id, state="REJECTED", step="", total_fen=0)
        case AwaitingPapers(waiting):
            return ClaimStanding(claim_id=claim_id, state="SUPPLEMENT_REQUIRED", step=step_of(waiting), total_fen=0)
        case ClosedIncomplete(waiting):
            return ClaimStanding(claim_id=claim_id, state="CLOSED_INCOMPLETE", step=step_of(waiting), total_fen=0)
        case Withdrawn():
            return ClaimStanding(claim_id=claim_id, state="WITHDRAWN", step="", total_fen=0)
        case Objected(_, objection):
            step = f"OBJECTION_{objection.level}"
            return ClaimStanding(claim_id=claim_id, state="APPEAL_REVIEW", step=step, total_fen=0)


ROUTES: list[ControllerRouterHandler] = [
    forward_claim,
    assess_claim,
    decide_specially,
    recheck_claim,
    approve_claim,
    reject_claim,
]
