"""NATS wakes jobs: FastStream's durable pull subscribers, and whatever else runs for a service's workers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from faststream import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.security import SASLPlaintext
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from chassis.broker import NOT_FOUND, ApiRefused, Broker, stream_name
from chassis.context import Context
from chassis.tail.failures import AWAY, is_away
from chassis.worker import GROUP_JOBS_MAX, RETRY_DELAY_S, Jobs, Worker

ACK_WAIT_S = 30.0
"""As in `deploy/nats/streams.yaml`: a durable made again must be the same. A job that takes longer is told to wait."""
DURABLE_CHECK_S = 2.0
PULL_TIMEOUT_S = 1.0
STOP_S_MAX = 10.0

_woken: ContextVar[Msg] = ContextVar("woken")


class _Woken(BaseMiddleware):
    """Leaves the message where the handler finds it; an injected parameter would cost four thread hops."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        token = _woken.set(msg.raw_message)
        try:
            return await call_next(msg)
        finally:
            _woken.reset(token)


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
            config=ConsumerConfig(ack_wait=ACK_WAIT_S, max_deliver=-1, max_ack_pending=GROUP_JOBS_MAX),
            pull_sub=PullSub(batch_size=jobs.taken_max, timeout=PULL_TIMEOUT_S),
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
