"""The bureau's files: taken as a stream, followed while they are matched, gone through again (domain 6)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow_province
from chassis.clock import local_text
from chassis.context import Context
from chassis.execute import Session
from chassis.files.tables import XLSX_MAGIC
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT
from claims.api.plans import PLANS
from claims.domain.settlement_import import SETTLEMENTS, Matched, ReceiveSettlements, StartMatching
from claims.intake.files import SettlementFile, open_settlements
from claims.intake.kept import SettlementFiles
from claims.projections import cover_changes, settlement_counts, settlement_imports
from claims.settings import Settings
from contracts.claims.matching import SettlementsReceived
from contracts.envelope import Actor

SETTLEMENTS_REQUEST_BYTES_MAX = 1_073_741_824 + 65_536
"""The largest file and the multipart frame around it."""
FILES_AT_ONCE_MAX = 1
"""Files being checked and sealed by requests; the others wait."""
PURPOSE = "settlements-file"
"""The keyed index of a file's digest: the import's id says nothing of the file to anyone else."""
POSITION_MAX = 2**53
PART_BYTES = 1_048_576
ASKED = "ASKED"
SENDERS = ("office_reviewer", "office_head", "service")
ONLOOKERS = (*OFFICE, *OVERSIGHT, "service")

_IMPORT_ID = re.compile(r"[0-9a-f]{40}")
_files = asyncio.Semaphore(FILES_AT_ONCE_MAX)


@dataclass
class SettlementsUpload:
    """The multipart form: the file, and the plan's code unless it is the one that files are matched with."""

    file: UploadFile
    plan: str = ""


class ReceivedSettlements(msgspec.Struct, frozen=True):
    """The file was taken; the import can be asked for under this id."""

    import_id: str


class SettlementsView(msgspec.Struct, frozen=True):
    """Where a file stands. `state`: RECEIVED, MATCHING, MATCHED or REFUSED; counts are of the rows decided so far.

    `run` counts how often the file was gone through; `computed_fen` are the benefits computed for the opened claims.
    """

    import_id: str
    plan: str
    format: str
    state: str
    refusal: str
    run: int
    rows: int
    rows_done: int
    by_result: dict[str, int]
    opened: int
    computed_fen: int
    received_at: str
    matched_at: str | None


class SettlementsPage(msgspec.Struct, frozen=True):
    """Newest first; `before` of the next page is `next`, None at the end. Counts are those of finished runs."""

    imports: list[SettlementsView]
    next: int | None


class RematchAsked(msgspec.Struct, frozen=True):
    """The run that follows."""

    run: int


@post("/settlements", status_code=202, request_max_body_size=SETTLEMENTS_REQUEST_BYTES_MAX)
async def receive_settlements(
    data: Annotated[SettlementsUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ReceivedSettlements]:
    """Check a file's form and take it for matching; the same file for the same plan is one import."""
    allow_province(actor, *SENDERS)
    settings: Settings = context.settings
    plan_code = data.plan or settings.settlements_plan
    if not any(code == plan_code and plan.matching is not None for (code, _), plan in PLANS.items()):
        raise Problem(404, "plan-unknown", "No such plan is matched with settlements.", "plan")
    held = cast("BinaryIO", data.file.file)
    async with _files:
        digest, size = await asyncio.to_thread(_measured, held)
        file = await asyncio.to_thread(_checked, held, size, settings)
        key = await context.keyring.blind_index(PURPOSE, f"{plan_code}|{digest}")
        import_id = key.hex()[:40]
        await asyncio.to_thread(held.seek, 0)
        files = SettlementFiles(Path(settings.documents), context.keyring)
        keep_days = settings.settlements_keep_days
        await files.keep(import_id, held, received_on=context.clock.today(), keep_days=keep_days)
    received = SettlementsReceived(
        import_id=import_id, plan_code=plan_code, format=file.table.format, size_bytes=size, by=actor.sub
    )

    async def work(session: Session) -> ReceivedSettlements:
        await session.decide(SETTLEMENTS, import_id, ReceiveSettlements(received))
        return ReceivedSettlements(import_id)

    return await context.command(request, actor, work, status=202)


@get("/settlements")
async def settlements_list(
    actor: Actor,
    context: Context,
    before: Annotated[int | None, QueryParameter(ge=1, le=POSITION_MAX)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> SettlementsPage:
    """The files, newest first."""
    allow_province(actor, *ONLOOKERS)
    async with context.reads.connection() as c:
        found = await settlement_imports.page(c, before, limit)
    views = [_view(one, msgspec.json.decode(one.counts, type=dict[str, int])) for one in found]
    return SettlementsPage(views, found[-1].position if len(found) == limit else None)


@get("/settlements/{import_id:str}")
async def settlements_standing(import_id: FromPath[str], actor: Actor, context: Context) -> SettlementsView:
    """How far a file is, and how many rows have which result."""
    allow_province(actor, *ONLOOKERS)
    async with context.reads.connection() as c:
        found = await _import(c, import_id)
        counts = await settlement_counts.of_run(c, import_id, found.run)
    return _view(found, counts)


@post("/settlements/{import_id:str}/rematch", status_code=202)
async def rematch_settlements(
    import_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[RematchAsked]:
    """Go through a finished file again; what it has opened stays its own."""
    allow_province(actor, *SENDERS)
    settings: Settings = context.settings
    async with context.reads.connection() as c:
        await _import(c, import_id)
        position = await cover_changes.position(c)
    if not await SettlementFiles(Path(settings.documents), context.keyring).holds(import_id):
        raise Problem(410, "settlements-file-gone", "The file is no longer kept.", "import_id")

    async def work(session: Session) -> RematchAsked:
        state = await session.load(SETTLEMENTS, import_id)
        if not isinstance(state, Matched):
            raise Problem(409, "matching-unfinished", "The file is being gone through.", "import_id")
        command = StartMatching(import_id, state.run + 1, state.rows, position, ASKED)
        await session.decide(SETTLEMENTS, import_id, command)
        return RematchAsked(state.run + 1)

    return await context.command(request, actor, work, status=202)


def _measured(held: BinaryIO) -> tuple[str, int]:
    """Digest and size of a file, read part by part."""
    digest, size = hashlib.sha256(), 0
    held.seek(0)
    while part := held.read(PART_BYTES):
        digest.update(part)
        size += len(part)
    return digest.hexdigest(), size


def _checked(held: BinaryIO, size: int, settings: Settings) -> SettlementFile:
    """Recognise the file, read its header and its first row. Raises Problem 4xx."""
    if size > settings.settlements_bytes_max:
        raise Problem(413, "settlements-file-too-large", "The file is larger than allowed.", "file")
    held.seek(0)
    if size > settings.settlements_workbook_bytes_max and held.read(len(XLSX_MAGIC)) == XLSX_MAGIC:
        raise Problem(413, "settlements-file-too-large", "A workbook this large must be sent as a CSV.", "file")
    file = open_settlements(
        lambda: _Unclosed(held),
        unpacked_bytes_max=settings.settlements_unpacked_bytes_max,
        rows_max=settings.settlements_rows_max,
    )
    _, rows = file.open()
    if next(rows, None) is None:
        raise Problem(422, "settlements-empty", "The file has a header and no rows.", "file")
    return file


class _Unclosed(io.BufferedReader):
    """The uploaded file from its beginning, left open when a reader is done with it: it is still to be sealed."""

    def __init__(self, held: BinaryIO) -> None:
        held.seek(0)
        super().__init__(_Through(held))


class _Through(io.RawIOBase):
    def __init__(self, held: BinaryIO) -> None:
        self._held = held

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._held.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


async def _import(c: AsyncConnection, import_id: str) -> settlement_imports.ImportRow:
    found = await settlement_imports.find(c, import_id) if _IMPORT_ID.fullmatch(import_id) else None
    if found is None:
        raise Problem(404, "settlements-unknown", "There is no such file.", "import_id")
    return found


def _view(found: settlement_imports.ImportRow, counts: dict[str, int]) -> SettlementsView:
    return SettlementsView(
        import_id=found.import_id,
        plan=found.plan_code,
        format=found.format,
        state=found.state,
        refusal=found.refusal,
        run=found.run,
        rows=found.rows,
        rows_done=found.rows_done,
        by_result=dict(sorted(counts.items())),
        opened=found.opened,
        computed_fen=found.computed_fen,
        received_at=local_text(found.received_at),
        matched_at=local_text(found.matched_at) if found.matched_at else None,
    )


ROUTES: list[ControllerRouterHandler] = [
    receive_settlements,
    settlements_list,
    settlements_standing,
    rematch_settlements,
]
