"""Results as a provider hands them in: one by one, as FHIR, or as a spreadsheet; and what is still to be corrected."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody

from chassis.auth import allow
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from chassis.web.app import JSON_DIALECTS
from contracts.envelope import Actor
from contracts.person import Measurements
from health_checkup.api import fhir, intake, recording
from health_checkup.api.access import PROVIDER, AnyRequest, age_of_card, stop_of
from health_checkup.api.record_shapes import (
    AmendmentAnswer,
    AmendmentRequest,
    DismissedAnswer,
    EntryProblem,
    FileAnswer,
    ProblemPage,
)
from health_checkup.api.shapes import (
    MEMBERS_PAGE,
    Filter,
    Limit,
    OptionalPackage,
    PackageQuery,
    PathId,
    ResultsAnswer,
    ResultsRequest,
)
from health_checkup.api.spreadsheets import MEDIA_TYPE, Workbook, template
from health_checkup.domain.finding import ContactRules
from health_checkup.domain.handin import HANDIN, DismissProblem
from health_checkup.domain.package import PACKAGES, item_of, judge
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections import people, result_problems
from health_checkup.settings import Settings

FHIR_BYTES_MAX = 8 * 1024 * 1024
FRAME_BYTES_MAX = 65_536
"""What a multipart form needs around the file."""
SHEET_REQUEST_BYTES_MAX = 4 * 1024 * 1024 + FRAME_BYTES_MAX
FILES_AT_ONCE_MAX = 2
"""Spreadsheets read or written at the same time; the others wait."""

_files = asyncio.Semaphore(FILES_AT_ONCE_MAX)


@dataclass
class SheetUpload:
    """The multipart form: the filled template; `corrects` when its values replace recorded ones.

    `package` is the template's, "" for the stop's own.
    """

    file: UploadFile
    corrects: bool = False
    package: OptionalPackage = ""


@post("/stops/{stop_id:str}/results")
async def record_results(
    stop_id: PathId, data: JSONBody[ResultsRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[ResultsAnswer]:
    """Make a member's values part of the health record; values out of class A or B limits raise a finding."""
    allow(actor, PROVIDER)
    _check_package(data.package)
    after = Measurements(values=dict(data.values), advice=data.advice)
    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> ResultsAnswer:
        whose, now, package = await _handed_in(session, stop_id, data, actor)
        if now.said is not None and now.said != after:
            raise Rejected("results-recorded", "Other results are already part of the health record.")
        written = await recording.write(session, rules, whose, now, package, after)
        return ResultsAnswer(written.exam_id, written.finding_id)

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/results/amendments")
async def amend_results(
    stop_id: PathId, data: JSONBody[AmendmentRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[AmendmentAnswer]:
    """Add to a member's results or correct them; what they said before stays in the record's history."""
    allow(actor, PROVIDER)
    _check_package(data.package)
    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> AmendmentAnswer:
        whose, now, package = await _handed_in(session, stop_id, data, actor)
        if now.said is None:
            raise Rejected("results-unknown", "There are no results yet that could be corrected.", "person_id")
        after = Measurements(values={**now.said.values, **data.values}, advice=data.advice or now.said.advice)
        for code, value in data.values.items():
            judge(item_of(PACKAGES[package], code), value, whose.known.sex, None)
        written = await recording.write(session, rules, whose, now, package, after)
        return AmendmentAnswer(written.exam_id, written.version, written.finding_id)

    return await context.command(request, actor, work, status=201)


@post(
    "/stops/{stop_id:str}/results/fhir",
    request_max_body_size=FHIR_BYTES_MAX,
    opt={JSON_DIALECTS: (fhir.MEDIA_TYPE,)},
)
async def record_fhir(
    stop_id: PathId,
    data: JSONBody[fhir.Bundle],
    request: AnyRequest,
    actor: Actor,
    context: Context,
    package: PackageQuery = "",
) -> Response[FileAnswer]:
    """Take a FHIR R4 Bundle; an observation that cannot be taken is answered, and never sinks the others."""
    allow(actor, PROVIDER)
    _check_package(package)
    if data.resourceType != "Bundle":
        raise Problem(400, "bundle-missing", "The body must be a FHIR Bundle.", "resourceType")
    if len(data.entry) > fhir.ENTRIES_MAX:
        raise Problem(413, "bundle-too-large", f"A Bundle has at most {fhir.ENTRIES_MAX} entries.", "entry")
    body = await request.body()
    rules = recording.rules_of(context.settings)

    async def work(session: Session) -> FileAnswer:
        stop = await stop_of(session, stop_id, actor)
        # Read from the bytes: a number keeps the digits that it was written with.
        sheet = await asyncio.to_thread(fhir.read, body, PACKAGES[package or stop.package], package)
        return await _take(session, rules, stop_id, stop, sheet)

    return await context.command(request, actor, work, status=201)


@post("/stops/{stop_id:str}/results/spreadsheet", request_max_body_size=SHEET_REQUEST_BYTES_MAX)
async def record_spreadsheet(
    stop_id: PathId,
    data: Annotated[SheetUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    request: AnyRequest,
    actor: Actor,
    context: Context,
) -> Response[FileAnswer]:
    """Take a filled template, XLSX or CSV; a row that cannot be taken is answered, and never sinks the others."""
    allow(actor, PROVIDER)
    rules = recording.rules_of(context.settings)
    _check_package(data.package)
    content = await _content(data.file, context.settings)

    async def work(session: Session) -> FileAnswer:
        stop = await stop_of(session, stop_id, actor)
        book = await _read(content, data.package or stop.package, context.settings)
        sheet = book.sheet(corrects=data.corrects, package=data.package)
        return await _take(session, rules, stop_id, stop, sheet)

    return await context.command(request, actor, work, status=201)


@post(
    "/stops/{stop_id:str}/results/spreadsheet/errors.xlsx",
    status_code=200,
    media_type=MEDIA_TYPE,
    request_max_body_size=SHEET_REQUEST_BYTES_MAX,
)
async def check_spreadsheet(
    stop_id: PathId,
    data: Annotated[SheetUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    actor: Actor,
    context: Context,
) -> Response[bytes]:
    """The sender's rows with a column of what is wrong with each; nothing is recorded and the file is not kept."""
    allow(actor, PROVIDER)
    _check_package(data.package)
    content = await _content(data.file, context.settings)

    async def look(session: Session) -> bytes:
        stop = await stop_of(session, stop_id, actor)
        book = await _read(content, data.package or stop.package, context.settings)
        sheet = book.sheet(corrects=data.corrects, package=data.package)
        weighed = await intake.weigh(session, stop_id, stop, sheet)
        return await asyncio.to_thread(book.copy, weighed.faults, PACKAGES[data.package or stop.package])

    copy = (await context.executor.run(look, actor=actor)).value
    return _download(copy, "errors.xlsx")


@get("/stops/{stop_id:str}/results/template.xlsx", media_type=MEDIA_TYPE)
async def results_template(
    stop_id: PathId, actor: Actor, context: Context, package: PackageQuery = ""
) -> Response[bytes]:
    """The template of the stop's package or another: a column for each item with its unit, a row for each member."""
    allow(actor, PROVIDER)
    _check_package(package)

    async def look(session: Session) -> bytes:
        stop = await stop_of(session, stop_id, actor)
        async with _files:
            return await asyncio.to_thread(template, PACKAGES[package or stop.package], sorted(stop.attended))

    return _download((await context.executor.run(look, actor=actor)).value, "template.xlsx")


@get("/stops/{stop_id:str}/results/problems")
async def problem_list(
    stop_id: PathId, actor: Actor, context: Context, after: Filter = "", limit: Limit = MEMBERS_PAGE
) -> ProblemPage:
    """Entries of files that wait to be corrected."""
    allow(actor, PROVIDER)

    async def look(session: Session) -> None:
        await stop_of(session, stop_id, actor)

    await context.executor.run(look, actor=actor)
    async with context.reads.connection() as c:
        rows = await result_problems.of_stop(c, stop_id, after, limit)
    return ProblemPage(rows, rows[-1].problem_id if len(rows) == limit else "")


@post("/stops/{stop_id:str}/results/problems/{problem_id:str}/dismissal")
async def dismiss_problem(
    stop_id: PathId, problem_id: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[DismissedAnswer]:
    """Say that nothing will come of an entry."""
    allow(actor, PROVIDER)

    async def work(session: Session) -> DismissedAnswer:
        await stop_of(session, stop_id, actor)
        await session.decide(HANDIN, stop_id, DismissProblem(stop_id, problem_id, actor.sub))
        return DismissedAnswer(problem_id)

    return await context.command(request, actor, work, status=201)


def _check_package(package: str) -> None:
    if package and package not in PACKAGES:
        raise Problem(400, "package-invalid", "There is no such package.", "package")


async def _take(
    session: Session, rules: ContactRules, stop_id: str, stop: OpenedStop, sheet: intake.Sheet
) -> FileAnswer:
    weighed = await intake.weigh(session, stop_id, stop, sheet)
    changed = await intake.record(session, rules, stop_id, sheet, weighed)
    problems = [
        EntryProblem(one.problem_id, one.entry, one.person_id, one.item, one.code)
        for one in (intake.problem(stop_id, sheet.format, fault) for fault in weighed.faults)
    ]
    return FileAnswer(len(weighed.taken), changed, problems)


async def _handed_in(
    session: Session, stop_id: str, data: ResultsRequest | AmendmentRequest, actor: Actor
) -> tuple[recording.Examined, recording.Standing, str]:
    """Whose results they are, what these say so far, and the package that they are of.

    Raises Rejected `stop-unknown`, `person-unknown`, `born-differs`, `examined-elsewhere`, `package-differs`.
    """
    stop = await stop_of(session, stop_id, actor)
    async with session.reads.connection() as c:
        known = (await people.known(c, [data.person_id])).get(data.person_id)
    if known is None:
        raise Rejected("person-unknown", "No such member.", "person_id")
    whose = recording.Examined(stop_id, stop, data.person_id, known, age_of_card(data.born_on, known, stop.date))
    now = await recording.standing(session, whose)
    return whose, now, recording.package_for(now, data.package)


async def _content(file: UploadFile, settings: Settings) -> bytes:
    content = await file.read()
    if len(content) > settings.sheet_bytes_max:
        raise Problem(413, "results-file-too-large", "The file is larger than allowed.", "file")
    return content


async def _read(content: bytes, package: str, settings: Settings) -> Workbook:
    async with _files:
        return await asyncio.to_thread(Workbook, content, PACKAGES[package], settings)


def _download(content: bytes, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
