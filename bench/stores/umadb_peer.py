"""PyPI umadb: its own server, its own client, every append conditional."""

import umadb

from bench.load import EVENT_TYPE, encode, measured_event, metadata
from bench.stores import Page


class UmadbPeer:
    """One client shared by the threads; the condition is that no event carries this stream's tag yet."""

    def connect(self, target: str, concurrency: int) -> None:
        """Connect; the client multiplexes, so there is no pool."""
        del concurrency
        self.client = umadb.Client(target)

    def append(self, worker: int, stream: str) -> None:
        """Append if the stream is new."""
        del worker
        event = umadb.Event(
            event_type=EVENT_TYPE,
            data=encode(measured_event(stream)),
            tags=[stream],
            metadata=metadata(stream),
        )
        unused = umadb.AppendCondition(umadb.Query([umadb.QueryItem(tags=[stream])]))
        self.client.append([event], unused)

    def page(self, after: int, limit: int) -> Page:
        """The next events by position."""
        found = self.client.read(start=after + 1, limit=limit)
        return [(item.event.tags[0], item.position) for item in found]

    def close(self) -> None:
        """Close the client."""
        self.client.close()
