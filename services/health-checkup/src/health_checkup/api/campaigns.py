"""Campaigns with their quotas and cost, and the routes of the trucks."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import JSONBody

from chassis.auth import allow, allow_province
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import path_of, within
from health_checkup.api import tickets
from health_checkup.api.access import COUNTERS, OPENERS, PROVIDER, AnyRequest, own_path
from health_checkup.api.field_shapes import (
    CampaignChanged,
    CampaignRequest,
    CampaignView,
    CostRequest,
    DeviceRequest,
    QuotaRequest,
    RouteAnswer,
    RouteRequest,
    TicketKey,
)
from health_checkup.api.shapes import PathId
from health_checkup.domain.campaign import CAMPAIGN, CloseCampaign, OpenCampaign, RecordCost, SetQuota
from health_checkup.domain.package import PACKAGES
from health_checkup.domain.prefecture import PREFECTURE, GrantSeats
from health_checkup.domain.prefecture import key as prefecture_key
from health_checkup.domain.route import ROUTE, Planned, PlanRoute, RegisterDevice, route_id
from health_checkup.domain.rules import RULES
from health_checkup.projections import campaigns, prefectures


@post("/campaigns")
async def open_campaign(
    data: JSONBody[CampaignRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[CampaignChanged]:
    """Plan a year's check-ups."""
    allow_province(actor, "office_head")
    if not set(data.packages) <= set(PACKAGES):
        raise Problem(400, "package-invalid", "There is no such package.", "packages")
    if data.rules not in RULES:
        raise Problem(400, "rules-invalid", "There are no such rules.", "rules")

    async def work(session: Session) -> CampaignChanged:
        command = OpenCampaign(
            campaign=data.campaign,
            year=data.year,
            name=data.name,
            quota=data.quota,
            budget_fen=data.budget_fen,
            packages=tuple(data.packages),
            rules=data.rules,
            today=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(CAMPAIGN, data.campaign, command)
        return CampaignChanged(data.campaign)

    return await context.command(request, actor, work, status=201)


@post("/campaigns/{campaign:str}/quotas", status_code=200)
async def set_quota(
    campaign: PathId, data: JSONBody[QuotaRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[CampaignChanged]:
    """Give a prefecture its part of the campaign's people, or take back what its stops have not taken."""
    allow_province(actor, "office_head")
    if path_of(data.prefecture).count(".") != 1:
        raise Problem(400, "prefecture-invalid", "This is no prefecture.", "prefecture")

    async def work(session: Session) -> CampaignChanged:
        key = prefecture_key(campaign, data.prefecture)
        reserved = (await session.load(PREFECTURE, key)).reserved
        command = SetQuota(campaign, data.prefecture, data.seats, reserved, actor.sub)
        await session.decide(CAMPAIGN, campaign, command)
        await session.decide(PREFECTURE, key, GrantSeats(campaign, data.prefecture, data.seats))
        return CampaignChanged(campaign)

    return await context.command(request, actor, work)


@post("/campaigns/{campaign:str}/costs")
async def record_cost(
    campaign: PathId, data: JSONBody[CostRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[CampaignChanged]:
    """Record a bill of the campaign."""
    allow_province(actor, "finance", "office_head")
    command = RecordCost(campaign, data.cost_id, data.amount_fen, data.what, data.spent_on.isoformat(), actor.sub)

    async def work(session: Session) -> CampaignChanged:
        await session.decide(CAMPAIGN, campaign, command)
        return CampaignChanged(campaign)

    return await context.command(request, actor, work, status=201)


@post("/campaigns/{campaign:str}/closure", status_code=200)
async def close_campaign(
    campaign: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[CampaignChanged]:
    """No more stops are opened for it."""
    allow_province(actor, "office_head")

    async def work(session: Session) -> CampaignChanged:
        await session.decide(CAMPAIGN, campaign, CloseCampaign(campaign, session.today.isoformat(), actor.sub))
        return CampaignChanged(campaign)

    return await context.command(request, actor, work)


@get("/campaigns/{campaign:str}")
async def campaign_view(campaign: PathId, actor: Actor, context: Context) -> CampaignView:
    """A campaign and what its prefectures may seat."""
    allow(actor, *COUNTERS)
    async with context.reads.connection() as c:
        row = await campaigns.find(c, campaign)
        quotas = await prefectures.of_campaign(c, campaign)
    if row is None:
        raise Problem(404, "campaign-unknown", "No such campaign.")
    return CampaignView(
        campaign=row.campaign,
        year=row.year,
        name=row.name,
        quota=row.quota,
        budget_fen=row.budget_fen,
        cost_fen=row.cost_fen,
        packages=row.packages,
        rules=row.rules,
        closed_on=row.closed_on or "",
        prefectures=quotas,
    )


@post("/routes")
async def plan_route(
    data: JSONBody[RouteRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[RouteAnswer]:
    """A truck travels for the campaign."""
    allow(actor, *OPENERS)
    org_path = own_path(actor, data.division_code)
    key = route_id(data.campaign, data.truck)

    async def work(session: Session) -> RouteAnswer:
        command = PlanRoute(key, data.campaign, data.truck, data.provider, org_path, actor.sub)
        await session.decide(ROUTE, key, command)
        return RouteAnswer(key)

    return await context.command(request, actor, work, status=201)


@post("/routes/{route:str}/devices")
async def register_device(
    route: PathId, data: JSONBody[DeviceRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[RouteAnswer]:
    """A device that will check members in without network."""
    allow(actor, PROVIDER)
    if not tickets.is_public_key(data.public_key):
        raise Problem(400, "key-invalid", "This is no Ed25519 public key.", "public_key")

    async def work(session: Session) -> RouteAnswer:
        planned = await session.load(ROUTE, route)
        if not isinstance(planned, Planned) or not within(planned.org_path, actor.org_path):
            raise Rejected("route-unknown", "No such route.")
        await session.decide(ROUTE, route, RegisterDevice(route, data.device_id, data.public_key, actor.sub))
        return RouteAnswer(route)

    return await context.command(request, actor, work, status=201)


@get("/ticket-key")
async def ticket_key(actor: Actor, context: Context) -> TicketKey:
    """The public key that every QR code is verified with."""
    allow(actor, PROVIDER)
    return TicketKey("Ed25519", await tickets.public_key(context.keyring))
