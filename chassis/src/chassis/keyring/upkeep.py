"""What the keyring's owner does: migrate, grant categories to services, wrap anew under a newer key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

import asyncpg

from chassis.keyring.wrapping import KeyWrap

MIGRATION_LOCK = 0x6B657972  # "keyr"
REWRAP_ROWS_MAX = 5_000
UPKEEP_TIMEOUT_S = 120.0
ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


async def migrate(owner_url: str) -> None:
    """Apply the numbered SQL files that are not yet applied, under a lock, each in a transaction."""
    connection = await asyncpg.connect(owner_url, timeout=UPKEEP_TIMEOUT_S, command_timeout=UPKEEP_TIMEOUT_S)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await connection.execute(
            "CREATE SCHEMA IF NOT EXISTS keyring;"
            "CREATE TABLE IF NOT EXISTS keyring.migration"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        applied = {row[0] for row in await connection.fetch("SELECT name FROM keyring.migration")}
        for file in sorted(files("chassis.keyring").joinpath("sql").iterdir(), key=lambda file: file.name):
            if not file.name.endswith(".sql") or file.name in applied:
                continue
            async with connection.transaction():
                await connection.execute(file.read_text(encoding="utf-8"))
                await connection.execute("INSERT INTO keyring.migration (name) VALUES ($1)", file.name)
    finally:
        await connection.close()


async def grant(owner_url: str, role: str, categories: Iterable[str], *, destroys: Iterable[str] | None = None) -> None:
    """Make `role`'s grant exactly this: it opens `categories` and may destroy `destroys` (the same unless given)."""
    if not ROLE.fullmatch(role):
        raise ValueError("a role is lower-case letters, digits and underscores")
    opens = set(categories)
    ends = opens if destroys is None else set(destroys)
    rows = [(role, category, "open") for category in opens] + [(role, category, "destroy") for category in ends]
    connection = await asyncpg.connect(owner_url, timeout=UPKEEP_TIMEOUT_S, command_timeout=UPKEEP_TIMEOUT_S)
    functions = "granted, make_keys, read_keys, destroy_keys, restrict_keys, make_index_key"
    named = ", ".join(f"keyring.{name}" for name in functions.split(", "))
    try:
        async with connection.transaction():
            await connection.execute("DELETE FROM keyring.category_grant WHERE role = $1", role)
            await connection.executemany("INSERT INTO keyring.category_grant VALUES ($1, $2, $3)", rows)
            await connection.execute(f"GRANT USAGE ON SCHEMA keyring TO {role}")
            await connection.execute(f"GRANT EXECUTE ON FUNCTION {named} TO {role}")
    finally:
        await connection.close()


async def rewrap(owner_url: str, wrap: KeyWrap, to_version: int) -> int:
    """Wrap every key under `to_version` (the current one of `wrap`), in bounded steps; return how many moved.

    May be repeated and run beside the services; logs and sealed values do not change.
    """
    if to_version != wrap.version:
        raise ValueError(f"new keys are wrapped under version {wrap.version}, not {to_version}")
    connection = await asyncpg.connect(owner_url, timeout=UPKEEP_TIMEOUT_S, command_timeout=UPKEEP_TIMEOUT_S)
    moved = 0
    try:
        while True:
            step = await _rewrap_step(connection, wrap)
            if step == 0:
                break
            moved += step
        async with connection.transaction():
            rows = await connection.fetch("SELECT * FROM keyring.index_key WHERE kek_version <> $1", to_version)
            fresh = wrap.wrap(wrap.unwrap([(row["kek_version"], row["wrapped"]) for row in rows]))
            await connection.executemany(
                "UPDATE keyring.index_key SET kek_version = $4, wrapped = $5"
                " WHERE role = $1 AND purpose = $2 AND version = $3",
                [(r["role"], r["purpose"], r["version"], to_version, w) for r, w in zip(rows, fresh, strict=True)],
            )
        return moved + len(rows)
    finally:
        await connection.close()


async def _rewrap_step(connection: asyncpg.Connection[asyncpg.Record], wrap: KeyWrap) -> int:
    async with connection.transaction():
        rows = await connection.fetch(
            "SELECT subject, category, kek_version, wrapped FROM keyring.data_key"
            " WHERE kek_version <> $1 AND state <> 'erased' ORDER BY subject, category LIMIT $2 FOR UPDATE",
            wrap.version,
            REWRAP_ROWS_MAX,
        )
        fresh = wrap.wrap(wrap.unwrap([(row["kek_version"], row["wrapped"]) for row in rows]))
        await connection.execute(
            "UPDATE keyring.data_key AS k SET kek_version = $4, wrapped = n.w"
            " FROM unnest($1::text[], $2::text[], $3::bytea[]) AS n (s, c, w)"
            " WHERE k.subject = n.s AND k.category = n.c",
            [row["subject"] for row in rows],
            [row["category"] for row in rows],
            fresh,
            wrap.version,
        )
        return len(rows)
