"""Members: found by identity number without it standing in an address, shown masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from chassis.auth import allow
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.person import Contact, Identity
from enrolment.api.access import OFFICE, OFFICERS, Asked
from enrolment.domain import id_number
from enrolment.domain.name import masked_mobile, masked_name
from enrolment.domain.person import PERSON, RecordDeath
from enrolment.intake.people import CONTACT_FIELD, IDENTITY_FIELD, SCOPE, person_key
from enrolment.projections import covers, members

_PERSON_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class LookUp(Asked, frozen=True):
    """An identity number, in the body so that it stands in no address."""

    id_no: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    id_type: Annotated[str, msgspec.Meta(max_length=30)] = ""


class MemberView(msgspec.Struct, frozen=True):
    """A member, masked; `covers` are those the asker may see."""

    person_id: str
    name: str
    id_type: str
    id_no: str
    mobile: str
    sex: str
    birth_year: int
    died_on: str | None
    covers: list[covers.Cover]


class RecordMemberDeath(Asked, frozen=True):
    """The day of death, an ISO date."""

    died_on: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class RecordedDeath(msgspec.Struct, frozen=True):
    """The death as it is recorded."""

    person_id: str
    died_on: str


@post("/members/lookup", status_code=200)
async def look_up(data: JSONBody[LookUp], actor: Actor, context: Context) -> MemberView:
    """Find a member of the subtree by identity number."""
    allow(actor, *OFFICERS, "hotline_agent")
    id_type = id_number.ID_TYPES.get(data.id_type.strip(), "")
    number = id_number.read(id_type, data.id_no, f"{context.clock.today():%Y%m%d}")
    if number.errors:
        raise Problem(422, "id-number-wrong", "This is not an identity number of its type.", "id_no")
    await context.keyring.ensure_purpose(SCOPE)
    key = person_key(context.keyring, number.id_type, number.id_no)
    person_id = (await context.log.reserved(SCOPE, [key])).get(key)
    if person_id is None:
        raise _no_member()
    return await _member(context, person_id, actor)


@get("/members/{person_id:str}")
async def member(person_id: FromPath[str], actor: Actor, context: Context) -> MemberView:
    """A member: for officers of the subtree, and for the member."""
    allow(actor, *OFFICERS, "hotline_agent", "supervisor", "member")
    if not _PERSON_ID.fullmatch(person_id):
        raise _no_member()
    itself = "member" in actor.roles and actor.sub == person_id
    if actor.roles == ("member",) and not itself:
        raise _no_member()
    return await _member(context, person_id, None if itself else actor)


@post("/members/{person_id:str}/death", status_code=200)
async def record_death(
    person_id: FromPath[str],
    data: JSONBody[RecordMemberDeath],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[RecordedDeath]:
    """Record that a member of the subtree has died; later rosters cannot cover them."""
    allow(actor, "county_clerk", "city_clerk", *OFFICE)
    if not _PERSON_ID.fullmatch(person_id):
        raise _no_member()
    if not id_number.is_date(data.died_on.replace("-", "")):
        raise Problem(422, "date-invalid", "There is no such day.", "died_on")
    async with context.reads.connection() as c:
        if not await covers.of_person(c, person_id, actor):
            raise _no_member()

    async def work(session: Session) -> RecordedDeath:
        today = session.today.isoformat()
        await session.decide(PERSON, person_id, RecordDeath(person_id=person_id, died_on=data.died_on, today=today))
        return RecordedDeath(person_id, data.died_on)

    return await context.command(request, actor, work)


def _no_member() -> Problem:
    return Problem(404, "member-unknown", "There is no such member in your organisation.", "person_id")


async def _member(context: Context, person_id: str, actor: Actor | None) -> MemberView:
    """The masked member; `actor` None when members ask for themselves. Without a visible cover there is no member."""
    async with context.reads.connection() as c:
        visible: Sequence[covers.Cover] = await covers.of_person(c, person_id, actor)
        found = await members.find(c, person_id) if visible else None
    if found is None:
        raise _no_member()
    identity = await context.keyring.open(found.identity, Identity, subject=person_id, field=IDENTITY_FIELD)
    mobile = ""
    if found.contact is not None:
        contact = await context.keyring.open(found.contact, Contact, subject=person_id, field=CONTACT_FIELD)
        mobile = contact.mobile
    return MemberView(
        person_id=person_id,
        name=masked_name(identity.name),
        id_type=identity.id_type,
        id_no=id_number.masked(identity.id_no),
        mobile=masked_mobile(mobile),
        sex=found.sex,
        birth_year=found.birth_year,
        died_on=found.died_on,
        covers=list(visible),
    )
