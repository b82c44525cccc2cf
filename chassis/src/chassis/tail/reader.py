"""Reads one stream in order by bounded pulls, through a consumer that holds no state worth keeping."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from chassis.broker import API_TIMEOUT_S, ApiRefused, Broker
from chassis.clock import new_id
from chassis.log import Stored

BATCH_MESSAGES_MAX = 2_000
BATCH_BYTES_MAX = 4_000_000
"""One pull brings at most this much; one more may be on its way while a batch is worked on."""
PULL_EXPIRES_S = 30
HEARTBEAT_S = 1.0
FILL_S_MAX = 0.25
"""While the stream is known to hold more, what has arrived waits this long for the pull to fill: a larger batch
costs less for each event. An event that is the stream's last never waits."""
SILENCE_S_MAX = 3.0
"""Not even heartbeats for this long: the consumer or its stream is gone; the tail asks and subscribes anew."""
CONSUMER_IDLE_S = 60
NS = 1_000_000_000

ACK_TOKENS = 9
"""`$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>`; newer servers put two
more tokens (domain, account) in front of the stream."""
PULL_ENDED = frozenset({"404", "408", "409"})
HEARTBEAT_STATUS = "100"


class Silent(Exception):
    """Nothing can be heard from the stream any more: subscribe anew. Says why."""


class Reader:
    """One subscription. `open` at a position, `take` what has arrived, `close`; after Silent, open another."""

    def __init__(self, broker: Broker, stream: str, *, label: str, batch_max: int = BATCH_MESSAGES_MAX) -> None:
        """`label` is what an operator sees as the consumer's name."""
        self._broker = broker
        self._stream = stream
        self._consumer = f"{label.replace('.', '-')}-{new_id()}"
        self._batch_max = batch_max
        self._buffer: list[Msg] = []
        self._wake = asyncio.Event()
        self._heard = 0.0
        self._outstanding = 0
        self._pull = 0
        self._gone = ""
        self._generation = 0
        self._inbox = ""
        self._subscription: Subscription | None = None
        self.pending = 0
        """How many messages the stream held beyond the last one taken, when that one was sent."""
        self.published_at = 0.0
        """When the last message taken was stored, seconds since 1970."""

    async def open(self, after: int) -> None:
        """Subscribe from the sequence after `after`. Raises ApiRefused (404: no such stream), nats.errors.Error."""
        client = await self._broker.client()
        self._generation = self._broker.generation
        config = {
            "name": self._consumer,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "inactive_threshold": CONSUMER_IDLE_S * NS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        await self._broker.api(
            f"CONSUMER.CREATE.{self._stream}.{self._consumer}", {"stream_name": self._stream, "config": config}
        )
        self._inbox = client.new_inbox()
        self._subscription = await client.subscribe(f"{self._inbox}.*", cb=self._arrive)
        self._heard = time.monotonic()
        await self._ask()

    async def take(self) -> list[Stored]:
        """What has arrived, at least HEARTBEAT_S waited for; may be empty. Raises Silent."""
        if not self._buffer:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._wake.wait()
        if self._gone:
            raise Silent(self._gone)
        if self._broker.generation != self._generation:
            raise Silent("The connection is another one.")
        if self._buffer and self._more():
            await self._fill()
        arrived, self._buffer = self._buffer, []
        if not arrived and time.monotonic() - self._heard > SILENCE_S_MAX:
            raise Silent(f"Nothing was heard for {SILENCE_S_MAX} s.")
        if self._outstanding <= 0:
            await self._ask()
        return self._read(arrived)

    def _more(self) -> bool:
        """Whether the pull under way will bring what the stream holds beyond the last message."""
        return self._outstanding > 0 and not self._gone and _beyond(self._buffer[-1].reply.split(".")) > 0

    async def _fill(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FILL_S_MAX):
                while self._more():
                    self._wake.clear()
                    await self._wake.wait()

    async def close(self) -> None:
        """Let go; a consumer that cannot be deleted now ends by itself after CONSUMER_IDLE_S."""
        if self._subscription is None:
            return
        with contextlib.suppress(nats.errors.Error, ApiRefused, OSError, TimeoutError):
            await self._subscription.unsubscribe()
            if self._broker.is_connected and not self._gone:
                await asyncio.wait_for(
                    self._broker.api(f"CONSUMER.DELETE.{self._stream}.{self._consumer}"), API_TIMEOUT_S
                )

    async def _ask(self) -> None:
        self._pull += 1
        self._outstanding = self._batch_max
        request = {
            "batch": self._batch_max,
            "max_bytes": BATCH_BYTES_MAX,
            "expires": PULL_EXPIRES_S * NS,
            "idle_heartbeat": int(HEARTBEAT_S * NS),
        }
        client = await self._broker.client()
        await client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
            json.dumps(request).encode(),
            reply=f"{self._inbox}.{self._pull}",
        )

    async def _arrive(self, message: Msg) -> None:
        self._heard = time.monotonic()
        if message.reply:
            self._outstanding -= 1
            self._buffer.append(message)
            self._wake.set()
            return
        status = (message.headers or {}).get("Status", "")
        if status == HEARTBEAT_STATUS or message.subject != f"{self._inbox}.{self._pull}":
            return  # a heartbeat, or the end of a pull that has already been replaced
        described = str((message.headers or {}).get("Description", ""))
        self._outstanding = 0
        if status not in PULL_ENDED or "Consumer" in described:
            self._gone = f"The consumer ended: {status} {described}"
        self._wake.set()

    def _read(self, arrived: Sequence[Msg]) -> list[Stored]:
        found = []
        tokens: list[str] = []
        for message in arrived:
            tokens = message.reply.split(".")
            found.append(Stored(int(tokens[5 if len(tokens) == ACK_TOKENS else 7]), message.data))
        if tokens:
            shift = 0 if len(tokens) == ACK_TOKENS else 2
            self.published_at = int(tokens[7 + shift]) / NS
            self.pending = _beyond(tokens)
        return found


def _beyond(tokens: Sequence[str]) -> int:
    """How many messages the stream held beyond the one with this reply subject, when that one was sent."""
    return int(tokens[8 if len(tokens) == ACK_TOKENS else 10])
