"""Lectures and skills training: announced, signed up for, signed in to by QR code, counted."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import JSONBody, QueryParameter

from chassis.auth import allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import within
from health_checkup.api import tickets
from health_checkup.api.access import COUNTERS, OPENERS, AnyRequest, own_path
from health_checkup.api.lecture_shapes import (
    CallOffRequest,
    LectureAnswer,
    LectureFigures,
    LecturePage,
    LectureRequest,
    LectureTicket,
    LectureView,
    ReplayRequest,
    SignInRequest,
    view_of,
)
from health_checkup.api.shapes import MEMBERS_PAGE, Filter, Limit, PathId
from health_checkup.api.turns import turn
from health_checkup.domain.lecture import (
    LECTURE,
    Announced,
    AnnounceLecture,
    CallOff,
    CancelSignUp,
    JoinList,
    LeaveList,
    PublishReplay,
    SignIn,
    SignUp,
)
from health_checkup.projections import eligible, lectures
from health_checkup.projections.stops import local_minute

Since = Annotated[str, QueryParameter(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


async def _ask_for_seat(
    kind: type[SignUp | JoinList], lecture_id: str, request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """A member asks for a seat, or to wait for one, with the cover of the lecture's day; one after the other."""

    async def work(session: Session) -> LectureAnswer:
        lecture = await _lecture(session, lecture_id)
        async with session.reads.connection() as c:
            covered = await eligible.is_covered(c, actor.sub, lecture.date)
        command = kind(lecture_id, actor.sub, new_id(), covered, local_minute(session.now))
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    async with turn(lecture_id):
        return await context.command(request, actor, work, status=201)


async def _lecture(session: Session, lecture_id: str, actor: Actor | None = None) -> Announced:
    """The lecture, if it lies in the actor's subtree. Raises Rejected `lecture-unknown`."""
    lecture = await session.load(LECTURE, lecture_id)
    if not isinstance(lecture, Announced) or (actor is not None and not within(lecture.org_path, actor.org_path)):
        raise Rejected("lecture-unknown", "No such lecture.")
    return lecture


@post("/lectures")
async def announce_lecture(
    data: JSONBody[LectureRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Announce a lecture or a training in one's own subtree."""
    allow(actor, *OPENERS)
    org_path = own_path(actor, data.division_code)

    async def work(session: Session) -> LectureAnswer:
        lecture_id = new_id()
        command = AnnounceLecture(
            lecture_id=lecture_id,
            kind=data.kind,
            topic=data.topic,
            org_path=org_path,
            division_code=data.division_code,
            place=data.place,
            date=data.date.isoformat(),
            starts_at=data.starts_at,
            ends_at=data.ends_at,
            seats=data.seats,
            now=local_minute(session.now),
            by=actor.sub,
        )
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    return await context.command(request, actor, work, status=201)


@post("/lectures/{lecture_id:str}/sign-ups")
async def sign_up(lecture_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[LectureAnswer]:
    """Take a seat for oneself."""
    allow(actor, "member")

    return await _ask_for_seat(SignUp, lecture_id, request, actor, context)


@delete("/lectures/{lecture_id:str}/sign-ups", status_code=200)
async def cancel_sign_up(
    lecture_id: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Give one's own seat back."""
    allow(actor, "member")

    async def work(session: Session) -> LectureAnswer:
        lecture = await _lecture(session, lecture_id)
        following: dict[str, str] = {}
        async with session.reads.connection() as c:
            for person in lecture.waiting:
                if await eligible.is_covered(c, person, lecture.date):
                    following[person] = new_id()
                    break
        command = CancelSignUp(lecture_id, actor.sub, local_minute(session.now), following)
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    async with turn(lecture_id):
        return await context.command(request, actor, work)


@post("/lectures/{lecture_id:str}/waiting-list")
async def join_list(lecture_id: PathId, request: AnyRequest, actor: Actor, context: Context) -> Response[LectureAnswer]:
    """Wait for a seat; where one is free it is taken at once."""
    allow(actor, "member")

    return await _ask_for_seat(JoinList, lecture_id, request, actor, context)


@delete("/lectures/{lecture_id:str}/waiting-list", status_code=200)
async def leave_list(
    lecture_id: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Wait no more."""
    allow(actor, "member")

    async def work(session: Session) -> LectureAnswer:
        await session.decide(LECTURE, lecture_id, LeaveList(lecture_id, actor.sub))
        return LectureAnswer(lecture_id)

    async with turn(lecture_id):
        return await context.command(request, actor, work)


@post("/lectures/{lecture_id:str}/calling-off", status_code=200)
async def call_off(
    lecture_id: PathId, data: JSONBody[CallOffRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Say that it will not be held: whoever has a seat or waits for one is told."""
    allow(actor, *OPENERS)

    async def work(session: Session) -> LectureAnswer:
        await _lecture(session, lecture_id, actor)
        command = CallOff(lecture_id, data.reason, local_minute(session.now), actor.sub)
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    async with turn(lecture_id):
        return await context.command(request, actor, work)


async def _ticket(context: Context, lecture_id: str, person_id: str) -> LectureTicket:
    async def look(session: Session) -> Announced:
        return await _lecture(session, lecture_id)

    lecture = (await context.executor.run(look)).value
    if person_id not in lecture.taken:
        raise Problem(404, "seat-unknown", "There is no seat with a QR code.")
    text = await tickets.issue(context.keyring, lecture_id, lecture.taken[person_id], lecture.date)
    return LectureTicket(lecture_id, lecture.topic, lecture.place, lecture.date, lecture.starts_at, text)


@get("/lectures/{lecture_id:str}/ticket")
async def lecture_ticket(lecture_id: PathId, actor: Actor, context: Context) -> LectureTicket:
    """One's own seat and the text of its QR code."""
    allow(actor, "member")
    return await _ticket(context, lecture_id, actor.sub)


@get("/lectures/{lecture_id:str}/ticket/{kind:str}")
async def lecture_ticket_picture(lecture_id: PathId, kind: PathId, actor: Actor, context: Context) -> Response[bytes]:
    """The QR code of one's own seat, `kind` png or svg."""
    allow(actor, "member")
    tickets.media_type_of(kind)
    return tickets.picture((await _ticket(context, lecture_id, actor.sub)).ticket, kind)


@post("/lectures/{lecture_id:str}/attendance")
async def sign_in(
    lecture_id: PathId, data: JSONBody[SignInRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Sign a member in by the QR code shown at the door."""
    allow(actor, *OPENERS)
    try:
        shown = tickets.read(data.ticket, await tickets.public_key(context.keyring)).ticket
    except tickets.TicketInvalid:
        raise Problem(400, "ticket-invalid", "This is no QR code of a seat.", "ticket") from None

    async def work(session: Session) -> LectureAnswer:
        await _lecture(session, lecture_id, actor)
        # A QR code names what it is for by id, be it a stop of the truck or a lecture.
        command = SignIn(lecture_id, shown.stop_id, shown.ticket_id, local_minute(session.now))
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    async with turn(lecture_id):
        return await context.command(request, actor, work, status=201)


@post("/lectures/{lecture_id:str}/replay", status_code=200)
async def publish_replay(
    lecture_id: PathId, data: JSONBody[ReplayRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[LectureAnswer]:
    """Say where it can be seen again."""
    allow(actor, *OPENERS)

    async def work(session: Session) -> LectureAnswer:
        await _lecture(session, lecture_id, actor)
        command = PublishReplay(lecture_id, data.url, local_minute(session.now), actor.sub)
        await session.decide(LECTURE, lecture_id, command)
        return LectureAnswer(lecture_id)

    return await context.command(request, actor, work)


@get("/lectures")
async def lecture_list(
    actor: Actor, context: Context, since: Since = "", after: Filter = "", limit: Limit = MEMBERS_PAGE
) -> LecturePage:
    """Lectures by date; members see every one, staff those of their subtree."""
    allow(actor, "member", *COUNTERS)
    async with context.reads.connection() as c:
        rows = await lectures.listed(c, since, after, limit, None if "member" in actor.roles else actor)
    last = f"{rows[-1].date}.{rows[-1].lecture_id}" if len(rows) == limit else ""
    return LecturePage([view_of(row) for row in rows], last)


@get("/lectures/{lecture_id:str}")
async def lecture_view(lecture_id: PathId, actor: Actor, context: Context) -> LectureView:
    """A lecture with its free seats; members see every one, staff those of their subtree."""
    allow(actor, "member", *COUNTERS)
    async with context.reads.connection() as c:
        row = await lectures.find(c, lecture_id, None if "member" in actor.roles else actor)
    if row is None:
        raise Problem(404, "lecture-unknown", "No such lecture.")
    return view_of(row)


@get("/lectures/{lecture_id:str}/figures")
async def lecture_figures(lecture_id: PathId, actor: Actor, context: Context) -> LectureFigures:
    """How many signed up and came, in the caller's subtree."""
    allow(actor, *COUNTERS)
    async with context.reads.connection() as c:
        row = await lectures.find(c, lecture_id, actor)
    if row is None:
        raise Problem(404, "lecture-unknown", "No such lecture.")
    return LectureFigures(lecture_id, row.seats, row.signed_up, row.came)
