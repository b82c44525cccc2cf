"""One replica holds a tail: a session advisory lock on a connection of its own."""

from __future__ import annotations

import hashlib

import asyncpg

CONNECT_TIMEOUT_S = 10
CLOSE_TIMEOUT_S = 2


class FenceLost(Exception):
    """The connection that held the lock is gone; another replica may hold the tail now."""


class Fence:
    """Held or not held; a second holder that slips in is stopped by the checkpoint's compare-and-set."""

    def __init__(self, dsn: str, name: str) -> None:
        """`name` is unique within the service's database."""
        self._dsn = dsn
        self._key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._held = False

    async def acquire(self) -> bool:
        """Try once; True when held (also when it was held already)."""
        if self._held and self._connection is not None and not self._connection.is_closed():
            return True
        self._held = False
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._dsn, timeout=CONNECT_TIMEOUT_S)
        self._held = bool(await self._connection.fetchval("select pg_try_advisory_lock($1)", self._key))
        return self._held

    def check(self) -> None:
        """Raises FenceLost."""
        if not self._held or self._connection is None or self._connection.is_closed():
            raise FenceLost("The tail's lock is gone with its connection.")

    async def release(self) -> None:
        """Let another replica take the tail."""
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=CLOSE_TIMEOUT_S)
        self._held = False
