"""Parked events: shown to an operator, and asked to be tried again."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

LIST_MAX = 500


class Parked(msgspec.Struct, frozen=True):
    """An event that waits for someone; its bytes stay in the database. `state` is waiting or retry."""

    id: int
    tail: str
    source: str
    position: int
    stream: str
    error: str
    attempts: int
    state: str
    parked_at: str


async def list_parked(pool: asyncpg.Pool[asyncpg.Record], limit: int = LIST_MAX) -> list[Parked]:
    """What is parked and not worked off, oldest first, at most LIST_MAX."""
    rows = await pool.fetch(
        "select id, tail, source, position, stream, error, attempts, state, parked_at::text as parked_at"
        " from parked where state <> 'done' order by id limit $1",
        min(limit, LIST_MAX),
    )
    return [Parked(**dict(row)) for row in rows]


async def retry_parked(
    pool: asyncpg.Pool[asyncpg.Record], *, source: str | None = None, stream: str | None = None
) -> int:
    """Ask for a retry of all, of one source's or of one stream's parked events; returns of how many.

    Whoever holds the tail works them off within a second or so, in order; `list_parked` shows what is left.
    """
    status: Any = await pool.execute(
        "update parked set state = 'retry' where state = 'waiting'"
        " and ($1::text is null or source = $1) and ($2::text is null or stream = $2)",
        source,
        stream,
    )
    return int(str(status).split()[-1])
