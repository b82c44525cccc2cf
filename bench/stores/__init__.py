"""The stores that are measured, each behind the same small face."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Page = list[tuple[str, int]]
"""Events in order of delivery as (stream, position); the reader resumes after the last position."""


class Adapter(Protocol):
    """One store's own client, driven by coroutines."""

    async def connect(self, target: str, concurrency: int) -> None:
        """Open as many connections as there are workers, where the client pools at all."""
        ...

    async def append(self, worker: int, stream: str) -> None:
        """Append one event to a new stream, with its expected version checked, and wait until it is durable."""
        ...

    async def page(self, after: int, limit: int) -> Page:
        """The next events of the whole log."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class ThreadAdapter(Protocol):
    """One store's own client, driven by threads."""

    def connect(self, target: str, concurrency: int) -> None:
        """Open as many connections as there are workers, where the client pools at all."""
        ...

    def append(self, worker: int, stream: str) -> None:
        """Append one event to a new stream, with its expected version checked, and wait until it is durable."""
        ...

    def page(self, after: int, limit: int) -> Page:
        """The next events of the whole log."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


@dataclass(frozen=True)
class Store:
    """A store's name in the table, what its feed promises, and where it keeps its data."""

    name: str
    promise: str
    on_postgres: bool = True
    needs: Sequence[str] = ()
    appends: bool = True
    replays: bool = False


OURS = Store("ours", "gapless total order", replays=True)
EVENTSOURCING = Store("eventsourcing", "gap-safe total order (table lock)", replays=True)
EVENTSOURCING_RECORDER = Store(
    "eventsourcing-recorder", "the same rows, decoded with our decoder", appends=False, replays=True
)
UMADB = Store("umadb", "gapless total order", on_postgres=False)
EMMETT = Store("emmett-postgresql", "total order, known to lose late committers", needs=("emmett-postgresql",))
MESSAGE_DB = Store("message-db", "gap-safe within one category (category lock)", needs=("message-db",))
MESSAGE_DB_CATEGORIES = Store(
    "message-db-categories", "one category a writer; no valid tail across them", needs=("message-db",)
)
RAW_INSERT = Store("raw-insert", "none: one row, one transaction; the yardstick")

STORES = (OURS, EVENTSOURCING, EVENTSOURCING_RECORDER, UMADB, EMMETT, MESSAGE_DB, MESSAGE_DB_CATEGORIES, RAW_INSERT)
