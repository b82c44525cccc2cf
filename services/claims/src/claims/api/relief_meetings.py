"""The office's weekly meeting over HTTP: convened, joined by each for themselves, its verdicts in one group."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT
from claims.api.notes import seal_note
from claims.api.plans import plan_of
from claims.api.relief import relief_rules
from claims.api.relief_reviews import filed_of, release_matter
from claims.api.relief_shapes import MeetingAsked, MeetingView, ReliefId, VerdictAsked, VerdictsAsked
from claims.domain.entitlement import ENTITLEMENT
from claims.domain.relief import RELIEF
from claims.domain.relief_allowance import RELIEF_ALLOWANCE, TakeAllowance
from claims.domain.relief_commands import DecideRelief
from claims.domain.relief_meeting import (
    RELIEF_MEETING,
    Absent,
    ConveneMeeting,
    Held,
    HoldMeeting,
    JoinMeeting,
    Open,
    ReliefMeeting,
)
from contracts.claims.relief import ReliefFiled, ReliefGranted, ReliefRefused, ReliefVerdict
from contracts.envelope import Actor

AnyRequest = Request[Any, Any, Any]


@post("/relief/meetings", status_code=201)
async def convene_meeting(
    data: JSONBody[MeetingAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[MeetingView]:
    """The office calls its meeting on these cases."""
    allow_province(actor, *OFFICE)
    meeting_id = new_id()

    async def work(session: Session) -> MeetingView:
        for relief_id in data.relief_ids:
            if filed_of(await session.load(RELIEF, relief_id), actor).plan_code != data.plan:
                raise Problem(422, "plan-differs", "A meeting decides on one plan's cases.", "relief_ids")
        today = session.today.isoformat()
        await session.decide(
            RELIEF_MEETING, meeting_id, ConveneMeeting(meeting_id, data.plan, today, data.relief_ids, actor.sub)
        )
        return _view(meeting_id, await session.load(RELIEF_MEETING, meeting_id))

    return await context.command(request, actor, work, status=201)


@post("/relief/meetings/{meeting_id:str}/join", status_code=200)
async def join_meeting(
    meeting_id: ReliefId, request: AnyRequest, actor: Actor, context: Context
) -> Response[MeetingView]:
    """A participant signs in with their own token: nobody is counted who was not there."""
    allow_province(actor, *OFFICE)

    async def work(session: Session) -> MeetingView:
        await session.decide(RELIEF_MEETING, meeting_id, JoinMeeting(actor.sub, "office_head" in actor.roles))
        return _view(meeting_id, await session.load(RELIEF_MEETING, meeting_id))

    return await context.command(request, actor, work)


@post("/relief/meetings/{meeting_id:str}/hold", status_code=200)
async def hold_meeting(
    meeting_id: ReliefId, data: JSONBody[VerdictsAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[MeetingView]:
    """The minutes: minutes, verdicts, and what they take from the caps stand or fall together."""
    allow_province(actor, *OFFICE)

    async def work(session: Session) -> MeetingView:
        meeting = await session.load(RELIEF_MEETING, meeting_id)
        verdicts = tuple([await _verdict(session, one) for one in data.verdicts])
        if await session.decide(RELIEF_MEETING, meeting_id, HoldMeeting(verdicts, actor.sub)):
            assert isinstance(meeting, Open)
            for verdict in verdicts:
                await _decide(session, meeting, verdict)
        return _view(meeting_id, await session.load(RELIEF_MEETING, meeting_id))

    return await context.command(request, actor, work)


@get("/relief/meetings/{meeting_id:str}")
async def meeting_view(meeting_id: ReliefId, actor: Actor, context: Context) -> MeetingView:
    """A meeting: who has signed in, and on what."""
    allow_province(actor, *OFFICE, *OVERSIGHT)
    state = RELIEF_MEETING.initial
    for recorded in await context.log.load(RELIEF_MEETING.stream(meeting_id)):
        state = RELIEF_MEETING.evolve(state, recorded.event)  # type: ignore[arg-type]  # the stream holds no other
    return _view(meeting_id, state)


async def _verdict(session: Session, asked: VerdictAsked) -> ReliefVerdict:
    """A verdict with its reason sealed for the case's member."""
    filed = filed_of(await session.load(RELIEF, asked.relief_id), session.actor)
    note = await seal_note(session, filed.person_id, asked.exceptional)
    return ReliefVerdict(relief_id=asked.relief_id, amount_fen=asked.amount_fen, reason=asked.reason, note=note)


async def _decide(session: Session, meeting: Open, verdict: ReliefVerdict) -> None:
    """One case's verdict, with what it takes from the person's cap or sets free."""
    filed = filed_of(await session.load(RELIEF, verdict.relief_id), session.actor)
    plan = plan_of(filed.plan_code, filed.plan_version)
    rules = relief_rules(plan)
    command = DecideRelief(
        verdict=verdict,
        meeting_id=meeting.convened.meeting_id,
        participants=meeting.participants,
        heads=meeting.heads,
        kind=rules.kinds[filed.kind],
        rules=rules,
        paid_elsewhere=await _paid_elsewhere(session, filed),
        today=session.today.isoformat(),
        by=session.actor.sub,
    )
    for event in await session.decide(RELIEF, filed.relief_id, command):
        if isinstance(event, ReliefGranted):
            key = f"{plan.code}-{filed.person_id}"
            taking = TakeAllowance(
                plan.code, filed.person_id, filed.matter, filed.relief_id, event.amount_fen, rules.cap_fen
            )
            await session.decide(RELIEF_ALLOWANCE, key, taking)
        elif isinstance(event, ReliefRefused):
            await release_matter(session, filed)


async def _paid_elsewhere(session: Session, filed: ReliefFiled) -> bool:
    """Whether a claim of the same day's incident was awarded a benefit (domain 4.1)."""
    entitlement = await session.load(ENTITLEMENT, f"{filed.plan_code}-{filed.person_id}")
    return any(filed.happened_on in award.incident_key.split("/") for award in entitlement.awards)


def _view(meeting_id: str, meeting: ReliefMeeting) -> MeetingView:
    match meeting:
        case Absent():
            raise Problem(404, "meeting-unknown", "No such meeting.")
        case Open(convened, participants):
            return MeetingView(
                meeting_id=meeting_id, state="OPEN", relief_ids=convened.relief_ids, participants=participants
            )
        case Held(held):
            relief_ids = tuple(one.relief_id for one in held.verdicts)
            return MeetingView(
                meeting_id=meeting_id, state="HELD", relief_ids=relief_ids, participants=held.participants
            )


ROUTES: list[ControllerRouterHandler] = [convene_meeting, join_meeting, hold_meeting, meeting_view]
