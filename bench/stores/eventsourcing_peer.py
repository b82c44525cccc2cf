"""PyPI eventsourcing in its default, gap-safe mode: threads, its own recorder and pool."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent, UUIDAsHex
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from bench.load import EVENT_TYPE, ClaimMeasured, encode, measured_event, metadata
from bench.stores import Page


class State(msgspec.Struct):
    """What the peer stores as one byte string."""

    data: ClaimMeasured
    metadata: dict[str, str]


OPEN_TIMEOUT_S = 10.0
DECIDED_AT = datetime(2022, 5, 1, 8, tzinfo=UTC)
DECODER = msgspec.json.Decoder(State)


def datastore(target: str, concurrency: int) -> PostgresDatastore:
    """A pool of as many connections as workers; database functions off, which is the default."""
    url = urlsplit(target)
    return PostgresDatastore(
        dbname=url.path.removeprefix("/"),
        host=url.hostname or "",
        port=url.port or 0,
        user=url.username or "",
        password=url.password or "",
        pool_size=concurrency,
        max_overflow=0,
        max_waiting=0,
        enable_db_functions=False,
    )


async def prepare(target: str) -> None:
    """Make the recorder's table."""
    store = datastore(target, 1)
    PostgresApplicationRecorder(store).create_table()
    store.close()


class EventsourcingPeer:
    """The application recorder, below the peer's own mapper: its fastest gap-safe path."""

    def connect(self, target: str, concurrency: int) -> None:
        """Open the pool."""
        self.store = datastore(target, concurrency)
        self.store.pool.open(wait=True, timeout=OPEN_TIMEOUT_S)
        self.recorder = PostgresApplicationRecorder(self.store)

    def append(self, worker: int, stream: str) -> None:
        """Insert the first event of an originator; a taken version would be an integrity error."""
        del worker
        self.recorder.insert_events([self._event(stream)])

    def fill(self, streams: list[str]) -> None:
        """Insert many events in one call, to be replayed."""
        self.recorder.insert_events([self._replayable(stream) for stream in streams])

    def _replayable(self, stream: str) -> StoredEvent:
        return self._event(stream)

    def _event(self, stream: str) -> StoredEvent:
        state = encode({"data": measured_event(stream), "metadata": metadata(stream)})
        return StoredEvent(UUID(stream), 1, EVENT_TYPE, state)

    def page(self, after: int, limit: int) -> Page:
        """The next notifications."""
        found = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [(str(item.originator_id), item.id) for item in found]

    def decoded(self, after: int, limit: int) -> tuple[int, int]:
        """Read and decode a page with our decoder; return how many events it held and the last position."""
        found = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        for item in found:
            DECODER.decode(item.state)
        return len(found), found[-1].id if found else after

    def close(self) -> None:
        """Close the pool."""
        self.store.close()


@dataclass(frozen=True)
class PeerClaimMeasured:
    """The same event as the peer's users write it: a frozen class with an originator and a timestamp."""

    originator_id: UUID
    originator_version: int
    timestamp: datetime
    plan_id: str
    benefit: str
    unit_code: str
    org_path: str
    occurred_on: str
    claimed_fen: int
    channel: str
    documents: list[str]
    metadata: dict[str, str]


class EventsourcingApplication(EventsourcingPeer):
    """Appends as above; what is replayed passes the peer's own mapper and transcoder both ways."""

    def connect(self, target: str, concurrency: int) -> None:
        """Open the pool and make the mapper."""
        super().connect(target, concurrency)
        transcoder = JSONTranscoder()
        for transcoding in (UUIDAsHex(), DatetimeAsISO()):
            transcoder.register(transcoding)
        self.mapper: Mapper[UUID] = Mapper(transcoder)

    def _replayable(self, stream: str) -> StoredEvent:
        ours = measured_event(stream)
        event = PeerClaimMeasured(
            originator_id=UUID(stream),
            originator_version=1,
            timestamp=DECIDED_AT,
            plan_id=ours.plan_id,
            benefit=ours.benefit,
            unit_code=ours.unit_code,
            org_path=ours.org_path,
            occurred_on=ours.occurred_on,
            claimed_fen=ours.claimed_fen,
            channel=ours.channel,
            documents=list(ours.documents),
            metadata=metadata(stream),
        )
        return self.mapper.to_stored_event(event)

    def decoded(self, after: int, limit: int) -> tuple[int, int]:
        """Read a page and map it to domain events."""
        found = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        for item in found:
            self.mapper.to_domain_event(item)
        return len(found), found[-1].id if found else after
