"""The chassis's own tables: numbered SQL files, applied by the owner role at start-up under a lock."""

from __future__ import annotations

import hashlib
from pathlib import Path

import asyncpg

from chassis.environment import Surroundings

SQL_FOLDER = Path(__file__).parent / "sql"
MIGRATION_LOCK = 4_817_001
"""Advisory lock: replicas that start together migrate one after the other."""


class MigrationChanged(Surroundings):
    """An applied migration file was edited afterwards; write a new one instead."""


async def migrate(owner_url: str, service_role: str, folder: Path = SQL_FOLDER) -> list[str]:
    """Apply what is missing; returns the names applied. Raises MigrationChanged."""
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            await connection.execute(
                "create table if not exists migration"
                " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
            )
            done = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from migration")}
            await connection.execute("select set_config('huzhu.service_role', $1, true)", service_role)
            applied = []
            for file in sorted(folder.glob("*.sql")):  # noqa: ASYNC240 - a handful of small files, once
                text = file.read_text(encoding="utf-8")
                digest = hashlib.sha256(text.encode()).hexdigest()
                if file.name in done:
                    if done[file.name] != digest:
                        raise MigrationChanged(f"{file.name} was changed after it had been applied.")
                    continue
                await connection.execute(text)
                await connection.execute("insert into migration (name, sha256) values ($1, $2)", file.name, digest)
                applied.append(file.name)
            return applied
    finally:
        await connection.close()
