"""Filing a claim: personal values are sealed, the incident is claimed once, the claim opened, in one group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import FILERS, check_filer
from claims.api.acting import check_agent_asked, normal_name, refuse_deceased, sealed_agent
from claims.api.heirs import list_heirs
from claims.api.plans import plan_of
from claims.api.shapes import FiledClaim, FilingAsked, IncidentAsked, PayeeAsked
from claims.api.signals import raise_signals
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import FileClaim
from claims.domain.entitlement import ENTITLEMENT, ClaimIncident
from claims.domain.incident import incident_key
from claims.domain.numbering import claim_no
from claims.domain.plan import Plan
from claims.domain.reading import Registered
from claims.domain.reviews import steps_of
from claims.intake.working_days import DECISION, due_days
from claims.papers import kept
from claims.projections import covers
from claims.projections.covers import CoverRow
from contracts.claims.v1 import ClaimFiled, Document, DuplicateFiled, Incident, Payee
from contracts.envelope import Actor, changed
from contracts.person import Account, Contact

FACTS_FIELD = "claims.claim-filed.v1/facts"
ACCOUNT_FIELD = "claims.claim-filed.v1/account"
CONTACT_FIELD = "claims.claim-filed.v1/contact"
TAIL_DIGITS = 4


@post("/claims", status_code=201)
async def file_claim(
    data: JSONBody[FilingAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[FiledClaim]:
    """A new claim (201), or the claim that the incident already is the matter of (200, `duplicate`)."""
    allow(actor, *FILERS)
    person_id = data.person_id or actor.sub
    claim_id = new_id()
    documents = tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents)
    payee_ids = [person_id if payee.relation == "SELF" else new_id() for payee in data.payees]

    async def work(session: Session) -> FiledClaim:
        cover = await cover_of(session, data.plan, person_id)
        check_filer(actor, data.channel, person_id, cover.org_path)
        await refuse_deceased(session)
        check_agent_asked(data, actor)
        plan = plan_of(data.plan, cover.plan_version)
        await kept.require(context, person_id, (*documents, *(data.heirs.documents_named if data.heirs else ())))
        return await file_sealed(session, data, plan, cover, (claim_id, person_id, payee_ids))

    return await context.command(request, actor, work, status=201)


async def file_sealed(
    session: Session,
    data: FilingAsked,
    plan: Plan,
    cover: CoverRow,
    ids: tuple[str, str, list[str]],
    papers_until: str = "",
) -> FiledClaim:
    """Claim the incident and open the claim, with its heirs and the signals it shows; or the claim that stands.

    `ids` are the claim's, the person's and the payees'; papers that follow a call are due on `papers_until`.
    """
    claim_id, person_id, _ = ids
    incident = _incident(data.incident, session.today)
    key = f"{plan.code}-{person_id}"
    command = ClaimIncident(
        plan.code, person_id, incident_key(incident), claim_id, data.channel, today=session.today.isoformat()
    )
    for event in await session.decide(ENTITLEMENT, key, command):
        if isinstance(event, DuplicateFiled):
            first = event.first_claim_id
            return FiledClaim(claim_id=first, claim_no=claim_no(plan, first), duplicate=True, first_claim_id=first)
    filed = changed(await _sealed(session, data, incident, plan, cover, ids), papers_until=papers_until)
    await session.decide(CLAIM, claim_id, FileClaim(filed))
    if incident.died_on and plan.heirs is not None:
        await list_heirs(session, plan.heirs, filed, filed.payees, data.heirs)
    await raise_signals(session, plan, filed, cover, [payee.account.card_no for payee in data.payees])
    return FiledClaim(claim_id=claim_id, claim_no=filed.claim_no, duplicate=False, first_claim_id=claim_id)


async def cover_of(session: Session, plan_code: str, person_id: str) -> CoverRow:
    """The person's cover of a plan. Raises Problem cover-unknown."""
    async with session.reads.connection() as c:
        cover = await covers.of_person(c, person_id, plan_code)
    if cover is None:
        raise Problem(404, "cover-unknown", "This person is not covered by the plan.", "person_id")
    return cover


def _incident(asked: IncidentAsked, today: date) -> Incident:
    return asked.incident(today)


async def _sealed(
    session: Session,
    data: FilingAsked,
    incident: Incident,
    plan: Plan,
    cover: CoverRow,
    ids: tuple[str, str, list[str]],
) -> ClaimFiled:
    """The filing as an event: facts, accounts and contacts sealed for this decision."""
    claim_id, person_id, payee_ids = ids
    pairs = [(person_id, "health"), *keys_of(payee_ids, data.payees)]
    await session.keyring.ensure(list(dict.fromkeys(pairs)))
    facts = data.facts.facts(session.today)
    member = await kept.registered(session, person_id)
    entitlement = await session.load(ENTITLEMENT, f"{plan.code}-{person_id}")
    steps = steps_of(plan, data.channel, incident, cover.org_path)
    due = due_days(plan.procedure, session.today)
    return ClaimFiled(
        claim_id=claim_id,
        claim_no=claim_no(plan, claim_id),
        person_id=person_id,
        plan_code=plan.code,
        plan_version=plan.version,
        channel=data.channel,
        org_path=cover.org_path,
        incident=incident,
        facts=session.keyring.seal_now(
            facts, subject=person_id, category="health", decision_id=session.decision_id, field=FACTS_FIELD
        ),
        documents=tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents),
        payees=tuple(sealed_payee(session, *pair, member) for pair in zip(payee_ids, data.payees, strict=True)),
        urgent=data.urgent,
        filed_on=session.today.isoformat(),
        steps=steps,
        by=session.actor.sub,
        agent=await sealed_agent(session, data.agent, person_id) if data.agent else None,
        due_on=due.get(steps[0], ""),
        decide_until=due[DECISION],
        corrects=entitlement.granted_before(incident_key(incident)),
    )


def keys_of(payee_ids: Sequence[str], payees: Sequence[PayeeAsked]) -> list[tuple[str, str]]:
    """The data keys, as (person, category), that `sealed_payee` needs."""
    pairs = []
    for payee_id, payee in zip(payee_ids, payees, strict=True):
        pairs += [(payee_id, "bank")] + ([(payee_id, "contact")] if payee.contact else [])
    return pairs


def sealed_payee(session: Session, payee_id: str, asked: PayeeAsked, member: Registered | None = None) -> Payee:
    """Account and contact sealed for this decision, always under a filing's fields, so that payments opens them.

    `name_matches`: the account's name is the holder's as stated, and a member's is the roster's, where known.
    """
    own = member.name if member is not None and asked.relation == "SELF" else asked.holder_name
    seal, decision_id = session.keyring.seal_now, session.decision_id
    account = Account(**msgspec.structs.asdict(asked.account))
    contact = None
    if asked.contact:
        plain = Contact(name=asked.contact.name, mobile=asked.contact.mobile)
        contact = seal(plain, subject=payee_id, category="contact", decision_id=decision_id, field=CONTACT_FIELD)
    return Payee(
        payee_id=payee_id,
        relation=asked.relation,
        share_percent=asked.share_percent,
        account=seal(account, subject=payee_id, category="bank", decision_id=decision_id, field=ACCOUNT_FIELD),
        account_tail=account.card_no[-TAIL_DIGITS:],
        contact=contact,
        name_matches=normal_name(account.account_name) == normal_name(asked.holder_name) == normal_name(own),
    )


ROUTES: list[ControllerRouterHandler] = [file_claim]
