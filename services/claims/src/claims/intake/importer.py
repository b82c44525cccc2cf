"""Goes through received files in the background, chunk by chunk, going on where the last one ended."""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import structlog
from sqlalchemy.exc import DBAPIError

from chassis.clock import new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Contended, Session
from chassis.log import LogClosed
from chassis.log.writer import QueueFull
from chassis.projecting import PositionNotReached
from chassis.tail.fence import Fence
from chassis.web.problem import Problem
from claims.domain.bureau import Layout
from claims.domain.plan import Plan
from claims.domain.settlement_import import (
    SETTLEMENTS,
    Matched,
    Matching,
    Received,
    RefuseSettlements,
    SettlementImport,
    StartMatching,
    TakeReversalsIn,
)
from claims.intake import chunk as chunks
from claims.intake.files import Cells, reopen
from claims.intake.kept import SettlementFiles
from claims.intake.resolving import EnrolmentAway, Resolve, matches, question, resolver
from claims.intake.reversals import SCOPE, take_back
from claims.intake.survey import Survey, survey
from claims.projections import cover_changes, match_results, settlement_imports, settlements
from claims.settings import Settings
from contracts.envelope import SYSTEM
from contracts.resolving import NONE, PeopleAsked

FENCE = "claims-settlements"
CHUNKS_AHEAD_MAX = 2
"""Chunks prepared while one is being written."""
COLLECT_AFTER_CHUNKS = 20
"""A chunk's question leaves half a megabyte in cycles; the collector, left alone, lets them lie for a whole file."""
REVERSALS_TOGETHER = 1_000
FIRST = "RECEIVED"
COVERS_CHANGED = "COVERS_CHANGED"
PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DBAPIError,
    httpx.HTTPError,
    EnrolmentAway,
    Contended,
    Rejected,
    LogClosed,
    QueueFull,
    PositionNotReached,
)
"""What may be different on the next attempt; anything else ends the attempts on a file at once."""

log = structlog.get_logger("claims.settlements")


@dataclass(frozen=True)
class _Prepared:
    """A chunk whose people are known, to be decided under one id."""

    chunk: chunks.Chunk
    decision_id: str


@dataclass(frozen=True)
class _Reading:
    """A file in one run: what is read of it, and what was learnt before."""

    layout: Layout
    rows: Iterator[tuple[int, Cells]]
    survey: Survey
    before: Mapping[str, chunks.Opened]


class Importer:
    """One file at a time, oldest first; one replica imports. `stalled` names those given up until a restart."""

    def __init__(
        self,
        context: Context,
        plans: Mapping[tuple[str, int], Plan],
        digests: Mapping[tuple[str, int], str],
        resolve: Resolve | None = None,
    ) -> None:
        """Everything it needs is the service's; people are resolved by enrolment unless told otherwise."""
        self._context = context
        self._settings: Settings = context.settings
        self._plans = plans
        self._digests = digests
        self._resolve = resolve or resolver(context)
        self._files = SettlementFiles(Path(self._settings.documents), context.keyring)
        self._attempts: dict[str, int] = {}
        self._changed_at = -1
        self._looked_at = 0.0
        self.stalled: dict[str, str] = {}

    async def run(self) -> None:
        """Import whatever is unfinished, look again when covers have changed, wait for more; ends by cancellation."""
        fence = Fence(self._context.log.dsn, FENCE)
        try:
            while True:
                try:
                    if not await fence.acquire() or not (await self.step() or await self._look_again_in_time()):
                        await asyncio.sleep(self._settings.settlements_poll_ms / 1000)
                except PASSING:
                    # Postgres or enrolment is away: what was imported is in the log, the next attempt goes on there.
                    await asyncio.sleep(self._settings.settlements_retry_delay_ms / 1000)
        finally:
            await fence.release()

    async def step(self) -> bool:
        """Import the oldest unfinished file; False when there is none."""
        context = self._context
        await context.projecting.wait_for(context.log.known_head)
        async with context.reads.connection() as c:
            waiting = [one for one in await settlement_imports.unfinished(c) if one not in self.stalled]
        if not waiting:
            return False
        import_id = waiting[0]
        try:
            await self.import_file(import_id)
        except PASSING as error:
            self._attempts[import_id] = self._attempts.get(import_id, 0) + 1
            if self._attempts[import_id] >= self._settings.settlements_attempts_max:
                self._stall(import_id, error)
            raise
        except Exception as error:  # noqa: BLE001 - one broken file must not keep the others from being imported
            self._stall(import_id, error)
        return True

    def _stall(self, import_id: str, error: Exception) -> None:
        self.stalled[import_id] = type(error).__name__
        log.error("settlements-stalled", import_id=import_id, error=type(error).__name__)

    async def import_file(self, import_id: str) -> None:
        """Decide all rows that are not decided yet; returns at once when all are."""
        state = await self._state(import_id)
        if not isinstance(state, Received | Matching):
            return
        await self._context.keyring.ensure_purpose(SCOPE)
        try:
            found = await self._surveyed(import_id, state)
        except Problem as broken:
            await self._context.executor.execute(SETTLEMENTS, import_id, RefuseSettlements(import_id, broken.code))
            return
        if isinstance(state, Received):
            await self.start(import_id, 1, found.rows, FIRST)
            state = await self._state(import_id)
        if not isinstance(state, Matching):
            return
        await self._take_back(import_id, state, found)
        await self._import_rows(import_id, state, found)
        self._attempts.pop(import_id, None)

    async def start(self, import_id: str, run: int, rows: int, reason: str) -> None:
        """Begin a run; the covers known to enrolment's tail now are those it rests on at least."""
        async with self._context.reads.connection() as c:
            position = await cover_changes.position(c)
        command = StartMatching(import_id, run, rows, position, reason)
        await self._context.executor.execute(SETTLEMENTS, import_id, command)

    async def _state(self, import_id: str) -> SettlementImport:
        async def work(session: Session) -> SettlementImport:
            return await session.load(SETTLEMENTS, import_id)

        return (await self._context.executor.run(work)).value

    async def _opened(self, import_id: str, state: Received | Matching) -> tuple[Layout, Iterator[tuple[int, Cells]]]:
        settings, format_ = self._settings, state.received.format
        opened = await self._files.open(import_id)
        file = await asyncio.to_thread(
            reopen,
            opened,
            format_,
            unpacked_bytes_max=settings.settlements_unpacked_bytes_max,
            rows_max=settings.settlements_rows_max,
        )
        return await asyncio.to_thread(file.open)

    async def _surveyed(self, import_id: str, state: Received | Matching) -> Survey:
        """Read the whole file once. Raises Problem for anything in it that is no settlement's row, none, too many."""
        layout, rows = await self._opened(import_id, state)
        found = await asyncio.to_thread(survey, layout, islice(rows, self._settings.settlements_rows_max + 1))
        if found.rows > self._settings.settlements_rows_max:
            raise Problem(413, "settlements-too-many-rows", "The file has too many rows.", "file")
        if not found.rows:
            raise Problem(422, "settlements-empty", "The file has a header and no rows.", "file")
        return found

    async def _take_back(self, import_id: str, state: Matching, found: Survey) -> None:
        """Reversals come first, wherever they stand in the file, so that a corrected settlement finds its stay free."""
        plan_code = state.received.plan_code
        plan = next(plan for (code, _), plan in sorted(self._plans.items()) if code == plan_code)
        for start in range(state.reversals_done, len(found.reversals), REVERSALS_TOGETHER):
            part = found.reversals[start : start + REVERSALS_TOGETHER]
            answer = await self._resolve(PeopleAsked(plan=plan_code, entries=tuple(asked for _, asked in part)))
            members = [
                setl_id
                for (setl_id, _), person in zip(part, answer.people, strict=True)
                if person.outcome != NONE or person.candidates
            ]
            async with self._context.reads.connection() as c:
                imported = await settlements.owners(c, plan_code, members)

            async def work(
                session: Session,
                done: int = start + len(part),
                members: Sequence[str] = members,
                imported: Mapping[str, str] = imported,
            ) -> None:
                undone = await take_back(session, plan, import_id, members, imported)
                await session.decide(SETTLEMENTS, import_id, TakeReversalsIn(import_id, state.run, done, undone))

            await self._context.executor.run(work)

    async def _import_rows(self, import_id: str, state: Matching, found: Survey) -> None:
        before: Mapping[str, chunks.Opened] = {}
        if state.run > 1:
            async with self._context.reads.connection() as c:
                rows_before = await match_results.opened_by(c, import_id)
            before = {setl_id: chunks.Opened(code, fen) for setl_id, code, fen in rows_before}
        layout, rows = await self._opened(import_id, state)
        rest = islice(rows, state.next_row - 1, None)
        try:
            await self._import_chunks(import_id, state, _Reading(layout, rest, found, before))
        except chunks.AlreadyMatched:
            # Another replica is ahead; the next attempt starts where it stands.
            return

    async def _import_chunks(self, import_id: str, state: Matching, reading: _Reading) -> None:
        """The next chunks are read and resolved while one is being decided and written; order is kept."""
        ahead: deque[asyncio.Task[_Prepared]] = deque()
        writing: asyncio.Task[None] | None = None
        written = 0
        try:
            more = True
            while more:
                rows = await asyncio.to_thread(_take, reading.rows, self._settings.settlements_chunk_rows)
                more = bool(rows)
                if rows:
                    ahead.append(asyncio.create_task(self._prepare(import_id, state, reading, rows)))
                while ahead and (len(ahead) > CHUNKS_AHEAD_MAX or not more):
                    prepared = await ahead[0]
                    if writing is not None:
                        await writing
                    writing = asyncio.create_task(self._write(prepared))
                    written += 1
                    if written % COLLECT_AFTER_CHUNKS == 0:
                        gc.collect()
                    ahead.popleft()
            if writing is not None:
                await writing
        finally:
            await _cancel([*ahead, *([writing] if writing else [])])

    async def _prepare(
        self, import_id: str, state: Matching, reading: _Reading, rows: list[tuple[int, Cells]]
    ) -> _Prepared:
        """Resolve the people of all rows that still count."""
        folded = reading.survey.reversed_rows
        received = state.received
        asked = [row for row in rows if row[0] not in folded]
        layout = reading.layout
        answer = await self._resolve(question(layout, asked, received.plan_code))
        chunk = chunks.Chunk(
            import_id=import_id,
            plan_code=received.plan_code,
            plans=self._plans,
            run=state.run,
            layout=layout,
            rows=rows,
            matches=matches(layout, asked, answer),
            folded=folded,
            assigned_to=received.by,
            before=reading.before,
            digests=self._digests,
        )
        return _Prepared(chunk, new_id())

    async def _write(self, prepared: _Prepared) -> None:
        async def work(session: Session) -> None:
            await chunks.decide(session, prepared.chunk)

        await self._context.executor.run(work, actor=SYSTEM, decision_id=prepared.decision_id)

    async def _look_again_in_time(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < self._settings.rematch_quiet_ms / 1000:
            return False
        self._looked_at = now
        return await self.look_again()

    async def look_again(self) -> bool:
        """Start another run of every kept file whose covers have changed since; True when one was started.

        Changes are let come to rest first: a roster of a hundred thousand rows is one change.
        """
        async with self._context.reads.connection() as c:
            position = await cover_changes.position(c)
            behind = await settlement_imports.behind(c, position)
        moved, self._changed_at = position != self._changed_at, position
        if moved or not behind:
            return False
        started = False
        for import_id in behind:
            started |= await self.rematch(import_id, COVERS_CHANGED)
        return started

    async def rematch(self, import_id: str, reason: str) -> bool:
        """Begin the next run over a finished import, if its file is still kept."""
        state = await self._state(import_id)
        if not isinstance(state, Matched) or not await self._files.holds(import_id):
            return False
        await self.start(import_id, state.run + 1, state.rows, reason)
        return True


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """End what is still running; what it raises belongs to an attempt that has already failed."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _take(rows: Iterator[tuple[int, Cells]], count: int) -> list[tuple[int, Cells]]:
    return list(islice(rows, count))


async def run(context: Context, plans: Mapping[tuple[str, int], Plan], digests: Mapping[tuple[str, int], str]) -> None:
    """The background task of the service."""
    await Importer(context, plans, digests).run()
