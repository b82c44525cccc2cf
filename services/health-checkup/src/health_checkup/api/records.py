"""The health record: opened for the member and the provider alone, as a page, as FHIR or as a PDF with charts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from litestar import Response, delete, get
from litestar.params import QueryParameter

from chassis.auth import Forbidden, allow
from chassis.clock import local_text, utc_text
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from health_checkup.api import fhir, record_pdf, record_views
from health_checkup.api.access import PROVIDER, AnyRequest
from health_checkup.api.record_shapes import DeletedAnswer, RecordView
from health_checkup.api.shapes import PathId
from health_checkup.domain.record import RECORD, DeleteCopy
from health_checkup.projections import deleted_copies, exams, readings

PAGES_AT_ONCE_MAX = 2
"""Records drawn at the same time; the others wait."""
_pages = asyncio.Semaphore(PAGES_AT_ONCE_MAX)


def _provider(actor: Actor, person_id: str) -> Actor | None:
    """The provider that asks, None for the member. Raises Forbidden for everyone else."""
    allow(actor, "member", PROVIDER)
    if PROVIDER in actor.roles:
        return actor
    if actor.sub != person_id:
        raise Forbidden("other-person")
    return None


@get("/members/{person_id:str}/record")
async def health_record(
    person_id: PathId,
    request: AnyRequest,
    actor: Actor,
    context: Context,
    format: Annotated[Literal["json", "fhir"], QueryParameter()] = "json",  # noqa: A002 - the name that FHIR's own have
) -> Response[RecordView] | Response[bytes]:
    """The opened record: for the member, and for a provider what was measured in its own subtree."""
    provider = _provider(actor, person_id)
    record = await record_views.gather(context, person_id, provider)
    headers = {"Cache-Control": "no-store"}
    if format == "fhir" or fhir.MEDIA_TYPE in request.headers.get("Accept", ""):
        document = record_views.bundle(record, local_text(utc_text(context.clock.now())))
        return Response(fhir.encode(document), media_type=fhir.MEDIA_TYPE, headers=headers)
    return Response(record_views.view(record), headers=headers)


@get("/members/{person_id:str}/record.pdf", media_type="application/pdf")
async def record_document(person_id: PathId, actor: Actor, context: Context) -> Response[bytes]:
    """The same record to keep: every check-up with its flags and advice, and charts over the years."""
    provider = _provider(actor, person_id)
    record = record_views.view(await record_views.gather(context, person_id, provider))
    async with _pages:
        document = await asyncio.to_thread(record_pdf.write, record, context.clock.today())
    headers = {"Content-Disposition": 'inline; filename="record.pdf"', "Cache-Control": "no-store"}
    return Response(document, media_type="application/pdf", headers=headers)


@delete("/members/{person_id:str}/record", status_code=200)
async def delete_copy(
    person_id: PathId, request: AnyRequest, actor: Actor, context: Context
) -> Response[DeletedAnswer]:
    """Delete the own copy for good; the provider's stays for as long as it must be kept (domain 8.2)."""
    allow(actor, "member")
    if actor.sub != person_id:
        raise Forbidden("other-person")

    async def work(session: Session) -> DeletedAnswer:
        async with session.reads.connection() as c:
            after = await deleted_copies.deleted_to(c, person_id)
            examined = await exams.of_person(c, person_id, None, after)
            measured = await readings.of_person(c, person_id, after)
        today = session.today.isoformat()
        await session.decide(RECORD, person_id, DeleteCopy(person_id, today, bool(examined or measured)))
        copy = await session.load(RECORD, person_id)
        return DeletedAnswer(person_id, copy.deleted_on or today, provider_keeps=True)

    return await context.command(request, actor, work)
