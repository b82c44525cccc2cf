"""Imports received rosters in the background, chunk by chunk, going on where the last one ended."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from chassis.clock import from_text, local_day, new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.intake import Intake, Pace, in_order
from chassis.log import Recorded
from contracts.enrolment.v1 import RosterReceived
from enrolment.domain.plan import plans
from enrolment.domain.roster import ROSTER, Importing
from enrolment.domain.row import Checked, Rules
from enrolment.domain.survey import Survey
from enrolment.intake import chunk as chunks
from enrolment.intake import index, neighbours
from enrolment.intake.files import Cells, open_roster
from enrolment.intake.kept import RosterFiles
from enrolment.intake.people import Chunk, People, prepare
from enrolment.projections import rosters
from enrolment.settings import Settings

FENCE = "enrolment-importer"


@dataclass(frozen=True)
class _Prepared:
    """A chunk with its people, sealed for one decision."""

    chunk: Chunk
    decision_id: str
    people: People


class Importer:
    """Decides received rosters, one at a time; one replica imports."""

    def __init__(self, context: Context) -> None:
        """Everything it needs is the service's."""
        self._context = context
        self._settings: Settings = context.settings
        self._files = RosterFiles(Path(self._settings.documents), context.keyring)
        settings = self._settings
        self.intake = Intake(
            context,
            fence=FENCE,
            logger="enrolment.importer",
            stalled_as="roster-import-stalled",
            id_name="batch_id",
            pace=Pace(settings.roster_poll_ms, settings.roster_retry_delay_ms, settings.roster_attempts_max),
            unfinished=rosters.unfinished,
            take_in=self.import_roster,
        )

    async def import_roster(self, batch_id: str) -> None:
        """Decide all rows that are not decided yet; returns at once when all are."""
        history = await self._context.log.load(ROSTER.stream(batch_id))
        state = ROSTER.initial
        for recorded in history:
            state = ROSTER.evolve(state, recorded.event)  # type: ignore[arg-type]
        if not isinstance(state, Importing):
            return
        await index.ensure(self._context.keyring)
        judged = await self._judged(batch_id, history[0], state.next_row)
        try:
            await self._import_chunks(batch_id, history[0], judged)
        except chunks.AlreadyImported:
            # Another replica is ahead; the next attempt starts where it stands.
            return
        self.intake.done(batch_id)

    async def _judged(self, batch_id: str, received: Recorded, next_row: int) -> Iterator[Checked]:
        """The rows from `next_row` on, checked one by one as they are taken."""
        event = received.event
        assert isinstance(event, RosterReceived)
        content = await self._files.take(batch_id)
        today = local_day(from_text(received.header.time))
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
        event = received.event
        assert isinstance(event, RosterReceived)
        plan = plans()[event.plan_code]

        async def prepared(rows: list[Checked]) -> _Prepared:
            return await self._prepare(Chunk(batch_id, plan, rows), new_id())

        async def write(prepared: _Prepared) -> None:
            await self._write(prepared, received)

        await in_order(judged, self._settings.roster_chunk_rows, prepared, write)

    async def _prepare(self, chunk: Chunk, decision_id: str) -> _Prepared:
        context = self._context
        people = await prepare(chunk.rows, log=context.log, keyring=context.keyring, decision_id=decision_id)
        rows = await neighbours.marked(chunk, people, log=context.log, keyring=context.keyring)
        return _Prepared(replace(chunk, rows=rows), decision_id, people)

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


async def run(context: Context) -> None:
    """The background task of the service."""
    await Importer(context).intake.run()
