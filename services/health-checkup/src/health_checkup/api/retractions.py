"""Results that were recorded for the wrong person: taken back by two people, and recorded for the right one."""

from __future__ import annotations

from litestar import Response, post
from litestar.params import JSONBody

from chassis.auth import allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from contracts.envelope import Actor
from contracts.person import Measurements
from health_checkup.api import recording
from health_checkup.api.access import PROVIDER, AnyRequest, stop_of
from health_checkup.api.record_shapes import ConfirmationRequest, RetractionAnswer, RetractionRequest
from health_checkup.api.shapes import PathId
from health_checkup.domain.exam import EXAM, ConfirmRetraction, Done, ProposeRetraction, exam_id
from health_checkup.domain.finding import FINDING, ContactRules, WithdrawFinding
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections import people


@post("/stops/{stop_id:str}/results/retractions")
async def propose_retraction(
    stop_id: PathId, data: JSONBody[RetractionRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[RetractionAnswer]:
    """Say that a member's results are another person's; nothing changes until a second person agrees."""
    allow(actor, PROVIDER)

    async def work(session: Session) -> RetractionAnswer:
        key = await _key(session, stop_id, data.person_id, actor)
        await session.decide(EXAM, key, ProposeRetraction(key, data.person_id, data.reason, actor.sub))
        return RetractionAnswer(key, retracted=False, recorded_exam_id="")

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/results/retractions/confirmation")
async def confirm_retraction(
    stop_id: PathId, data: JSONBody[ConfirmationRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[RetractionAnswer]:
    """Agree: the results, their finding and an offer go; the person whose they are gets a recording of their own."""
    allow(actor, PROVIDER)
    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> RetractionAnswer:
        stop = await stop_of(session, stop_id, actor)
        key = await _key(session, stop_id, data.person_id, actor)
        before = await session.load(EXAM, key)
        command = ConfirmRetraction(key, data.person_id, stop.campaign, session.today.isoformat(), actor.sub)
        right = exam_id(stop.campaign, data.right_person_id) if data.right_person_id else ""
        if await session.decide(EXAM, key, command):
            await session.decide(FINDING, key, WithdrawFinding(key, whole=True))
            if right and isinstance(before, Done):
                await _record(session, rules, stop_id, stop, before, data)
        return RetractionAnswer(key, retracted=True, recorded_exam_id=right)

    return await context.command(request, actor, work, status=201)


async def _key(session: Session, stop_id: str, person_id: str, actor: Actor) -> str:
    """The check-up, if its results are of this stop. Raises Rejected `examined-elsewhere`, `stop-unknown`."""
    stop = await stop_of(session, stop_id, actor)
    key = exam_id(stop.campaign, person_id)
    exam = await session.load(EXAM, key)
    if isinstance(exam, Done) and exam.stop_id != stop_id:
        raise Rejected("examined-elsewhere", "Another stop of this campaign has the member's results.", "person_id")
    return key


async def _record(
    session: Session,
    rules: ContactRules,
    stop_id: str,
    stop: OpenedStop,
    taken_back: Done,
    data: ConfirmationRequest,
) -> None:
    """The same values as a recording of the right person's: sealed anew, judged by that one's sex and age.

    Raises Rejected `person-unknown`, `not-attended`, `results-recorded`, `same-member`.
    """
    person_id = data.right_person_id
    if person_id == data.person_id:
        raise Rejected("same-member", "The results are another member's.", "right_person_id")
    async with session.reads.connection() as c:
        known = (await people.known(c, [person_id])).get(person_id)
    if known is None:
        raise Rejected("person-unknown", "No such member.", "right_person_id")
    said = await session.keyring.open(
        taken_back.measurements, Measurements, subject=data.person_id, field=taken_back.field
    )
    whose = recording.Examined(stop_id, stop, person_id, known)
    now = await recording.standing(session, whose)
    if now.said is not None and now.said != said:
        raise Rejected("results-recorded", "Other results are already part of that health record.", "right_person_id")
    await recording.write(session, rules, whose, now, taken_back.package, said)
