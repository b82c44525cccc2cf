"""Stops: opened, invited to, and counted."""

from __future__ import annotations

from datetime import date, timedelta

from litestar import Response, get, post
from litestar.params import JSONBody

from chassis.auth import allow
from chassis.clock import new_id, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.health_checkup.v1 import Slot
from contracts.organization import PROVINCE_CODE, within
from health_checkup.api.access import COUNTERS, OPENERS, PROVIDER, AnyRequest, own_path, stop_of
from health_checkup.api.shapes import (
    MEMBERS_PAGE,
    Filter,
    InvitedAnswer,
    Limit,
    PathId,
    SlotView,
    StopDay,
    StopMembers,
    StopOpenedAnswer,
    StopRequest,
    StopView,
)
from health_checkup.api.turns import turn
from health_checkup.domain.campaign import CAMPAIGN
from health_checkup.domain.campaign import Open as OpenCampaign
from health_checkup.domain.package import PACKAGES
from health_checkup.domain.route import ROUTE, Planned, TakeDay
from health_checkup.domain.rules import Rules, rules_of, shared_out
from health_checkup.domain.stop import STOP, InviteMembers, OpenStop, wave_max
from health_checkup.projections import attendances, eligible, stops


def _slots(asked: StopRequest, rules: Rules) -> tuple[Slot, ...]:
    """The day's slots: so many of so many seats, or the day's capacity spread between two times."""
    first = asked.first_slot or rules.first_slot
    count = asked.slots or rules.slots_between(first, asked.ends_at or rules.ends_at)
    try:
        starts = rules.slot_starts(first, count)
    except ValueError:
        raise Problem(400, "slots-invalid", "The slots go beyond the day.", "slots") from None
    if not starts:
        raise Problem(400, "slots-invalid", "Between these times lies no slot.", "ends_at")
    if asked.slot_capacity:
        seats = [asked.slot_capacity] * count
    else:
        seats = shared_out(asked.daily_capacity or rules.daily_capacity, count)
        if not rules.slot_capacity_min <= min(seats) <= max(seats) <= rules.slot_capacity_max:
            least, most = rules.slot_capacity_min, rules.slot_capacity_max
            raise Problem(400, "slots-invalid", f"A slot sees {least} to {most} people.", "daily_capacity")
    return tuple(
        Slot(slot_id=f"s{number}", starts_at=start, capacity=capacity)
        for number, (start, capacity) in enumerate(zip(starts, seats, strict=True), start=1)
    )


@post("/stops")
async def open_stop(
    data: JSONBody[StopRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[StopOpenedAnswer]:
    """Open a visit of the truck in one's own county or prefecture: a stop for each of its days."""
    allow(actor, *OPENERS)
    org_path = own_path(actor, data.division_code)
    if org_path == PROVINCE_CODE:
        raise Problem(400, "division-invalid", "A stop lies in a county or prefecture.", "division_code")
    if data.package not in PACKAGES:
        raise Problem(400, "package-invalid", "There is no such package.", "package")

    if data.date > date.max - timedelta(days=data.days):
        raise Problem(400, "date-invalid", "There are not so many days after this one.", "date")

    async def work(session: Session) -> StopOpenedAnswer:
        campaign = await session.load(CAMPAIGN, data.campaign)
        if not isinstance(campaign, OpenCampaign):
            raise Rejected("campaign-not-open", "There is no such campaign, or it is over.", "campaign")
        if data.package not in campaign.packages:
            raise Rejected("package-not-of-campaign", "The campaign does not examine by this package.", "package")
        if not campaign.quotas.get(org_path.split(".")[1]):
            raise Rejected("quota-absent", "The prefecture has no quota in this campaign.", "division_code")
        rules = rules_of(campaign.rules)
        slots = _slots(data, rules)
        days = []
        for number in range(data.days):
            command = OpenStop(
                stop_id=session.decision_id if number == 0 else new_id(),
                campaign=data.campaign,
                org_path=org_path,
                division_code=data.division_code,
                place=data.place,
                date=(data.date + timedelta(days=number)).isoformat(),
                package=data.package,
                slots=slots,
                today=session.today.isoformat(),
                route_id=data.route_id,
                visit_id=session.decision_id,
                ends_at=rules.end_of(slots[-1].starts_at),
                rules=campaign.rules,
            )
            await session.decide(STOP, command.stop_id, command)
            if data.route_id:
                await _on_route(session, command, data.route_id)
            days.append(StopDay(command.stop_id, command.date))
        return StopOpenedAnswer(session.decision_id, slots, days)

    return await context.command(request, actor, work, status=201)


async def _on_route(session: Session, command: OpenStop, route_id: str) -> None:
    """The truck stands there on that day, and nowhere else."""
    route = await session.load(ROUTE, route_id)
    if not isinstance(route, Planned) or route.campaign != command.campaign:
        raise Rejected("route-unknown", "The campaign has no such route.", "route_id")
    if not within(command.org_path, route.org_path):
        raise Rejected("route-elsewhere", "The route does not lead there.", "route_id")
    await session.decide(ROUTE, route_id, TakeDay(route_id, command.stop_id, command.date))


@post("/stops/{stop_id:str}/invitations")
async def invite(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[InvitedAnswer]:
    """Invite the next wave of covered members of the stop's county, best first (domain 8.2)."""
    allow(actor, *OPENERS)

    async def work(session: Session) -> InvitedAnswer:
        stop = await stop_of(session, stop_id, actor)
        rules = rules_of(stop.rules)
        limit = min(wave_max(stop), context.settings.wave_members_max)
        async with session.reads.connection() as c:
            chosen = await eligible.candidates(
                c,
                campaign=stop.campaign,
                divisions=stop.org_path.rsplit(".", 1)[-1],
                on=stop.date,
                rules=rules,
                limit=limit,
            )
        answer_by = utc_text(session.now + timedelta(hours=rules.answer_within_h))
        command = InviteMembers(stop_id, tuple(chosen), session.today.isoformat(), answer_by)
        invited = await session.decide(STOP, stop_id, command)
        return InvitedAnswer(len(invited), stop.waves + 1 if invited else 0)

    async with turn(stop_id):
        return await context.command(request, actor, work, status=201)


@get("/stops/{stop_id:str}")
async def stop_view(stop_id: PathId, actor: Actor, context: Context) -> StopView:
    """A stop with its free seats; members see every stop, staff those of their subtree."""
    allow(actor, "member", *COUNTERS)
    async with context.reads.connection() as c:
        row = await stops.find(c, stop_id, None if "member" in actor.roles else actor)
        if row is None:
            raise Problem(404, "stop-unknown", "No such stop.")
        numbers = await attendances.counts(c, stop_id)
    return StopView(
        stop_id=row.stop_id,
        campaign=row.campaign,
        division_code=row.division_code,
        place=row.place,
        date=row.date,
        package=row.package,
        capacity=row.capacity,
        invited=numbers.invited,
        booked=numbers.booked,
        attended=numbers.attended,
        slots=[
            SlotView(slot.slot_id, slot.starts_at, slot.capacity, slot.capacity - numbers.taken.get(slot.slot_id, 0))
            for slot in row.slots
        ],
    )


@get("/stops/{stop_id:str}/members")
async def members(
    stop_id: PathId, actor: Actor, context: Context, after: Filter = "", limit: Limit = MEMBERS_PAGE
) -> StopMembers:
    """The provider's list for the day: ids only, in their order; `next_after` continues it."""
    allow(actor, PROVIDER)
    async with context.reads.connection() as c:
        if await stops.find(c, stop_id, actor) is None:
            raise Problem(404, "stop-unknown", "No such stop.")
        rows = await attendances.of_stop(c, stop_id, after, limit)
    return StopMembers(rows, rows[-1].person_id if len(rows) == limit else "")
