"""People on hold because one ID number came under two names: listed, and settled by the county (domain 5.4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from chassis.auth import allow
from chassis.clock import local_text
from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.person import Identity
from enrolment.api.access import OFFICE, OFFICERS, Asked
from enrolment.api.changes import rename
from enrolment.domain.division import organization_name
from enrolment.domain.name import masked_name
from enrolment.domain.name_conflict import CLAIMED, CLAIMED_IDENTITY, NAME_CONFLICT, OnHold, ResolveNameConflict
from enrolment.domain.person_stages import Kept
from enrolment.projections import holds, members

POSITION_MAX = 2**53


class HoldView(msgspec.Struct, frozen=True):
    """A person on hold: the row that names them otherwise, who sent it, and both names, masked."""

    person_id: str
    plan: str
    batch_id: str
    row_no: int
    organization: str
    registered_name: str
    claimed_name: str
    found_at: str


class HoldPage(msgspec.Struct, frozen=True):
    """Oldest first; the next page begins `after` this position, None at the end."""

    holds: list[HoldView]
    next: int | None


class Resolution(Asked, frozen=True):
    """Whose name the ID card shows: the REGISTERED one, or the one that the row CLAIMED; and what was shown."""

    right: Literal["REGISTERED", "CLAIMED"]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class ResolvedHold(msgspec.Struct, frozen=True):
    """The hold is over."""

    person_id: str
    right: str


@get("/holds")
async def hold_list(
    actor: Actor,
    context: Context,
    after: Annotated[int, QueryParameter(ge=0, le=POSITION_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> HoldPage:
    """The holds of the subtree: of its own rows, and of people covered through it."""
    allow(actor, *OFFICERS)
    async with context.reads.connection() as c:
        found = await holds.page(c, actor, after, limit)
        registered = {one.person_id: await members.find(c, one.person_id) for one in found}
    views = []
    for one in found:
        member = registered[one.person_id]
        views.append(
            HoldView(
                person_id=one.person_id,
                plan=one.plan_code,
                batch_id=one.batch_id,
                row_no=one.row_no,
                organization=organization_name(one.org_path.rpartition(".")[2]),
                registered_name=await _masked(context, one.person_id, member.identity) if member else "",
                claimed_name=await _masked(context, one.person_id, Kept(one.identity, CLAIMED_IDENTITY)),
                found_at=local_text(one.found_at),
            )
        )
    return HoldPage(views, found[-1].position if len(found) == limit else None)


@post("/holds/{person_id:str}/resolve", status_code=200)
async def resolve_hold(
    person_id: FromPath[str],
    data: JSONBody[Resolution],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ResolvedHold]:
    """The county has seen the ID card."""
    allow(actor, "county_clerk", "city_clerk", *OFFICE)
    async with context.reads.connection() as c:
        if await holds.find(c, person_id, actor) is None:
            raise Problem(404, "hold-unknown", "There is no such hold in your organisation.", "person_id")

    async def work(session: Session) -> ResolvedHold:
        hold = await session.load(NAME_CONFLICT, person_id)
        command = ResolveNameConflict(person_id=person_id, right=data.right, reason=data.reason, by=actor.sub)
        if await session.decide(NAME_CONFLICT, person_id, command) and data.right == CLAIMED:
            assert isinstance(hold, OnHold)
            claimed = await session.keyring.open(hold.claimed, Identity, subject=person_id, field=CLAIMED_IDENTITY)
            today = session.today.isoformat()
            await rename(session, person_id, claimed.name, effective_on=today, source="COUNTY")
        return ResolvedHold(person_id, data.right)

    return await context.command(request, actor, work)


async def _masked(context: Context, person_id: str, identity: Kept) -> str:
    """The masked name; "" of somebody whose data may not be used any more."""
    try:
        opened = await context.keyring.open(identity.sealed, Identity, subject=person_id, field=identity.field)
    except Erased:
        return ""
    return masked_name(opened.name)
