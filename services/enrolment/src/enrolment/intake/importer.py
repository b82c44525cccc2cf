"""Imports received rosters in the background, chunk by chunk, going on where the last one ended."""

from __future__ import annotations

import asyncio
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from chassis.clock import SHANGHAI, from_text, new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Contended, Session
from chassis.log import LogClosed, Recorded
from chassis.log.writer import QueueFull
from chassis.projecting import PositionNotReached
from chassis.tail.fence import Fence
from contracts.enrolment.v1 import RosterReceived
from enrolment.domain.plan import plans
from enrolment.domain.roster import ROSTER, Importing
from enrolment.domain.row import Checked, Rules
from enrolment.domain.survey import Survey
from enrolment.intake import chunk as chunks
from enrolment.intake.files import Cells, open_roster
from enrolment.intake.kept import RosterFiles
from enrolment.intake.people import SCOPE, Chunk, People, prepare
from enrolment.projections import rosters
from enrolment.settings import Settings

FENCE = "enrolment-importer"
CHUNKS_AHEAD_MAX = 2
"""Chunks prepared while one is being written."""
PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DBAPIError,
    Contended,
    Rejected,
    LogClosed,
    QueueFull,
    PositionNotReached,
)
"""What may be different on the next attempt; anything else ends the attempts on a roster at once."""

log = structlog.get_logger("enrolment.importer")


@dataclass(frozen=True)
class _Prepared:
    """A chunk with its people, sealed for one decision."""

    chunk: Chunk
    decision_id: str
    people: People


class Importer:
    """One roster at a time, oldest first; one replica imports. `stalled` names those given up until a restart."""

    def __init__(self, context: Context) -> None:
        """Everything it needs is the service's."""
        self._context = context
        self._settings: Settings = context.settings
        self._files = RosterFiles(Path(self._settings.documents), context.keyring)
        self._attempts: dict[str, int] = {}
        self.stalled: dict[str, str] = {}

    async def run(self) -> None:
        """Import whatever is unfinished, then wait for more; ends by being cancelled."""
        fence = Fence(self._context.log.dsn, FENCE)
        try:
            while True:
                try:
                    if not await fence.acquire() or not await self._step():
                        await asyncio.sleep(self._settings.roster_poll_ms / 1000)
                except PASSING:
                    # Postgres is away: what was imported is in the log, and the next attempt goes on from there.
                    await asyncio.sleep(self._settings.roster_retry_delay_ms / 1000)
        finally:
            await fence.release()

    async def _step(self) -> bool:
        """Import the oldest unfinished roster; False when there is none."""
        context = self._context
        await context.projecting.wait_for(context.log.known_head)
        async with context.reads.connection() as c:
            waiting = [one for one in await rosters.unfinished(c) if one not in self.stalled]
        if not waiting:
            return False
        batch_id = waiting[0]
        try:
            await self.import_roster(batch_id)
        except PASSING as error:
            self._attempts[batch_id] = self._attempts.get(batch_id, 0) + 1
            if self._attempts[batch_id] >= self._settings.roster_attempts_max:
                self._stall(batch_id, error)
            raise
        except Exception as error:  # noqa: BLE001 - one broken roster must not keep the others from being imported
            self._stall(batch_id, error)
        return True

    def _stall(self, batch_id: str, error: Exception) -> None:
        self.stalled[batch_id] = type(error).__name__
        log.error("roster-import-stalled", batch_id=batch_id, error=type(error).__name__)

    async def import_roster(self, batch_id: str) -> None:
        """Decide all rows that are not decided yet; returns at once when all are."""
        history = await self._context.log.load(ROSTER.stream(batch_id))
        state = ROSTER.initial
        for recorded in history:
            state = ROSTER.evolve(state, recorded.event)  # type: ignore[arg-type]
        if not isinstance(state, Importing):
            return
        await self._context.keyring.ensure_purpose(SCOPE)
        judged = await self._judged(batch_id, history[0], state.next_row)
        try:
            await self._import_chunks(batch_id, history[0], judged)
        except chunks.AlreadyImported:
            # Another replica is ahead; the next attempt starts where it stands.
            return
        self._attempts.pop(batch_id, None)

    async def _judged(self, batch_id: str, received: Recorded, next_row: int) -> Iterator[Checked]:
        """The rows from `next_row` on, checked one by one as they are taken."""
        event = received.event
        assert isinstance(event, RosterReceived)
        content = await self._files.take(batch_id)
        today = from_text(received.header.time).astimezone(SHANGHAI).date()
        rules = Rules.of(plans()[event.plan_code], event.organization, today)
        settings = self._settings

        def survey() -> tuple[Survey, Iterator[tuple[int, Cells]]]:
            roster = open_roster(
                lambda: io.BytesIO(content),
                unpacked_bytes_max=settings.roster_unpacked_bytes_max,
                rows_max=settings.roster_rows_max,
            )
            return Survey.of(roster.rows(), rules), islice(enumerate(roster.rows(), 1), next_row - 1, None)

        found, rest = await asyncio.to_thread(survey)
        return (found.judge(row_no, cells) for row_no, cells in rest)

    async def _import_chunks(self, batch_id: str, received: Recorded, judged: Iterator[Checked]) -> None:
        """The next chunks are read, checked and sealed while one is being written; order is kept."""
        event = received.event
        assert isinstance(event, RosterReceived)
        plan = plans()[event.plan_code]
        ahead: deque[asyncio.Task[_Prepared]] = deque()
        writing: asyncio.Task[None] | None = None
        try:
            more = True
            while more:
                rows = await asyncio.to_thread(_take, judged, self._settings.roster_chunk_rows)
                more = bool(rows)
                if rows:
                    chunk = Chunk(batch_id, plan, rows)
                    ahead.append(asyncio.create_task(self._prepare(chunk, new_id())))
                while ahead and (len(ahead) > CHUNKS_AHEAD_MAX or not more):
                    prepared = await ahead[0]
                    if writing is not None:
                        await writing
                    writing = asyncio.create_task(self._write(prepared, received))
                    ahead.popleft()
            if writing is not None:
                await writing
        finally:
            await _cancel([*ahead, *([writing] if writing else [])])

    async def _prepare(self, chunk: Chunk, decision_id: str) -> _Prepared:
        context = self._context
        people = await prepare(chunk.rows, log=context.log, keyring=context.keyring, decision_id=decision_id)
        return _Prepared(chunk, decision_id, people)

    async def _write(self, prepared: _Prepared, received: Recorded) -> None:
        """Append one chunk. People registered by others in the meantime are looked up again."""
        first: _Prepared | None = prepared

        async def work(session: Session) -> int:
            nonlocal first
            current = first or await self._prepare(prepared.chunk, prepared.decision_id)
            first = None
            return await chunks.decide(session, current.chunk, current.people)

        await self._context.executor.run(
            work, actor=received.header.actor, cause=received, decision_id=prepared.decision_id
        )


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """End what is still running; what it raises belongs to an attempt that has already failed."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _take(judged: Iterator[Checked], rows: int) -> list[Checked]:
    return list(islice(judged, rows))


async def run(context: Context) -> None:
    """The background task of the service."""
    await Importer(context).run()
