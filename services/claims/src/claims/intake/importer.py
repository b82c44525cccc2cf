"""Goes through received files in the background, chunk by chunk, going on where the last one ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import httpx

from chassis import intake
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import ReadAhead, Session
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
from claims.intake.resolving import Resolve, matches, people_named, question, resolver
from claims.intake.reversals import SCOPE, Imported, Named, take_back, took_earlier
from claims.intake.survey import Survey, survey
from claims.projections import cover_changes, match_results, settlement_imports, settlements
from claims.settings import Settings
from contracts.envelope import SYSTEM
from contracts.resolving import NONE, PeopleAsked

FENCE = "claims-settlements"
REVERSALS_TOGETHER = 1_000
FIRST = "RECEIVED"
COVERS_CHANGED = "COVERS_CHANGED"
PASSING = (*intake.PASSING, httpx.HTTPError)
"""Enrolment may be away too."""


@dataclass(frozen=True)
class _Prepared:
    """A chunk whose people are known, to be decided under one id."""

    chunk: chunks.Chunk
    decision_id: str
    ahead: ReadAhead


@dataclass(frozen=True)
class _Reading:
    """A file in one run: what is read of it, and what was learnt before."""

    layout: Layout
    folded: frozenset[int]
    before: Mapping[str, chunks.Opened]
    ahead: set[ReadAhead] = field(default_factory=set)
    """What was read for the chunks whose turn is yet to come."""


class Importer:
    """Decides received files, one at a time; one replica imports."""

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
        self._changed_at = -1
        self._looked_at = 0.0
        settings = self._settings
        self.intake = intake.Intake(
            context,
            fence=FENCE,
            logger="claims.settlements",
            stalled_as="settlements-stalled",
            id_name="import_id",
            pace=intake.Pace(
                settings.settlements_poll_ms, settings.settlements_retry_delay_ms, settings.settlements_attempts_max
            ),
            unfinished=settlement_imports.unfinished,
            take_in=self.import_file,
            passing=PASSING,
            when_idle=self._look_again_in_time,
        )

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
        folded = found.folded(await self._take_back(import_id, state, found))
        del found  # sixteen bytes a row
        await self._import_rows(import_id, state, folded)
        self.intake.done(import_id)

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

    async def _take_back(self, import_id: str, state: Matching, found: Survey) -> set[str]:
        """Reversals come first, wherever they stand in the file, so that a corrected settlement finds its stay free.

        Answers the numbers of those that have taken back a settlement of an earlier file: they cancel no row here.
        """
        plan_code = state.received.plan_code
        plan = next(plan for (code, _), plan in sorted(self._plans.items()) if code == plan_code)
        for start in range(state.reversals_done, len(found.reversals), REVERSALS_TOGETHER):
            part = found.reversals[start : start + REVERSALS_TOGETHER]
            answer = await self._resolve(PeopleAsked(plan=plan_code, entries=tuple(one.person for one in part)))
            members = [
                Named(
                    one.setl_id,
                    one.visit_key,
                    people_named(person),
                    own=one.setl_id in found.own,
                    alone=one.setl_id in found.alone,
                )
                for one, person in zip(part, answer.people, strict=True)
                if person.outcome != NONE or person.candidates
            ]
            async with self._context.reads.connection() as c:
                owners = await settlements.owners(c, plan_code, [one.setl_id for one in members])
                visits = [one.visit_key for one in members if one.own]
                before = Imported(owners, await settlements.of_visits(c, plan_code, visits))

            async def work(
                session: Session,
                done: int = start + len(part),
                members: Sequence[Named] = members,
                before: Imported = before,
            ) -> None:
                undone = await take_back(session, plan, import_id, members, before)
                await session.decide(SETTLEMENTS, import_id, TakeReversalsIn(import_id, state.run, done, undone))

            await self._context.executor.run(work)

        async def taken(session: Session) -> set[str]:
            own, elsewhere = sorted(found.own), set[str]()
            for start in range(0, len(own), REVERSALS_TOGETHER):
                elsewhere |= await took_earlier(session, own[start : start + REVERSALS_TOGETHER])
            return elsewhere

        return (await self._context.executor.run(taken)).value

    async def _import_rows(self, import_id: str, state: Matching, folded: frozenset[int]) -> None:
        before: Mapping[str, chunks.Opened] = {}
        if state.run > 1:
            async with self._context.reads.connection() as c:
                rows_before = await match_results.opened_by(c, import_id)
            before = {setl_id: chunks.Opened(code, fen) for setl_id, code, fen in rows_before}
        layout, rows = await self._opened(import_id, state)
        rest = islice(rows, state.next_row - 1, None)
        try:
            reading = _Reading(layout, folded, before)
            await intake.in_order(
                rest,
                self._settings.settlements_chunk_rows,
                lambda rows: self._prepare(import_id, state, reading, rows),
                lambda prepared: self._write(reading, prepared),
            )
        except chunks.AlreadyMatched:
            # Another replica is ahead; the next attempt starts where it stands.
            return

    async def _prepare(
        self, import_id: str, state: Matching, reading: _Reading, rows: list[tuple[int, Cells]]
    ) -> _Prepared:
        """Resolve the people of all rows that still count."""
        folded = reading.folded
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
        ahead = ReadAhead()
        reading.ahead.add(ahead)
        await self._context.executor.read_ahead(ahead, lambda session: chunks.load(session, chunk))
        return _Prepared(chunk, new_id(), ahead)

    async def _write(self, reading: _Reading, prepared: _Prepared) -> None:
        written: set[str] = set()

        async def work(session: Session) -> None:
            session.adopt(prepared.ahead)
            await chunks.decide(session, prepared.chunk)
            written.update(session.written)

        reading.ahead.discard(prepared.ahead)
        await self._context.executor.run(work, actor=SYSTEM, decision_id=prepared.decision_id)
        for ahead in reading.ahead:
            ahead.outdate(written)

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


async def run(context: Context, plans: Mapping[tuple[str, int], Plan], digests: Mapping[tuple[str, int], str]) -> None:
    """The background task of the service."""
    await Importer(context, plans, digests).intake.run()
