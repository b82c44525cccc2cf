"""The keyring's database as a service sees it: functions that look at the caller's grant, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from chassis.keyring.errors import NotGranted

CONNECTIONS_MAX = 4
CALL_TIMEOUT_S = 30.0
CALL_TRIES_MAX = 3
RETRY_DELAY_S = 0.2
LOST = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when the cut comes while it writes
    asyncpg.OperatorInterventionError,
)
"""The connection is gone, perhaps after the commit; every call here may be repeated."""


class Row(NamedTuple):
    """A key as it is kept: `place` counts from 1 in the question; `wrapped` is None unless it may be used."""

    place: int
    kek_version: int
    wrapped: bytes | None
    state: str


class KeyStore:
    """Set-based calls; each is one statement and committed when it returns.

    All raise NotGranted, and what asyncpg raises when Postgres stays away for CALL_TRIES_MAX tries.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        """Use `connect`."""
        self._pool = pool

    @staticmethod
    async def connect(url: str) -> KeyStore:
        """Connect under the service's own role."""
        pool = await asyncpg.create_pool(
            url, min_size=1, max_size=CONNECTIONS_MAX, command_timeout=CALL_TIMEOUT_S, timeout=CALL_TIMEOUT_S
        )
        return KeyStore(pool)

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    async def granted(self) -> frozenset[str]:
        """The categories this role may open."""
        return frozenset(row[0] for row in await self._call("SELECT keyring.granted()"))

    async def make(
        self, subjects: Sequence[str], categories: Sequence[str], kek_version: int, wrapped: Sequence[bytes]
    ) -> list[Row]:
        """Insert the missing keys; return only those rows where another key was there before."""
        sql = "SELECT * FROM keyring.make_keys($1, $2, $3, $4)"
        return [Row(*row) for row in await self._call(sql, subjects, categories, kek_version, wrapped)]

    async def read(self, subjects: Sequence[str], categories: Sequence[str]) -> list[Row]:
        """The rows that exist."""
        sql = "SELECT * FROM keyring.read_keys($1, $2)"
        return [Row(*row) for row in await self._call(sql, subjects, categories)]

    async def destroy(self, subject: str, categories: Sequence[str]) -> None:
        """Leave a tombstone for each category."""
        await self._call("SELECT keyring.destroy_keys($1, $2)", subject, categories)

    async def restrict(self, subject: str, categories: Sequence[str], *, restricted: bool) -> None:
        """Stop or allow the use of keys that are not erased."""
        await self._call("SELECT keyring.restrict_keys($1, $2, $3)", subject, categories, restricted)

    async def make_index_key(self, purpose: str, version: int, kek_version: int, wrapped: bytes) -> tuple[int, bytes]:
        """This role's key of the purpose: the given one, or the one that was there before."""
        sql = "SELECT * FROM keyring.make_index_key($1, $2, $3, $4)"
        row = (await self._call(sql, purpose, version, kek_version, wrapped))[0]
        return row[0], row[1]

    async def _call(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        for _ in range(CALL_TRIES_MAX - 1):
            try:
                return await self._once(sql, arguments)
            except LOST:
                await asyncio.sleep(RETRY_DELAY_S)
        return await self._once(sql, arguments)

    async def _once(self, sql: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        try:
            async with self._pool.acquire(timeout=CALL_TIMEOUT_S) as connection:
                return await connection.fetch(sql, *arguments)
        except asyncpg.InsufficientPrivilegeError:
            raise NotGranted("the category is not granted to this service") from None
