"""Stops: opened, invited to, booked, checked in at, and counted."""

from __future__ import annotations

from datetime import date, timedelta

from litestar import Response, get, post
from litestar.params import JSONBody

from chassis.auth import Forbidden, allow
from chassis.clock import SHANGHAI
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.health_checkup.v1 import Slot
from contracts.organization import UnknownOrganization, path_of, within
from health_checkup.api.access import COUNTERS, OPENERS, PROVIDER, AnyRequest, stop_of
from health_checkup.api.shapes import (
    MEMBERS_PAGE,
    AttendanceRequest,
    AttendedAnswer,
    BookedAnswer,
    BookingRequest,
    Filter,
    InvitedAnswer,
    Limit,
    PathId,
    SlotView,
    StopMembers,
    StopOpenedAnswer,
    StopRequest,
    StopView,
    SummaryView,
)
from health_checkup.domain.exam import EXAM, PlanExam, exam_id
from health_checkup.domain.package import PACKAGES
from health_checkup.domain.stop import STOP, BookSlot, CheckIn, InviteMembers, OpenStop, wave_max
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections import attendances, eligible, exams, findings, stops

DAY_MINUTES = 24 * 60


def _slots(asked: StopRequest, slot_minutes: int) -> tuple[Slot, ...]:
    hours, minutes = (int(part) for part in asked.first_slot.split(":"))
    starts = [hours * 60 + minutes + slot_minutes * number for number in range(asked.slots)]
    if starts[-1] >= DAY_MINUTES:
        raise Problem(400, "slots-invalid", "The slots go beyond the day.", "slots")
    return tuple(
        Slot(slot_id=f"s{number}", starts_at=f"{start // 60:02d}:{start % 60:02d}", capacity=asked.slot_capacity)
        for number, start in enumerate(starts, start=1)
    )


@post("/stops")
async def open_stop(
    data: JSONBody[StopRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[StopOpenedAnswer]:
    """Open a stop of the truck in one's own county or prefecture."""
    allow(actor, *OPENERS)
    try:
        org_path = path_of(data.division_code)
    except UnknownOrganization:
        raise Problem(400, "division-invalid", "There is no such division.", "division_code") from None
    if not within(org_path, actor.org_path):
        raise Forbidden("outside-organization")
    if data.package not in PACKAGES:
        raise Problem(400, "package-invalid", "There is no such package.", "package")
    slots = _slots(data, context.settings.slot_minutes)

    async def work(session: Session) -> StopOpenedAnswer:
        command = OpenStop(
            stop_id=session.decision_id,
            campaign=data.campaign,
            org_path=org_path,
            division_code=data.division_code,
            place=data.place,
            date=data.date.isoformat(),
            package=data.package,
            slots=slots,
            today=session.today.isoformat(),
        )
        await session.decide(STOP, command.stop_id, command)
        return StopOpenedAnswer(command.stop_id, slots)

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/invitations")
async def invite(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[InvitedAnswer]:
    """Invite the next wave of covered members of the stop's county, best first (domain 8.2)."""
    allow(actor, *OPENERS)
    settings = context.settings

    async def work(session: Session) -> InvitedAnswer:
        stop = await stop_of(session, stop_id, actor)
        limit = min(wave_max(stop), settings.wave_members_max)
        async with session.reads.connection() as c:
            chosen = await eligible.candidates(
                c,
                campaign=stop.campaign,
                divisions=stop.org_path.rsplit(".", 1)[-1],
                on=stop.date,
                priority_occupations=settings.priority_occupations.split(","),
                priority_age=settings.priority_age,
                limit=limit,
            )
        invited = await session.decide(STOP, stop_id, InviteMembers(stop_id, tuple(chosen), session.today.isoformat()))
        return InvitedAnswer(len(invited), stop.waves + 1 if invited else 0)

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/bookings")
async def book(
    stop_id: PathId, data: JSONBody[BookingRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[BookedAnswer]:
    """Take or change one's own seat; one per campaign."""
    allow(actor, "member")

    async def work(session: Session) -> BookedAnswer:
        stop = await session.load(STOP, stop_id)
        if not isinstance(stop, OpenedStop):
            raise Rejected("stop-unknown", "No such stop.")
        decided_at = session.now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
        day_before = (date.fromisoformat(stop.date) - timedelta(days=1)).isoformat()
        await session.decide(STOP, stop_id, BookSlot(stop_id, actor.sub, data.slot_id, decided_at, day_before))
        exam = exam_id(stop.campaign, actor.sub)
        await session.decide(EXAM, exam, PlanExam(exam, actor.sub, stop_id, stop.campaign))
        return BookedAnswer(stop_id, data.slot_id, stop.date, stop.slots[data.slot_id].starts_at)

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/attendance")
async def attend(
    stop_id: PathId, data: JSONBody[AttendanceRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[AttendedAnswer]:
    """Check a member in; without a booking, only while there are seats."""
    allow(actor, PROVIDER)

    async def work(session: Session) -> AttendedAnswer:
        stop = await stop_of(session, stop_id, actor)
        async with session.reads.connection() as c:
            covered = await eligible.is_covered(c, data.person_id, stop.date)
        command = CheckIn(stop_id, data.person_id, covered, session.today.isoformat())
        await session.decide(STOP, stop_id, command)
        return AttendedAnswer(stop_id, data.person_id)

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


@get("/summary")
async def summary(actor: Actor, context: Context, campaign: Filter = "") -> SummaryView:
    """Counts of one campaign, or of all, in the caller's subtree."""
    allow(actor, *COUNTERS)
    async with context.reads.connection() as c:
        came = await attendances.totals(c, campaign, actor)
        done, abnormal = await exams.totals(c, campaign, actor)
        found = await findings.totals(c, campaign, actor)
    return SummaryView(
        stops=came.stops,
        invited=came.invited,
        booked=came.booked,
        attended=came.attended,
        walk_ins=came.walk_ins,
        done=done,
        abnormal=abnormal,
        findings={finding_class: raised for finding_class, raised, _, _ in found},
        followed_up=sum(row[2] for row in found),
        ended=sum(row[3] for row in found),
    )
