"""One command's way: load, fold, decide, append; on a version conflict, again, a bounded number of times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from chassis.clock import Clock, from_text, local_day, new_id, utc_text
from chassis.decider import CommandT, Decider, EventT, StateT
from chassis.keyring import Keyring
from chassis.log import (
    CheckpointMove,
    CommandRecord,
    Conflict,
    Group,
    Log,
    ParkedEvent,
    Recorded,
    Reservation,
    StreamAppend,
    Taken,
    Written,
)
from chassis.projections import Reads
from chassis.telemetry import continued, current_traceparent
from contracts.envelope import SYSTEM, Actor, Envelope, Event

DECIDE_ATTEMPTS_MAX = 12
"""A decision that meets a conflict this often is given up; the caller is told to come back."""
CONFLICT_DELAY_MS_MAX = 40
SPANS_MAX = 20
"""A decision shows at most this many of its events in a trace."""

T = TypeVar("T")


class Contended(Exception):
    """DECIDE_ATTEMPTS_MAX conflicts in a row."""


@dataclass(slots=True)
class _Line:
    """A stream under decision: the version it was read at, its folded state, its new events."""

    version: int
    state: Any
    fresh: list[Event] = field(default_factory=list)
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What the work answered, where its events were written, and the events."""

    value: T
    position: int
    events: tuple[Event, ...]


class ReadAhead:
    """Aggregates folded before the decision that needs them. Whoever writes meanwhile says what is outdated."""

    def __init__(self) -> None:
        """Nothing read yet; what is outdated from now on is not used."""
        self._lines: dict[str, _Line] = {}
        self._outdated: set[str] = set()

    def outdate(self, streams: Iterable[str]) -> None:
        """These have been written since."""
        self._outdated.update(streams)

    def keep(self, session: Session) -> None:
        """What a session has loaded, with what it has written by now."""
        self._lines = {
            stream: _Line(line.version + len(line.fresh), line.state, traceparent=line.traceparent)
            for stream, line in session.lines.items()
        }

    def take(self) -> dict[str, _Line]:
        """What still counts, once: a second attempt reads afresh."""
        lines, self._lines = self._lines, {}
        return {stream: line for stream, line in lines.items() if stream not in self._outdated}


class Session:
    """One decision over one or more streams; everything it decides is appended as one group."""

    def __init__(
        self, executor: Executor, actor: Actor, now: datetime, decision_id: str, cause: Recorded | None
    ) -> None:
        self.actor = actor
        self.now = now
        self.decision_id = decision_id
        self.cause = cause
        self.reads = executor.reads
        self.keyring = executor.keyring
        self.bulk = False
        self._log = executor.log
        self.lines: dict[str, _Line] = {}
        self._reservations: list[Reservation] = []
        self._traced: list[tuple[str, str]] = []

    @property
    def today(self) -> date:
        """The business date in Asia/Shanghai."""
        return local_day(self.now)

    async def load(self, decider: Decider[CommandT, StateT, EventT], key: str) -> StateT:
        """The state of an aggregate, folded from its stream, with what this session has decided."""
        stream = decider.stream(key)
        if stream not in self.lines:
            self._fold(decider, stream, await self._log.load(stream))
        state: StateT = self.lines[stream].state
        return state

    async def load_many(self, decider: Decider[CommandT, StateT, EventT], keys: Sequence[str]) -> dict[str, StateT]:
        """The states of many aggregates of one kind, in one question to the log."""
        missing = [key for key in keys if decider.stream(key) not in self.lines]
        if missing:
            found = await self._log.load_many([decider.stream(key) for key in missing])
            for key in missing:
                self._fold(decider, decider.stream(key), found[decider.stream(key)])
        return {key: self.lines[decider.stream(key)].state for key in keys}

    async def decide(self, decider: Decider[CommandT, StateT, EventT], key: str, command: CommandT) -> list[EventT]:
        """Decide on one aggregate. Raises Rejected; nothing is written before the session ends."""
        state = await self.load(decider, key)
        line = self.lines[decider.stream(key)]
        events = list(decider.decide(command, state))
        for event in events:
            line.state = decider.evolve(line.state, event)
            line.fresh.append(event)  # type: ignore[arg-type]
        return events

    def append_new(self, stream: str, events: Sequence[Event]) -> None:
        """Events of a stream that does not exist yet; if it does, the session runs again on a conflict."""
        self.lines[stream] = _Line(0, None, list(events))

    def reserve(self, scope: str, key: bytes, owner: str) -> None:
        """Hold a key for one owner, in the same transaction; a lost race runs the session again."""
        self._reservations.append(Reservation(scope, key, owner))

    async def reserved(self, scope: str, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Which of the keys are held, and by whom."""
        return await self._log.reserved(scope, keys)

    def _fold(self, decider: Decider[Any, Any, Any], stream: str, history: list[Recorded]) -> None:
        state = decider.initial
        for recorded in history:
            state = decider.evolve(state, recorded.event)
        traceparent = history[0].header.traceparent if history else ""
        self.lines[stream] = _Line(len(history), state, traceparent=traceparent)

    @property
    def events(self) -> tuple[Event, ...]:
        """What has been decided so far."""
        return tuple(event for line in self.lines.values() for event in line.fresh)

    def adopt(self, ahead: ReadAhead) -> None:
        """Begin with what was read ahead; versions are checked at the append all the same."""
        self.lines.update(ahead.take())

    @property
    def written(self) -> set[str]:
        """Every stream this session has decided events for."""
        return {stream for stream, line in self.lines.items() if line.fresh}

    @property
    def touched(self) -> set[str]:
        """Every stream this session has loaded or decided on, and every key it holds."""
        return {*self.lines, *(f"{claim.scope}/{claim.key.hex()}" for claim in self._reservations)}

    def trace(self) -> None:
        """Show what has been written as spans of the journeys it belongs to; costs nothing where nobody traces."""
        for wire, traceparent in self._traced:
            with continued(wire, traceparent):
                pass

    def group(self, command_key: str) -> Group:
        """The append of this session. Event ids are `<decision id>.<n>`."""
        shared = self._shared(command_key)
        self._traced.clear()
        number = 0
        appends = []
        for stream, line in self.lines.items():
            if not line.fresh:
                continue
            written = []
            # A stream goes on in the trace it began in, so that a journey of many requests is one trace.
            traceparent = line.traceparent or shared["traceparent"]
            for offset, event in enumerate(line.fresh, start=1):
                wire = self._log.catalog.wire_type(event)
                if traceparent and len(self._traced) < SPANS_MAX:
                    self._traced.append((wire, traceparent))
                envelope = Envelope(
                    id=f"{self.decision_id}.{number}",
                    type=wire,
                    subject=stream,
                    streamversion=line.version + offset,
                    data=event,
                    **{**shared, "traceparent": traceparent},
                )
                written.append(Written(line.version + offset, wire, self._log.catalog.encode(envelope)))
                number += 1
            appends.append(StreamAppend(stream, line.version, tuple(written)))
        return Group(appends=appends, reservations=self._reservations, bulk=self.bulk)

    def _shared(self, command_key: str) -> dict[str, Any]:
        """What all envelopes of one decision have in common."""
        cause = self.cause
        traceparent = cause.header.traceparent if cause is not None else current_traceparent()
        return {
            "specversion": "1.0",
            "source": f"/huzhu/{self._log.service}",
            "time": utc_text(self.now),
            "datacontenttype": "application/json",
            "actorsub": self.actor.sub,
            "actororg": self.actor.org,
            "actorpath": self.actor.org_path,
            "actorroles": ",".join(self.actor.roles),
            "traceparent": traceparent,
            "commandkey": command_key,
            "causesource": cause.header.source if cause is not None else "",
            "causeposition": cause.position if cause is not None else 0,
        }


@dataclass(frozen=True)
class Executor:
    """Runs decisions against one log."""

    log: Log
    clock: Clock
    keyring: Keyring
    reads: Reads

    async def run(
        self,
        work: Callable[[Session], Awaitable[T]],
        *,
        actor: Actor = SYSTEM,
        cause: Recorded | None = None,
        move: CheckpointMove | None = None,
        answer: Callable[[T], CommandRecord] | None = None,
        decision_id: str | None = None,
    ) -> Outcome[T]:
        """Run `work` and append what it decided, with the checkpoint and the command's answer, as one group.

        Raises Rejected from the work, Contended after too many conflicts, CommandRepeated, CheckpointMoved.
        """
        for attempt in range(DECIDE_ATTEMPTS_MAX):
            now = from_text(cause.header.time) if cause is not None else self.clock.now()
            session = Session(self, actor, now, decision_id or new_id(), cause)
            value = await work(session)
            record = answer(value) if answer is not None else None
            group = session.group(record.key if record is not None else "")
            group.command = record
            if move is not None:
                group.moves.append(move)
            if not (group.appends or group.command or group.moves):
                return Outcome(value, self.log.known_head, ())
            try:
                landed = await self.log.append(group)
            except (Conflict, Taken):
                # A little apart, so that two deciders on one stream do not meet again at once.
                await asyncio.sleep(random.uniform(0, CONFLICT_DELAY_MS_MAX * (attempt + 1)) / 1000)  # noqa: S311
                continue
            session.trace()
            return Outcome(value, landed.last, session.events)
        raise Contended(f"{DECIDE_ATTEMPTS_MAX} decisions in a row met a newer version.")

    async def read_ahead(self, ahead: ReadAhead, load: Callable[[Session], Awaitable[object]]) -> None:
        """Load what a later decision will need, so that it need not wait for it."""
        session = Session(self, SYSTEM, self.clock.now(), "", None)
        await load(session)
        ahead.keep(session)

    async def execute(
        self, decider: Decider[CommandT, StateT, EventT], key: str, command: CommandT, *, actor: Actor = SYSTEM
    ) -> Outcome[list[EventT]]:
        """Decide one command on one aggregate."""

        async def work(session: Session) -> list[EventT]:
            return await session.decide(decider, key, command)

        return await self.run(work, actor=actor)

    async def park(self, parked: Sequence[ParkedEvent], move: CheckpointMove) -> None:
        """Keep events that could not be handled, with the checkpoint that goes past them."""
        await self.log.append(Group(parked=list(parked), moves=[move]))
