"""Turns a source's events into own decisions: each one's events and the checkpoint stand or fall together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.clock import from_text, new_id
from chassis.execute import Executor, Session
from chassis.log import CheckpointMove, Conflict, Group, ParkedEvent, Recorded, Stored, Taken
from chassis.tail.failures import described, is_away
from contracts.envelope import SYSTEM, Event

Reaction = Callable[[Recorded, Session], Awaitable[None]]

TAIL = "reactions"
"""Under this name the checkpoint and the parked events stand."""
TOGETHER_EVENTS_MAX = 256
"""Decisions on different streams are written together, up to this many events."""
WORKED_OFF_MAX = 500
"""Parked events of one stream worked off in one go."""
BEHIND = "Waits behind a parked event of its stream."


@dataclass(slots=True)
class _Together:
    """Decisions made and not yet written; no two of them touch the same stream."""

    members: list[tuple[Reaction, Recorded]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    group: Group = field(default_factory=Group)
    touched: set[str] = field(default_factory=set)

    def add(self, reaction: Reaction, recorded: Recorded, session: Session) -> None:
        group = session.group("")
        self.members.append((reaction, recorded))
        self.sessions.append(session)
        self.group.appends += group.appends
        self.group.reservations += group.reservations
        self.touched |= session.touched


class Reactions:
    """The reactions of one service to one source."""

    def __init__(self, source: str, reactions: Mapping[type[Event], Reaction], executor: Executor) -> None:
        """`reactions` by the class of the event they answer."""
        self.name = TAIL
        self.failure = ""
        self._source = source
        self._reactions = dict(reactions)
        self._executor = executor
        self._log = executor.log
        self.wires: frozenset[str] | None = executor.log.catalog.wires(reactions)
        self._committed = 0
        self._position = 0
        self._blocked: set[str] = set()
        self._together = _Together()
        self._bodies: dict[int, bytes] = {}

    async def position(self) -> int:
        """Read the checkpoint and the parked streams afresh; what was in hand and not written is forgotten."""
        self._together = _Together()
        self._committed = self._position = await self._log.checkpoint(TAIL, self._source)
        rows = await self._log.pool.fetch(
            "select distinct stream from parked where tail = $1 and source = $2 and state <> 'done'", TAIL, self._source
        )
        self._blocked = {row["stream"] for row in rows}
        return self._position

    async def take(self, batch: Sequence[Recorded], stored: Sequence[Stored]) -> None:
        """React to each event once, in order. Raises what `is_away` names; go on from `position()` then."""
        self._bodies = {one.position: one.body for one in stored}
        for recorded in batch:
            if recorded.position <= self._position:
                continue
            reaction = self._reactions.get(type(recorded.event))
            if reaction is not None and recorded.header.subject in self._blocked:
                await self._write()
                await self._park(recorded, BEHIND)
            elif reaction is not None:
                await self._react(reaction, recorded)
            self._position = recorded.position
        await self._write()
        if self._position > self._committed:
            await self._log.append(Group(moves=[self._move(self._position)]))
            self._committed = self._position

    async def _react(self, reaction: Reaction, recorded: Recorded) -> None:
        session = await self._decided(reaction, recorded)
        if session is not None and not self._together.touched.isdisjoint(session.touched):
            # It has read what is decided and not yet written: write that, and decide again on it.
            await self._write()
            session = await self._decided(reaction, recorded)
        if session is None:
            # What it stumbled over may have been decided a moment ago.
            await self._write()
            await self._alone(reaction, recorded)
            return
        self._together.add(reaction, recorded, session)
        if self._together.group.events >= TOGETHER_EVENTS_MAX:
            await self._write()

    async def _decided(self, reaction: Reaction, recorded: Recorded) -> Session | None:
        """A session that has decided and is not written; None when the reaction failed."""
        session = Session(self._executor, SYSTEM, from_text(recorded.header.time), new_id(), recorded)
        try:
            await reaction(recorded, session)
        except Exception as error:
            if is_away(error):
                raise
            return None
        return session

    async def _write(self) -> None:
        """Write the decisions made so far with the checkpoint; on a conflict, decide each again alone."""
        together, self._together = self._together, _Together()
        if not together.members:
            return
        target = together.members[-1][1].position
        together.group.moves.append(self._move(target))
        try:
            await self._log.append(together.group)
        except (Conflict, Taken):
            for reaction, recorded in together.members:
                await self._alone(reaction, recorded)
            return
        for session in together.sessions:
            session.trace()
        self._committed = target

    async def _alone(self, reaction: Reaction, recorded: Recorded) -> None:
        if recorded.header.subject in self._blocked:
            await self._park(recorded, BEHIND)
            return

        async def work(session: Session) -> None:
            await reaction(recorded, session)

        try:
            await self._executor.run(work, actor=SYSTEM, cause=recorded, move=self._move(recorded.position))
        except Exception as error:
            if is_away(error):
                raise
            await self._park(recorded, described(error))
            return
        self._committed = recorded.position

    async def _park(self, recorded: Recorded, error: str) -> None:
        stream = recorded.header.subject
        body = self._bodies[recorded.position]
        parked = ParkedEvent(TAIL, self._source, recorded.position, stream, body, error)
        await self._executor.park([parked], self._move(recorded.position))
        self._committed = recorded.position
        self._blocked.add(stream)

    async def work_off(self) -> None:
        """Try again, in order, the streams that someone asked to retry; runs under the tail's fence."""
        rows = await self._log.pool.fetch(
            "select distinct stream from parked where tail = $1 and source = $2 and state = 'retry'", TAIL, self._source
        )
        for row in rows:
            await self._work_off(row["stream"])

    async def _work_off(self, stream: str) -> None:
        where = "where tail = $1 and source = $2 and stream = $3 and state <> 'done'"
        rows = await self._log.pool.fetch(
            f"select id, position, body from parked {where} order by position limit $4",  # noqa: S608 - our own words
            *(TAIL, self._source, stream, WORKED_OFF_MAX),
        )
        for row in rows:
            error = await self._redo(stream, self._log.recorded(Stored(row["position"], row["body"])))
            if error:
                # The stream stays shut: this one says why, those behind it wait again.
                await self._log.pool.execute(
                    "update parked set attempts = attempts + 1, error = $2 where id = $1", row["id"], error
                )
                await self._log.pool.execute(
                    f"update parked set state = 'waiting' {where}",  # noqa: S608 - our own words
                    *(TAIL, self._source, stream),
                )
                return
            await self._log.pool.execute("update parked set state = 'done' where id = $1", row["id"])
        if len(rows) < WORKED_OFF_MAX:
            self._blocked.discard(stream)

    async def _redo(self, stream: str, recorded: Recorded) -> str:
        """One parked event; the answer is empty when it is done. A checkpoint of the stream's own makes it once."""
        checkpoint = f"{TAIL}#{stream}"
        reached = await self._log.checkpoint(checkpoint, self._source)
        if recorded.position <= reached:
            return ""
        reaction = self._reactions.get(type(recorded.event))

        async def work(session: Session) -> None:
            if reaction is not None:
                await reaction(recorded, session)

        move = CheckpointMove(checkpoint, self._source, reached, recorded.position)
        try:
            await self._executor.run(work, actor=SYSTEM, cause=recorded, move=move)
        except Exception as error:
            if is_away(error):
                raise
            return described(error)
        return ""

    def _move(self, target: int) -> CheckpointMove:
        return CheckpointMove(TAIL, self._source, self._committed, target)
