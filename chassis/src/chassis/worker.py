"""Effects that leave the system: each a job, a row in the service's own Postgres; NATS only wakes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from chassis.context import Context
from chassis.log import Recorded
from chassis.projections import CheckpointLost, Move, move_checkpoints
from chassis.tail.failures import described, is_away
from contracts.envelope import Event

CONCURRENT_JOBS_MAX = 16
"""Jobs of one worker at work in one process, woken or swept."""
GROUP_JOBS_MAX = 64
"""Jobs in one group; NATS lets no more of a durable be on their way."""
RUN_S_MAX = 60.0
LEASE_S = 90
"""Longer than RUN_S_MAX: a job whose process died is taken up by another after this."""
BUSY_DELAY_S = 5.0
WAKE_GRACE_S = 3
"""A new job waits this long for its wake-up; then the sweep takes it (a wiped durable, NATS away)."""
SWEEP_EVERY_S = 1.0
FILL_POSITIONS_MAX = 20_000
FILL_EVERY_S = 1.0
"""A wake-up makes its row itself; this is for those that never come, and need not follow every append."""
FILL_POLL_S = 0.5
RETRY_DELAY_S = 1.0
GROWTHS_MAX = 64

Run = Callable[[Recorded, Context], Awaitable[None]]
RunMany = Callable[[Sequence[Recorded], Context], Awaitable[Mapping[int, Exception]]]
"""Performs the effects of several events at once; answers what failed, by position."""


@dataclass(frozen=True)
class Worker:
    """A durable's name (identity, never renamed), the event it answers, its effect, and how often it is tried.

    `run` loads state first (done already? return), performs the effect with the aggregate's id as idempotency
    key, and appends the result. Raising means: again after `retry_delay_ms`. After `attempts_max` the job is
    parked, `exhausted` having been called. Raising NotYet puts the job off without counting it as an attempt.

    `run_many`, given in its place, takes up to `group_max` that wait together. What it answers is treated as if `run`
    had raised it; when it raises, it gets each alone. While few wait it gets one at a time.
    """

    name: str
    event: type[Event]
    attempts_max: int
    retry_delay_ms: int
    run: Run | None = None
    exhausted: Run | None = None
    at_once_max: int = CONCURRENT_JOBS_MAX
    """Jobs, or groups of them, at work in one process; whoever waits for a turn does not use up its attempt's time."""
    retry_growth: float = 1.0
    """How much longer each wait is than the one before, up to `retry_delay_ms_max`."""
    retry_delay_ms_max: int = 3_600_000
    run_many: RunMany | None = None
    group_max: int = 1
    """At most GROUP_JOBS_MAX."""

    def delay_ms(self, attempt: int) -> int:
        """The wait after an attempt, counted from 1."""
        grown = self.retry_delay_ms * self.retry_growth ** min(attempt - 1, GROWTHS_MAX)
        return int(min(grown, self.retry_delay_ms_max))


class NotYet(Exception):
    """The effect may not happen now, and nothing has failed: the job comes again and no attempt is counted."""


@dataclass(frozen=True, eq=False, slots=True)
class _Turn:
    """Somebody who waits for a job to be tried."""

    position: int
    woken: bool
    answer: asyncio.Future[float | None]


@dataclass(frozen=True, slots=True)
class _Try:
    """A job whose lease is ours, and which attempt this is."""

    recorded: Recorded
    attempt: int


class Jobs:
    """The jobs of one worker: filled from the own log, claimed by lease, tried, done or parked."""

    def __init__(self, worker: Worker, context: Context) -> None:
        self.worker = worker
        self._context = context
        self._log = context.log
        self._checkpoint = f"jobs/{worker.name}"
        self._slots = asyncio.Semaphore(min(worker.at_once_max, CONCURRENT_JOBS_MAX))
        self._group_max = min(worker.group_max, GROUP_JOBS_MAX) if worker.run_many is not None else 1
        self.taken_max = max(self._group_max, CONCURRENT_JOBS_MAX)
        self._waiting: deque[_Turn] = deque()
        self.wire_type = context.log.catalog.wire_types[worker.event]

    async def fill(self) -> None:
        """Make the rows of new events, following the own log; runs until cancelled."""
        while True:
            try:
                at = await self._log.checkpoint(self._checkpoint, self._log.service)
                if await self._log.grown(at, FILL_POLL_S):
                    await self._fill_once(at)
                    await asyncio.sleep(FILL_EVERY_S)
            except CheckpointLost:
                continue  # another replica was faster
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(RETRY_DELAY_S)

    async def _fill_once(self, at: int) -> None:
        target = min(await self._log.head(), at + FILL_POSITIONS_MAX)
        if target <= at:
            return
        async with self._log.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "select position, body from event where position > $1 and position <= $2 and type = $3",
                *(at, target, self.wire_type),
            )
            await connection.execute(
                "insert into job (durable, event_id, position, due_at)"
                " select $1, id, position, clock_timestamp() + $4 * interval '1 second'"
                " from unnest($2::text[], $3::bigint[]) as j(id, position) order by position on conflict do nothing",
                self.worker.name,
                [self._log.catalog.header(row["body"]).id for row in rows],
                [row["position"] for row in rows],
                WAKE_GRACE_S,
            )
            await move_checkpoints(connection, self._log.service, [Move(self._checkpoint, at, target)])

    async def sweep(self) -> None:
        """Take up what is due and what nobody was woken for; runs until cancelled."""
        while True:
            try:
                rows = await self._log.pool.fetch(
                    "select position from job where durable = $1 and state = 'waiting' and due_at <= clock_timestamp()"
                    " and (leased_until is null or leased_until <= clock_timestamp()) order by due_at limit $2",
                    *(self.worker.name, self.taken_max),
                )
                await asyncio.gather(*(self.attempt(row["position"], woken=False) for row in rows))
                await asyncio.sleep(0 if len(rows) == self.taken_max else SWEEP_EVERY_S)
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(RETRY_DELAY_S)

    async def attempt(self, position: int, *, woken: bool) -> float | None:
        """Try one job; None when it needs no further wake-up, else in how many seconds to wake again."""
        turn = _Turn(position, woken, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            async with self._slots:
                if self._group_max > 1:
                    # One turn of the loop lets every job that is ready join.
                    await asyncio.sleep(0)
                await self._answer([self._waiting.popleft() for _ in range(min(self._group_max, len(self._waiting)))])
            return await turn.answer
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)

    async def _answer(self, turns: Sequence[_Turn]) -> None:
        """Try the jobs of these turns; whoever waits for one is told. A failure is told to all of them."""
        try:
            answers = await self._attempt_together({turn.position: turn.woken for turn in turns})
        except Exception as error:  # noqa: BLE001 - each caller raises it
            for turn in turns:
                if not turn.answer.done():
                    turn.answer.set_exception(error)
        except BaseException:
            for turn in turns:
                turn.answer.cancel()
            raise
        else:
            for turn in turns:
                if not turn.answer.done():
                    turn.answer.set_result(answers[turn.position])

    async def _attempt_together(self, woken: dict[int, bool]) -> dict[int, float | None]:
        """What `attempt` answers, for each position."""
        answers: dict[int, float | None] = dict.fromkeys(woken, BUSY_DELAY_S)
        found = {stored.position: self._log.recorded(stored) for stored in await self._log.at_many([*woken])}
        states = await self._claim(found, [position for position in found if woken[position]])
        mine = []
        for position, state in states.items():
            if isinstance(state, int):
                mine.append(_Try(found[position], state))
            elif state != "waiting":
                answers[position] = None
        return answers | await self._try(mine)

    async def _claim(self, found: dict[int, Recorded], woken: Sequence[int]) -> dict[int, int | str]:
        """The number of this attempt of each job whose lease is ours, else its state."""
        places = {recorded.header.id: position for position, recorded in found.items()}
        async with self._log.pool.acquire() as connection:
            if woken:
                await connection.execute(
                    "insert into job (durable, event_id, position) select $1, id, position from"
                    " unnest($2::text[], $3::bigint[]) as j(id, position) order by position on conflict do nothing",
                    *(self.worker.name, [found[position].header.id for position in woken], list(woken)),
                )
            rows = await connection.fetch(
                "update job set attempts = attempts + 1, changed_at = clock_timestamp(),"
                " leased_until = clock_timestamp() + $3 * interval '1 second'"
                " from (select event_id from job where durable = $1 and event_id = any($2) and state = 'waiting'"
                "  and (attempts = 0 or due_at <= clock_timestamp())"
                "  and (leased_until is null or leased_until <= clock_timestamp())"
                "  order by event_id for update skip locked) free"
                " where job.durable = $1 and job.event_id = free.event_id returning job.event_id, attempts",
                *(self.worker.name, [*places], LEASE_S),
            )
            claimed: dict[int, int | str] = {places[row["event_id"]]: int(row["attempts"]) for row in rows}
            others = [ident for ident, position in places.items() if position not in claimed]
            if not others:
                return claimed
            rows = await connection.fetch(
                "select event_id, state from job where durable = $1 and event_id = any($2)", self.worker.name, others
            )
        return claimed | {places[row["event_id"]]: str(row["state"]) for row in rows}

    async def _try(self, tries: Sequence[_Try]) -> dict[int, float | None]:
        worker = self.worker
        due = [one for one in tries if one.attempt <= worker.attempts_max]
        failures = await self._run([one.recorded for one in due]) if due else {}
        done = [one for one in due if one.recorded.position not in failures]
        if done:
            await self._finish(done)
        answers: dict[int, float | None] = {one.recorded.position: None for one in done}
        for one in due:
            if one.recorded.position in failures:
                answers[one.recorded.position] = await self._failed(one, failures[one.recorded.position])
        for one in tries:
            if one.attempt > worker.attempts_max:
                answers[one.recorded.position] = await self._give_up(one)
        return answers

    async def _run(self, recorded: Sequence[Recorded]) -> Mapping[int, Exception]:
        """Run the effects; what failed, by position."""
        try:
            async with asyncio.timeout(RUN_S_MAX):
                if self.worker.run_many is not None:
                    return await self._run_many(self.worker.run_many, recorded)
                assert self.worker.run is not None, "A worker has one of both."
                await self.worker.run(recorded[0], self._context)
        except Exception as error:  # noqa: BLE001 - every failure of an effect is kept with its job and tried again
            return {one.position: error for one in recorded}
        return {}

    async def _run_many(self, run: RunMany, recorded: Sequence[Recorded]) -> Mapping[int, Exception]:
        try:
            return await run(recorded, self._context)
        except Exception:
            if len(recorded) == 1:
                raise
        # One may have spoilt it for the others, whose attempts it must not use up.
        failures: dict[int, Exception] = {}
        for one in recorded:
            try:
                failures |= await run([one], self._context)
            except Exception as error:  # noqa: BLE001 - as above
                failures[one.position] = error
        return failures

    async def _give_up(self, one: _Try) -> float | None:
        try:
            if self.worker.exhausted is not None:
                async with asyncio.timeout(RUN_S_MAX):
                    await self.worker.exhausted(one.recorded, self._context)
        except Exception as error:  # noqa: BLE001 - as above
            return await self._failed(one, error)
        await self._settle(one, "parked", None)
        return None

    async def _failed(self, one: _Try, error: Exception) -> float:
        worker = self.worker
        if isinstance(error, NotYet):
            await self._put_off(one.recorded, described(error))
            return worker.retry_delay_ms / 1000
        await self._settle(one, "waiting", described(error))
        return 0.0 if one.attempt >= worker.attempts_max else worker.delay_ms(one.attempt) / 1000

    async def _finish(self, done: Sequence[_Try]) -> None:
        await self._log.pool.execute(
            "update job set state = 'done', last_error = '', leased_until = null, changed_at = clock_timestamp()"
            " where durable = $1 and event_id = any($2)",
            *(self.worker.name, [one.recorded.header.id for one in done]),
        )

    async def _put_off(self, recorded: Recorded, reason: str) -> None:
        await self._log.pool.execute(
            "update job set attempts = greatest(attempts - 1, 0), last_error = $3, leased_until = null,"
            " changed_at = clock_timestamp(), due_at = clock_timestamp() + $4 * interval '1 millisecond'"
            " where durable = $1 and event_id = $2",
            *(self.worker.name, recorded.header.id, reason, self.worker.retry_delay_ms),
        )

    async def _settle(self, one: _Try, state: str, error: str | None) -> None:
        # After the last attempt the job is due at once: its next turn parks it.
        await self._log.pool.execute(
            "update job set state = $3, last_error = coalesce($4, last_error), leased_until = null,"
            " changed_at = clock_timestamp(), due_at = clock_timestamp()"
            " + case when attempts >= $6 then 0 else $5 end * interval '1 millisecond'"
            " where durable = $1 and event_id = $2",
            *(self.worker.name, one.recorded.header.id, state, error),
            *(self.worker.delay_ms(one.attempt), self.worker.attempts_max),
        )
