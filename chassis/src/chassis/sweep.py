"""Deadlines are data: rows of a read model that are due, leased in a table, turned into idempotent commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.execute import Executor, Session
from chassis.tail.failures import described, is_away
from contracts.envelope import SYSTEM

DUE_MAX = 200
"""At most this many deadlines in one turn; the rest are due in the next."""
LEASE_S = 30
"""Long enough for a command and for the read model to follow it; afterwards the command is idempotent anyway."""
FAILED_LEASE_S_MAX = 900
"""A deadline that fails is tried again later and later, up to this."""
FORGET_AFTER_S = 3_600
FORGET_MAX = 1_000
RETRY_DELAY_S = 1.0

Due = Callable[[AsyncConnection, datetime, int], Awaitable[list[str]]]
Act = Callable[[str, Session], Awaitable[None]]
Ahead = Callable[[Sequence[str], Session], Awaitable[object]]


@dataclass(frozen=True)
class Sweep:
    """`due(connection, business now, limit)` names what is due; `act(id, session)` decides it, idempotently.

    With `ahead(ids, session)`, which loads what `act` will look at, a turn's deadlines are decided in one append;
    when one of them fails, each is decided for itself.
    """

    name: str
    due: Due
    act: Act
    interval_ms: int
    ahead: Ahead | None = None


class Sweeps:
    """All sweeps of one service. Any replica sweeps; a row belongs to whoever leases it."""

    def __init__(self, sweeps: Sequence[Sweep], executor: Executor, clock: Clock) -> None:
        self._sweeps = tuple(sweeps)
        self._executor = executor
        self._clock = clock
        self._pool = executor.log.pool

    async def run(self) -> None:
        """Sweep until cancelled."""
        async with asyncio.TaskGroup() as together:
            for sweep in self._sweeps:
                together.create_task(self._run(sweep), name=f"sweep-{sweep.name}")

    async def _run(self, sweep: Sweep) -> None:
        while True:
            try:
                full = await self.once(sweep) == DUE_MAX
                await asyncio.sleep(0 if full else sweep.interval_ms / 1000)
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(RETRY_DELAY_S)

    async def once(self, sweep: Sweep) -> int:
        """One turn; returns how many deadlines were decided."""
        async with self._executor.reads.connection() as connection:
            due = await sweep.due(connection, self._clock.now(), DUE_MAX)
        leased = await self._lease(sweep.name, due[:DUE_MAX]) if due else []
        done = await self._act_together(sweep, leased)
        for key in leased if not done else ():
            done += await self._act(sweep, key)
        await self._forget(sweep.name)
        return done

    async def _lease(self, name: str, keys: Sequence[str]) -> list[str]:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "insert into sweep_lease (sweep, id, leased_until)"
                " select $1, id, '-infinity' from unnest($2::text[]) id on conflict do nothing",
                *(name, list(keys)),
            )
            rows = await connection.fetch(
                "update sweep_lease l set leased_until = clock_timestamp() + $3 * interval '1 second'"
                " from (select id from sweep_lease where sweep = $1 and id = any($2)"
                "  and leased_until <= clock_timestamp() order by id for update skip locked) free"
                " where l.sweep = $1 and l.id = free.id returning l.id",
                *(name, list(keys), LEASE_S),
            )
        mine = {row["id"] for row in rows}
        return [key for key in keys if key in mine]

    async def _act_together(self, sweep: Sweep, keys: Sequence[str]) -> int:
        """How many were decided in one append: all, or none."""
        ahead = sweep.ahead
        if ahead is None or not keys:
            return 0

        async def work(session: Session) -> None:
            await ahead(keys, session)
            for key in keys:
                await sweep.act(key, session)

        try:
            await self._executor.run(work, actor=SYSTEM)
        except Exception as error:
            if is_away(error):
                raise
            return 0
        await self._succeeded(sweep.name, keys)
        return len(keys)

    async def _act(self, sweep: Sweep, key: str) -> int:
        async def work(session: Session) -> None:
            await sweep.act(key, session)

        try:
            await self._executor.run(work, actor=SYSTEM)
        except Exception as error:
            if is_away(error):
                raise
            # Kept with the deadline, shown as parked when it goes on failing, tried again later.
            await self._pool.execute(
                "update sweep_lease set attempts = attempts + 1, last_error = $3, leased_until = clock_timestamp()"
                " + least($4 * power(2, least(attempts, 10)), $5) * interval '1 second' where sweep = $1 and id = $2",
                *(sweep.name, key, described(error), LEASE_S, FAILED_LEASE_S_MAX),
            )
            return 0
        await self._succeeded(sweep.name, [key])
        return 1

    async def _succeeded(self, name: str, keys: Sequence[str]) -> None:
        await self._pool.execute(
            "update sweep_lease set attempts = 0, last_error = '' where sweep = $1 and id = any($2) and attempts > 0",
            *(name, list(keys)),
        )

    async def _forget(self, name: str) -> None:
        """Leases that ended long ago; whoever is still due gets a new one."""
        await self._pool.execute(
            "delete from sweep_lease where (sweep, id) in (select sweep, id from sweep_lease where sweep = $1"
            " and leased_until < clock_timestamp() - $2 * interval '1 second' limit $3)",
            *(name, FORGET_AFTER_S, FORGET_MAX),
        )
