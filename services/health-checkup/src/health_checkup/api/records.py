"""Results, findings and the health record: opened for the member and the provider alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from chassis.auth import Forbidden, allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased
from contracts.envelope import Actor, Sealed
from contracts.health_checkup.v1 import FindingDetail, FollowUpNote
from contracts.person import Measurements
from health_checkup.api.access import PROVIDER, AnyRequest, stop_of
from health_checkup.api.shapes import (
    ExamView,
    Filter,
    FindingPage,
    FollowUpAnswer,
    FollowUpRequest,
    ItemView,
    PathId,
    RecordView,
    ResultsAnswer,
    ResultsRequest,
)
from health_checkup.domain.exam import EXAM, Done, RecordResults, exam_id
from health_checkup.domain.finding import CONTACT_WITHIN_DAYS, FINDING, Absent, Open, RaiseFinding, RecordFollowUp
from health_checkup.domain.package import PACKAGES, Assessment, assess
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections import exams, findings, people

PAGE_MAX = 200
DETAIL_FIELD = "health_checkup.finding-raised.v1/detail"
NOTE_FIELD = "health_checkup.follow-up-recorded.v1/note"


@post("/stops/{stop_id:str}/results")
async def record_results(
    stop_id: PathId, data: JSONBody[ResultsRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[ResultsAnswer]:
    """Make a member's values part of the health record; values out of class A or B limits raise a finding."""
    allow(actor, PROVIDER)
    measured = Measurements(values=dict(data.values), advice=data.advice)

    async def work(session: Session) -> ResultsAnswer:
        stop = await stop_of(session, stop_id, actor)
        async with session.reads.connection() as c:
            sex = await people.sex_of(c, data.person_id)
        if sex is None:
            raise Rejected("person-unknown", "No such member.", "person_id")
        assessment = assess(PACKAGES[stop.package], measured.values, sex)
        return await _record(
            session, stop, stop_id=stop_id, person_id=data.person_id, measured=measured, assessment=assessment
        )

    return await context.command(request, actor, work, status=201)


async def _record(
    session: Session, stop: OpenedStop, *, stop_id: str, person_id: str, measured: Measurements, assessment: Assessment
) -> ResultsAnswer:
    exam_key = exam_id(stop.campaign, person_id)
    finding_id = exam_key if assessment.finding_class else ""
    exam = await session.load(EXAM, exam_key)
    same = False
    sealed: Sealed
    if isinstance(exam, Done):
        # Sealing is random, so "the same results" is decided on the opened values.
        before = await session.keyring.open(exam.measurements, Measurements, subject=person_id, field=exams.FIELD)
        same, sealed = before == measured, exam.measurements
    else:
        sealed = await _seal(session, measured, person_id, exams.FIELD)
    command = RecordResults(
        exam_id=exam_key,
        person_id=person_id,
        stop_id=stop_id,
        campaign=stop.campaign,
        package=stop.package,
        examined_on=stop.date,
        measurements=sealed,
        items=len(measured.values),
        abnormal=len(assessment.flags),
        attended=person_id in stop.attended,
        same_values=same,
    )
    if await session.decide(EXAM, exam_key, command) and finding_id:
        await _raise_finding(session, exam_key, person_id, assessment)
    return ResultsAnswer(exam_key, finding_id)


async def _raise_finding(session: Session, exam_key: str, person_id: str, assessment: Assessment) -> None:
    detail = FindingDetail(flags=assessment.finding_flags)
    contact_by = session.today + timedelta(days=CONTACT_WITHIN_DAYS[assessment.finding_class])
    command = RaiseFinding(
        finding_id=exam_key,
        exam_id=exam_key,
        person_id=person_id,
        finding_class=assessment.finding_class,
        detail=await _seal(session, detail, person_id, DETAIL_FIELD),
        contact_by=contact_by.isoformat(),
    )
    await session.decide(FINDING, exam_key, command)


async def _seal(session: Session, value: msgspec.Struct, person_id: str, field: str) -> Sealed:
    return await session.keyring.seal(
        value, subject=person_id, category="health", decision_id=session.decision_id, field=field
    )


@post("/findings/{finding_id:str}/follow-ups")
async def follow_up(
    finding_id: PathId, data: JSONBody[FollowUpRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[FollowUpAnswer]:
    """Record the next step of a follow-up (domain 8.2)."""
    allow(actor, PROVIDER)

    async def work(session: Session) -> FollowUpAnswer:
        exam = await session.load(EXAM, finding_id)
        finding = await session.load(FINDING, finding_id)
        if not isinstance(exam, Done) or isinstance(finding, Absent):
            raise Rejected("finding-unknown", "No such finding.")
        await stop_of(session, exam.stop_id, actor)
        note: Sealed | None = None
        if data.note and isinstance(finding, Open):
            note = await _seal(session, FollowUpNote(text=data.note), finding.person_id, NOTE_FIELD)
        await session.decide(FINDING, finding_id, RecordFollowUp(finding_id, data.outcome, note))
        return FollowUpAnswer(finding_id, data.outcome)

    return await context.command(request, actor, work, status=201)


@get("/findings")
async def finding_list(
    actor: Actor,
    context: Context,
    stage: Filter = "",
    after: Filter = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 100,
) -> FindingPage:
    """The provider's follow-up list."""
    allow(actor, PROVIDER)
    async with context.reads.connection() as c:
        page = await findings.of_provider(c, actor, stage, after, limit)
    return FindingPage(page, page[-1].finding_id if len(page) == limit else "")


@get("/members/{person_id:str}/record")
async def health_record(person_id: PathId, actor: Actor, context: Context) -> RecordView:
    """The opened health record: for the member, and for a provider what was measured in its own subtree."""
    allow(actor, "member", PROVIDER)
    provider = actor if PROVIDER in actor.roles else None
    if provider is None and actor.sub != person_id:
        raise Forbidden("other-person")
    async with context.reads.connection() as c:
        rows = await exams.of_person(c, person_id, provider)
        sex = await people.sex_of(c, person_id) or ""
    opened = await context.keyring.open_many([(row.measurements, Measurements, person_id, exams.FIELD) for row in rows])
    return RecordView(person_id, [_exam_view(row, value, sex) for row, value in zip(rows, opened, strict=True)])


def _exam_view(row: exams.ExamRow, value: Measurements | Erased, sex: str) -> ExamView:
    if isinstance(value, Erased):
        return ExamView(row.exam_id, row.examined_on, row.package, row.abnormal, erased=True, items=[], advice="")
    package = PACKAGES[row.package]
    flags = {flag.item: flag.flag for flag in assess(package, value.values, sex).flags}
    items = [
        ItemView(code, package.items[code].name, text, package.items[code].unit, flags.get(code, ""))
        for code, text in value.values.items()
    ]
    return ExamView(
        row.exam_id, row.examined_on, row.package, row.abnormal, erased=False, items=items, advice=value.advice
    )
