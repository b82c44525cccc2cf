"""What waits for someone: parked events, given-up jobs, deadlines that fail again and again; shown and tried again."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

LIST_MAX = 500
DEADLINE_ATTEMPTS_MIN = 3
"""A deadline that has failed less often may still succeed by itself: a read model was behind, a neighbour away."""

EVENT, JOB, DEADLINE = "event", "job", "deadline"

OPEN = f"""
    select 'event' as kind, tail as waits_in, source, position, stream, error, attempts, state, parked_at as since
      from parked where state <> 'done'
    union all
    select 'job', j.durable, $1::text, j.position, e.stream, j.last_error, j.attempts, 'parked', j.changed_at
      from job j join event e on e.position = j.position where j.state = 'parked'
    union all
    select 'deadline', sweep, $1::text, 0, id, last_error, attempts, 'retry', leased_until
      from sweep_lease where attempts >= {DEADLINE_ATTEMPTS_MIN}
"""  # noqa: S608 - our own words


class Parked(msgspec.Struct, frozen=True):
    """Something that waits for someone. `kind` is event, job or deadline; its bytes stay in the database.

    `waits_in` is the tail, the worker or the sweep; a deadline names what is due in `stream` and has position 0.
    `state`: waiting (an event), parked (a job), retry (asked to be tried again, as a deadline always is).
    """

    kind: str
    waits_in: str
    source: str
    position: int
    stream: str
    error: str
    attempts: int
    state: str
    since: str


async def list_parked(pool: asyncpg.Pool[asyncpg.Record], service: str, limit: int = LIST_MAX) -> list[Parked]:
    """What is parked and not worked off, oldest first, at most LIST_MAX; `service` owns the pool's log."""
    rows = await pool.fetch(
        f"select kind, waits_in, source, position, stream, error, attempts, state, since::text as since"  # noqa: S608 - our own words
        f" from ({OPEN}) waiting order by waiting.since, position limit $2",
        *(service, min(limit, LIST_MAX)),
    )
    return [Parked(**dict(row)) for row in rows]


async def count_parked(pool: asyncpg.Pool[asyncpg.Record], service: str) -> dict[tuple[str, str], int]:
    """How many wait, by kind and by tail, worker or sweep."""
    rows = await pool.fetch(
        f"select kind, case kind when 'event' then waits_in || ':' || source else waits_in end as place, count(*) as n"  # noqa: S608 - our own words
        f" from ({OPEN}) waiting group by 1, 2",
        service,
    )
    return {(row["kind"], row["place"]): row["n"] for row in rows}


async def retry_parked(
    pool: asyncpg.Pool[asyncpg.Record], *, source: str | None = None, stream: str | None = None
) -> int:
    """Ask for a retry of all, of one source's or of one stream's parked events, and of all jobs and deadlines.

    Returns how many. Whoever holds the tail works events off within a second or so, in order; jobs and deadlines
    are due at once. `list_parked` shows what is left.
    """
    events: Any = await pool.execute(
        "update parked set state = 'retry' where state = 'waiting'"
        " and ($1::text is null or source = $1) and ($2::text is null or stream = $2)",
        source,
        stream,
    )
    asked = _count(events)
    if source is None and stream is None:
        asked += _count(
            await pool.execute(
                "update job set state = 'waiting', attempts = 0, leased_until = null, due_at = clock_timestamp()"
                " where state = 'parked'"
            )
        )
        asked += _count(
            await pool.execute(
                "update sweep_lease set leased_until = clock_timestamp() where attempts >= $1", DEADLINE_ATTEMPTS_MIN
            )
        )
    return asked


def _count(status: Any) -> int:
    return int(str(status).split()[-1])
