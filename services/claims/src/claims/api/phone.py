"""By telephone in one call: an officer or the hotline opens a death or an urgent claim; papers follow (domain 4.9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import Forbidden, allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE
from claims.api.filing import cover_of, file_sealed
from claims.api.plans import plan_of
from claims.api.shapes import Asked, FactsAsked, FilingAsked, IncidentAsked, Name, Text
from claims.domain.numbering import claim_no
from claims.domain.phone_call import PHONE_CALL, TakeCall
from claims.domain.relief_plan import PhoneRules, needs_of
from contracts.claims.heirs import ClaimPhoned
from contracts.envelope import Actor
from contracts.organization import within
from contracts.person import Contact

INFORMANT_FIELD = "claims.claim-phoned.v1/informant"
CALL_TAKERS = ("hotline_agent", "county_clerk", "city_clerk", *OFFICE)


class InformantAsked(Asked, frozen=True, kw_only=True):
    """Who called, and how they are related."""

    name: Name
    mobile: Annotated[str, Meta(pattern=r"^[0-9-]{5,20}$")]
    relation: Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]{1,39}$")]


class CallAsked(Asked, frozen=True, kw_only=True):
    """One call: the member (as the look-up of enrolment found them), the incident, the informant, why it is urgent."""

    person_id: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
    plan: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    incident: IncidentAsked
    cause: Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]{1,39}$")]
    informant: InformantAsked
    narrative: Text = ""


class PhonedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The claim that stands for the incident, and the papers to follow until `due_on`."""

    claim_id: str
    claim_no: str
    duplicate: bool
    needs: tuple[str, ...]
    due_on: str

    @property
    def http_status(self) -> int:
        """Nothing was created by a second call."""
        return 200 if self.duplicate else 201


@post("/claims/phone", status_code=201)
async def open_by_phone(
    data: JSONBody[CallAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[PhonedClaim]:
    """A claim without papers and payees (201), or the one that the incident already is the matter of (200)."""
    allow(actor, *CALL_TAKERS)
    claim_id = new_id()
    asked = FilingAsked(
        person_id=data.person_id,
        plan=data.plan,
        channel="HOTLINE",  # kept for every call, whoever took it
        incident=data.incident,
        facts=FactsAsked(narrative=data.narrative),
        payees=(),
        urgent=True,
    )

    async def work(session: Session) -> PhonedClaim:
        cover = await cover_of(session, data.plan, data.person_id)
        if not within(cover.org_path, actor.org_path):
            raise Forbidden("outside-your-organisation")
        plan = plan_of(data.plan, cover.plan_version)
        if plan.phone is None:
            raise Problem(409, "phone-not-in-plan", "This plan takes no claims by telephone.", "plan")
        due_on = (session.today + timedelta(days=plan.phone.papers_days)).isoformat()
        filed = await file_sealed(session, asked, plan, cover, (claim_id, data.person_id, []), due_on)
        if filed.duplicate:
            number = claim_no(plan, filed.claim_id)
            return PhonedClaim(claim_id=filed.claim_id, claim_no=number, duplicate=True, needs=(), due_on="")
        phoned = await _phoned(session, data, plan.phone, claim_id, cover.org_path, due_on)
        return PhonedClaim(
            claim_id=claim_id, claim_no=filed.claim_no, duplicate=False, needs=phoned.needs, due_on=phoned.due_on
        )

    return await context.command(request, actor, work, status=201)


async def _phoned(
    session: Session, data: CallAsked, rules: PhoneRules, claim_id: str, org_path: str, due_on: str
) -> ClaimPhoned:
    """The call as an event: the informant's contact sealed under a random id."""
    died = data.incident.died_on is not None
    informant_id = new_id()
    informant = await session.keyring.seal(
        Contact(name=data.informant.name, mobile=data.informant.mobile),
        subject=informant_id,
        category="contact",
        decision_id=session.decision_id,
        field=INFORMANT_FIELD,
    )
    phoned = ClaimPhoned(
        claim_id=claim_id,
        person_id=data.person_id,
        org_path=org_path,
        informant_id=informant_id,
        informant=informant,
        relation=data.informant.relation,
        cause=data.cause,
        needs=needs_of(rules.death_papers if died else rules.papers, frozenset()),
        due_on=due_on,
        by=session.actor.sub,
    )
    await session.decide(PHONE_CALL, claim_id, TakeCall(phoned, rules, died))
    return phoned


ROUTES: list[ControllerRouterHandler] = [open_by_phone]
