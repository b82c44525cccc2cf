"""One row, one transaction, one connection a worker: what Postgres itself can do with these bytes."""

import asyncpg

from bench.load import EVENT_TYPE, encode, measured_event, metadata
from bench.stores import Page

SCHEMA = """
CREATE TABLE event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL, version bigint NOT NULL, type text NOT NULL, body bytea NOT NULL
)
"""
INSERT = "INSERT INTO event (stream, version, type, body) VALUES ($1, $2, $3, $4)"
SELECT = "SELECT stream, position FROM event WHERE position > $1 ORDER BY position LIMIT $2"


async def prepare(target: str) -> None:
    """Make the one table."""
    connection = await asyncpg.connect(target)
    try:
        await connection.execute(SCHEMA)
    finally:
        await connection.close()


class RawInsert:
    """The yardstick: no version check, no order, no reader's guarantee."""

    async def connect(self, target: str, concurrency: int) -> None:
        """Open one connection a worker and prepare the statement on each."""
        self.connections = [await asyncpg.connect(target) for _ in range(concurrency)]
        self.inserts = [await connection.prepare(INSERT) for connection in self.connections]

    async def append(self, worker: int, stream: str) -> None:
        """Insert one row."""
        body = encode({"data": measured_event(stream), "metadata": metadata(stream)})
        await self.inserts[worker].fetch(stream, 1, EVENT_TYPE, body)

    async def page(self, after: int, limit: int) -> Page:
        """The rows with a higher position."""
        return [(row[0], row[1]) for row in await self.connections[0].fetch(SELECT, after, limit)]

    async def close(self) -> None:
        """Close every connection."""
        for connection in self.connections:
            await connection.close()
