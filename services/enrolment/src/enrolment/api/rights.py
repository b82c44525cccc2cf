"""The person's rights: consent, restriction, erasure, and a copy of what is kept (PIPL 14-16, 44-47)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from contracts.person import Contact, Employment, Identity
from enrolment.api.access import OFFICE, OFFICERS, Asked, demand
from enrolment.domain.consent import CONSENT, GiveConsent, WithdrawConsent
from enrolment.domain.person import PERSON, changeable
from enrolment.domain.person_commands import LiftRestriction, RestrictProcessing
from enrolment.domain.person_stages import CHANGED_EMPLOYER, Erased, Erasing, Registered, Restricted
from enrolment.intake.leaving import request_erasure
from enrolment.projections import consents, cover_moves, covers, employments, rights

Purpose = Literal["DATA_MATCHING", "AUTO_PAY", "HEALTH_CHECKUP", "HEALTH_RECORD", "MESSAGES"]
AnyRequest = Request[Any, Any, Any]


class Nothing(Asked, frozen=True):
    """A request that says all by being made."""


class Consented(msgspec.Struct, frozen=True):
    """Whether the person agrees to a purpose now."""

    person_id: str
    purpose: str
    given: bool


class RightsView(msgspec.Struct, frozen=True):
    """How a person's data stand: ACTIVE, RESTRICTED, ERASING or ERASED.

    Since when and why, the ISO date on which they are erased ("" for none), and the consents.
    """

    person_id: str
    standing: str
    since: str
    reason: str
    kept_until: str
    consents: list[consents.Consent]


class Standing(msgspec.Struct, frozen=True):
    """How the data stand after a request: ACTIVE, RESTRICTED (until an ISO date, or ""), ERASING or ERASED."""

    person_id: str
    standing: str
    reason: str
    kept_until: str


class EmploymentCopy(msgspec.Struct, frozen=True):
    """One change of employment, in plain."""

    effective_on: str
    employer: str
    occupation: str
    organization: str
    division_code: str
    source: str


class PersonCopy(msgspec.Struct, frozen=True):
    """Everything that enrolment keeps of a person, in plain, for that person alone."""

    person_id: str
    identity: Identity
    contact: Contact | None
    covers: list[covers.Cover]
    cover_moves: list[cover_moves.CoverMove]
    employments: list[EmploymentCopy]
    consents: list[consents.Consent]


@put("/members/{person_id:str}/consents/{purpose:str}", status_code=200)
async def give_consent(
    person_id: FromPath[str], purpose: FromPath[Purpose], request: AnyRequest, actor: Actor, context: Context
) -> Response[Consented]:
    """The member agrees to a purpose; an officer may record a signed paper."""
    await demand(context, actor, person_id, *OFFICERS)

    async def work(session: Session) -> Consented:
        today = session.today.isoformat()
        command = GiveConsent(person_id=person_id, purpose=purpose, today=today, by=session.actor.sub)
        await session.decide(CONSENT, person_id, command)
        return Consented(person_id, purpose, given=True)

    return await context.command(request, actor, work)


@delete("/members/{person_id:str}/consents/{purpose:str}", status_code=200)
async def withdraw_consent(
    person_id: FromPath[str], purpose: FromPath[Purpose], request: AnyRequest, actor: Actor, context: Context
) -> Response[Consented]:
    """The member no longer agrees; it is as easy as agreeing (PIPL 15)."""
    await demand(context, actor, person_id, *OFFICERS)

    async def work(session: Session) -> Consented:
        today = session.today.isoformat()
        command = WithdrawConsent(person_id=person_id, purpose=purpose, today=today, by=session.actor.sub)
        await session.decide(CONSENT, person_id, command)
        return Consented(person_id, purpose, given=False)

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/restriction", status_code=200)
async def restrict(
    person_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, actor: Actor, context: Context
) -> Response[Standing]:
    """Stop using the person's data; they are kept."""
    await demand(context, actor, person_id, *OFFICE)
    del data

    async def work(session: Session) -> Standing:
        command = RestrictProcessing(person_id=person_id, today=session.today.isoformat(), by=session.actor.sub)
        await session.decide(PERSON, person_id, command)
        return await _standing(session, person_id)

    return await context.command(request, actor, work)


@delete("/members/{person_id:str}/restriction", status_code=200)
async def lift_restriction(
    person_id: FromPath[str], request: AnyRequest, actor: Actor, context: Context
) -> Response[Standing]:
    """Use the person's data again; an erasure that was waiting is withdrawn with it."""
    await demand(context, actor, person_id, *OFFICE)

    async def work(session: Session) -> Standing:
        command = LiftRestriction(person_id=person_id, today=session.today.isoformat(), by=session.actor.sub)
        await session.decide(PERSON, person_id, command)
        return await _standing(session, person_id)

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/erasure", status_code=202)
async def erase(
    person_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, actor: Actor, context: Context
) -> Response[Standing]:
    """Erase the person, or restrict until retention ends; the answer says which."""
    await demand(context, actor, person_id, "office_head")
    del data

    async def work(session: Session) -> Standing:
        await request_erasure(person_id, session)
        return await _standing(session, person_id)

    return await context.command(request, actor, work, status=202)


@get("/members/{person_id:str}/rights")
async def rights_of(person_id: FromPath[str], actor: Actor, context: Context) -> RightsView:
    """How the person's data stand, and what they agreed to; also after the erasure."""
    await demand(context, actor, person_id, *OFFICE, "supervisor")
    async with context.reads.connection() as c:
        found = await rights.of_person(c, person_id) or rights.Right(rights.ACTIVE, "", "", "")
        agreed = await consents.of_person(c, person_id)
    return RightsView(person_id, found.standing, found.since, found.reason, found.kept_until, agreed)


@get("/members/{person_id:str}/export")
async def export(person_id: FromPath[str], actor: Actor, context: Context) -> Response[PersonCopy]:
    """A copy of everything kept here, for the member alone (PIPL 45)."""
    await demand(context, actor, person_id)

    async def look(session: Session) -> Registered:
        return changeable(await session.load(PERSON, person_id))

    recorded = (await context.executor.run(look)).value
    keyring, held = context.keyring, recorded.identity
    identity = await keyring.open(held.sealed, Identity, subject=person_id, field=held.field)
    contact = None
    if reach := recorded.contact:
        contact = await keyring.open(reach.sealed, Contact, subject=person_id, field=reach.field)
    async with context.reads.connection() as c:
        covered = await covers.of_person(c, person_id, None)
        moves = await cover_moves.of_person(c, person_id)
        worked = await employments.of_person(c, person_id)
        agreed = await consents.of_person(c, person_id)
    copies = [await _employment(context, person_id, one) for one in worked]
    copy = PersonCopy(person_id, identity, contact, covered, moves, copies, agreed)
    return Response(copy, headers={"Cache-Control": "no-store"})


async def _employment(context: Context, person_id: str, row: employments.EmploymentRow) -> EmploymentCopy:
    employer = ""
    if row.employer is not None:
        opened = await context.keyring.open(row.employer, Employment, subject=person_id, field=CHANGED_EMPLOYER)
        employer = opened.employer
    return EmploymentCopy(row.effective_on, employer, row.occupation, row.organization, row.division_code, row.source)


async def _standing(session: Session, person_id: str) -> Standing:
    match await session.load(PERSON, person_id):
        case Restricted(reason=reason, until=until):
            return Standing(person_id, rights.RESTRICTED, reason, until)
        case Erasing():
            return Standing(person_id, rights.ERASING, "", "")
        case Erased():
            return Standing(person_id, rights.ERASED, "", "")
        case _:
            return Standing(person_id, rights.ACTIVE, "", "")
