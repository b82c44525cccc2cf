"""Publishes the log in JetStream so that stream sequence n always holds the bytes of position n."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import nats.errors

from chassis.broker import NOT_FOUND, ApiRefused, Broker, stream_body, stream_name
from chassis.clock import new_id
from chassis.log import Log, Stored
from chassis.tail.reader import Reader

BATCH_MESSAGES_MAX = 1_000
"""The server refuses an atomic batch of more."""
BATCH_BYTES_MAX = 4_000_000
COMMIT_TIMEOUT_S = 10.0
GROWTH_WAIT_S = 0.5
"""How soon appends of other replicas are noticed; those of this process wake the relay at once."""
RETRY_DELAY_MS_MIN = 50
RETRY_DELAY_MS_MAX = 5_000
REFUSED_DELAY_S = 5.0
"""A relay that must not publish looks again this often whether it has been put right."""

AWAY = (nats.errors.Error, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ApiRefused)
"""NATS or Postgres is away or busy: wait, ask the stream where it stands, go on."""


class StreamDiffers(Exception):
    """Stream and log hold different things; nothing is published until someone has looked. Says what."""


class LogLostEvents(StreamDiffers):
    """The stream holds events that the log has lost: `huzhu log catch-up` puts them back."""


class _PublishRefused(Exception):
    """The stream does not stand where the relay thought: ask it."""


class _Typed(msgspec.Struct):
    type: str


_typed = msgspec.json.Decoder(_Typed)


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """Where the relay stands: `state` is starting, running, waiting (for NATS or Postgres) or refusing."""

    stream: str
    position: int
    head: int
    state: str
    reason: str


class Relay:
    """Follows the own log. It keeps no checkpoint: the stream's last sequence is it."""

    def __init__(
        self,
        log: Log,
        broker: Broker,
        config: Mapping[str, Any],
        *,
        batch_max: int = BATCH_MESSAGES_MAX,
        refused_delay_s: float = REFUSED_DELAY_S,
    ) -> None:
        """`config` is the whole configuration of the service's own stream, used to make it when it is missing."""
        self._log = log
        self._broker = broker
        self._config = dict(config)
        self._stream: str = self._config.get("name") or stream_name(log.service)
        self._batch_max = min(batch_max, BATCH_MESSAGES_MAX)
        self._refused_delay_s = refused_delay_s
        self._position = 0
        self._state = "starting"
        self._reason = ""
        self._refusal: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Publish in the background."""
        self._task = asyncio.create_task(self.run(), name="relay")

    async def stop(self) -> None:
        """Stop; a batch that is not committed is not in the stream, and comes again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def status(self) -> RelayStatus:
        """For /status and /readyz."""
        return RelayStatus(self._stream, self._position, self._log.known_head, self._state, self._reason)

    @property
    def refuses_writes(self) -> str | None:
        """Why the service must not write, if so."""
        return self._refusal

    async def run(self) -> None:
        """Follow the log until cancelled."""
        delay_ms = RETRY_DELAY_MS_MIN
        while True:
            before = self._position
            try:
                await self._follow()
            except _PublishRefused as refused:
                # Another relay was faster, or the stream has gone back: ask it where it stands.
                self._state, self._reason = "waiting", str(refused)
            except StreamDiffers as differs:
                self._refuse(str(differs))
                self._state, self._reason = "refusing", str(differs)
                await asyncio.sleep(self._refused_delay_s)
                continue
            except AWAY as away:
                self._state, self._reason = "waiting", f"{type(away).__name__}: {away}"
            delay_ms = RETRY_DELAY_MS_MIN if self._position != before else min(delay_ms * 2, RETRY_DELAY_MS_MAX)
            await asyncio.sleep(delay_ms / 1000)

    async def _follow(self) -> None:
        self._position = await self._agree()
        if self._refusal is not None:
            self._refuse(None)
        self._state, self._reason = "running", ""
        while True:
            batch = _bounded(await self._log.read(self._position, self._batch_max))
            if batch:
                await self._publish(batch)
                self._position = batch[-1].position
            elif not await self._log.grown(self._position, GROWTH_WAIT_S):
                await self._broker.client()

    def _refuse(self, reason: str | None) -> None:
        """Writing stays refused, also while NATS is away, until stream and log have been seen to agree."""
        self._refusal = reason
        self._log.refuse_writes(reason)

    async def _agree(self) -> int:
        """Where the stream stands, having proven that it is the log up to there. Raises StreamDiffers."""
        info = await self._info()
        last = int(info["state"]["last_seq"])
        # The log is asked after the stream: whatever the stream holds was in the log before.
        head = await self._log.head()
        if last > head:
            raise LogLostEvents(f"The stream {self._stream} ends at {last}, the log at {head}: it has lost events.")
        if info["state"]["messages"] == 0:
            return last
        published = await stream_body(self._broker, self._stream, last)
        stored = await self._log.at(last)
        if stored is None or stored.body != published:
            raise StreamDiffers(f"The stream {self._stream} and the log hold different events at position {last}.")
        return last

    async def _info(self) -> dict[str, Any]:
        try:
            return await self._broker.api(f"STREAM.INFO.{self._stream}")
        except ApiRefused as refused:
            if refused.code != NOT_FOUND:
                raise
        return await self._broker.api(f"STREAM.CREATE.{self._stream}", self._config)

    async def _publish(self, batch: Sequence[Stored]) -> None:
        """Publish all of the batch or nothing. Only the commit waits for an answer.

        An answer that is lost decides nothing (the batch may still land): whoever goes on from here publishes
        with the sequence that was expected, so that only one of the two can win.
        """
        client = await self._broker.client()
        identity = new_id()
        single = len(batch) == 1
        for number, stored in enumerate(batch, start=1):
            headers: dict[str, str] = {}
            if not single:
                headers = {"Nats-Batch-Id": identity, "Nats-Batch-Sequence": str(number)}
            if number == 1:
                headers["Nats-Expected-Last-Sequence"] = str(stored.position - 1)
            subject = _typed.decode(stored.body).type
            if number < len(batch):
                await client.publish(subject, stored.body, headers=headers)
                continue
            if not single:
                headers["Nats-Batch-Commit"] = "1"
            answer = await self._broker.request(subject, stored.body, headers=headers, timeout_s=COMMIT_TIMEOUT_S)
            self._check(json.loads(answer.data), stored.position)

    def _check(self, acknowledged: dict[str, Any], position: int) -> None:
        error = acknowledged.get("error")
        if error is not None:
            raise _PublishRefused(f"{error.get('description', '')} ({error.get('err_code', 0)})")
        if acknowledged.get("seq") != position or acknowledged.get("stream") != self._stream:
            raise StreamDiffers(
                f"Position {position} landed at {acknowledged.get('stream')} {acknowledged.get('seq')}."
            )


def _bounded(batch: list[Stored]) -> list[Stored]:
    """The first events of the batch, up to BATCH_BYTES_MAX."""
    total = 0
    for number, stored in enumerate(batch):
        total += len(stored.body)
        if total > BATCH_BYTES_MAX and number:
            return batch[:number]
    return batch


async def catch_up(log: Log, broker: Broker, stream: str | None = None) -> int:
    """Put back, byte for byte, the events that the stream holds and the log has lost; returns how many.

    Raises StreamDiffers when the two do not agree where the log ends: then they are not one history.
    """
    name = stream or stream_name(log.service)
    last = int((await broker.api(f"STREAM.INFO.{name}"))["state"]["last_seq"])
    head = start = await log.head()
    if last <= head:
        return 0
    if head:
        stored = await log.at(head)
        if stored is None or stored.body != await stream_body(broker, name, head):
            raise StreamDiffers(f"The stream {name} and the log hold different events at position {head}.")
    reader = Reader(broker, name, label=f"{log.service}-catch-up")
    try:
        await reader.open(head)
        while head < last:
            fresh = [stored for stored in await reader.take() if stored.position > head]
            if fresh and fresh[0].position != head + 1:
                raise StreamDiffers(f"The stream {name} has a hole after {head}.")
            if fresh:
                head = await log.restore(fresh)
    finally:
        await reader.close()
    return head - start
