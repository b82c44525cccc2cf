"""Objections to a refusal or a grant, at the office and then at the supervising committee (domain 4.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import Forbidden, allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from claims.api.access import CLAIMANTS, OFFICE
from claims.api.notes import seal_note
from claims.api.process_shapes import ObjectionAsked, ObjectionDecisionAsked
from claims.api.reviews import AnyRequest, Told, application_of, due_of, person_of, take
from claims.api.shapes import ClaimId
from claims.domain.benefits import Refusal, assess, grant, judge_again
from claims.domain.claim_commands import ClaimCommand
from claims.domain.claim_stages import Approved, Claim, Objected, Paid, Refused, granted_of
from claims.domain.plan import Plan
from claims.domain.side_commands import DecideObjection, FileObjection, RaiseGrant
from claims.intake.working_days import after_working_days
from contracts.claims.v1 import BenefitLine
from contracts.envelope import Actor, changed

COMMITTEE = "supervisor"
CORRECTED_FACTS_FIELD = "claims.objection-decided.v1/facts"


@post("/claims/{claim_id:str}/object", status_code=200)
async def file_objection(
    claim_id: ClaimId, data: JSONBody[ObjectionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The member, or who filed, objects to the decision within the plan's days; the hotline takes it down."""
    allow(actor, *CLAIMANTS, "hotline_agent", "unit_clerk")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        note = await seal_note(session, person_of(claim), data.reason)
        rules, today = plan.procedure.objections, session.today
        until, due = today, after_working_days(today, rules.first_workdays)
        if isinstance(claim, Refused):
            decided_on = date.fromisoformat(claim.decided_on) if claim.decided_on else today
            until = decided_on + timedelta(days=plan.objection_days)
            if claim.beside.objected:
                due = today + timedelta(days=rules.second_days)
        if isinstance(claim, Approved | Paid):
            granted = granted_of(claim)
            decided_on = date.fromisoformat(granted.contest.decided_on or granted.approved.approved_on)
            until = decided_on + timedelta(days=plan.objection_days)
            if granted.contest.levels:
                due = today + timedelta(days=rules.second_days)
        return FileObjection(actor.sub, note, today.isoformat(), until.isoformat(), due.isoformat())

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/decide-objection", status_code=200)
async def decide_objection(
    claim_id: ClaimId, data: JSONBody[ObjectionDecisionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """Level 1: somebody of the office without part in the refusal; level 2: the committee."""
    allow(actor, *OFFICE, COMMITTEE)
    if (COMMITTEE in actor.roles) != (data.level == 2):
        raise Forbidden("not-your-level")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        note = await seal_note(session, person_of(claim), data.reason)
        lines: tuple[BenefitLine, ...] = ()
        facts = None
        if isinstance(claim, Objected):
            lines = await _lines(session, claim, plan, data)
        if isinstance(claim, Approved | Paid):
            lines = await _raised_lines(session, granted_of(claim), plan, data)
            if data.facts is not None:
                facts = await session.keyring.seal(
                    data.facts.facts(session.today),
                    subject=person_of(claim),
                    category="health",
                    decision_id=session.decision_id,
                    field=CORRECTED_FACTS_FIELD,
                )
        today, due = session.today.isoformat(), due_of(claim, plan, session)
        return DecideObjection(actor.sub, data.level, data.outcome, lines, note, today, due, facts)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/raise", status_code=200)
async def raise_grant(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The head or the committee signs what an objection against a grant has won: its difference is paid."""
    allow(actor, "office_head", COMMITTEE)

    async def command(session: Session, _claim: Claim, plan: Plan) -> ClaimCommand:
        return RaiseGrant(actor.sub, session.today.isoformat(), plan.procedure.report_above_fen)

    return await take(claim_id, request, actor, context, command)


async def _raised_lines(
    session: Session, granted: Approved, plan: Plan, data: ObjectionDecisionAsked
) -> tuple[BenefitLine, ...]:
    """The named benefits anew, beside those that stay; the claim's own awards are not in its way."""
    if not data.benefit_codes or granted.filed is None:
        return ()
    application = await application_of(session, granted, plan)
    others = tuple(award for award in application.awarded if award.claim_id != application.claim_id)
    application = replace(application, awarded=others)
    if data.facts is not None:
        application = replace(application, facts=data.facts.facts(session.today))
    if data.at_work is not None:
        application = replace(application, incident=changed(application.incident, at_work=data.at_work))
    lines = [line for line in granted.approved.lines if line.benefit_code not in data.benefit_codes]
    kept = len(lines)
    for code in dict.fromkeys(data.benefit_codes):
        line = judge_again(application, code, lines)
        if isinstance(line, Refusal):
            raise Rejected("benefit-not-payable", line.explanation, "benefit_codes")
        lines.append(line)
    return tuple(lines[kept:])


async def _lines(session: Session, claim: Claim, plan: Plan, data: ObjectionDecisionAsked) -> tuple[BenefitLine, ...]:
    """What the rules grant of the named benefits, and the others with their definition waived."""
    if not data.benefit_codes:
        return ()
    application = await application_of(session, claim, plan)
    by_rule = {line.benefit_code: line for line in assess(application).lines}
    lines: list[BenefitLine] = []
    for code in dict.fromkeys(data.benefit_codes):
        line = by_rule.get(code) or grant(application, code, lines)
        if isinstance(line, Refusal):
            raise Rejected("benefit-not-payable", line.explanation, "benefit_codes")
        lines.append(line)
    return tuple(lines)


ROUTES: list[ControllerRouterHandler] = [file_objection, decide_objection, raise_grant]
