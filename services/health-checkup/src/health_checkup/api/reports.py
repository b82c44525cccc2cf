"""Papers of a check-up: the provider's signed report of a member, and a stop's numbers for its union."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Meta

from chassis.auth import Forbidden, allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.files import DiskStore, ObjectAbsent, Vault
from chassis.keyring import Erased
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.person import Measurements
from health_checkup.api.access import COUNTERS, PROVIDER, AnyRequest, stop_of
from health_checkup.api.record_shapes import CollectiveView, CountView, ReportAnswer
from health_checkup.api.shapes import PathId
from health_checkup.domain.collective import COLLECTIVE, WITHHELD, Issued, IssueReport, counted
from health_checkup.domain.exam import EXAM, AttachReport, Done, exam_id
from health_checkup.domain.package import CLASSES, PACKAGES, age_on, assess
from health_checkup.projections import collective_reports, deleted_copies, exam_reports, exams, people
from health_checkup.settings import Settings

FOLDER = "reports"
SAME_PURPOSE = "report"
"""The purpose of the keyed index by which a file is recognised when it comes again; never part of an event."""
SAME_SCOPE = "report"
FRAME_BYTES_MAX = 65_536
REPORT_REQUEST_BYTES_MAX = 12 * 1024 * 1024 + FRAME_BYTES_MAX
PDF_MAGIC, PDF_END = b"%PDF-", b"%%EOF"
PDF_TAIL_BYTES = 1_024
SIGNATURE = b"/ByteRange"
"""Every signature in a PDF says which bytes it covers."""


@dataclass
class ReportUpload:
    """The multipart form: the signed PDF, and whose it is."""

    file: UploadFile
    person_id: Annotated[str, Meta(max_length=80, pattern=r"^[0-9A-Za-z-]+$")]


def vault_of(context: Context) -> Vault:
    """Where the service keeps its files."""
    return Vault(DiskStore(Path(context.settings.documents)), context.keyring)


@post("/stops/{stop_id:str}/reports", request_max_body_size=REPORT_REQUEST_BYTES_MAX)
async def attach_report(
    stop_id: PathId,
    data: Annotated[ReportUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    request: AnyRequest,
    actor: Actor,
    context: Context,
) -> Response[ReportAnswer]:
    """Keep a member's signed report, sealed; the same file again is the same report."""
    allow(actor, PROVIDER)
    settings: Settings = context.settings
    content = await data.file.read()
    _check_pdf(content, settings)
    person_id = data.person_id
    expires_on = context.clock.today() + timedelta(days=settings.report_keep_days)
    digest = hashlib.sha256(content).hexdigest()
    own = await context.keyring.blind_index(SAME_PURPOSE, f"{stop_id}|{person_id}|{digest}")

    async def look(session: Session) -> None:
        """Before anything is kept: there must be results that the report belongs to."""
        await _campaign(session, stop_id, person_id, actor)

    await context.executor.run(look, actor=actor)
    vault = vault_of(context)
    kept = await vault.keep_by_digest(FOLDER, content, subject=person_id, category="health", expires_on=expires_on)
    used = False

    async def work(session: Session) -> ReportAnswer:
        nonlocal used
        used = False
        campaign = await _campaign(session, stop_id, person_id, actor)
        key = exam_id(campaign, person_id)
        if first := (await session.reserved(SAME_SCOPE, [own])).get(own):
            return ReportAnswer(key, first, expires_on.isoformat())
        session.reserve(SAME_SCOPE, own, kept.sha256)
        command = AttachReport(
            exam_id=key,
            person_id=person_id,
            campaign=campaign,
            sha256=kept.sha256,
            size_bytes=kept.size,
            attached_on=session.today.isoformat(),
            kept_until=expires_on.isoformat(),
            by=actor.sub,
        )
        await session.decide(EXAM, key, command)
        used = True
        return ReportAnswer(key, kept.sha256, expires_on.isoformat())

    try:
        return await context.command(request, actor, work, status=201)
    finally:
        if not used:
            await vault.discard(f"{FOLDER}/{kept.sha256}")


async def _campaign(session: Session, stop_id: str, person_id: str, actor: Actor) -> str:
    """The campaign of a stop in reach where the member has results. Raises Rejected `results-unknown`."""
    stop = await stop_of(session, stop_id, actor)
    exam = await session.load(EXAM, exam_id(stop.campaign, person_id))
    if not isinstance(exam, Done) or exam.stop_id != stop_id:
        raise Rejected("results-unknown", "A report belongs to results, and there are none yet.", "person_id")
    return stop.campaign


def _check_pdf(content: bytes, settings: Settings) -> None:
    if len(content) > settings.report_bytes_max:
        raise Problem(413, "report-too-large", "The report is larger than allowed.", "file")
    if not content.startswith(PDF_MAGIC) or PDF_END not in content[-PDF_TAIL_BYTES:]:
        raise Problem(415, "report-not-pdf", "The report must be a whole PDF.", "file")
    if SIGNATURE not in content:
        raise Problem(422, "report-not-signed", "The report must be signed by the provider.", "file")


@get("/members/{person_id:str}/reports/{sha256:str}", media_type="application/pdf")
async def report_document(person_id: PathId, sha256: PathId, actor: Actor, context: Context) -> Response[bytes]:
    """A signed report: for the member, and for the provider in whose reach it was made."""
    allow(actor, "member", PROVIDER)
    provider = actor if PROVIDER in actor.roles else None
    if provider is None and actor.sub != person_id:
        raise Forbidden("other-person")
    async with context.reads.connection() as c:
        after = 0 if provider is not None else await deleted_copies.deleted_to(c, person_id)
        reached = [row.exam_id for row in await exams.of_person(c, person_id, provider)]
        rows = await exam_reports.of_person(c, person_id, reached, after)
    if sha256 not in {row.sha256 for row in rows}:
        raise Problem(404, "report-unknown", "There is no such report.")
    try:
        content = await vault_of(context).take(f"{FOLDER}/{sha256}", subject=person_id)
    except ObjectAbsent:
        raise Problem(410, "report-gone", "The report is no longer kept.") from None
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/pdf", headers=headers)


@post("/stops/{stop_id:str}/report")
async def issue_report(
    stop_id: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[CollectiveView]:
    """Count what a stop found and give the union the numbers; small cells are left out before they are written."""
    allow(actor, PROVIDER)
    settings: Settings = context.settings

    async def work(session: Session) -> CollectiveView:
        stop = await stop_of(session, stop_id, actor)
        measured, abnormal, classes, examined = await _counts(session, stop_id, stop.date)
        by_class = dict.fromkeys(CLASSES, examined)
        command = IssueReport(
            stop_id=stop_id,
            campaign=stop.campaign,
            org_path=stop.org_path,
            examined=examined,
            small_cell=settings.small_cell,
            items=counted(measured, abnormal, settings.small_cell),
            findings=counted(by_class, classes, settings.small_cell),
            today=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(COLLECTIVE, stop_id, command)
        issued = await session.load(COLLECTIVE, stop_id)
        issue = issued.issue if isinstance(issued, Issued) else 0
        return _collective(
            collective_reports.ReportRow(
                stop_id,
                stop.campaign,
                issue,
                examined,
                settings.small_cell,
                command.items,
                command.findings,
                command.today,
            )
        )

    return await context.command(request, actor, work, status=201)


async def _counts(session: Session, stop_id: str, day: str) -> tuple[dict[str, int], Counter[str], Counter[str], int]:
    """How many were measured for each item, how many of them abnormal, and by class; the erased do not count."""
    async with session.reads.connection() as c:
        rows = await exams.of_stop(c, stop_id)
        known = await people.known(c, [person_id for person_id, _ in rows])
    opened = await session.keyring.open_many(
        [(row.measurements, Measurements, person_id, row.field) for person_id, row in rows]
    )
    measured, abnormal, classes, examined = Counter[str](), Counter[str](), Counter[str](), 0
    for (person_id, row), value in zip(rows, opened, strict=True):
        if isinstance(value, Erased) or person_id not in known:
            continue
        who = known[person_id]
        found = assess(PACKAGES[row.package], value.values, who.sex, age_on(who.birth_year, day, row.age))
        examined += 1
        measured.update(value.values.keys())
        abnormal.update(flag.item for flag in found.flags)
        if found.finding_class:
            classes[found.finding_class] += 1
    order = dict.fromkeys(code for package in PACKAGES.values() for code in package.items)
    return {code: measured[code] for code in order if code in measured}, abnormal, classes, examined


@get("/stops/{stop_id:str}/report")
async def collective_report(stop_id: PathId, actor: Actor, context: Context) -> CollectiveView:
    """The numbers of a stop of one's subtree, once its provider issued them."""
    allow(actor, *COUNTERS)
    async with context.reads.connection() as c:
        row = await collective_reports.of_stop(c, stop_id, actor)
    if row is None:
        raise Problem(404, "report-unknown", "There is no such report in your organisation.")
    return _collective(row)


def _collective(row: collective_reports.ReportRow) -> CollectiveView:
    names = {code: item.name for one in PACKAGES.values() for code, item in one.items.items()}
    return CollectiveView(
        row.stop_id,
        row.campaign,
        row.issue,
        row.issued_on,
        row.examined,
        row.small_cell,
        [
            CountView(one.item, names[one.item], one.measured, None if one.abnormal == WITHHELD else one.abnormal)
            for one in row.items
        ],
        [
            CountView(one.item, one.item, one.measured, None if one.abnormal == WITHHELD else one.abnormal)
            for one in row.findings
        ],
    )
