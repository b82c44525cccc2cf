"""Keyed indexes whose keys several owners may share: found by equality, without the value standing anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from chassis.projections import Connection

Entry = tuple[str, str, bytes]
"""Scope, owner, key."""


async def owners(pool: asyncpg.Pool[asyncpg.Record], scope: str, keys: Sequence[bytes]) -> dict[bytes, list[str]]:
    """Who is found under which key; keys without an owner are absent."""
    rows = await pool.fetch("select key, owner from lookup where scope = $1 and key = any($2)", scope, list(keys))
    found: dict[bytes, list[str]] = {}
    for row in rows:
        found.setdefault(row["key"], []).append(row["owner"])
    return found


async def put(connection: Connection, entries: Sequence[Entry]) -> None:
    """Let owners be found under keys, beside those they have; in the caller's transaction."""
    if entries:
        scopes, of, keys = zip(*entries, strict=True)
        await connection.execute(
            "insert into lookup (scope, key, owner) select * from unnest($1::text[], $2::bytea[], $3::text[])"
            " on conflict do nothing",
            *(list(scopes), list(keys), list(of)),
        )


async def forget(connection: Connection, of: Sequence[str]) -> None:
    """Let owners be found under no key any more; in the caller's transaction."""
    if of:
        await connection.execute("delete from lookup where owner = any($1)", list(of))
