"""What leaves claims: a paper's picture goes to the reading process, which is not of this service's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chassis.context import Context
from chassis.execute import Session
from chassis.files import ObjectAbsent
from chassis.files.retention import discarding
from chassis.keyring import Erased
from chassis.log import Recorded
from chassis.worker import Worker
from claims.domain.document import DOCUMENT, GAVE_UP, NO_READER, RecordReading, RecordUnreadable, Stored
from claims.domain.reading import READABLE, findings
from claims.intake import kept as settlement_files
from claims.papers import kept, reading_process
from claims.papers.fields import Found
from claims.papers.pictures import Bounds, show
from claims.papers.reading_process import Limits, ReadingProcess
from claims.settings import Settings
from contracts.claims.papers import DocumentStored, FieldRead
from contracts.person import Reading

READ_ATTEMPTS_MAX = 3
READ_RETRY_DELAY_MS = 2_000
"""A picture that ends the reading process every time is left to people."""
IDLE_LOOK_S = 5.0

reader = ReadingProcess()


async def read_document(recorded: Recorded, context: Context) -> None:
    """Propose what stands on one paper, once. Raises ReadingFailed to be tried again."""
    event = recorded.event
    assert isinstance(event, DocumentStored)
    if event.kind not in READABLE:
        return

    async def look(session: Session) -> bool:
        document = await session.load(DOCUMENT, event.document_id)
        return isinstance(document, Stored)

    if not (await context.executor.run(look)).value:
        return
    if not reading_process.is_installed():
        await _unreadable(event, context, NO_READER)
        return
    settings: Settings = context.settings
    try:
        content = await kept.take(context, event.sha256, event.person_id)
    except (Erased, ObjectAbsent):
        await _unreadable(event, context, GAVE_UP)
        return
    bounds = Bounds(settings.paper_pixels_max, settings.paper_pages_max)
    limits = Limits(settings.reading_s_max, settings.reader_pictures_max, settings.reader_memory_mb_max)
    pages: list[list[Found]] = []
    for page in range(1, min(max(event.pages, 1), settings.reading_pages_max) + 1):
        picture = await asyncio.to_thread(show, content, event.format, page, bounds)
        pages.append(await reader.read(event.kind, picture, limits))
    await _propose(event, context, surest_of(pages))


def surest_of(pages: Sequence[Sequence[Found]]) -> list[Found]:
    """Each field once, from the page where it was read with the highest confidence, the earlier of two alike."""
    found: dict[str, Found] = {}
    for one in (field for page in pages for field in page):
        if one.name not in found or one.confidence > found[one.name].confidence:
            found[one.name] = one
    return [*found.values()]


async def _propose(event: DocumentStored, context: Context, found: list[Found]) -> None:
    values = {one.name: one.value for one in found}
    surest = min((one.confidence for one in found), default=0)

    async def work(session: Session) -> None:
        sealed = await session.keyring.seal(
            Reading(values=values),
            subject=event.person_id,
            category=event.category,
            decision_id=session.decision_id,
            field=kept.READING_FIELD,
        )
        known = await kept.registered(session, event.person_id)
        told = findings(event.kind, values, today=session.today, registered=known, confidence_min=surest)
        fields = tuple(FieldRead(name=one.name, confidence=one.confidence) for one in found)
        await session.decide(DOCUMENT, event.document_id, RecordReading(sealed, fields, told))

    try:
        await context.executor.run(work)
    except Erased:
        await _unreadable(event, context, GAVE_UP)


async def give_up(recorded: Recorded, context: Context) -> None:
    """People type what no attempt could read."""
    event = recorded.event
    assert isinstance(event, DocumentStored)
    await _unreadable(event, context, GAVE_UP)


async def _unreadable(event: DocumentStored, context: Context, reason: str) -> None:
    await context.executor.execute(DOCUMENT, event.document_id, RecordUnreadable(reason))


async def end_idle_reader(context: Context) -> None:
    """Give the reading process's memory back when nothing comes; end it with the service."""
    try:
        while True:
            await asyncio.sleep(IDLE_LOOK_S)
            await reader.end_when_idle(context.settings.reader_idle_s)
    finally:
        await reader.close()


WORKERS: tuple[Worker, ...] = (
    Worker(
        name="claims-ocr",
        event=DocumentStored,
        attempts_max=READ_ATTEMPTS_MAX,
        retry_delay_ms=READ_RETRY_DELAY_MS,
        run=read_document,
        exhausted=give_up,
        at_once_max=1,
    ),
)
BACKGROUND = (
    end_idle_reader,
    discarding(kept.FOLDER, kept.vault_of),
    discarding(settlement_files.FOLDER, settlement_files.vault_of),
)
