"""Effects that leave the system: each a job, a row in the service's own Postgres; NATS only wakes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from faststream import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.security import SASLPlaintext
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from chassis.broker import NOT_FOUND, ApiRefused, Broker, stream_name
from chassis.context import Context
from chassis.log import Recorded
from chassis.projections import CheckpointLost, Move, move_checkpoints
from chassis.tail.failures import AWAY, described, is_away
from contracts.envelope import Event

CONCURRENT_JOBS_MAX = 16
"""Jobs of one worker at work in one process, woken or swept."""
RUN_S_MAX = 60.0
LEASE_S = 90
"""Longer than RUN_S_MAX: a job whose process died is taken up by another after this."""
BUSY_DELAY_S = 5.0
ACK_WAIT_S = 30.0
"""As in `deploy/nats/streams.yaml`: a durable made again must be the same. A job that takes longer is told to wait."""
WAKE_GRACE_S = 3
"""A new job waits this long for its wake-up; then the sweep takes it (a wiped durable, NATS away)."""
SWEEP_EVERY_S = 1.0
FILL_POSITIONS_MAX = 20_000
FILL_EVERY_S = 1.0
"""A wake-up makes its row itself; this is for those that never come, and need not follow every append."""
FILL_POLL_S = 0.5
DURABLE_CHECK_S = 2.0
PULL_TIMEOUT_S = 1.0
RETRY_DELAY_S = 1.0
GROWTHS_MAX = 64
STOP_S_MAX = 10.0

Run = Callable[[Recorded, Context], Awaitable[None]]


@dataclass(frozen=True)
class Worker:
    """A durable's name (identity, never renamed), the event it answers, its effect, and how often it is tried.

    `run` loads state first (done already? return), performs the effect with the aggregate's id as idempotency
    key, and appends the result. Raising means: again after `retry_delay_ms`. After `attempts_max` the job is
    parked, `exhausted` having been called. Raising NotYet puts the job off without counting it as an attempt.
    """

    name: str
    event: type[Event]
    attempts_max: int
    retry_delay_ms: int
    run: Run
    exhausted: Run | None = None
    at_once_max: int = CONCURRENT_JOBS_MAX
    """Jobs at work in one process; whoever waits for a turn does not use up the time of its attempt."""
    retry_growth: float = 1.0
    """How much longer each wait is than the one before, up to `retry_delay_ms_max`."""
    retry_delay_ms_max: int = 3_600_000

    def delay_ms(self, attempt: int) -> int:
        """The wait after an attempt, counted from 1."""
        grown = self.retry_delay_ms * self.retry_growth ** min(attempt - 1, GROWTHS_MAX)
        return int(min(grown, self.retry_delay_ms_max))


_woken: ContextVar[Msg] = ContextVar("woken")


class NotYet(Exception):
    """The effect may not happen now, and nothing has failed: the job comes again and no attempt is counted."""


class _Woken(BaseMiddleware):
    """Leaves the message where the handler finds it; an injected parameter would cost four thread hops."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        token = _woken.set(msg.raw_message)
        try:
            return await call_next(msg)
        finally:
            _woken.reset(token)


class Jobs:
    """The jobs of one worker: filled from the own log, claimed by lease, tried, done or parked."""

    def __init__(self, worker: Worker, context: Context) -> None:
        self.worker = worker
        self._context = context
        self._log = context.log
        self._checkpoint = f"jobs/{worker.name}"
        self._slots = asyncio.Semaphore(min(worker.at_once_max, CONCURRENT_JOBS_MAX))
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
                " from unnest($2::text[], $3::bigint[]) as j(id, position) on conflict do nothing",
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
                    *(self.worker.name, CONCURRENT_JOBS_MAX),
                )
                await asyncio.gather(*(self.attempt(row["position"], woken=False) for row in rows))
                await asyncio.sleep(0 if len(rows) == CONCURRENT_JOBS_MAX else SWEEP_EVERY_S)
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(RETRY_DELAY_S)

    async def attempt(self, position: int, *, woken: bool) -> float | None:
        """Try one job; None when it needs no further wake-up, else in how many seconds to wake again."""
        async with self._slots:
            stored = await self._log.at(position)
            if stored is None:
                return BUSY_DELAY_S
            recorded = self._log.recorded(stored)
            job = await self._claim(recorded, woken=woken)
            if isinstance(job, int):
                return await self._try(recorded, job)
            return job

    async def _claim(self, recorded: Recorded, *, woken: bool) -> int | float | None:
        """The number of this attempt when the lease is ours, else what `attempt` answers."""
        key = (self.worker.name, recorded.header.id)
        async with self._log.pool.acquire() as connection:
            if woken:
                await connection.execute(
                    "insert into job (durable, event_id, position) values ($1, $2, $3) on conflict do nothing",
                    *(*key, recorded.position),
                )
            attempts = await connection.fetchval(
                "update job set attempts = attempts + 1, changed_at = clock_timestamp(),"
                " leased_until = clock_timestamp() + $3 * interval '1 second'"
                " where durable = $1 and event_id = $2 and state = 'waiting'"
                " and (attempts = 0 or due_at <= clock_timestamp())"
                " and (leased_until is null or leased_until <= clock_timestamp()) returning attempts",
                *(*key, LEASE_S),
            )
            if attempts is not None:
                return int(attempts)
            state = await connection.fetchval("select state from job where durable = $1 and event_id = $2", *key)
        return BUSY_DELAY_S if state == "waiting" else None

    async def _try(self, recorded: Recorded, attempt: int) -> float | None:
        worker = self.worker
        try:
            if attempt <= worker.attempts_max:
                async with asyncio.timeout(RUN_S_MAX):
                    await worker.run(recorded, self._context)
                await self._settle(recorded, attempt, "done", "")
                return None
            if worker.exhausted is not None:
                async with asyncio.timeout(RUN_S_MAX):
                    await worker.exhausted(recorded, self._context)
            await self._settle(recorded, attempt, "parked", None)
        except NotYet as wait:
            await self._put_off(recorded, described(wait))
            return worker.retry_delay_ms / 1000
        except Exception as error:  # noqa: BLE001 - every failure of an effect is kept with its job and tried again
            await self._settle(recorded, attempt, "waiting", described(error))
            return 0.0 if attempt >= worker.attempts_max else worker.delay_ms(attempt) / 1000
        return None

    async def _put_off(self, recorded: Recorded, reason: str) -> None:
        await self._log.pool.execute(
            "update job set attempts = greatest(attempts - 1, 0), last_error = $3, leased_until = null,"
            " changed_at = clock_timestamp(), due_at = clock_timestamp() + $4 * interval '1 millisecond'"
            " where durable = $1 and event_id = $2",
            *(self.worker.name, recorded.header.id, reason, self.worker.retry_delay_ms),
        )

    async def _settle(self, recorded: Recorded, attempt: int, state: str, error: str | None) -> None:
        # After the last attempt the job is due at once: its next turn parks it.
        await self._log.pool.execute(
            "update job set state = $3, last_error = coalesce($4, last_error), leased_until = null,"
            " changed_at = clock_timestamp(), due_at = clock_timestamp()"
            " + case when attempts >= $6 then 0 else $5 end * interval '1 millisecond'"
            " where durable = $1 and event_id = $2",
            *(self.worker.name, recorded.header.id, state, error),
            *(self.worker.delay_ms(attempt), self.worker.attempts_max),
        )


class Workers:
    """All workers of one service: FastStream's durable pull subscribers as wake-ups, and the sweep behind them."""

    def __init__(
        self,
        workers: Sequence[Worker],
        context: Context,
        broker: Broker,
        *,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        """`broker` lends its address and its way of connecting; credentials as it has them."""
        self.jobs = {worker.name: Jobs(worker, context) for worker in workers}
        self._broker = broker
        self._stream = stream_name(context.log.service)
        options = broker.options()
        options.pop("user", None)
        options.pop("password", None)
        options.pop("reconnected_cb")
        options.pop("disconnected_cb")
        options.pop("reconnect_time_wait")
        options["name"] = f"{broker.name}-workers"
        security = SASLPlaintext(username=user, password=password or "") if user is not None else None
        self.faststream = NatsBroker(
            broker.url,
            security=security,
            ack_policy=AckPolicy.MANUAL,
            middlewares=[_Woken],
            logger=None,
            graceful_timeout=STOP_S_MAX,
            **options,
        )
        self._inbox_prefix: str = options.get("inbox_prefix", "_INBOX")
        self._subscribers = {name: self._subscribe(jobs) for name, jobs in self.jobs.items()}
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Work until cancelled; NATS may come later. A job cut off is taken up again when its lease ends."""
        try:
            async with asyncio.TaskGroup() as together:
                for name, jobs in self.jobs.items():
                    together.create_task(jobs.fill(), name=f"jobs-{name}-fill")
                    together.create_task(jobs.sweep(), name=f"jobs-{name}-sweep")
                together.create_task(self._listen(), name="jobs-listen")
        finally:
            with contextlib.suppress(TimeoutError, *AWAY):
                await asyncio.wait_for(self.faststream.stop(), STOP_S_MAX)

    async def start(self) -> None:
        """Run in the background."""
        self._task = asyncio.create_task(self.run(), name="workers")

    async def stop(self) -> None:
        """Stop what `start` began."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def _subscribe(self, jobs: Jobs) -> Any:
        subscriber = self.faststream.subscriber(
            jobs.wire_type,
            stream=JStream(self._stream, declare=False),
            durable=jobs.worker.name,
            config=ConsumerConfig(ack_wait=ACK_WAIT_S, max_deliver=-1, max_ack_pending=CONCURRENT_JOBS_MAX * 4),
            pull_sub=PullSub(batch_size=CONCURRENT_JOBS_MAX, timeout=PULL_TIMEOUT_S),
            # A service may listen to its own inboxes only; the client's prefix does not reach a pull subscription.
            inbox_prefix=f"{self._inbox_prefix}.".encode(),
        )

        async def wake() -> None:
            message = _woken.get()
            again_s = await jobs.attempt(message.metadata.sequence.stream, woken=True)
            if again_s is None:
                await message.ack()
            else:
                await message.nak(delay=max(again_s, 0.001))

        subscriber(wake)
        return subscriber

    async def _listen(self) -> None:
        """Connect FastStream, and subscribe anew when a durable is gone: it would ask a void, at full speed."""
        started = False
        while True:
            try:
                await self._broker.client()
                await self._broker.api(f"STREAM.INFO.{self._stream}")
                if not started:
                    await self.faststream.start()
                    started = True
                for name, subscriber in self._subscribers.items():
                    if not await self._durable_stands(name):
                        await subscriber.stop()
                        await subscriber.start()
            except Exception as error:
                if not is_away(error):
                    raise
                # Without NATS the sweep alone finds the jobs.
                await asyncio.sleep(RETRY_DELAY_S)
                continue
            await asyncio.sleep(DURABLE_CHECK_S)

    async def _durable_stands(self, name: str) -> bool:
        try:
            await self._broker.api(f"CONSUMER.INFO.{self._stream}.{name}")
        except ApiRefused as refused:
            if refused.code != NOT_FOUND:
                raise
            return False
        return True
