"""npm message-db: its own SQL, called through prepared statements of asyncpg."""

from pathlib import Path

import asyncpg

from bench.load import CATEGORY, EVENT_TYPE, encode, measured_event, metadata
from bench.peers import NODE_MODULES
from bench.stores import Page

# The order of the package's own install.sh, without its roles and privileges (the administrator calls it)
# and without pgcrypto, whose only function in use has been part of Postgres since version 13.
INSTALLED = (
    *("schema/message-store", "tables/messages", "types/message"),
    *("functions/message-store-version", "functions/hash-64", "functions/acquire-lock", "functions/category"),
    *("functions/is-category", "functions/id", "functions/cardinal-id", "functions/stream-version"),
    *("functions/write-message", "functions/get-stream-messages", "functions/get-category-messages"),
    *("functions/get-last-stream-message", "indexes/messages-id", "indexes/messages-stream"),
    "indexes/messages-category",
)
SCHEMA = {"search_path": "message_store, public"}
WRITE = "SELECT write_message($1, $2, $3, $4::jsonb, $5::jsonb, $6)"
NO_STREAM = -1
TAIL_CATEGORY = f"SELECT stream_name, global_position FROM get_category_messages('{CATEGORY}', $1 + 1, $2)"
TAIL_ALL = (
    "SELECT stream_name, global_position FROM messages WHERE global_position > $1 ORDER BY global_position LIMIT $2"
)


async def prepare(target: str) -> None:
    """Install the package's tables, functions and indexes."""
    folder = NODE_MODULES / "@eventide" / "message-db" / "database"
    connection = await asyncpg.connect(target, server_settings=SCHEMA)
    try:
        for name in INSTALLED:
            await connection.execute(_statements(folder / f"{name}.sql"))
    finally:
        await connection.close()


def _statements(path: Path) -> str:
    """The file without the lines that only psql understands, to be run outside a transaction of its own."""
    lines = path.read_text(encoding="utf-8").replace(" CONCURRENTLY", "").splitlines()
    return "\n".join(line for line in lines if not line.startswith("\\"))


class MessageDb:
    """One category, whose lock keeps its feed in order."""

    tail = TAIL_CATEGORY

    async def connect(self, target: str, concurrency: int) -> None:
        """Open one connection a worker and prepare the statement on each."""
        self.connections = [await asyncpg.connect(target, server_settings=SCHEMA) for _ in range(concurrency)]
        self.writes = [await connection.prepare(WRITE) for connection in self.connections]

    def name(self, worker: int, stream: str) -> str:
        """The stream's name with its category."""
        del worker
        return f"{CATEGORY}-{stream}"

    async def append(self, worker: int, stream: str) -> None:
        """Write the first message of a stream."""
        data = encode(measured_event(stream)).decode()
        beside = encode(metadata(stream)).decode()
        await self.writes[worker].fetchval(stream, self.name(worker, stream), EVENT_TYPE, data, beside, NO_STREAM)

    async def page(self, after: int, limit: int) -> Page:
        """The next messages by global position."""
        return [(row[0], row[1]) for row in await self.connections[0].fetch(self.tail, after, limit)]

    async def close(self) -> None:
        """Close every connection."""
        for connection in self.connections:
            await connection.close()


class MessageDbCategories(MessageDb):
    """One category a worker: faster, and nobody can follow them all in order."""

    tail = TAIL_ALL

    def name(self, worker: int, stream: str) -> str:
        """The stream's name with its worker's category."""
        return f"{CATEGORY}{worker}-{stream}"
