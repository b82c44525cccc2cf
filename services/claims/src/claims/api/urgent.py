"""The urgent path: marked, the family spoken with, a part of a certain benefit paid ahead (domain 4.9)."""

from __future__ import annotations

from datetime import timedelta

from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from claims.api.access import REVIEWERS
from claims.api.notes import seal_note
from claims.api.process_shapes import AdvanceAsked, UrgencyAsked
from claims.api.reviews import AnyRequest, Told, application_of, is_held, person_of, take
from claims.api.shapes import ClaimId
from claims.domain.benefits import assess
from claims.domain.claim_commands import ClaimCommand
from claims.domain.claim_stages import Claim
from claims.domain.plan import Plan
from claims.domain.side_commands import GrantAdvance, MarkUrgent, RecordContact
from claims.domain.standing import undecided_or_waiting
from claims.intake.working_days import after_working_days
from contracts.envelope import Actor


@post("/claims/{claim_id:str}/urgent", status_code=200)
async def mark_urgent(
    claim_id: ClaimId, data: JSONBody[UrgencyAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The office reviews first; contact and decision have shorter times, papers may follow."""
    allow(actor, *REVIEWERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        rules = plan.procedure.urgency
        return MarkUrgent(
            actor.sub,
            data.trigger,
            rules,
            contact_until=utc_text(session.now + timedelta(hours=rules.contact_hours)),
            decide_until=after_working_days(session.today, rules.decision_workdays).isoformat(),
            papers_until=(session.today + timedelta(days=rules.papers_days)).isoformat(),
            note=await seal_note(session, person_of(claim), data.reason),
        )

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/contact", status_code=200)
async def record_contact(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """Somebody has spoken with the family."""
    allow(actor, *REVIEWERS)

    async def command(session: Session, _claim: Claim, _plan: Plan) -> ClaimCommand:
        return RecordContact(actor.sub, utc_text(session.now))

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/advance", status_code=200)
async def grant_advance(
    claim_id: ClaimId, data: JSONBody[AdvanceAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The head signs for a part of a benefit that the rules grant, ahead of the decision."""
    allow(actor, "office_head")

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        lines = assess(await application_of(session, undecided_or_waiting(claim), plan)).lines
        line = next((one for one in lines if one.benefit_code == data.benefit_code), None)
        if line is None:
            raise Rejected("benefit-not-certain", "The rules do not grant this benefit so far.", "benefit_code")
        percent = plan.procedure.urgency.advance_percent
        held = await is_held(session, claim)
        return GrantAdvance(actor.sub, line, data.amount_fen, percent, session.today.isoformat(), held)

    return await take(claim_id, request, actor, context, command)


ROUTES: list[ControllerRouterHandler] = [mark_urgent, record_contact, grant_advance]
