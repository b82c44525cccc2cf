"""The connection to NATS: it never gives up, and a process that can no longer hear ends instead of standing still."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import faulthandler
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

RECONNECT_WAIT_MS = 500
CONNECT_TIMEOUT_S = 5
PING_INTERVAL_S = 10
API_TIMEOUT_S = 5.0
HEARTBEAT_MS = 500
FROZEN_S_MAX = 30.0
"""A loop that has not moved for this long will not move again (a client that gave up can block it for ever)."""
EXIT_UNREACHABLE = 70
"""The exit code of a process that ended itself; its supervisor starts it again."""

NOT_FOUND = 404

log = structlog.get_logger(__name__)


class ApiRefused(Exception):
    """JetStream refused a request; `code` is HTTP-like, `err_code` the server's own."""

    def __init__(self, call: str, code: int, err_code: int, description: str) -> None:
        super().__init__(f"{call}: {description} ({code}/{err_code})")
        self.code = code
        self.err_code = err_code


def end_process(reason: str) -> None:
    """End this process at once, with every thread's stack on stderr; there is nothing left to save."""
    log.error("process-ends-itself", reason=reason)
    faulthandler.dump_traceback()
    os._exit(EXIT_UNREACHABLE)


class Watchdog:
    """A thread that ends the process when the event loop has not moved for `frozen_s`."""

    def __init__(self, frozen_s: float = FROZEN_S_MAX, end: Callable[[str], None] = end_process) -> None:
        """Only a thread can act here: with the loop, health endpoint and signal handlers stand still too."""
        self._frozen_s = frozen_s
        self._end = end
        self._moved = time.monotonic()
        self._stop = threading.Event()
        self._beating: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running loop."""
        self._moved = time.monotonic()
        self._beating = asyncio.create_task(self._beat(), name="watchdog-heartbeat")
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, HEARTBEAT_MS / 1000 * 2)

    async def _beat(self) -> None:
        while True:
            self._moved = time.monotonic()
            await asyncio.sleep(HEARTBEAT_MS / 1000)

    def _watch(self) -> None:
        while not self._stop.wait(HEARTBEAT_MS / 1000):
            still = time.monotonic() - self._moved
            if still > self._frozen_s:
                self._end(f"loop-frozen-for-{still:.0f}-s")
                return


class Broker:
    """One connection of one service. It starts without a server being there, and waits for it in the background."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        user: str | None = None,
        password: str | None = None,
        on_closed: Callable[[str], None] = end_process,
    ) -> None:
        """`on_closed(reason)` is called when the client gives up for good, which it is told never to do."""
        self.url = url
        self.name = name
        self._user = user
        self._password = password
        self._on_closed = on_closed
        self._closing = False
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._client = Client()
        self._lost = asyncio.Event()
        self.generation = 0
        """Rises with every reconnect: whoever sees it change subscribes anew."""

    async def start(self) -> None:
        """Begin to connect; does not wait for the server."""
        self._connecting = asyncio.create_task(self._connect(), name="broker-connect")

    async def stop(self) -> None:
        """Close in order."""
        self._closing = True
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if not self._client.is_closed:
            await self._client.close()

    @property
    def is_connected(self) -> bool:
        """Whether a server is there now."""
        return bool(self._client.is_connected)

    async def client(self) -> Client:
        """The client, once it has been connected for the first time."""
        await self._connected.wait()
        return self._client

    async def api(self, call: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One JetStream API call. Raises ApiRefused, nats.errors.Error.

        The raw API, because the client's configuration classes drop fields that they do not know.
        """
        client = await self.client()
        payload = b"" if body is None else json.dumps(body).encode()
        message = await client.request(f"$JS.API.{call}", payload, timeout=API_TIMEOUT_S)
        answer: dict[str, Any] = json.loads(message.data)
        error = answer.get("error")
        if error is not None:
            raise ApiRefused(call, error["code"], error.get("err_code", 0), error.get("description", ""))
        return answer

    async def request(self, subject: str, body: bytes, *, headers: dict[str, str], timeout_s: float) -> Msg:
        """A request whose answer is given up as soon as the connection is lost: it may have been heard or not."""
        client = await self.client()
        asking = asyncio.ensure_future(client.request(subject, body, timeout=timeout_s, headers=headers))
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({asking, lost}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            raise nats.errors.ConnectionClosedError
        finally:
            for waiting in (asking, lost):
                waiting.cancel()

    def options(self) -> dict[str, Any]:
        """How every client of this service connects, FastStream's included."""
        options: dict[str, Any] = {
            "name": self.name,
            "allow_reconnect": True,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": RECONNECT_WAIT_MS / 1000,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "ping_interval": PING_INTERVAL_S,
            "error_cb": self._error,
            "closed_cb": self._closed,
            "disconnected_cb": self._disconnected,
            "reconnected_cb": self._reconnected,
        }
        if self._user is not None:
            options |= {"user": self._user, "password": self._password, "inbox_prefix": f"_INBOX.{self._user}"}
        return options

    async def _connect(self) -> None:
        self._client = await nats.connect(self.url, **self.options())
        self._connected.set()

    async def _disconnected(self) -> None:
        self._lost.set()
        self._lost = asyncio.Event()

    async def _reconnected(self) -> None:
        self.generation += 1

    async def _error(self, error: Exception) -> None:
        # The client repeats what failed by itself; who waits for an answer gets an error of their own.
        log.warning("broker-error", error=type(error).__name__, connection=self.name)

    async def _closed(self) -> None:
        if not self._closing:
            self._on_closed("connection-closed-for-good")


def stream_name(service: str) -> str:
    """The JetStream stream of a service."""
    return service.upper().replace("-", "_")


async def stream_body(broker: Broker, stream: str, sequence: int) -> bytes:
    """The bytes at one sequence of a stream. Raises ApiRefused."""
    answer = await broker.api(f"STREAM.MSG.GET.{stream}", {"seq": sequence})
    return base64.b64decode(answer["message"].get("data", ""))
