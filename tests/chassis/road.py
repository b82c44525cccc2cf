"""A library, whose log goes out, and a desk that follows it: the smallest road with something at both ends."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import sqlalchemy as sa

from chassis.broker import Broker
from chassis.clock import FixedClock, new_id
from chassis.decider import Decider, Rejected
from chassis.execute import Executor, Session
from chassis.log import Group, Log, Recorded, Stored
from chassis.migrate import migrate
from chassis.projecting import Projecting
from chassis.projections import Count, Projection, Put, Reads, Write
from chassis.relay import Relay
from chassis.tail import Reaction, Reactions, ReadModels, Tail
from contracts.envelope import Catalog, Event
from huzhu.runner.nats import Nats
from tests.chassis import library
from tests.chassis.library import BookAdded, append

WAIT_S = 30.0
POLL_S = 0.02
AT_ONCE = 50
SERVICE_ROLE = "road_service"

STREAM_CONFIG: dict[str, Any] = {
    "name": "LIBRARY",
    "subjects": ["library.>"],
    "retention": "limits",
    "storage": "file",
    "discard": "new",
    "deny_delete": True,
    "deny_purge": True,
    "allow_atomic": True,
    "allow_direct": True,
    "num_replicas": 1,
}


class Noted(Event, frozen=True, kw_only=True):
    """The desk has taken notice of a book; a second notice of the same one would be seen."""

    book_id: str


CATALOG = Catalog({**library.EVENTS, "desk.noted.v1": Noted})

NOTES: Decider = Decider("notes", None, lambda state, _event: state, lambda book_id, _state: [Noted(book_id=book_id)])

TALLY = sa.Table(
    "tally",
    sa.MetaData(),
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("events", sa.BigInteger, server_default="0"),
    sa.Column("last", sa.BigInteger, server_default="0"),
)


def apply_tally(recorded: Recorded) -> list[Write]:
    return [Count((recorded.header.subject,), events=1)]


TALLY_PROJECTION = Projection("tally", 1, "library", TALLY, apply_tally)

LAST = sa.Table(
    "last_seen", sa.MetaData(), sa.Column("source", sa.Text, primary_key=True), sa.Column("position", sa.BigInteger)
)
LAST_PROJECTION = Projection(
    "last_seen", 1, "library", LAST, lambda recorded: [Put(("library",), position=recorded.position)]
)


async def note(recorded: Recorded, session: Session) -> None:
    """React to a book: a few note streams, so that decisions meet."""
    assert isinstance(recorded.event, BookAdded)
    if recorded.event.title == "poison" and not CURED:
        raise Rejected("book-unreadable", "The desk cannot read it.")
    if recorded.event.title == "crash" and not CURED:
        raise KeyError("missing")
    await session.decide(NOTES, str(recorded.position % 7), recorded.event.book_id)


CURED: set[str] = set()


async def until(condition: Callable[[], Awaitable[bool] | bool], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait, bounded, for a condition."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert asyncio.get_running_loop().time() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(POLL_S)


DATABASES: dict[tuple[str, str], tuple[str, str]] = {}
"""Made once a server and emptied for each test: making and deleting them costs more than the tests."""


async def fresh_database(admin_url: str, service: str) -> tuple[str, str]:
    """An empty database: the owner's address, and that of a service role without any right of its own."""
    if (admin_url, service) not in DATABASES:
        DATABASES[admin_url, service] = await _make_database(admin_url)
    else:
        await _empty(DATABASES[admin_url, service][0])
    return DATABASES[admin_url, service]


async def _empty(owner_url: str) -> None:
    owner = await asyncpg.connect(owner_url)
    async with owner.transaction():
        await owner.execute("alter table event disable trigger all")
        await owner.execute(
            "truncate event, stream, command, reservation, lookup, checkpoint, parked, job, sweep_lease"
            " restart identity"
        )
        for trigger in ("event_is_final", "event_stays"):
            await owner.execute(f"alter table event enable always trigger {trigger}")
        await owner.execute("update head set position = 0")
        for row in await owner.fetch("select tablename from pg_tables where schemaname = 'projection'"):
            await owner.execute(f'drop table projection."{row["tablename"]}"')
    await owner.close()


async def _make_database(admin_url: str) -> tuple[str, str]:
    name = "r_" + new_id().replace("-", "")
    parts = urlsplit(admin_url)
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"create database {name}")
    if not await admin.fetchval("select count(*) from pg_roles where rolname = $1", SERVICE_ROLE):
        await admin.execute(f"create role {SERVICE_ROLE} login")
    await admin.execute(f"alter role {SERVICE_ROLE} password '{parts.password}'")
    await admin.close()
    owner_url = parts._replace(path=f"/{name}").geturl()
    await migrate(owner_url, service_role=SERVICE_ROLE)
    place = f"{SERVICE_ROLE}:{parts.password}@{parts.hostname}:{parts.port}"
    return owner_url, parts._replace(netloc=place, path=f"/{name}").geturl()


async def grow(log: Log, count: int, *, title: str = "", books: int = 25) -> int:
    """Append `count` events in groups of up to five; returns the head."""
    versions: dict[str, int] = {}
    rows = await log.pool.fetch("select id, version from stream")
    versions.update({row["id"]: row["version"] for row in rows})
    number = await log.head()
    left = count
    while left:
        size = min(left, 1 + number % 5)
        stream = f"book-{number % books}"
        at = versions.get(stream, 0)
        events = [BookAdded(book_id=str(number + k), title=title) for k in range(size)]
        await log.append(Group(appends=[append(stream, at, *events, ident=new_id())]))
        versions[stream] = at + size
        number += size
        left -= size
    return await log.head()


async def grow_bulk(log: Log, count: int, *, at_once: int = 1_000) -> int:
    """Append many events quickly, each group a stream of its own."""
    for start in range(0, count, at_once):
        events = [BookAdded(book_id=str(start + k), title="x" * 300) for k in range(min(at_once, count - start))]
        await log.append(Group(appends=[append(f"bulk-{new_id()}", 0, *events, ident=new_id())], bulk=True))
    return await log.head()


@dataclass
class Road:
    """One library with its relay, one desk with its tail, on servers that faults may hit."""

    nats: Nats
    owner_url: str
    library: Log
    desk: Log
    projecting: Projecting
    executor: Executor
    reaction: Reaction = note
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @classmethod
    async def open(cls, admin_url: str, nats: Nats) -> Road:
        owner_url, url = await fresh_database(admin_url, "library")
        source = await Log.open(url, service="library", catalog=CATALOG)
        _, desk_url = await fresh_database(admin_url, "desk")
        desk = await Log.open(desk_url, service="desk", catalog=CATALOG)
        projecting = Projecting(desk, [TALLY_PROJECTION, LAST_PROJECTION])
        await projecting.prepare()
        projecting.prepared.set()
        reads = Reads.open(desk_url)
        executor = Executor(desk, FixedClock(datetime(2022, 1, 1, tzinfo=UTC)), cast("Any", None), reads)
        road = cls(nats, owner_url, source, desk, projecting, executor)
        road.closing = [reads.close, desk.close, source.close]
        await road.forget_stream()
        return road

    async def close(self) -> None:
        for close in self.closing:
            await asyncio.wait_for(close(), WAIT_S)

    async def broker(self, name: str = "test") -> Broker:
        broker = Broker(self.nats.url, name=name, on_closed=lambda _reason: None)
        await broker.start()
        self.closing.insert(0, broker.stop)
        return broker

    async def forget_stream(self) -> None:
        broker = Broker(self.nats.url, name="sweeper", on_closed=lambda _reason: None)
        await broker.start()
        names = (await broker.api("STREAM.NAMES")).get("streams") or []
        for name in names:
            await broker.api(f"STREAM.DELETE.{name}")
        await broker.stop()

    async def relay(self, **options: Any) -> Relay:
        relay = Relay(self.library, await self.broker("relay"), STREAM_CONFIG, refused_delay_s=0.1, **options)
        await relay.start()
        self.closing.insert(0, relay.stop)
        return relay

    async def tail(self, fetch: Callable[[int, int], Awaitable[list[Stored]]] | None = None, **options: Any) -> Tail:
        reactions = {BookAdded: self.reaction}
        sinks = [ReadModels("library", self.projecting), Reactions("library", reactions, self.executor)]
        tail = Tail("library", sinks, await self.broker("tail"), self.desk, fetch or self.library.read, **options)
        await tail.start()
        self.closing.insert(0, tail.stop)
        return tail

    async def stream_bodies(self) -> dict[int, bytes]:
        """What the stream holds at each sequence, read one by one by an independent way."""
        broker = await self.broker("checker")
        state = (await broker.api("STREAM.INFO.LIBRARY"))["state"]
        found: dict[int, bytes] = {}

        async def one(sequence: int) -> None:
            message = (await broker.api("STREAM.MSG.GET.LIBRARY", {"seq": sequence}))["message"]
            found[sequence] = base64.b64decode(message["data"])

        for start in range(state["first_seq"], state["last_seq"] + 1, AT_ONCE):
            await asyncio.gather(*(one(n) for n in range(start, min(start + AT_ONCE, state["last_seq"] + 1))))
        return found

    async def stream_last(self, broker: Broker) -> int:
        return int((await broker.api("STREAM.INFO.LIBRARY"))["state"]["last_seq"])

    async def log_bodies(self) -> dict[int, bytes]:
        rows = await self.library.pool.fetch("select position, body from event order by position")
        return {row["position"]: row["body"] for row in rows}

    async def effects(self) -> list[int]:
        """The positions the desk has noted, in the order of its log."""
        found: list[int] = []
        while page := await self.desk.read(len(found), 5_000):
            found += [self.desk.catalog.header(stored.body).causeposition for stored in page]
        return found

    async def assert_settled(self) -> None:
        """Stream equals log; the desk has noted and counted each event exactly once, in order of each stream."""
        head = await self.library.head()

        async def level() -> bool:
            return await self.desk.checkpoint("reactions", "library") == head

        await until(level, "the tail is level with the log")
        assert await self.log_bodies() == await self.stream_bodies()
        assert sorted(await self.effects()) == list(range(1, head + 1))
        counted = await self.desk.pool.fetch('select stream, events from projection."tally"')
        wanted = await self.library.pool.fetch("select stream, count(*) as events from event group by stream")
        assert {r["stream"]: r["events"] for r in counted} == {r["stream"]: r["events"] for r in wanted}
        assert await self.desk.pool.fetchval('select position from projection."last_seen"') == head


class Pages:
    """The source's log, remembering what it was asked."""

    def __init__(self, road: Road) -> None:
        self.asked: list[tuple[int, int]] = []
        self._road = road

    async def read(self, after: int, limit: int) -> list[Stored]:
        self.asked.append((after, limit))
        return await self._road.library.read(after, limit)
