"""Members: found by number, mobile, name or unit without any of it standing in an address, and shown masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import sqlalchemy as sa
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.auth import allow
from chassis.context import Context
from chassis.keyring import Erased
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within
from contracts.person import Contact, Identity
from enrolment.api.access import OFFICERS, Asked, IdNo, IdType, Mobile, Name, demand, is_itself, no_member
from enrolment.domain import id_number
from enrolment.domain.name import clean_mobile, clean_name, masked_mobile, masked_name
from enrolment.intake import index
from enrolment.intake.people import SCOPE, person_key
from enrolment.projections import covers, members, rights

FINDERS = (*OFFICERS, "hotline_agent")
MEMBERS_PER_PAGE_MAX = 100
CATCH_UP_TURNS_MAX = 2
"""A search takes so many turns of new events into the index before it looks; an import's are found a little later."""
PENDING, ACTIVE, ENDED, TERMINATED = "PENDING", "ACTIVE", "ENDED", "TERMINATED"

PersonId = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]


class LookUp(Asked, frozen=True):
    """An identity number, in the body so that it stands in no address."""

    id_no: IdNo
    id_type: IdType = ""


class Search(Asked, frozen=True):
    """A mobile or an exact name, one of them; `after` is the last person of the page before."""

    mobile: Mobile | None = None
    name: Name | None = None
    after: PersonId = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MEMBERS_PER_PAGE_MAX)] = 20


class CoverView(msgspec.Struct, frozen=True):
    """A cover and its status today: PENDING, ACTIVE, ENDED, or TERMINATED by death. Dates are half-open ISO dates."""

    plan_code: str
    plan_version: int
    status: str
    effective_on: str
    ends_on: str
    occupation: str
    org_path: str
    division_code: str


class MemberView(msgspec.Struct, frozen=True):
    """A member, masked; `covers` are those the asker may see. Restricted data are not opened: all is ""."""

    person_id: str
    name: str
    id_type: str
    id_no: str
    mobile: str
    sex: str
    birth_year: int
    died_on: str | None
    restricted: bool
    covers: list[CoverView]


class MemberPage(msgspec.Struct, frozen=True):
    """Members in the order of their ids; `next` is what to send as `after`, None at the end."""

    members: list[MemberView]
    next: str | None


@post("/members/lookup", status_code=200)
async def look_up(data: JSONBody[LookUp], actor: Actor, context: Context) -> MemberView:
    """Find a member of the subtree by identity number."""
    allow(actor, *FINDERS)
    id_type = id_number.ID_TYPES.get(data.id_type.strip(), "")
    number = id_number.read(id_type, data.id_no, f"{context.clock.today():%Y%m%d}")
    if number.errors:
        raise Problem(422, "id-number-wrong", "This is not an identity number of its type.", "id_no")
    await context.keyring.ensure_purpose(SCOPE)
    key = person_key(context.keyring, number.id_type, number.id_no)
    person_id = (await context.log.reserved(SCOPE, [key])).get(key)
    return await _one(context, person_id or "", actor)


@post("/members/search", status_code=200)
async def search(data: JSONBody[Search], actor: Actor, context: Context) -> MemberPage:
    """Find members of the subtree by mobile or exact name."""
    allow(actor, *FINDERS)
    if (data.mobile is None) == (data.name is None):
        raise Problem(422, "search-unclear", "Search by a mobile or by a name.")
    await index.ensure(context.keyring)
    if data.mobile is not None:
        mobile = clean_mobile(data.mobile)
        if not mobile:
            raise Problem(422, "mobile-wrong", "This is not a mobile number.", "mobile")
        scope, keys = index.MOBILE, [index.mobile_key(context.keyring, mobile)]
    else:
        typed = data.name or ""
        names = {name for name in (clean_name(typed), clean_name(typed, foreign=True)) if name}
        if not names:
            raise Problem(422, "name-wrong", "This is not a name.", "name")
        scope, keys = index.NAME, [index.name_key(context.keyring, name) for name in sorted(names)]
    for _ in range(CATCH_UP_TURNS_MAX):
        if not await index.advance(context):
            break
    table = sa.table("lookup", sa.column("scope"), sa.column("key"), sa.column("owner"), schema="public")
    found = sa.select(table.c.owner).where(table.c.scope == scope, table.c.key.in_(keys))
    async with context.reads.connection() as c:
        people = await covers.page(c, actor, found=found, after=data.after, limit=data.limit)
    return await _page(context, people, actor, data.limit)


@get("/members")
async def member_list(
    actor: Actor,
    context: Context,
    organization: Annotated[str, QueryParameter(pattern=r"^62(\d{4}|\d{11})$")],
    after: Annotated[str, QueryParameter(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MEMBERS_PER_PAGE_MAX)] = 20,
) -> MemberPage:
    """The members that an organisation of the subtree has: a unit's own list, a county's, a prefecture's."""
    allow(actor, *FINDERS, "supervisor")
    try:
        path = path_of(organization)
    except UnknownOrganization:
        raise Problem(422, "organization-unknown", "This code names no organisation.", "organization") from None
    if not within(path, actor.org_path):
        raise Problem(404, "organization-unknown", "There is no such organisation among yours.", "organization")
    async with context.reads.connection() as c:
        people = await covers.page(c, actor, org_path=path, after=after, limit=limit)
    return await _page(context, people, actor, limit)


@get("/members/{person_id:str}")
async def member(person_id: FromPath[str], actor: Actor, context: Context) -> MemberView:
    """A member: for officers of the subtree, and for the member."""
    await demand(context, actor, person_id, *FINDERS, "supervisor")
    return await _one(context, person_id, None if is_itself(actor, person_id) else actor)


async def _one(context: Context, person_id: str, actor: Actor | None) -> MemberView:
    """The masked member; `actor` None when members ask for themselves. Without a visible cover there is no member."""
    views = await views_of(context, [person_id], actor)
    if not views:
        raise no_member()
    return views[0]


async def _page(context: Context, people: Sequence[str], actor: Actor, limit: int) -> MemberPage:
    """A page; its length is that of the list of ids, also where one has just been erased."""
    return MemberPage(await views_of(context, people, actor), people[-1] if len(people) == limit else None)


async def views_of(context: Context, people: Sequence[str], actor: Actor | None) -> list[MemberView]:
    """Members masked, in the order asked for; those without a cover that the actor may see are left out."""
    async with context.reads.connection() as c:
        visible = await covers.of_people(c, people, actor)
        found = await members.find_many(c, list(visible))
        withheld = await rights.restricted(c, list(visible))
    shown = [found[one] for one in people if one in found]
    open_now = [one for one in shown if one.person_id not in withheld]
    identities = await context.keyring.open_many(
        [(one.identity.sealed, Identity, one.person_id, one.identity.field) for one in open_now]
    )
    contacts = await context.keyring.open_many(
        [(one.contact.sealed, Contact, one.person_id, one.contact.field) for one in open_now if one.contact]
    )
    told = {one.person_id: value for one, value in zip(open_now, identities, strict=True)}
    reached = {one.person_id: value for one, value in zip([x for x in open_now if x.contact], contacts, strict=True)}
    today = context.clock.today().isoformat()
    return [
        _view(one, told.get(one.person_id), reached.get(one.person_id), visible[one.person_id], today) for one in shown
    ]


def _view(
    one: members.Member,
    identity: Identity | Erased | None,
    contact: Contact | Erased | None,
    visible: Sequence[covers.Cover],
    today: str,
) -> MemberView:
    known = identity if isinstance(identity, Identity) else None
    return MemberView(
        person_id=one.person_id,
        name=masked_name(known.name) if known else "",
        id_type=known.id_type if known else "",
        id_no=id_number.masked(known.id_no) if known else "",
        mobile=masked_mobile(contact.mobile) if isinstance(contact, Contact) else "",
        sex=one.sex if known else "",
        birth_year=one.birth_year if known else 0,
        died_on=one.died_on,
        restricted=known is None,
        covers=[_cover(cover, today, one.died_on) for cover in visible],
    )


def _cover(cover: covers.Cover, today: str, died_on: str | None) -> CoverView:
    return CoverView(
        plan_code=cover.plan_code,
        plan_version=cover.plan_version,
        status=status_of(cover, today, died_on),
        effective_on=cover.effective_on,
        ends_on=cover.ends_on,
        occupation=cover.occupation,
        org_path=cover.org_path,
        division_code=cover.division_code,
    )


def status_of(cover: covers.Cover, today: str, died_on: str | None) -> str:
    """The status of a cover on an ISO date; a death ends it (domain 5.6)."""
    if today < cover.effective_on:
        return PENDING
    if today >= cover.ends_on:
        return ENDED
    return TERMINATED if died_on is not None and died_on < today else ACTIVE
