"""The relay proves before it publishes, and stops rather than publish something else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.log import LogClosed
from chassis.relay import BATCH_MESSAGES_MAX, StreamDiffers, catch_up
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.chassis.library import BookAdded, group
from tests.chassis.road import STREAM_CONFIG, Road, grow, grow_bulk, until


@pytest.fixture
async def road(postgres: Postgres, nats_server: Nats) -> AsyncIterator[Road]:
    road = await Road.open(postgres.admin_url, nats_server)
    yield road
    await road.close()


async def test_more_than_a_thousand_events_become_several_whole_batches(road: Road) -> None:
    head = await grow_bulk(road.library, BATCH_MESSAGES_MAX * 2 + 5)
    relay = await road.relay()
    await until(lambda: relay.status().position == head, "all published")
    assert await road.log_bodies() == await road.stream_bodies()


async def test_a_batch_is_bounded_in_bytes_too(road: Road) -> None:
    events = [BookAdded(book_id=str(n), title="x" * 50_000) for n in range(120)]
    await road.library.append(group("heavy", 0, *events))
    relay = await road.relay()
    await until(lambda: relay.status().position == 120, "six megabytes are published")


async def test_a_batch_of_1001_messages_is_refused_by_the_server_so_the_bound_is_right(road: Road) -> None:
    broker = await road.broker()
    await broker.api("STREAM.CREATE.LIBRARY", STREAM_CONFIG)
    client = await broker.client()
    for number in range(1, 1_001):
        headers = {"Nats-Batch-Id": "large", "Nats-Batch-Sequence": str(number)}
        await client.publish("library.x", b"{}", headers=headers)
    headers = {"Nats-Batch-Id": "large", "Nats-Batch-Sequence": "1001", "Nats-Batch-Commit": "1"}
    answer = json.loads((await client.request("library.x", b"{}", headers=headers, timeout=5)).data)
    assert answer["error"]["code"] == 400
    assert await road.stream_last(broker) == 0


async def test_a_new_event_is_published_at_once(road: Road) -> None:
    relay = await road.relay()
    await until(lambda: relay.status().state == "running", "the relay runs")
    await grow(road.library, 1)
    await until(lambda: relay.status().position == 1, "published", timeout_s=1)


async def test_a_foreign_message_stops_the_relay_and_the_service_before_anything_is_shifted(road: Road) -> None:
    relay = await road.relay()
    head = await grow(road.library, 10)
    await until(lambda: relay.status().position == head, "published")
    client = await (await road.broker("intruder")).client()
    await client.request("library.book-added.v1", b'{"type":"library.book-added.v1"}', timeout=5)
    await grow(road.library, 1)
    await until(lambda: relay.status().state == "refusing", "the relay refuses")
    assert "different events at position 11" in relay.status().reason
    assert relay.refuses_writes
    with pytest.raises(LogClosed, match="different events"):
        await grow(road.library, 1)


async def test_a_stream_of_another_history_is_not_continued(road: Road) -> None:
    """Same length, other bytes: the length alone would not show it."""
    broker = await road.broker()
    await broker.api("STREAM.CREATE.LIBRARY", STREAM_CONFIG)
    client = await broker.client()
    for _ in range(3):
        await client.request("library.book-added.v1", b'{"type":"library.book-added.v1","x":1}', timeout=5)
    await grow(road.library, 5)
    relay = await road.relay()
    await until(lambda: relay.status().state == "refusing", "the relay refuses")
    assert await road.stream_last(broker) == 3


async def test_a_stream_that_begins_later_is_continued_from_where_it_begins(road: Road) -> None:
    """An archived log: the stream was made with a first sequence; what lies before comes from the source's log."""
    head = await grow(road.library, 20)
    broker = await road.broker()
    await broker.api("STREAM.CREATE.LIBRARY", {**STREAM_CONFIG, "first_seq": 11})
    relay = await road.relay()
    await until(lambda: relay.status().position == head, "published")
    log = await road.log_bodies()
    assert await road.stream_bodies() == {n: log[n] for n in range(11, head + 1)}
    await road.tail()
    await until(lambda: _level(road, head), "the desk has all, the first ten from the source")
    assert sorted(await road.effects()) == list(range(1, head + 1))


async def test_a_first_sequence_beyond_the_log_is_refused(road: Road) -> None:
    broker = await road.broker()
    await broker.api("STREAM.CREATE.LIBRARY", {**STREAM_CONFIG, "first_seq": 100})
    await grow(road.library, 3)
    relay = await road.relay()
    await until(lambda: relay.status().state == "refusing", "the relay refuses")


async def test_a_log_that_lost_events_refuses_to_write_until_they_are_put_back_byte_for_byte(road: Road) -> None:
    relay = await road.relay()
    head = await grow(road.library, 30)
    await until(lambda: relay.status().position == head, "published")
    whole = await road.log_bodies()
    await relay.stop()
    await lose(road, 12)
    relay = await road.relay()
    await until(lambda: relay.status().state == "refusing", "the relay refuses")
    assert "it has lost events" in relay.status().reason
    with pytest.raises(LogClosed):
        await grow(road.library, 1)
    assert await catch_up(road.library, await road.broker()) == 12
    assert await road.log_bodies() == whole
    await until(lambda: relay.status().state == "running", "the relay goes on")
    head = await grow(road.library, 4)
    await until(lambda: relay.status().position == head, "and publishes")
    assert await road.log_bodies() == await road.stream_bodies()


async def test_a_log_that_went_on_after_losing_events_is_not_mixed_with_the_stream(road: Road) -> None:
    relay = await road.relay()
    head = await grow(road.library, 20)
    await until(lambda: relay.status().position == head, "published")
    await relay.stop()
    await lose(road, 5)
    await grow(road.library, 2, title="another history")
    with pytest.raises(StreamDiffers, match="different events at position 17"):
        await catch_up(road.library, await road.broker())


async def test_a_stream_that_takes_no_batches_is_said_so(road: Road) -> None:
    broker = await road.broker()
    await broker.api("STREAM.CREATE.LIBRARY", {**STREAM_CONFIG, "allow_atomic": False})
    await grow(road.library, 9)
    relay = await road.relay()
    await until(lambda: "disabled" in relay.status().reason, "the reason is shown")
    assert relay.status().state == "waiting"


async def test_an_abandoned_batch_does_not_stop_the_next(road: Road) -> None:
    """It costs one of the stream's slots for ten seconds, nothing else."""
    relay = await road.relay()
    await until(lambda: relay.status().state == "running", "the relay runs")
    client = await (await road.broker()).client()
    for number in range(40):
        headers = {"Nats-Batch-Id": f"left-{number}", "Nats-Batch-Sequence": "1"}
        await client.publish("library.x", b"{}", headers=headers)
    await client.flush()
    head = await grow(road.library, 25)
    await until(lambda: relay.status().position == head, "published")


async def test_a_service_starts_without_nats_and_publishes_once_it_is_there(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = Nats(tmp_path_factory.mktemp("late-nats"))
    server.start()
    road = await Road.open(postgres.admin_url, server)
    await asyncio.to_thread(server.kill)
    try:
        relay = await road.relay()
        head = await grow(road.library, 5)
        assert relay.status().state == "starting"
        await asyncio.to_thread(server.start)
        await until(lambda: relay.status().position == head, "published")
    finally:
        await road.close()
        server.stop()


async def lose(road: Road, count: int) -> None:
    """What restoring an old backup does to a log."""
    head = await road.library.head()
    owner = await asyncpg.connect(road.owner_url)
    await owner.execute("alter table event disable trigger all")
    await owner.execute("delete from event where position > $1", head - count)
    await owner.execute("alter table event enable always trigger event_is_final")
    await owner.execute("update head set position = $1", head - count)
    await owner.execute(
        "update stream s set version = coalesce((select max(version) from event e where e.stream = s.id), 0)"
    )
    await owner.close()


async def _level(road: Road, head: int) -> bool:
    return await road.desk.checkpoint("reactions", "library") == head
