"""Rosters: taken as files, followed while they are imported, given back with what was found in them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow
from chassis.clock import local_text
from chassis.context import Context
from chassis.execute import Session
from chassis.files import ObjectAbsent
from chassis.web import Problem
from contracts.envelope import Actor
from enrolment.api.access import OFFICERS, ONLOOKERS, organization_of, the_plan
from enrolment.domain.batch_stages import STAGES, Active, Expired
from enrolment.domain.plan import CITY_AND_OFFICE, plans
from enrolment.domain.roster import ROSTER, ReceiveRoster
from enrolment.intake import error_copy
from enrolment.intake.files import RosterFile, count_rows, open_roster
from enrolment.intake.kept import RosterFiles
from enrolment.projections import batches, roster_problems, rosters
from enrolment.settings import Settings

ROSTER_REQUEST_BYTES_MAX = 64 * 1024 * 1024 + 65_536
"""The largest file and the multipart frame around it."""
FILES_AT_ONCE_MAX = 1
"""Whole files held in memory by requests; the others wait."""
POSITION_MAX = 2**53
XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_BATCH_ID = re.compile(r"[0-9a-f]{40}")
_files = asyncio.Semaphore(FILES_AT_ONCE_MAX)


@dataclass
class RosterUpload:
    """The multipart form: the file, the plan's code and the sending organisation's code."""

    file: UploadFile
    plan: str
    organization: str


class ReceivedRoster(msgspec.Struct, frozen=True):
    """The file was taken; the batch can be asked for under this id."""

    batch_id: str
    rows: int


class RosterView(msgspec.Struct, frozen=True):
    """Where a roster stands. `state`: RECEIVED, IMPORTING or IMPORTED; counts are of the rows decided so far.

    `stage` is that of its batch (domain 5.1): IMPORTED, VALIDATING, then HAS_ERRORS, READY, CITY_CONFIRMED,
    OFFICE_CONFIRMED, FUNDED, ACTIVE, EXPIRED, CANCELLED; without confirmations it is ACTIVE at once.
    """

    batch_id: str
    plan: str
    organization: str
    format: str
    state: str
    stage: str
    rows: int
    rows_done: int
    valid: int
    errors: dict[str, int]
    warnings: dict[str, int]
    received_at: str
    imported_at: str | None


class RosterPage(msgspec.Struct, frozen=True):
    """Newest first; `before` of the next page is `next`, None at the end. Counts are those of finished rosters."""

    rosters: list[RosterView]
    next: int | None


@post("/rosters", status_code=202, request_max_body_size=ROSTER_REQUEST_BYTES_MAX)
async def receive_roster(
    data: Annotated[RosterUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ReceivedRoster]:
    """Check a file as a whole and take it for import; the same file for the same plan and sender is one batch."""
    allow(actor, *OFFICERS)
    settings: Settings = context.settings
    plan = the_plan(data.plan)
    org_path = organization_of(data.organization, actor)
    content = await data.file.read()
    if len(content) > settings.roster_bytes_max:
        raise Problem(413, "roster-file-too-large", "The file is larger than allowed.", "file")
    async with _files:
        roster, rows = await asyncio.to_thread(_checked, content, settings)
    digest = hashlib.sha256(content).hexdigest()
    batch_id = hashlib.sha256(f"{digest}|{plan.code}|{data.organization}".encode()).hexdigest()[:40]
    files = RosterFiles(Path(settings.documents), context.keyring)
    await files.keep(batch_id, content, received_on=context.clock.today(), keep_days=settings.roster_keep_days)
    command = ReceiveRoster(
        batch_id=batch_id,
        plan_code=plan.code,
        organization=data.organization,
        org_path=org_path,
        file_sha256=digest,
        format=roster.format,
        rows=rows,
    )

    async def work(session: Session) -> ReceivedRoster:
        await session.decide(ROSTER, batch_id, command)
        return ReceivedRoster(batch_id, rows)

    return await context.command(request, actor, work, status=202)


@get("/rosters")
async def roster_list(
    actor: Actor,
    context: Context,
    before: Annotated[int | None, QueryParameter(ge=1, le=POSITION_MAX)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> RosterPage:
    """The subtree's rosters, newest first."""
    allow(actor, *ONLOOKERS)
    async with context.reads.connection() as c:
        found = await rosters.page(c, actor, before, limit)
        staged = await batches.standing(c, [one.batch_id for one in found])
    today = context.clock.today().isoformat()
    views = [
        _view(
            one,
            rosters.counts(one.errors),
            rosters.counts(one.warnings),
            one.valid or 0,
            stage_of(one, staged.get(one.batch_id), today),
        )
        for one in found
    ]
    return RosterPage(views, found[-1].position if len(found) == limit else None)


@get("/rosters/{batch_id:str}")
async def roster_standing(batch_id: FromPath[str], actor: Actor, context: Context) -> RosterView:
    """How far a roster is and what was found in it."""
    allow(actor, *ONLOOKERS)
    async with context.reads.connection() as c:
        roster = await the_roster(c, batch_id, actor)
        staged = await batches.standing(c, [batch_id])
        stage = stage_of(roster, staged.get(batch_id), context.clock.today().isoformat())
        if roster.state == rosters.IMPORTED:
            errors, warnings = rosters.counts(roster.errors), rosters.counts(roster.warnings)
            return _view(roster, errors, warnings, roster.valid or 0, stage)
        errors, warnings, refused = await roster_problems.totals(c, batch_id)
    return _view(roster, errors, warnings, max(roster.rows_done - refused, 0), stage)


@get("/rosters/{batch_id:str}/errors.xlsx")
async def roster_errors(batch_id: FromPath[str], actor: Actor, context: Context) -> Response[bytes]:
    """The sender's rows with a column of what was found on each; holds personal data, so officers only."""
    allow(actor, *OFFICERS)
    settings: Settings = context.settings
    async with context.reads.connection() as c:
        await the_roster(c, batch_id, actor)
        problems = await roster_problems.of_batch(c, batch_id)
    files = RosterFiles(Path(settings.documents), context.keyring)
    async with _files:
        try:
            content = await files.take(batch_id)
        except ObjectAbsent:
            raise Problem(410, "roster-file-gone", "The roster's file is no longer kept.") from None

        def copy() -> bytes:
            return error_copy.write(_opened(content, settings).rows(), problems)

        written = await asyncio.to_thread(copy)
    headers = {"Content-Disposition": 'attachment; filename="errors.xlsx"', "Cache-Control": "no-store"}
    return Response(written, media_type=XLSX_MEDIA_TYPE, headers=headers)


def _opened(content: bytes, settings: Settings) -> RosterFile:
    return open_roster(
        lambda: io.BytesIO(content),
        unpacked_bytes_max=settings.roster_unpacked_bytes_max,
        rows_max=settings.roster_rows_max,
    )


def _checked(content: bytes, settings: Settings) -> tuple[RosterFile, int]:
    roster = _opened(content, settings)
    return roster, count_rows(roster, rows_max=settings.roster_rows_max)


async def the_roster(c: AsyncConnection, batch_id: str, actor: Actor) -> rosters.Roster:
    """A roster of the subtree. Raises Problem 404 roster-unknown."""
    roster = await rosters.find(c, batch_id, actor) if _BATCH_ID.fullmatch(batch_id) else None
    if roster is None:
        raise Problem(404, "roster-unknown", "There is no such roster in your organisation.", "batch_id")
    return roster


def stage_of(roster: rosters.Roster, batch: batches.Standing | None, today: str) -> str:
    """The stage of domain 5.1; `today` an ISO date."""
    if batch is not None:
        return batch.stage
    plan = plans()[roster.plan_code]
    if roster.state != rosters.IMPORTED:
        return "VALIDATING" if roster.rows_done else "IMPORTED"
    if plan.confirmation == CITY_AND_OFFICE:
        return "VALIDATING"  # its batch is a read model of its own, and will be there in a moment
    return STAGES[Active] if today < plan.period_end.isoformat() else STAGES[Expired]


def _view(
    roster: rosters.Roster, errors: dict[str, int], warnings: dict[str, int], valid: int, stage: str
) -> RosterView:
    importing = roster.state == rosters.RECEIVED and roster.rows_done > 0
    return RosterView(
        batch_id=roster.batch_id,
        plan=roster.plan_code,
        organization=roster.organization,
        format=roster.format,
        state="IMPORTING" if importing else roster.state,
        stage=stage,
        rows=roster.rows,
        rows_done=roster.rows_done,
        valid=valid,
        errors=dict(sorted(errors.items())),
        warnings=dict(sorted(warnings.items())),
        received_at=local_text(roster.received_at),
        imported_at=local_text(roster.imported_at) if roster.imported_at else None,
    )
