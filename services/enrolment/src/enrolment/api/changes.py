"""What changes about a member: death, work, mobile, name, number; each with its day and who showed it (domain 5.6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within
from contracts.person import Contact, Employment, Identity
from enrolment.api.access import ABOVE_UNIT, OFFICE, OFFICERS, Asked, Day, IdNo, IdType, Mobile, Name, demand, the_day
from enrolment.domain import id_number
from enrolment.domain.coverage import COVERAGE, Covered, MoveCoverage, coverage_id
from enrolment.domain.division import WORKPLACES
from enrolment.domain.name import clean_mobile, clean_name
from enrolment.domain.occupation import BY_NAME
from enrolment.domain.person import PERSON, changeable
from enrolment.domain.person_commands import (
    ChangeContact,
    ChangeEmployment,
    CorrectIdentityNumber,
    CorrectName,
    RecordDeath,
    WithdrawDeath,
)
from enrolment.domain.person_stages import (
    CHANGED_CONTACT,
    CHANGED_EMPLOYER,
    CORRECTED_NAME_CONTACT,
    CORRECTED_NAME_IDENTITY,
    CORRECTED_NUMBER_IDENTITY,
    Registered,
)
from enrolment.domain.plan import plans
from enrolment.intake import index
from enrolment.intake.people import SCOPE, person_key

Source = Literal["MEMBER", "UNIT", "COUNTY", "CITY", "OFFICE", "ROSTER", "BUREAU"]
AnyRequest = Request[Any, Any, Any]


class RecordMemberDeath(Asked, frozen=True):
    """The day of death, an ISO date."""

    died_on: Day


class WithdrawMemberDeath(Asked, frozen=True):
    """How the death came to be recorded by mistake."""

    reason: Literal["ENTRY_ERROR", "OTHER_PERSON", "DOCUMENT_WRONG"]


class ChangeWork(Asked, frozen=True):
    """Where and as what the member works from an ISO date on; `employer` is free text, "" when it is not known."""

    occupation: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    organization: Annotated[str, msgspec.Meta(pattern=r"^62(\d{4}|\d{11})$")]
    division_code: Annotated[str, msgspec.Meta(pattern=r"^62\d{4}$")]
    effective_on: Day
    source: Source
    employer: Annotated[str, msgspec.Meta(max_length=100)] = ""


class ChangeMobile(Asked, frozen=True):
    """Another mobile from an ISO date on."""

    mobile: Mobile
    effective_on: Day
    source: Source


class CorrectMemberName(Asked, frozen=True):
    """The name as the document shows it."""

    name: Name
    effective_on: Day
    source: Source


class CorrectMemberNumber(Asked, frozen=True):
    """The number as the document shows it."""

    id_no: IdNo
    effective_on: Day
    source: Source
    id_type: IdType = ""


class RecordedDeath(msgspec.Struct, frozen=True):
    """The death as it is recorded."""

    person_id: str
    died_on: str


class Changed(msgspec.Struct, frozen=True):
    """Whether anything was recorded; false when it was so already."""

    person_id: str
    changed: bool


@post("/members/{person_id:str}/death", status_code=200)
async def record_death(
    person_id: FromPath[str], data: JSONBody[RecordMemberDeath], request: AnyRequest, actor: Actor, context: Context
) -> Response[RecordedDeath]:
    """Record that a member of the subtree has died; later rosters cannot cover them."""
    await _officer(context, actor, person_id, *ABOVE_UNIT)
    died_on = the_day(data.died_on, "died_on")

    async def work(session: Session) -> RecordedDeath:
        today = session.today.isoformat()
        await session.decide(PERSON, person_id, RecordDeath(person_id=person_id, died_on=died_on, today=today))
        return RecordedDeath(person_id, died_on)

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/death/withdrawal", status_code=200)
async def withdraw_death(
    person_id: FromPath[str], data: JSONBody[WithdrawMemberDeath], request: AnyRequest, actor: Actor, context: Context
) -> Response[Changed]:
    """Take back a death that was recorded by mistake."""
    await _officer(context, actor, person_id, "city_clerk", *OFFICE)

    async def work(session: Session) -> Changed:
        command = WithdrawDeath(
            person_id=person_id, reason=data.reason, today=session.today.isoformat(), by=session.actor.sub
        )
        return Changed(person_id, bool(await session.decide(PERSON, person_id, command)))

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/employment", status_code=200)
async def change_employment(
    person_id: FromPath[str], data: JSONBody[ChangeWork], request: AnyRequest, actor: Actor, context: Context
) -> Response[Changed]:
    """Record other work; the covers move to the organisation, which lies in the actor's subtree."""
    await _officer(context, actor, person_id, *OFFICERS)
    effective_on = the_day(data.effective_on, "effective_on")
    occupation, org_path = _place(data, actor)

    async def work(session: Session) -> Changed:
        employer = Employment(employer=" ".join(data.employer.split()))
        before = changeable(await session.load(PERSON, person_id)).employment
        known = Employment(employer="")
        if before is not None and before.employer is not None:
            kept = before.employer
            known = await session.keyring.open(kept.sealed, Employment, subject=person_id, field=kept.field)
        sealed = None
        if employer.employer:
            sealed = await session.keyring.seal(
                employer,
                subject=person_id,
                category="identity",
                decision_id=session.decision_id,
                field=CHANGED_EMPLOYER,
            )
        command = ChangeEmployment(
            person_id=person_id,
            employer=sealed,
            same_employer=employer == known,
            occupation=occupation,
            organization=data.organization,
            org_path=org_path,
            division_code=data.division_code,
            effective_on=effective_on,
            source=data.source,
            today=session.today.isoformat(),
            by=session.actor.sub,
        )
        changed = bool(await session.decide(PERSON, person_id, command))
        return Changed(person_id, await _move(session, command) or changed)

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/contact", status_code=200)
async def change_contact(
    person_id: FromPath[str], data: JSONBody[ChangeMobile], request: AnyRequest, actor: Actor, context: Context
) -> Response[Changed]:
    """Record another mobile: the member's own word, or an officer's."""
    await demand(context, actor, person_id, *OFFICERS)
    effective_on = the_day(data.effective_on, "effective_on")
    mobile = clean_mobile(data.mobile)
    if not mobile:
        raise Problem(422, "mobile-wrong", "This is not a mobile number.", "mobile")

    async def work(session: Session) -> Changed:
        recorded = changeable(await session.load(PERSON, person_id))
        identity, contact = await _opened(session, person_id, recorded)
        sealed = await session.keyring.seal(
            Contact(name=identity.name, mobile=mobile),
            subject=person_id,
            category="contact",
            decision_id=session.decision_id,
            field=CHANGED_CONTACT,
        )
        command = ChangeContact(
            person_id=person_id,
            contact=sealed,
            same=contact is not None and contact.mobile == mobile,
            effective_on=effective_on,
            source=data.source,
            today=session.today.isoformat(),
            by=session.actor.sub,
        )
        return Changed(person_id, bool(await session.decide(PERSON, person_id, command)))

    return await context.command(request, actor, work)


@post("/members/{person_id:str}/name", status_code=200)
async def correct_name(
    person_id: FromPath[str], data: JSONBody[CorrectMemberName], request: AnyRequest, actor: Actor, context: Context
) -> Response[Changed]:
    """Correct the name by the document that was shown."""
    await _officer(context, actor, person_id, *ABOVE_UNIT)
    effective_on = the_day(data.effective_on, "effective_on")

    async def work(session: Session) -> Changed:
        done = await rename(session, person_id, data.name, effective_on=effective_on, source=data.source)
        return Changed(person_id, done)

    return await context.command(request, actor, work)


async def rename(session: Session, person_id: str, typed: str, *, effective_on: str, source: str) -> bool:
    """Correct a person's name; whether it was another. Raises Problem 422 name-wrong, Rejected of PERSON."""
    recorded = changeable(await session.load(PERSON, person_id))
    identity, contact = await _opened(session, person_id, recorded)
    name = clean_name(typed, foreign=identity.id_type in id_number.FOREIGN)
    if not name:
        raise Problem(422, "name-wrong", "This is not a name.", "name")
    await session.keyring.ensure([(person_id, "identity"), (person_id, "contact")])
    seal, decision_id = session.keyring.seal_now, session.decision_id
    command = CorrectName(
        person_id=person_id,
        identity=seal(
            msgspec.structs.replace(identity, name=name),
            subject=person_id,
            category="identity",
            decision_id=decision_id,
            field=CORRECTED_NAME_IDENTITY,
        ),
        contact=seal(
            Contact(name=name, mobile=contact.mobile if contact else ""),
            subject=person_id,
            category="contact",
            decision_id=decision_id,
            field=CORRECTED_NAME_CONTACT,
        ),
        same=name == identity.name,
        effective_on=effective_on,
        source=source,
        today=session.today.isoformat(),
        by=session.actor.sub,
    )
    return bool(await session.decide(PERSON, person_id, command))


@post("/members/{person_id:str}/id-number", status_code=200)
async def correct_number(
    person_id: FromPath[str], data: JSONBody[CorrectMemberNumber], request: AnyRequest, actor: Actor, context: Context
) -> Response[Changed]:
    """Correct the identity number; whoever matched by the old one looks again."""
    await _officer(context, actor, person_id, *ABOVE_UNIT)
    effective_on = the_day(data.effective_on, "effective_on")
    id_type = id_number.ID_TYPES.get(data.id_type.strip(), "")
    number = id_number.read(id_type, data.id_no, f"{context.clock.today():%Y%m%d}")
    if number.errors:
        raise Problem(422, "id-number-wrong", "This is not an identity number of its type.", "id_no")
    await context.keyring.ensure_purpose(SCOPE)
    key = person_key(context.keyring, number.id_type, number.id_no)
    old = key

    async def work(session: Session) -> Changed:
        nonlocal old
        identity, _ = await _opened(session, person_id, changeable(await session.load(PERSON, person_id)))
        old = person_key(context.keyring, identity.id_type, identity.id_no)
        right = msgspec.structs.replace(identity, id_type=number.id_type, id_no=number.id_no)
        sealed = await session.keyring.seal(
            right,
            subject=person_id,
            category="identity",
            decision_id=session.decision_id,
            field=CORRECTED_NUMBER_IDENTITY,
        )
        command = CorrectIdentityNumber(
            person_id=person_id,
            identity=sealed,
            sex=number.sex,
            birth_year=int(number.born[:4]) if number.born else 0,
            same=right == identity,
            holder=(await session.reserved(SCOPE, [key])).get(key, ""),
            effective_on=effective_on,
            source=data.source,
            today=session.today.isoformat(),
            by=session.actor.sub,
        )
        changed = bool(await session.decide(PERSON, person_id, command))
        if changed:
            session.reserve(SCOPE, key, person_id)
        return Changed(person_id, changed)

    answer = await context.command(request, actor, work)
    if old != key:
        # The index does the same from the log, should this process end here.
        await index.free_number(context, person_id, old)
    return answer


async def _officer(context: Context, actor: Actor, person_id: str, *roles: str) -> None:
    """What members cannot do for themselves."""
    if "member" in actor.roles:
        actor = msgspec.structs.replace(actor, roles=tuple(role for role in actor.roles if role != "member"))
    await demand(context, actor, person_id, *roles)


def _place(data: ChangeWork, actor: Actor) -> tuple[str, str]:
    """Occupation and path of an organisation; a move out of the subtree is for those who see both sides."""
    occupation = BY_NAME.get(data.occupation.strip(), "")
    if not occupation:
        raise Problem(422, "occupation-unknown", "This names no occupation.", "occupation")
    if data.division_code not in WORKPLACES:
        raise Problem(422, "division-unknown", "This is no county of work.", "division_code")
    try:
        org_path = path_of(data.organization)
    except UnknownOrganization:
        raise Problem(422, "organization-unknown", "This code names no organisation.", "organization") from None
    if not within(org_path, actor.org_path):
        raise Problem(403, "organization-outside", "This organisation is not one of yours.", "organization")
    return occupation, org_path


async def _move(session: Session, command: ChangeEmployment) -> bool:
    """Let every cover of the person follow; whether one did."""
    ids = {coverage_id(code, command.person_id): code for code in plans()}
    covered = await session.load_many(COVERAGE, list(ids))
    moved = False
    for key, code in ids.items():
        if isinstance(covered[key], Covered):
            move = MoveCoverage(
                plan_code=code,
                person_id=command.person_id,
                occupation=command.occupation,
                org_path=command.org_path,
                division_code=command.division_code,
                effective_on=command.effective_on,
                source=command.source,
            )
            moved = bool(await session.decide(COVERAGE, key, move)) or moved
    return moved


async def _opened(session: Session, person_id: str, recorded: Registered) -> tuple[Identity, Contact | None]:
    """What is recorded now, in plain, for comparing with what is asked."""
    kept = recorded.identity
    identity = await session.keyring.open(kept.sealed, Identity, subject=person_id, field=kept.field)
    if recorded.contact is None:
        return identity, None
    reach = recorded.contact
    return identity, await session.keyring.open(reach.sealed, Contact, subject=person_id, field=reach.field)
