"""Health kiosks (健康小屋): self-service devices feed the record; each reading once, whoever sends it again."""

from __future__ import annotations

from collections.abc import Collection

from litestar import Response, post
from litestar.params import JSONBody

from chassis.auth import Forbidden, allow
from chassis.clock import utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased, Restricted
from contracts.envelope import Actor
from contracts.person import Measurements
from health_checkup.api import recording
from health_checkup.api.access import KIOSK_ROLE, AnyRequest
from health_checkup.api.record_shapes import Reading, ReadingProblem, ReadingsAnswer, ReadingsRequest
from health_checkup.api.shapes import PathId
from health_checkup.domain.package import KIOSK, assess
from health_checkup.domain.reading import READING, TakeReading, reading_key
from health_checkup.projections import people, readings


@post("/kiosks/{kiosk_id:str}/readings")
async def take_readings(
    kiosk_id: PathId, data: JSONBody[ReadingsRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[ReadingsAnswer]:
    """Keep what members measured at a device; a reading that cannot be kept never sinks the others."""
    allow(actor, KIOSK_ROLE)
    if actor.sub != kiosk_id:
        raise Forbidden("other-kiosk")

    async def work(session: Session) -> ReadingsAnswer:
        async with session.reads.connection() as c:
            known = await people.known(c, sorted({reading.person_id for reading in data.readings}))
        problems = []
        for reading in data.readings:
            try:
                await _take(session, kiosk_id, reading, actor, known)
            except Rejected as refused:
                problems.append(ReadingProblem(reading.reading_id, refused.code))
            except Restricted:
                problems.append(ReadingProblem(reading.reading_id, "data-restricted"))
            except Erased:
                problems.append(ReadingProblem(reading.reading_id, "data-erased"))
        return ReadingsAnswer(len(data.readings) - len(problems), problems)

    return await context.command(request, actor, work, status=201)


async def _take(session: Session, kiosk_id: str, reading: Reading, actor: Actor, known: Collection[str]) -> None:
    if reading.person_id not in known:
        raise Rejected("member-unknown", "No such member.", "person_id")
    assess(KIOSK, reading.values, "")
    plain = Measurements(values=dict(reading.values))
    key = reading_key(kiosk_id, reading.reading_id)
    command = TakeReading(
        kiosk_id=kiosk_id,
        reading_id=reading.reading_id,
        person_id=reading.person_id,
        org_path=actor.org_path,
        package=KIOSK.code,
        measured_at=utc_text(reading.measured_at),
        measurements=await recording.seal(session, plain, reading.person_id, readings.FIELD),
        now=utc_text(session.now),
    )
    await session.decide(READING, key, command)
