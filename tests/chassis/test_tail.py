"""A tail sees holes, parks what cannot be handled, is held by one replica, and never trusts silence."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from chassis.broker import Watchdog
from chassis.log import Stored
from chassis.parked import list_parked, retry_parked
from chassis.projecting import Projecting
from chassis.tail import Fence, Reactions, Reader, ReadModels, SourceLog, Tail
from chassis.tail.reader import BATCH_MESSAGES_MAX
from chassis.tail.source import PageWrong
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.chassis.library import BookAdded, append
from tests.chassis.road import (
    CURED,
    LAST_PROJECTION,
    STREAM_CONFIG,
    TALLY_PROJECTION,
    Group,
    Pages,
    Road,
    grow,
    grow_bulk,
    new_id,
    note,
    until,
)


@pytest.fixture
async def road(postgres: Postgres, nats_server: Nats) -> AsyncIterator[Road]:
    CURED.clear()
    road = await Road.open(postgres.admin_url, nats_server)
    yield road
    await road.close()


async def test_a_hole_in_the_stream_is_fetched_from_the_source_before_going_on(road: Road) -> None:
    """Messages that the client drops are a hole like any other (traps 2 and 3)."""
    pages = Pages(road)
    tail = await road.tail(pages.read)
    await road.relay()
    read = Reader._read
    dropped: list[int] = []

    def lossy(self: Reader, arrived: list) -> list[Stored]:
        found = read(self, arrived)
        lost = [stored.position for stored in found if stored.position in {4, 5, 6, 13}]
        dropped.extend(lost)
        return [stored for stored in found if stored.position not in lost]

    try:
        Reader._read = lossy
        await grow(road.library, 20)
        await road.assert_settled()
    finally:
        Reader._read = read
    assert dropped == [4, 5, 6, 13]
    assert (3, 3) in pages.asked
    assert (12, 1) in pages.asked
    assert tail.status().lag_events == 0


async def test_what_waits_in_memory_is_bounded_by_pulls(road: Road) -> None:
    """A reader that is not emptied stops being sent to (trap 2)."""
    head = await grow_bulk(road.library, BATCH_MESSAGES_MAX * 3)
    relay = await road.relay()
    await until(lambda: relay.status().position == head, "published")
    reader = Reader(await road.broker(), "LIBRARY", label="slow")
    await reader.open(0)
    await until(lambda: len(reader._buffer) >= BATCH_MESSAGES_MAX, "one pull has arrived")
    await asyncio.sleep(0.3)  # more would have come by now
    assert len(reader._buffer) == BATCH_MESSAGES_MAX
    seen: list[int] = []
    while len(seen) < head:
        seen += [stored.position for stored in await reader.take()]
        assert len(reader._buffer) <= BATCH_MESSAGES_MAX
    assert seen == list(range(1, head + 1))
    await reader.close()


async def test_a_tail_that_has_received_nothing_goes_on_from_its_checkpoint_after_a_restart(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The client's own ordered consumer would begin again at 1 (trap 1); nothing is taken twice either way."""
    server = Nats(tmp_path_factory.mktemp("tail-nats"))
    server.start()
    road = await Road.open(postgres.admin_url, server)
    try:
        relay = await road.relay()
        head = await grow(road.library, 30)
        await until(lambda: relay.status().position == head, "published")
        first = await road.tail()
        await road.assert_settled()
        await first.stop()
        opened: list[int] = []
        tail = await road.tail()
        open_reader = Reader.open

        async def noted(self: Reader, after: int) -> None:
            opened.append(after)
            await open_reader(self, after)

        Reader.open = noted
        try:
            await until(lambda: tail.status().state == "running", "idle at the end")
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await until(lambda: len(opened) >= 1, "subscribed anew")
            await grow(road.library, 5)
            await road.assert_settled()
        finally:
            Reader.open = open_reader
        assert set(opened) == {head}
    finally:
        await road.close()
        server.stop()


async def test_a_poison_event_is_parked_with_what_follows_in_its_stream_and_the_rest_goes_on(road: Road) -> None:
    await road.relay()
    await road.tail()
    await add(road, "book-a", 0, "fine", "poison", "later")
    await add(road, "book-b", 0, "fine", "crash", "later")
    await add(road, "book-c", 0, "fine", "fine", "fine")
    head = await add(road, "book-a", 3, "much later")
    await until(lambda: _level(road, head), "the tail is level")
    parked = await list_parked(road.desk.pool, road.desk.service)
    assert [(p.stream, p.position) for p in parked] == [
        ("book-a", 2),
        ("book-a", 3),
        ("book-b", 5),
        ("book-b", 6),
        ("book-a", 10),
    ]
    assert parked[0].error.startswith("Rejected book-unreadable at note:")
    assert parked[2].error.startswith("KeyError at note:")
    assert "missing" not in parked[2].error, "messages may carry personal data"
    assert parked[1].error.startswith("Waits behind")
    assert sorted(await road.effects()) == [1, 4, 7, 8, 9]


async def test_retry_works_parked_events_off_in_order_and_once(road: Road) -> None:
    await road.relay()
    await road.tail()
    await add(road, "book-a", 0, "poison", "later", "later")
    head = await add(road, "book-b", 0, "fine")
    await until(lambda: _level(road, head), "the tail is level")
    assert await retry_parked(road.desk.pool) == 3
    await until(lambda: _retried_in_vain(road), "tried again, in vain")
    assert sorted(await road.effects()) == [4]
    CURED.add("book-a")
    assert await retry_parked(road.desk.pool, source="library", stream="book-a") == 3
    await until(lambda: _nothing_parked(road), "worked off")
    assert await road.effects() == [4, 1, 2, 3]
    head = await add(road, "book-a", 3, "fine")
    await until(lambda: _level(road, head), "the stream is open again")
    assert await road.effects() == [4, 1, 2, 3, 5]


async def test_a_retry_cut_off_before_it_was_noted_is_not_repeated(road: Road) -> None:
    await road.relay()
    await road.tail()
    head = await add(road, "book-a", 0, "poison", "later")
    await until(lambda: _level(road, head), "parked")
    CURED.add("book-a")
    await retry_parked(road.desk.pool)
    await until(lambda: _nothing_parked(road), "worked off")
    await road.desk.pool.execute("update parked set state = 'retry'")  # as if the note had been lost
    await until(lambda: _nothing_parked(road), "seen as done")
    assert await road.effects() == [1, 2]


async def test_two_replicas_take_every_effect_once_and_the_second_takes_over(road: Road) -> None:
    await road.relay()
    first, second = await road.tail(), await second_replica(road)
    await until(lambda: {first.status().state, second.status().state} == {"running", "standby"}, "one holds")
    await grow(road.library, 50)
    await road.assert_settled()
    holder = first if first.status().state == "running" else second
    other = second if holder is first else first
    await holder.stop()
    await until(lambda: other.status().state == "running", "taken over")
    await grow(road.library, 20)
    await road.assert_settled()


async def test_a_second_holder_that_slips_past_the_lock_is_stopped_by_the_checkpoint(road: Road) -> None:
    await road.relay()
    for tail in (await road.tail(), await second_replica(road)):
        tail._fence.acquire = _always
        tail._fence.check = lambda: None
    for _ in range(20):
        await grow(road.library, 10)
    await road.assert_settled()


async def test_a_tail_whose_lock_connection_is_cut_goes_on_with_a_new_one(road: Road) -> None:
    await road.relay()
    tail = await road.tail()
    await grow(road.library, 10)
    await road.assert_settled()
    cut = await road.desk.pool.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    assert cut == 1
    await grow(road.library, 10)
    await road.assert_settled()
    assert tail.status().state == "running"


async def test_a_source_that_lost_events_already_taken_stops_the_tail(road: Road) -> None:
    relay = await road.relay()
    first = await road.tail()
    head = await grow(road.library, 10)
    await road.assert_settled()
    await first.stop()
    await relay.stop()

    async def short(after: int, limit: int) -> list[Stored]:
        return [stored for stored in await road.library.read(after, limit) if stored.position <= head - 3]

    broker = await road.broker()
    await broker.api("STREAM.DELETE.LIBRARY")
    await broker.api("STREAM.CREATE.LIBRARY", STREAM_CONFIG)
    tail = await road.tail(short)
    await until(lambda: tail.status().state == "stopped", "stopped")
    assert f"no longer has position {head}" in tail.status().reason


async def test_a_read_model_that_cannot_apply_holds_back_the_reactions_behind_it(road: Road) -> None:
    await road.relay()
    standing = road.projecting._standing["tally"]
    standing.failure = "tally cannot apply position 1"
    tail = await road.tail()
    head = await grow(road.library, 5)
    await until(lambda: tail.status().state == "held" and tail.status().position == head, "held")
    assert await road.effects() == []
    assert await road.desk.pool.fetchval('select position from projection."last_seen"') == head, "the other goes on"
    standing.failure = ""
    await road.assert_settled()


async def test_a_read_model_whose_row_postgres_refuses_stands_still_alone(road: Road) -> None:
    await road.relay()
    owner = await asyncpg.connect(road.owner_url.replace(road.library.dsn.rpartition("/")[2], _database(road.desk.dsn)))
    await owner.execute("alter table projection.tally add constraint small check (events < 3)")
    await owner.close()
    tail = await road.tail()
    head = await add(road, "book-a", 0, "one", "two", "three")
    await until(lambda: tail.status().state == "held" and tail.status().position == head, "held")
    assert "tally cannot apply" in tail.status().reason
    assert await road.desk.pool.fetchval('select position from projection."last_seen"') == head, "the other goes on"


async def test_the_source_log_is_read_page_by_page_byte_for_byte(road: Road) -> None:
    await grow(road.library, 7)
    asked: list[httpx.Request] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
        page = await road.library.read(after, limit)
        body = b"".join(stored.body + b"\n" for stored in page)
        first = page[0].position if after != 2 else 99
        return httpx.Response(200, headers={"Log-First": str(first)}, content=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        log = SourceLog(http, "http://library.test", lambda: "secret")
        assert await log.read(3, 2) == await road.library.read(3, 2)
        with pytest.raises(PageWrong):
            await log.read(2, 2)
    assert asked[0].headers["Authorization"] == "Bearer secret"


async def test_only_one_fence_is_held_at_a_time(road: Road) -> None:
    one, two = Fence(road.desk.dsn, "x"), Fence(road.desk.dsn, "x")
    assert await one.acquire()
    assert not await two.acquire()
    await one.release()
    await until(two.acquire, "free again")
    await two.release()


async def test_a_frozen_loop_ends_the_process_and_only_a_thread_can_do_it() -> None:
    ended: list[str] = []
    heard = threading.Event()

    def end(reason: str) -> None:
        ended.append(reason)
        heard.set()

    watchdog = Watchdog(frozen_s=2.0, end=end)
    watchdog.start()
    await asyncio.sleep(1.6)
    assert ended == [], "a loop that moves is left alone"
    deadline = time.monotonic() + 10
    while not heard.is_set() and time.monotonic() < deadline:
        time.sleep(0.05)  # noqa: ASYNC251 - this is the freeze
    await watchdog.stop()
    assert ended[0].startswith("loop-frozen")


async def add(road: Road, stream: str, version: int, *titles: str) -> int:
    events = [BookAdded(book_id=f"{stream}/{version + n}", title=title) for n, title in enumerate(titles)]
    landed = await road.library.append(Group(appends=[append(stream, version, *events, ident=new_id())]))
    return landed.last


async def second_replica(road: Road) -> Tail:
    """The same service once more, on the same database."""
    projecting = Projecting(road.desk, [TALLY_PROJECTION, LAST_PROJECTION])
    await projecting.prepare()
    projecting.prepared.set()
    sinks = [ReadModels("library", projecting), Reactions("library", {BookAdded: note}, road.executor)]
    tail = Tail("library", sinks, await road.broker("second"), road.desk, road.library.read)
    await tail.start()
    road.closing.insert(0, tail.stop)
    return tail


def _database(dsn: str) -> str:
    return dsn.rpartition("/")[2]


async def _always() -> bool:
    return True


async def _level(road: Road, head: int) -> bool:
    return await road.desk.checkpoint("reactions", "library") == head


async def _nothing_parked(road: Road) -> bool:
    return not await list_parked(road.desk.pool, road.desk.service)


async def _retried_in_vain(road: Road) -> bool:
    parked = await list_parked(road.desk.pool, road.desk.service)
    return [(p.attempts, p.state) for p in parked] == [(2, "waiting"), (1, "waiting"), (1, "waiting")]
