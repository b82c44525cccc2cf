"""Health kiosks (健康小屋): self-service devices feed the record; each reading once, whoever sends it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from litestar import Response, post
from litestar.params import JSONBody

from chassis.auth import Forbidden, allow
from chassis.clock import utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased, Restricted
from contracts.envelope import Actor
from contracts.health_checkup.v1 import FindingDetail, ItemFlag
from contracts.person import Measurements
from health_checkup.api import recording
from health_checkup.api.access import KIOSK_ROLE, AnyRequest
from health_checkup.api.record_shapes import Reading, ReadingProblem, ReadingsAnswer, ReadingsRequest
from health_checkup.api.shapes import PathId
from health_checkup.domain.finding import FINDING, ContactRules, Open, RaiseFinding
from health_checkup.domain.package import KIOSK, Assessment, assess
from health_checkup.domain.reading import READING, TakeReading, reading_key
from health_checkup.projections import findings, people, readings


@post("/kiosks/{kiosk_id:str}/readings")
async def take_readings(
    kiosk_id: PathId, data: JSONBody[ReadingsRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[ReadingsAnswer]:
    """Keep what members measured at a device; a reading that cannot be kept never sinks the others."""
    allow(actor, KIOSK_ROLE)
    if actor.sub != kiosk_id:
        raise Forbidden("other-kiosk")

    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> ReadingsAnswer:
        async with session.reads.connection() as c:
            known = await people.known(c, sorted({reading.person_id for reading in data.readings}))
        problems = []
        for reading in data.readings:
            try:
                await _take(session, rules, kiosk_id, reading, actor, known)
            except Rejected as refused:
                problems.append(ReadingProblem(reading.reading_id, refused.code))
            except Restricted:
                problems.append(ReadingProblem(reading.reading_id, "data-restricted"))
            except Erased:
                problems.append(ReadingProblem(reading.reading_id, "data-erased"))
        return ReadingsAnswer(len(data.readings) - len(problems), problems)

    return await context.command(request, actor, work, status=201)


async def _take(
    session: Session,
    rules: ContactRules,
    kiosk_id: str,
    reading: Reading,
    actor: Actor,
    known: Mapping[str, people.Known],
) -> None:
    if reading.person_id not in known:
        raise Rejected("member-unknown", "No such member.", "person_id")
    found = assess(KIOSK, reading.values, known[reading.person_id].sex)
    plain = Measurements(values=dict(reading.values))
    key = reading_key(kiosk_id, reading.reading_id)
    command = TakeReading(
        kiosk_id=kiosk_id,
        reading_id=reading.reading_id,
        person_id=reading.person_id,
        org_path=actor.org_path,
        package=KIOSK.code,
        measured_at=_utc(reading.measured_at),
        measurements=await recording.seal(session, plain, reading.person_id, readings.FIELD),
        now=utc_text(session.now),
    )
    if await session.decide(READING, key, command) and found.finding_class:
        await _follow_up(session, rules, reading.person_id, found, actor.org_path)


def _utc(moment: datetime) -> str:
    try:
        return utc_text(moment)
    except OverflowError:
        raise Rejected("measured-at-invalid", "There is no such time.", "measured_at") from None


async def _follow_up(session: Session, rules: ContactRules, person_id: str, found: Assessment, org_path: str) -> None:
    """Raise a finding for what crosses a limit, unless it is being followed up as urgently already.

    The member's own readings are one finding at a time: what comes later joins it, with a new clock.
    """
    key = f"kiosk-{person_id}"
    async with session.reads.connection() as c:
        going_on = await findings.open_of(c, person_id)
    opened = {one: await _open_detail(session, one, person_id) for one in {*going_on, key}}
    joined = dict(opened[key])
    news = False
    for flag in found.finding_flags:
        classes = [by[flag] for by in opened.values() if flag in by]
        finding_class = found.class_of[flag.item]
        if not classes or finding_class < min(classes):
            joined[flag] = min(finding_class, joined.get(flag, finding_class))
            news = True
    if not news:
        return
    finding_class = min(joined.values())
    detail = FindingDetail(flags=tuple(joined))
    command = RaiseFinding(
        finding_id=key,
        exam_id="",
        person_id=person_id,
        finding_class=finding_class,
        detail=await recording.seal(session, detail, person_id, recording.DETAIL_FIELD),
        contact_by=rules.contact_by(finding_class, session.today),
        grown=True,
        org_path=org_path,
    )
    await session.decide(FINDING, key, command)


async def _open_detail(session: Session, finding_id: str, person_id: str) -> dict[ItemFlag, str]:
    """What a finding that is being followed up is about, with its class; nothing where there is none."""
    finding = await session.load(FINDING, finding_id)
    if not isinstance(finding, Open) or finding.detail is None:
        return {}
    field = recording.DETAIL_FIELD
    detail = await session.keyring.open(finding.detail, FindingDetail, subject=person_id, field=field)
    return dict.fromkeys(detail.flags, finding.finding_class)
