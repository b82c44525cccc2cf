"""Papers: handed in, looked at, read, confirmed; bytes come in plain here and go on sealed."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.clock import new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.files import ObjectAbsent
from chassis.web import Problem
from claims.api import signals
from claims.api.access import CLAIMANTS, FILERS, REVIEWERS, visible
from claims.api.paper_shapes import (
    ConfirmAsked,
    ConfirmedReading,
    DocumentId,
    DocumentPage,
    DocumentSummary,
    FieldView,
    ReadingView,
    StoredPaper,
)
from claims.api.queries import After, Limit
from claims.domain.document import DOCUMENT, Absent, Confirmed, ConfirmReading, Read, StoreDocument, category_of
from claims.domain.reading import FIELDS, READABLE, findings
from claims.papers import kept
from claims.papers.kept import IMAGE_SCOPE, OWN_SCOPE
from claims.papers.pictures import Bounds, Recognised, recognise, show
from claims.papers.refusals import Unfit
from claims.projections import claims, covers, documents
from claims.projections.documents import C, DocumentRow
from claims.settings import Settings
from contracts.claims.papers import DocumentStored, FieldRead
from contracts.envelope import Actor, Sealed
from contracts.organization import within
from contracts.person import Reading

FRAME_BYTES_MAX = 65_536
"""What a multipart form needs around the file."""
REQUEST_BYTES_MAX = 12 * 1024 * 1024 + FRAME_BYTES_MAX
PICTURES_AT_ONCE_MAX = 1
"""Decoded pictures held by requests; the others wait."""
NOT_READABLE = "NOT_READABLE"
PAGE_MAX = 1_000

_pictures = asyncio.Semaphore(PICTURES_AT_ONCE_MAX)


@dataclass
class PaperUpload:
    """The multipart form: the file, its kind (domain 4.1), and whose it is: a person, or a claim's member."""

    file: UploadFile
    kind: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9_]{1,39}$")]
    person_id: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")] = ""
    claim_id: Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")] = ""


@post("/papers", status_code=201, request_max_body_size=REQUEST_BYTES_MAX)
async def store_paper(
    data: Annotated[PaperUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[StoredPaper]:
    """Check a file by its content and keep it sealed; the same picture of a person and kind is kept once."""
    allow(actor, *FILERS, *REVIEWERS)
    settings: Settings = context.settings
    person_id, org_path = await _whose(data, actor, context)
    content = await data.file.read()
    if len(content) > settings.paper_bytes_max:
        raise Problem(413, "paper-too-large", "The file is larger than allowed.", "file")
    recognised = await _recognised(content, settings)
    digest = hashlib.sha256(content).hexdigest()
    image = await context.keyring.blind_index(kept.IMAGE_PURPOSE, digest)
    own = await context.keyring.blind_index(kept.IMAGE_PURPOSE, f"{person_id}|{data.kind}|{digest}")
    category = category_of(data.kind)
    until = context.clock.today() + timedelta(days=settings.paper_keep_days)
    stored = await kept.keep(context, content, person_id, category, until)
    document_id, used = new_id(), False

    async def work(session: Session) -> StoredPaper:
        nonlocal used
        used = False
        if first := (await session.reserved(OWN_SCOPE, [own])).get(own):
            known = await session.load(DOCUMENT, first)
            assert not isinstance(known, Absent), "it was reserved with its event"
            return StoredPaper(document_id=first, sha256=known.stored.sha256, repeated=True)
        same = (await session.reserved(IMAGE_SCOPE, [image])).get(image, "")
        if not same:
            session.reserve(IMAGE_SCOPE, image, document_id)
        session.reserve(OWN_SCOPE, own, document_id)
        event = DocumentStored(
            document_id=document_id,
            person_id=person_id,
            org_path=org_path,
            kind=data.kind,
            category=category,
            sha256=stored.sha256,
            format=recognised.format,
            pages=recognised.pages,
            size_bytes=stored.size,
            kept_until=until.isoformat(),
            claim_id=data.claim_id,
            same_image_as=same,
            by=actor.sub,
        )
        await session.decide(DOCUMENT, document_id, StoreDocument(event))
        used = True
        return StoredPaper(document_id=document_id, sha256=stored.sha256, repeated=False)

    try:
        return await context.command(request, actor, work, status=201)
    finally:
        if not used:
            await kept.discard(context, stored.sha256)


@get("/papers")
async def paper_list(
    actor: Actor,
    context: Context,
    person_id: Annotated[str, QueryParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")],
    after: After = 0,
    limit: Limit = 50,
) -> DocumentPage:
    """A person's papers, without what stands on them."""
    mine = _visible(actor)
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        rows = await documents.of_person(c, person_id, mine, after, rows_max)
    return DocumentPage(
        documents=[_summary(row) for row in rows], next_after=rows[-1].position if len(rows) == rows_max else 0
    )


@get("/papers/{document_id:str}", media_type="image/jpeg")
async def paper_picture(
    document_id: DocumentId, actor: Actor, context: Context, page: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 1
) -> Response[bytes]:
    """One page as a picture without metadata; the keyring counts every opening and logs those of health and bank."""
    row = await _row(context, document_id, actor)
    settings: Settings = context.settings
    async with _pictures:
        try:
            content = await kept.take(context, row.sha256, row.person_id)
        except ObjectAbsent:
            raise Problem(410, "document-gone", "The document is no longer kept.") from None
        try:
            shown = await asyncio.to_thread(show, content, row.format, page, _bounds(settings))
        except Unfit as unfit:
            raise _problem(unfit) from None
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(shown, media_type="image/jpeg", headers=headers)


@get("/papers/{document_id:str}/reading")
async def paper_reading(document_id: DocumentId, actor: Actor, context: Context) -> ReadingView:
    """What stands on the paper: as a machine read it, as people confirmed it, and what to look at."""
    row = await _row(context, document_id, actor)
    read = await _opened(context, row, row.reading, kept.READING_FIELD)
    confirmed = await _opened(context, row, row.confirmed, kept.CONFIRMED_FIELD)
    sure = {one.name: one.confidence for one in msgspec.json.decode(row.fields, type=list[FieldRead])}
    edited = msgspec.json.decode(row.edited, type=list[str])
    names = [name for name in FIELDS.get(row.kind, ()) if name in read or name in confirmed]
    fields = [
        FieldView(name, read.get(name), sure.get(name), confirmed.get(name), edited=name in edited) for name in names
    ]
    state = row.state if row.kind in READABLE else NOT_READABLE
    return ReadingView(
        document_id=row.document_id,
        kind=row.kind,
        state=state,
        fields=fields,
        findings=msgspec.json.decode(row.findings, type=list[str]),
    )


@post("/papers/{document_id:str}/reading", status_code=200)
async def confirm_reading(
    document_id: DocumentId,
    data: JSONBody[ConfirmAsked],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ConfirmedReading]:
    """The member, or who files for the member, says what stands on the paper; every field that stands on it."""
    allow(actor, *FILERS, *REVIEWERS)
    row = await _row(context, document_id, actor)
    if unknown := sorted(set(data.values) - set(FIELDS.get(row.kind, ()))):
        raise Problem(422, "field-unknown", "A paper of this kind has no such field.", f"values.{unknown[0]}"[:60])
    values = {name: value.strip() for name, value in data.values.items() if value.strip()}

    async def work(session: Session) -> ConfirmedReading:
        document = await session.load(DOCUMENT, document_id)
        reading = document.reading if isinstance(document, Read | Confirmed) else None
        read = await _values(session, row.person_id, reading, kept.READING_FIELD)
        unchanged = False
        if isinstance(document, Confirmed):
            before = await _values(session, row.person_id, document.confirmed, kept.CONFIRMED_FIELD)
            unchanged = before == values
        sealed = await session.keyring.seal(
            Reading(values=values),
            subject=row.person_id,
            category=category_of(row.kind),
            decision_id=session.decision_id,
            field=kept.CONFIRMED_FIELD,
        )
        known = await kept.registered(session, row.person_id)
        told = findings(row.kind, values, today=session.today, registered=known)
        edited = tuple(sorted(name for name in {*read, *values} if read.get(name) != values.get(name)))
        command = ConfirmReading(sealed, edited, told, unchanged=unchanged, by=actor.sub)
        if await session.decide(DOCUMENT, document_id, command) and reading is not None and edited:
            await signals.note_reading(session, row.person_id, row.same_image_as or document_id, row.claim_id)
        return ConfirmedReading(document_id=document_id, edited=edited, findings=told)

    return await context.command(request, actor, work)


async def _whose(data: PaperUpload, actor: Actor, context: Context) -> tuple[str, str]:
    """Person and organisation of a paper that the actor may hand in; who is out of reach is not there (404)."""
    settings: Settings = context.settings
    async with context.reads.connection() as c:
        if data.claim_id:
            claim = await claims.one(c, data.claim_id, visible(actor))
            if claim is None:
                raise Problem(404, "claim-unknown", "No such claim.", "claim_id")
            if data.person_id not in ("", claim.person_id):
                raise Problem(422, "person-not-claims", "The claim is another person's.", "person_id")
            person_id, paths = claim.person_id, [claim.org_path]
        else:
            person_id = data.person_id or (actor.sub if "member" in actor.roles else "")
            if not person_id:
                raise Problem(422, "person-missing", "Say whose document it is.", "person_id")
            itself = "member" in actor.roles and person_id == actor.sub
            others = set(actor.roles) - {"member"}
            paths = [
                path
                for path in await covers.paths_of(c, person_id)
                if itself or (others and within(path, actor.org_path))
            ]
        if not paths:
            raise Problem(404, "cover-unknown", "This person is not covered, or not one of yours.", "person_id")
        if await documents.count_of(c, person_id) >= settings.papers_per_person_max:
            raise Problem(409, "papers-too-many", "No more documents of this person are kept.", "file")
    return person_id, paths[0]


async def _recognised(content: bytes, settings: Settings) -> Recognised:
    async with _pictures:
        try:
            return await asyncio.to_thread(recognise, content, _bounds(settings))
        except Unfit as unfit:
            raise _problem(unfit) from None


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Which papers: reviewers their subtree's, members their own, agents what they handed in. Raises Forbidden."""
    allow(actor, *REVIEWERS, *CLAIMANTS)
    if set(REVIEWERS) & set(actor.roles):
        return in_subtree(C.org_path, actor)
    if "member" in actor.roles:
        return sa.or_(C.person_id == actor.sub, C.stored_by == actor.sub)
    return C.stored_by == actor.sub


async def _row(context: Context, document_id: str, actor: Actor) -> DocumentRow:
    async with context.reads.connection() as c:
        row = await documents.one(c, document_id, _visible(actor))
    if row is None:
        raise Rejected("document-unknown", "There is no such document.", "document_id")
    return row


async def _opened(context: Context, row: DocumentRow, sealed: bytes | None, field: str) -> dict[str, str]:
    if sealed is None:
        return {}
    value = msgspec.json.decode(sealed, type=Sealed)
    return (await context.keyring.open(value, Reading, subject=row.person_id, field=field)).values


async def _values(session: Session, person_id: str, sealed: Sealed | None, field: str) -> dict[str, str]:
    if sealed is None:
        return {}
    return (await session.keyring.open(sealed, Reading, subject=person_id, field=field)).values


def _summary(row: DocumentRow) -> DocumentSummary:
    return DocumentSummary(**{name: getattr(row, name) for name in DocumentSummary.__struct_fields__})


def _bounds(settings: Settings) -> Bounds:
    return Bounds(settings.paper_pixels_max, settings.paper_pages_max)


def _problem(unfit: Unfit) -> Problem:
    return Problem(unfit.status, unfit.code, unfit.sentence, unfit.field)


ROUTES: list[ControllerRouterHandler] = [store_paper, paper_list, paper_picture, paper_reading, confirm_reading]
