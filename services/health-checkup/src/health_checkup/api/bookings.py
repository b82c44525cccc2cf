"""A member's own seat: booked, changed, given back, waited for; its QR code; the questions before the examination."""

from __future__ import annotations

from litestar import Response, delete, get, post
from litestar.params import JSONBody

from chassis.auth import Forbidden, allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.health_checkup.stops import PreCheck
from contracts.organization import within
from health_checkup import seating
from health_checkup.api import tickets
from health_checkup.api.access import PROVIDER, AnyRequest
from health_checkup.api.field_shapes import PreCheckRequest, PreCheckView, SeatChanged, TicketView
from health_checkup.api.shapes import BookedAnswer, BookingRequest, PathId
from health_checkup.api.turns import turn
from health_checkup.domain.rules import rules_of
from health_checkup.domain.stop import STOP
from health_checkup.domain.stop_commands import AnswerPreCheck, DeclineInvitation, JoinWaitingList, LeaveWaitingList
from health_checkup.domain.stop_stages import Open
from health_checkup.projections import eligible
from health_checkup.projections.stops import local_minute

ANSWERS_FIELD = "health_checkup.pre-check-answered.v1/answers"


@post("/stops/{stop_id:str}/bookings")
async def book(
    stop_id: PathId, data: JSONBody[BookingRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[BookedAnswer]:
    """Take or change one's own seat; one per campaign."""
    allow(actor, "member")

    async def work(session: Session) -> BookedAnswer:
        stop = await seating.book(session, stop_id, actor.sub, data.slot_id)
        return BookedAnswer(stop_id, data.slot_id, stop.date, stop.slots[data.slot_id].starts_at)

    async with turn(stop_id):
        return await context.command(request, actor, work, status=201)


@delete("/stops/{stop_id:str}/bookings", status_code=200)
async def cancel(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[SeatChanged]:
    """Give one's own seat back: the first who waits gets it."""
    allow(actor, "member")

    async def work(session: Session) -> SeatChanged:
        await seating.cancel(session, stop_id, actor.sub)
        return SeatChanged(stop_id, "")

    async with turn(stop_id):
        return await context.command(request, actor, work)


@post("/stops/{stop_id:str}/decline", status_code=200)
async def decline(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[SeatChanged]:
    """Answer an invitation with no."""
    allow(actor, "member")

    async def work(session: Session) -> SeatChanged:
        await session.decide(STOP, stop_id, DeclineInvitation(stop_id, actor.sub))
        await seating.seat_waiting(session, stop_id)
        return SeatChanged(stop_id, "")

    async with turn(stop_id):
        return await context.command(request, actor, work)


@post("/stops/{stop_id:str}/waiting-list")
async def wait(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[SeatChanged]:
    """Wait for a seat; where one is free for those who wait, it is given at once."""
    allow(actor, "member")

    async def work(session: Session) -> SeatChanged:
        stop = await seating.the_stop(session, stop_id)
        async with session.reads.connection() as c:
            standing = await eligible.standing(
                c, actor.sub, campaign=stop.campaign, on=stop.date, rules=rules_of(stop.rules)
            )
        command = JoinWaitingList(
            stop_id=stop_id,
            person_id=actor.sub,
            covered=standing.covered,
            points=standing.points,
            behind=standing.behind,
            decided_at=local_minute(session.now),
            day_before=seating.day_before(stop),
        )
        await session.decide(STOP, stop_id, command)
        await seating.seat_waiting(session, stop_id)
        return SeatChanged(stop_id, (await seating.the_stop(session, stop_id)).bookings.get(actor.sub, ""))

    async with turn(stop_id):
        return await context.command(request, actor, work, status=201)


@delete("/stops/{stop_id:str}/waiting-list", status_code=200)
async def wait_no_more(stop_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[SeatChanged]:
    """Leave the waiting list."""
    allow(actor, "member")

    async def work(session: Session) -> SeatChanged:
        await session.decide(STOP, stop_id, LeaveWaitingList(stop_id, actor.sub))
        return SeatChanged(stop_id, "")

    return await context.command(request, actor, work)


async def _ticket(context: Context, stop_id: str, person_id: str) -> TicketView:
    async def look(session: Session) -> Open:
        return await seating.the_stop(session, stop_id)

    stop = (await context.executor.run(look)).value
    ticket_id = stop.ticket_of.get(person_id)
    slot_id = stop.bookings.get(person_id, "")
    if ticket_id is None or not slot_id:
        raise Problem(404, "booking-unknown", "There is no booking with a QR code.")
    text = await tickets.issue(context.keyring, stop_id, ticket_id, stop.date)
    return TicketView(stop_id, stop.date, stop.place, slot_id, stop.slots[slot_id].starts_at, text)


@get("/stops/{stop_id:str}/ticket")
async def ticket(stop_id: PathId, actor: Actor, context: Context) -> TicketView:
    """One's own booking and the text of its QR code."""
    allow(actor, "member")
    return await _ticket(context, stop_id, actor.sub)


@get("/stops/{stop_id:str}/ticket/{kind:str}")
async def ticket_picture(stop_id: PathId, kind: PathId, actor: Actor, context: Context) -> Response[bytes]:
    """The QR code of one's own booking, `kind` png or svg."""
    allow(actor, "member")
    tickets.media_type_of(kind)
    return tickets.picture((await _ticket(context, stop_id, actor.sub)).ticket, kind)


async def _in_reach(session: Session, stop_id: str, person_id: str, actor: Actor) -> Open:
    """The stop, for the member itself or a provider whose subtree it lies in."""
    stop = await seating.the_stop(session, stop_id)
    if PROVIDER in actor.roles:
        if not within(stop.org_path, actor.org_path):
            raise Rejected("stop-unknown", "No such stop.")
    elif actor.sub != person_id:
        raise Forbidden("other-person")
    return stop


@post("/stops/{stop_id:str}/pre-checks/{person_id:str}")
async def answer_pre_check(
    stop_id: PathId,
    person_id: PathId,
    data: JSONBody[PreCheckRequest],
    request: AnyRequest,
    actor: Actor,
    context: Context,
) -> Response[SeatChanged]:
    """Answer the questions before the examination: the member, or the provider at the truck."""
    allow(actor, "member", PROVIDER)
    given = PreCheck(
        fasting_hours=data.fasting_hours,
        pregnant=data.pregnant,
        pacemaker=data.pacemaker,
        medicines=tuple(data.medicines),
    )

    async def work(session: Session) -> SeatChanged:
        stop = await _in_reach(session, stop_id, person_id, actor)
        before = stop.answers.get(person_id)
        same = False
        if before is not None:
            # Sealing is random, so "the same answers" is decided on the opened ones.
            opened = await session.keyring.open(before, PreCheck, subject=person_id, field=ANSWERS_FIELD)
            same = opened == given
        sealed = await session.keyring.seal(
            given, subject=person_id, category="health", decision_id=session.decision_id, field=ANSWERS_FIELD
        )
        await session.decide(STOP, stop_id, AnswerPreCheck(stop_id, person_id, sealed, same))
        return SeatChanged(stop_id, stop.bookings.get(person_id, ""))

    return await context.command(request, actor, work, status=201)


@get("/stops/{stop_id:str}/pre-checks/{person_id:str}")
async def pre_check(stop_id: PathId, person_id: PathId, actor: Actor, context: Context) -> PreCheckView:
    """The answers, opened for the member and for the provider at the truck."""
    allow(actor, "member", PROVIDER)

    async def look(session: Session) -> Open:
        return await _in_reach(session, stop_id, person_id, actor)

    stop = (await context.executor.run(look)).value
    if person_id not in stop.answers:
        raise Problem(404, "answers-unknown", "The questions have not been answered.")
    given = await context.keyring.open(stop.answers[person_id], PreCheck, subject=person_id, field=ANSWERS_FIELD)
    rules = rules_of(stop.rules)
    return PreCheckView(
        fasting_hours=given.fasting_hours,
        fasting_enough=given.fasting_hours >= rules.fasting_hours_min,
        pregnant=given.pregnant,
        pacemaker=given.pacemaker,
        medicines=list(given.medicines),
        left_out=list(rules.pregnant_leaves_out) if given.pregnant else [],
    )
