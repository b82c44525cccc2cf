"""Findings: whom to call by when, what was tried and done, and the claim that a confirmed illness opens the way to."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from chassis.auth import Forbidden, allow
from chassis.clock import local_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.web import Problem
from contracts.envelope import Actor, Sealed
from contracts.health_checkup.records import OfferedIllness
from contracts.health_checkup.v1 import FindingDetail, FollowUpNote
from contracts.organization import within
from health_checkup.api import recording
from health_checkup.api.access import PROVIDER, AnyRequest, stop_of
from health_checkup.api.record_shapes import (
    AttemptAnswer,
    AttemptRequest,
    FindingDetailView,
    FoundItem,
    OffersView,
    OfferView,
    StepView,
)
from health_checkup.api.shapes import Filter, FindingPage, FollowUpAnswer, FollowUpRequest, PathId
from health_checkup.domain.exam import EXAM, Done
from health_checkup.domain.finding import FINDING, Absent, Closed, Open, RecordAttempt, RecordFollowUp
from health_checkup.domain.package import EVERY_PACKAGE
from health_checkup.domain.terminology import ILLNESSES
from health_checkup.projections import claim_offers, findings, follow_ups

PAGE_MAX = 200
ITEM_NAMES = {code: item.name for package in EVERY_PACKAGE.values() for code, item in package.items.items()}
BENEFIT = "CRITICAL_ILLNESS"
FILE_AT = "/claims/claims"
OFFER_NOTE = "您可以为此申领重大疾病互助金,是否申领由您决定。确诊日期以医院诊断证明为准,体检日期不是确诊日期。"


@get("/findings")
async def finding_list(
    actor: Actor,
    context: Context,
    stage: Filter = "",
    overdue: Annotated[bool, QueryParameter()] = False,
    after: Filter = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 100,
) -> FindingPage:
    """The provider's follow-up list; `overdue` are those whose next step is late."""
    allow(actor, PROVIDER)
    async with context.reads.connection() as c:
        page = await findings.of_provider(c, actor, stage, after, limit, late=overdue)
    return FindingPage(page, page[-1].finding_id if len(page) == limit else "")


@get("/findings/{finding_id:str}")
async def finding_view(finding_id: PathId, actor: Actor, context: Context) -> FindingDetailView:
    """What the doctor calls about, and the written record of what was done: for the provider in reach alone."""
    allow(actor, PROVIDER)
    async with context.reads.connection() as c:
        row = await findings.find(c, finding_id, actor)
        if row is None:
            raise Problem(404, "finding-unknown", "No such finding.")
        steps = await follow_ups.of_finding(c, finding_id)
    person_id = row.view.person_id
    [detail] = await context.keyring.open_many([(row.detail, FindingDetail, person_id, recording.DETAIL_FIELD)])
    noted = [step for step in steps if step.note is not None]
    opened = await context.keyring.open_many(
        [(step.note, FollowUpNote, person_id, follow_ups.FIELD) for step in noted if step.note is not None]
    )
    notes = {id(step): "" if isinstance(note, Erased) else note.text for step, note in zip(noted, opened, strict=True)}
    flags = () if isinstance(detail, Erased) else detail.flags
    return FindingDetailView(
        row.view,
        isinstance(detail, Erased),
        [FoundItem(flag.item, ITEM_NAMES.get(flag.item, flag.item), flag.flag) for flag in flags],
        [
            StepView(
                step.step,
                step.channel,
                notes.get(id(step), ""),
                local_text(step.taken_at),
                step.taken_by,
                step.finding_class,
            )
            for step in steps
        ],
    )


@post("/findings/{finding_id:str}/attempts")
async def attempt(
    finding_id: PathId, data: JSONBody[AttemptRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[AttemptAnswer]:
    """Record that the member was not reached; the same way on the same day counts once."""
    allow(actor, PROVIDER)

    async def work(session: Session) -> AttemptAnswer:
        await _reached(session, finding_id, actor)
        command = RecordAttempt(finding_id, data.channel, session.today.isoformat())
        await session.decide(FINDING, finding_id, command)
        finding = await session.load(FINDING, finding_id)
        return AttemptAnswer(finding_id, len(finding.attempts) if isinstance(finding, Open) else 0)

    return await context.command(request, actor, work, status=201)


@post("/findings/{finding_id:str}/follow-ups")
async def follow_up(
    finding_id: PathId, data: JSONBody[FollowUpRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[FollowUpAnswer]:
    """Record the next step of a follow-up (domain 8.2); a confirmed listed illness offers the member a claim."""
    allow(actor, PROVIDER)
    if data.illness and data.illness not in ILLNESSES:
        raise Problem(400, "illness-invalid", "There is no such illness in the list.", "illness")
    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> FollowUpAnswer:
        finding = await _reached(session, finding_id, actor)
        note: Sealed | None = None
        illness: Sealed | None = None
        if data.note and isinstance(finding, Open):
            note = await recording.seal(session, FollowUpNote(text=data.note), finding.person_id, follow_ups.FIELD)
        if data.illness:
            plain = OfferedIllness(code=data.illness)
            illness = await recording.seal(session, plain, finding.person_id, claim_offers.FIELD)
        command = RecordFollowUp(finding_id, data.outcome, note, illness, session.today.isoformat(), rules)
        await session.decide(FINDING, finding_id, command)
        return FollowUpAnswer(finding_id, data.outcome)

    return await context.command(request, actor, work, status=201)


@get("/members/{person_id:str}/offers")
async def offers(person_id: PathId, actor: Actor, context: Context) -> OffersView:
    """What the member may claim because of a confirmed illness: seen by the member alone, and filed by the member."""
    allow(actor, "member")
    if actor.sub != person_id:
        raise Forbidden("other-person")
    async with context.reads.connection() as c:
        rows = await claim_offers.of_person(c, person_id)
    opened = await context.keyring.open_many(
        [(row.illness, OfferedIllness, person_id, claim_offers.FIELD) for row in rows]
    )
    return OffersView([_offer(row, value) for row, value in zip(rows, opened, strict=True)])


def _offer(row: claim_offers.OfferRow, illness: OfferedIllness | Erased) -> OfferView:
    code = "" if isinstance(illness, Erased) else illness.code
    return OfferView(row.finding_id, row.offered_on, code, ILLNESSES.get(code, ""), BENEFIT, FILE_AT, OFFER_NOTE)


async def _reached(session: Session, finding_id: str, actor: Actor) -> Open | Closed:
    """The finding, if its stop lies in the actor's subtree. Raises Rejected `finding-unknown`, `stop-unknown`."""
    finding = await session.load(FINDING, finding_id)
    if isinstance(finding, Absent):
        raise Rejected("finding-unknown", "No such finding.")
    if finding.org_path:
        if not within(finding.org_path, actor.org_path):
            raise Rejected("finding-unknown", "No such finding.")
        return finding
    exam = await session.load(EXAM, finding_id)
    if not isinstance(exam, Done):
        raise Rejected("finding-unknown", "No such finding.")
    await stop_of(session, exam.stop_id, actor)
    return finding
