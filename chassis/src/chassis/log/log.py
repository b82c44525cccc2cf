"""The log of one service: append in groups, load a stream, read from a position, follow its growth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from chassis.log.model import UNREAD, UNREAD_HEADER, Answer, Appended, Group, Recorded, Stored
from chassis.log.writer import Writer
from contracts.envelope import Catalog

READ_EVENTS_MAX = 5_000
"""A reader takes at most this many events at once."""
POOL_CONNECTIONS_MAX = 8
COMMAND_TIMEOUT_S = 30


class Log:
    """Events 1, 2, 3 … without a gap, in commit order."""

    def __init__(
        self, dsn: str, service: str, catalog: Catalog, pool: asyncpg.Pool[asyncpg.Record], writer: Writer
    ) -> None:
        """Use `Log.open`."""
        self.dsn = dsn
        self.service = service
        self.catalog = catalog
        self.pool = pool
        self._writer = writer
        self._head = 0
        self._grown = asyncio.Event()

    @classmethod
    async def open(cls, dsn: str, *, service: str, catalog: Catalog) -> Log:
        """Connect; the tables must have been migrated."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=POOL_CONNECTIONS_MAX,
            command_timeout=COMMAND_TIMEOUT_S,
            reset=leave_session,
        )
        log: Log

        def written(head: int) -> None:
            log.note_head(head)

        writer = Writer(dsn, written)
        log = cls(dsn, service, catalog, pool, writer)
        await writer.start()
        log._head = await log.head()
        return log

    async def close(self) -> None:
        """Write what waits, then let go of Postgres."""
        await self._writer.stop()
        await self.pool.close()

    async def append(self, group: Group) -> Appended:
        """Write a group; see Writer.append for what can be refused."""
        return await self._writer.append(group)

    def refuse_writes(self, reason: str | None) -> None:
        """Take no appends for this reason (the log has lost events); None takes them again."""
        self._writer.refuse(reason)

    @property
    def refusing(self) -> str | None:
        """Why no appends are taken, if so."""
        return self._writer.refusing

    def note_head(self, head: int) -> None:
        """The log is known to reach `head`; whoever waits for growth is woken."""
        if head > self._head:
            self._head = head
            self._grown.set()
            self._grown = asyncio.Event()

    @property
    def known_head(self) -> int:
        """The last position this process has seen, without asking Postgres."""
        return self._head

    async def grown(self, beyond: int, timeout_s: float) -> bool:
        """Wait, bounded, until the log reaches beyond a position; appends of other replicas are seen by asking."""
        if self._head > beyond:
            return True
        event = self._grown
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            self.note_head(await self.head())
        return self._head > beyond

    async def head(self) -> int:
        """The last position."""
        return int(await self.pool.fetchval("select position from head"))

    async def load(self, stream: str) -> list[Recorded]:
        """All events of a stream, oldest first."""
        rows = await self.pool.fetch("select position, body from event where stream = $1 order by version", stream)
        return [self.recorded(Stored(row["position"], row["body"])) for row in rows]

    async def load_many(self, streams: Sequence[str]) -> dict[str, list[Recorded]]:
        """All events of several streams in one question."""
        rows = await self.pool.fetch(
            "select stream, position, body from event where stream = any($1) order by stream, version", list(streams)
        )
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for row in rows:
            found[row["stream"]].append(self.recorded(Stored(row["position"], row["body"])))
        return found

    async def read(self, after: int, limit: int) -> list[Stored]:
        """Up to `limit` events after a position, in order."""
        rows = await self.pool.fetch(
            "select position, body from event where position > $1 order by position limit $2",
            after,
            min(limit, READ_EVENTS_MAX),
        )
        return [Stored(*row) for row in rows]

    async def at(self, position: int) -> Stored | None:
        """The event at one position."""
        return next(iter(await self.at_many([position])), None)

    async def at_many(self, positions: Sequence[int]) -> list[Stored]:
        """The events at these positions, as far as they are there."""
        rows = await self.pool.fetch("select position, body from event where position = any($1)", list(positions))
        return [Stored(*row) for row in rows]

    def recorded(self, stored: Stored) -> Recorded:
        """Decode an event to its newest version."""
        header = self.catalog.header(stored.body)
        return Recorded(stored.position, header, self.catalog.event(header))

    def recorded_of(self, batch: Sequence[Stored], wires: frozenset[str] | None) -> list[Recorded]:
        """Decode the events of these wire types (None: of all); the others keep their position and stay unread."""
        if wires is None:
            return [self.recorded(stored) for stored in batch]
        wire_of = self.catalog.wire_of
        return [
            self.recorded(stored) if wire_of(stored.body) in wires else Recorded(stored.position, UNREAD_HEADER, UNREAD)
            for stored in batch
        ]

    async def answered(self, key: str) -> Answer | None:
        """What an idempotent command was told before, if it is still remembered."""
        row = await self.pool.fetchrow(
            "select request_hash, answer, position, expires_at from command"
            " where key = $1 and (expires_at is null or expires_at > clock_timestamp())",
            key,
        )
        return None if row is None else Answer(*row)

    async def reserved(self, scope: str, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Which of the keys are held, and by whom."""
        rows = await self.pool.fetch(
            "select key, owner from reservation where scope = $1 and key = any($2)", scope, list(keys)
        )
        return {row["key"]: row["owner"] for row in rows}

    async def checkpoint(self, tail: str, source: str) -> int:
        """How far a tail has come in a source."""
        at = await self.pool.fetchval("select position from checkpoint where tail = $1 and source = $2", tail, source)
        return int(at or 0)

    async def restore(self, stored: Sequence[Stored]) -> int:
        """Put lost events back, byte for byte, at the end of the log; returns the new head."""
        headers = [self.catalog.header(one.body) for one in stored]
        head = await self.pool.fetchval(
            "select log_restore($1, $2, $3, $4, $5)",
            [one.position for one in stored],
            [header.subject for header in headers],
            [header.streamversion for header in headers],
            [header.type for header in headers],
            [one.body for one in stored],
        )
        self.note_head(int(head))
        return int(head)


async def leave_session(_connection: object) -> None:
    """A pool's `reset`: nothing here outlives its statement or transaction, so there is nothing to put back.

    asyncpg rolls an open transaction back by itself; its own reset is a question to Postgres after every other.
    """
