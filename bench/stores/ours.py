"""Our log, through the same class that every service uses."""

from bench.load import CATALOG, CATEGORY, EVENT_TYPE, measured_event, metadata
from bench.stores import Page
from chassis.log import Group, Log, StreamAppend, Written
from chassis.migrate import migrate
from contracts.envelope import Envelope

SERVICE = "bench"
ROLE = "postgres"
NEW_STREAM = 0


async def prepare(target: str) -> None:
    """Apply the chassis's migrations."""
    await migrate(target, ROLE)


def stream_append(stream: str) -> StreamAppend:
    """The first event of a new stream, encoded as the services encode theirs."""
    subject = f"{CATEGORY}-{stream}"
    beside = metadata(stream)
    envelope = Envelope(
        specversion="1.0",
        id=f"{stream}.1",
        source=SERVICE,
        type=EVENT_TYPE,
        subject=subject,
        time=beside["time"],
        datacontenttype="application/json",
        streamversion=1,
        actorsub=beside["actor"],
        actororg="620621",
        actorpath="620000.620600.620621",
        actorroles="unit_clerk",
        traceparent=beside["traceparent"],
        commandkey=beside["correlation"],
        data=measured_event(stream),
    )
    return StreamAppend(subject, NEW_STREAM, (Written(1, EVENT_TYPE, CATALOG.encode(envelope)),))


class Ours:
    """Concurrent appends through one Log, as inside one service."""

    async def connect(self, target: str, concurrency: int) -> None:
        """Open the log; its one writer needs no pool."""
        del concurrency
        self.log = await Log.open(target, service=SERVICE, catalog=CATALOG)

    async def append(self, worker: int, stream: str) -> None:
        """Append a group of one event."""
        del worker
        await self.log.append(Group(appends=[stream_append(stream)]))

    async def fill(self, streams: list[str]) -> None:
        """Append many events as one bulk group, to be replayed."""
        await self.log.append(Group(appends=[stream_append(stream) for stream in streams], bulk=True))

    async def page(self, after: int, limit: int) -> Page:
        """The next events by position; the stream's name is read out of the stored bytes."""
        return [(CATALOG.header(item.body).subject, item.position) for item in await self.log.read(after, limit)]

    async def decoded(self, after: int, limit: int) -> tuple[int, int]:
        """Read and decode a page; return how many events it held and the last position."""
        found = [self.log.recorded(item) for item in await self.log.read(after, limit)]
        return len(found), found[-1].position if found else after

    async def close(self) -> None:
        """Close the log."""
        await self.log.close()
