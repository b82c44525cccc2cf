"""Quotas: the seats of a plan passed down the tree, and what is left of them (domain 5.1)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, JSONBody

from chassis.auth import allow
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import PROVINCE_CODE
from enrolment.api.access import ONLOOKERS, Asked, organization_of, the_plan
from enrolment.domain.division import organization_name
from enrolment.domain.seats import SEATS, SetQuota
from enrolment.projections import quotas, seats


class AskedQuota(Asked, frozen=True):
    """How many seats an organisation shall have in all; fewer than before takes back what is unused."""

    plan: str
    organization: Annotated[str, msgspec.Meta(min_length=6, max_length=13)]
    seats: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class SetQuotaView(msgspec.Struct, frozen=True):
    """The quota as it stands now."""

    plan: str
    organization: str
    seats: int


class QuotaView(msgspec.Struct, frozen=True):
    """An organisation's seats: given to it, distributed to those below, taken by rows, and free."""

    organization: str
    name: str
    org_path: str
    given: int
    distributed: int
    reserved: int
    free: int


class QuotaList(msgspec.Struct, frozen=True):
    """The subtree's quotas, each organisation before those below it. The province's own are the donated seats."""

    plan: str
    quotas: list[QuotaView]


@post("/quotas", status_code=200)
async def set_quota(
    data: JSONBody[AskedQuota], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[SetQuotaView]:
    """Give an organisation below one's own its quota, or take unused seats back from it."""
    allow(actor, "county_clerk", "city_clerk", "office_head")
    plan = the_plan(data.plan)
    path = organization_of(data.organization, actor)
    if path == actor.org_path and path != PROVINCE_CODE:
        raise Problem(403, "quota-of-own", "The organisation above sets this quota.", "organization")

    async def work(session: Session) -> SetQuotaView:
        command = SetQuota(
            plan_code=plan.code, organization=data.organization, org_path=path, seats=data.seats, by=actor.sub
        )
        await session.decide(SEATS, plan.code, command)
        return SetQuotaView(plan.code, data.organization, data.seats)

    return await context.command(request, actor, work)


@get("/quotas")
async def quota_list(plan: FromQuery[str], actor: Actor, context: Context) -> QuotaList:
    """What the organisations of the subtree were given, passed on, and have left."""
    allow(actor, *ONLOOKERS)
    known = the_plan(plan)
    async with context.reads.connection() as c:
        found = await quotas.of_subtree(c, known.code, actor)
        whole = await seats.of_plan(c, known.code) if actor.org_path == PROVINCE_CODE else None
    if whole is not None:
        undistributed = whole.reserved - sum(one.reserved for one in found)
        found = [quotas.Quota(PROVINCE_CODE, PROVINCE_CODE, whole.given, undistributed), *found]
    passed: dict[str, int] = {}
    for one in found:
        above = one.org_path.rpartition(".")[0]
        passed[above] = passed.get(above, 0) + one.given
    return QuotaList(known.code, [_view(one, passed.get(one.org_path, 0)) for one in found])


def _view(one: quotas.Quota, distributed: int) -> QuotaView:
    return QuotaView(
        organization=one.organization,
        name=organization_name(one.organization),
        org_path=one.org_path,
        given=one.given,
        distributed=distributed,
        reserved=one.reserved,
        free=one.given - distributed - one.reserved,
    )
