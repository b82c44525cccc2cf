"""A database that lives as long as one replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chassis.clock import new_id
from huzhu.runner.addresses import in_database

PREFIX = "huzhu_replay_"
LOCK = 4_817_002
"""Advisory lock: one replay at a time on a server, so that whatever carries the prefix is a leftover."""
CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0


class ReplayRuns(Exception):
    """Another replay is at work on this server."""


@asynccontextmanager
async def scratch_database(admin_url: str) -> AsyncIterator[str]:
    """Make an empty database, and drop it whatever happens; those of killed replays go as well. Raises ReplayRuns."""
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S)
    try:
        if not await admin.fetchval("select pg_try_advisory_lock($1)", LOCK):
            raise ReplayRuns("Another replay runs on this Postgres; wait until it has ended.")
        await _drop_all(admin)
        name = PREFIX + new_id().replace("-", "")
        await admin.execute(f"create database \"{name}\" template template0 encoding 'UTF8'")
        try:
            # Nothing in it is worth a flush of the disk.
            await admin.execute(f'alter database "{name}" set synchronous_commit = off')
            yield in_database(admin_url, name)
        finally:
            await asyncio.shield(_drop_all(admin))
    finally:
        await admin.close()


async def _drop_all(admin: asyncpg.Connection[asyncpg.Record]) -> None:
    left = await admin.fetch("select datname from pg_database where starts_with(datname, $1)", PREFIX)
    for row in left:
        await admin.execute(f'drop database if exists "{row["datname"]}" with (force)')
