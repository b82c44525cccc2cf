"""Keeps a service's read models up with their logs: apply, rebuild beside the old, swap."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from chassis.log import Log, Recorded
from chassis.projections import (
    SCHEMA,
    ApplyFailed,
    CheckpointLost,
    Move,
    Projection,
    Shape,
    apply_writes,
    move_checkpoints,
)
from contracts.envelope import Event

BATCH_EVENTS_MAX = 2_000
BULK_EVENTS = 250
"""A batch of so many that is not full: the log is written in bulk, and fewer, larger batches cost everyone less."""
GATHER_S = 0.25
POLL_S = 0.5
"""How soon another replica's appends are noticed when no wake-up comes."""
RETRY_DELAY_S = 1.0
WAIT_POSITION_S_MAX = 5.0
REBUILD_SUFFIX = "__next"
LOCK_SPACE = 4_817
LOCK_TIMEOUT_S = 10

Reader = Callable[[int, int], Awaitable[Sequence[Recorded]]]
"""`(after, limit)` -> the events that follow, of one source."""


class PositionNotReached(Exception):
    """The read models did not reach the asked position in WAIT_POSITION_S_MAX."""


@dataclass(slots=True)
class _Standing:
    """Where a projection is, and why it stopped if it did."""

    shape: Shape
    position: int = 0
    failure: str = ""
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class Projecting:
    """All read models of one service."""

    def __init__(self, log: Log, projections: Sequence[Projection]) -> None:
        self._log = log
        self._standing = {one.name: _Standing(Shape(one)) for one in projections}
        self._wires: dict[str, frozenset[str] | None] = {}
        self._moved = asyncio.Event()
        self.prepared = asyncio.Event()
        """Set when every table stands as defined; before that nobody may apply."""
        self._lock: asyncpg.Connection[asyncpg.Record] | None = None
        self.readers: dict[str, Reader] = {log.service: self._own}

    async def prepare(self) -> list[str]:
        """Make missing tables; returns the names whose definition has changed and that need a rebuild."""
        changed = []
        async with self._log.pool.acquire() as connection:
            await connection.execute(
                f'create table if not exists "{SCHEMA}".registry (name text primary key, fingerprint text not null)'
            )
            for name, standing in self._standing.items():
                print_now = fingerprint(standing.shape.projection)
                print_then = await connection.fetchval(
                    f'select fingerprint from "{SCHEMA}".registry where name = $1', name
                )
                if print_then is None:
                    async with connection.transaction():
                        for statement in standing.shape.ddl():
                            await connection.execute(statement)
                        await connection.execute(
                            f'insert into "{SCHEMA}".registry (name, fingerprint) values ($1, $2)', name, print_now
                        )
                elif print_then != print_now:
                    changed.append(name)
        for standing in self._standing.values():
            await self._reload(standing)
        return changed

    async def follow(self) -> None:
        """Follow the own log until cancelled; from now on tails may feed the read models too."""
        self.prepared.set()
        try:
            await self._follow()
        finally:
            if self._lock is not None and not self._lock.is_closed():
                await self._lock.close()

    def names(self) -> list[str]:
        """Every read model."""
        return list(self._standing)

    def positions(self) -> dict[str, int]:
        """How far each read model has come in its source."""
        return {name: standing.position for name, standing in self._standing.items()}

    def lags(self) -> dict[str, int]:
        """How many events of the own log each of its read models still has to apply."""
        head = self._log.known_head
        return {one.shape.projection.name: max(head - one.position, 0) for one in self._of(self._log.service)}

    def sources(self) -> set[str]:
        """The foreign logs that some read model needs."""
        return {one.shape.projection.source for one in self._standing.values()} - {self._log.service}

    def position(self, source: str) -> int:
        """How far every read model of a source has come; the slowest counts, but not one that stands still."""
        standing = self._of(source)
        healthy = [one.position for one in standing if not one.failure]
        if not healthy and source != self._log.service:
            healthy = [one.position for one in standing]
        return min(healthy, default=self._log.known_head)

    def failures(self) -> dict[str, str]:
        """Which read models stand still, and at what."""
        return {name: standing.failure for name, standing in self._standing.items() if standing.failure}

    def failure(self, source: str) -> str:
        """Why a read model of this source stands still, if one does."""
        return next((one.failure for one in self._of(source) if one.failure), "")

    async def reload(self, source: str) -> int:
        """Read the checkpoints of a source afresh; the slowest counts."""
        for one in self._of(source):
            await self._reload(one)
        return self.position(source)

    async def wait_for(self, position: int) -> None:
        """Return once all read models of the own log have reached a position. Raises PositionNotReached."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_POSITION_S_MAX
        while self.position(self._log.service) < position:
            left = deadline - loop.time()
            if left <= 0:
                raise PositionNotReached(f"The read models stand at {self.position(self._log.service)}.")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._moved.wait()

    async def apply(self, source: str, batch: Sequence[Recorded]) -> None:
        """Bring every healthy read model of a source past the batch, in one transaction.

        One that cannot apply an event is brought right up to it and stands still there; the others go on.
        """
        standing = [one for one in self._of(source) if not one.failure]
        while standing:
            try:
                await self._apply_together(standing, batch)
            except ApplyFailed as failed:
                faulty = self._standing[failed.projection]
                await self._up_to_fault(faulty, batch)
                standing = [one for one in standing if one is not faulty]
                continue
            except CheckpointLost:
                for one in standing:
                    await self._reload(one)
                # Gone back (a crash of Postgres): what lies between must be read again before this batch.
                if any(one.position < batch[0].position - 1 for one in standing):
                    raise
                continue
            break
        self._moved.set()
        self._moved = asyncio.Event()

    async def _up_to_fault(self, faulty: _Standing, batch: Sequence[Recorded]) -> None:
        """Halve the batch until the event is found that the read model cannot apply."""
        try:
            await self._apply_together([faulty], batch)
        except ApplyFailed as failed:
            if len(batch) == 1:
                faulty.failure = str(failed)
                structlog.get_logger().error("read-model-stopped", projection=failed.projection)
                return
            half = len(batch) // 2
            await self._up_to_fault(faulty, batch[:half])
            if not faulty.failure:
                await self._up_to_fault(faulty, batch[half:])
        except CheckpointLost:
            await self._reload(faulty)
            raise

    async def _apply_together(self, standing: Sequence[_Standing], batch: Sequence[Recorded]) -> None:
        reached: list[tuple[_Standing, int]] = []
        async with contextlib.AsyncExitStack() as stack:
            for one in standing:
                await stack.enter_async_context(one.busy)
            connection = await stack.enter_async_context(self._log.pool.acquire())
            async with connection.transaction():
                # A read model may lose its last moments in a crash of Postgres: its checkpoint goes back with it.
                await connection.execute("set local synchronous_commit = off")
                for one in standing:
                    fresh = [recorded for recorded in batch if recorded.position > one.position]
                    if fresh:
                        await apply_writes(connection, one.shape, fresh)
                        reached.append((one, fresh[-1].position))
                if reached:
                    source = reached[0][0].shape.projection.source
                    moves = [Move(one.shape.projection.checkpoint, one.position, to) for one, to in reached]
                    await move_checkpoints(connection, source, moves)
            for one, position in reached:
                one.position = position

    async def rebuild(self, name: str, progress: Callable[[int], None] | None = None) -> int:
        """Build a read model afresh from position 1 beside the old one, then swap; reads go on meanwhile.

        Returns the position reached. Needs a reader for its source.
        """
        standing = self._standing[name]
        projection = standing.shape.projection
        shape = Shape(projection, physical=name + REBUILD_SUFFIX)
        async with self._log.pool.acquire() as connection:
            await connection.execute(f"drop table if exists {shape.physical}")
            for statement in shape.ddl():
                await connection.execute(statement)
        at = 0
        while batch := await self.readers[projection.source](at, BATCH_EVENTS_MAX):
            at = await self._rebuild_step(shape, batch)
            if progress is not None:
                progress(at)
        async with standing.busy:
            # The last events are applied while the old table stands still, then the names change at once.
            while batch := await self.readers[projection.source](at, BATCH_EVENTS_MAX):
                at = await self._rebuild_step(shape, batch)
            await self._swap(standing, at)
        return at

    async def _rebuild_step(self, shape: Shape, batch: Sequence[Recorded]) -> int:
        async with self._log.pool.acquire() as connection, connection.transaction():
            await apply_writes(connection, shape, batch)
        return batch[-1].position

    async def _swap(self, standing: _Standing, at: int) -> None:
        projection = standing.shape.projection
        name = projection.name
        async with self._log.pool.acquire() as connection, connection.transaction():
            await connection.execute(f'drop table if exists "{SCHEMA}"."{name}"')
            await connection.execute(f'alter table "{SCHEMA}"."{name}{REBUILD_SUFFIX}" rename to "{name}"')
            indexes = await connection.fetch(
                "select indexname from pg_indexes where schemaname = $1 and tablename = $2", SCHEMA, name
            )
            for row in indexes:
                fresh = row["indexname"].replace(REBUILD_SUFFIX, "")
                if fresh != row["indexname"]:
                    await connection.execute(f'alter index "{SCHEMA}"."{row["indexname"]}" rename to "{fresh}"')
            await connection.execute(
                f'insert into "{SCHEMA}".registry as r (name, fingerprint) values ($1, $2)'
                " on conflict (name) do update set fingerprint = excluded.fingerprint",
                name,
                fingerprint(projection),
            )
            await connection.execute(
                "insert into checkpoint as c (tail, source, position) values ($1, $2, $3)"
                " on conflict (tail, source) do update set position = excluded.position",
                projection.checkpoint,
                projection.source,
                at,
            )
        standing.position = at
        standing.failure = ""

    def wires(self, source: str) -> frozenset[str] | None:
        """The wire types that the read models of a source answer to; None when one of them does not say."""
        if source not in self._wires:
            events: set[type[Event]] = set()
            for one in self._of(source):
                if one.shape.projection.events is None:
                    self._wires[source] = None
                    break
                events |= one.shape.projection.events
            else:
                self._wires[source] = self._log.catalog.wires(events)
        return self._wires[source]

    def _of(self, source: str) -> list[_Standing]:
        return [one for one in self._standing.values() if one.shape.projection.source == source]

    async def _reload(self, standing: _Standing) -> None:
        projection = standing.shape.projection
        standing.position = await self._log.checkpoint(projection.checkpoint, projection.source)

    async def _own(self, after: int, limit: int) -> Sequence[Recorded]:
        return self._log.recorded_of(await self._log.read(after, limit), self.wires(self._log.service))

    async def _follow(self) -> None:
        source = self._log.service
        while True:
            try:
                await self._hold_lock()
                # With no healthy read model, the position is the known head: growth is only watched.
                at = self.position(source)
                if not await self._log.grown(at, POLL_S):
                    continue
                batch = await self._own(at, BATCH_EVENTS_MAX)
                if batch:
                    await self.apply(source, batch)
                if BULK_EVENTS <= len(batch) < BATCH_EVENTS_MAX:
                    await asyncio.sleep(GATHER_S)
            except CheckpointLost:
                continue  # the checkpoints have been read again; the next batch starts there
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as away:
                # Postgres is away: the checkpoint in it says where to go on.
                structlog.get_logger().warning("read-models-wait", exc_info=away)
                await asyncio.sleep(RETRY_DELAY_S)
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                    for standing in self._of(source):
                        await self._reload(standing)

    async def _hold_lock(self) -> None:
        """One replica applies; the others watch its checkpoints until the lock is theirs."""
        if self._lock is not None and not self._lock.is_closed():
            return
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(self._log.dsn, timeout=LOCK_TIMEOUT_S)
        try:
            while not await connection.fetchval(
                "select pg_try_advisory_lock($1, $2)", LOCK_SPACE, 1, timeout=LOCK_TIMEOUT_S
            ):
                await self.reload(self._log.service)
                self._moved.set()
                self._moved = asyncio.Event()
                await asyncio.sleep(POLL_S)
            await self.reload(self._log.service)
        except BaseException:
            # Left open, it would keep the lock, and this replica would watch itself for ever.
            connection.terminate()
            raise
        self._lock = connection


def fingerprint(projection: Projection) -> str:
    """Changes when the version or the table's definition does."""
    definition = "\n".join([str(projection.version), projection.source, *Shape(projection).ddl()])
    return hashlib.sha256(definition.encode()).hexdigest()
