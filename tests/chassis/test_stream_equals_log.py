"""Whatever happens to relay, NATS or Postgres: sequence n holds position n, and every effect is there once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from chassis.relay import Relay
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.chassis.road import STREAM_CONFIG, WAIT_S, Road, grow, until

EVENTS = int(os.environ.get("HUZHU_ROAD_EVENTS", "300"))
BATCH = 7
"""Small relay batches, so that faults fall between and into them."""


@pytest.fixture(scope="module")
def own_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    server = Nats(tmp_path_factory.mktemp("road-nats"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("road-postgres"), settings={"shared_buffers": "64MB"})
    server.start()
    yield server
    server.destroy()


@pytest.fixture
async def road(own_postgres: Postgres, own_nats: Nats) -> AsyncIterator[Road]:
    road = await Road.open(own_postgres.admin_url, own_nats)
    yield road
    await road.close()


async def nothing(road: Road, postgres: Postgres) -> None:
    """The yardstick: without a fault the assertions hold too."""
    await road.relay(batch_max=BATCH)
    await grow(road.library, EVENTS)


async def relay_killed_mid_batch(road: Road, postgres: Postgres) -> None:
    """Three relays die with a batch sent but for its commit; the next one publishes the same again."""
    checker = await road.broker()
    for _ in range(3):
        broker = await road.broker("dying")
        client = await broker.client()
        request = client.request
        cut: list[int] = []

        async def dies(subject: str, *args: Any, cut: list[int] = cut, request: Any = request, **more: Any) -> Any:
            if subject.startswith("$JS"):
                return await request(subject, *args, **more)
            cut.append(int(more["headers"]["Nats-Batch-Sequence"]))
            return await asyncio.Event().wait()

        client.request = dies
        relay = Relay(road.library, broker, STREAM_CONFIG, batch_max=BATCH)
        await relay.start()
        await road.library.append(_group_of(BATCH))
        await until(lambda cut=cut: bool(cut), "the relay stands before its commit")
        await client.flush()
        await relay.stop()
        assert cut == [BATCH], "the whole batch but its commit was sent"
        assert await road.stream_last(checker) == 0, "a batch without its commit is not in the stream"
    await road.relay(batch_max=BATCH)
    await grow(road.library, EVENTS)


async def commit_answer_lost(road: Road, postgres: Postgres) -> None:
    """The batch lands, its answer does not: the relay publishes it again and is refused."""
    relay = await road.relay(batch_max=BATCH)
    await until(lambda: relay.status().state == "running", "the relay runs")
    client = await relay._broker.client()
    request = client.request
    lost: list[str] = []

    async def deaf(subject: str, *args: Any, **more: Any) -> Any:
        answer = await request(subject, *args, **more)
        if subject.startswith("library.") and len(lost) < 5:
            lost.append(subject)
            raise TimeoutError
        return answer

    client.request = deaf
    await grow(road.library, EVENTS)
    await until(lambda: len(lost) == 5, "answers were lost")


async def two_relays_at_once(road: Road, postgres: Postgres) -> None:
    """Both publish, one wins each batch, the other is refused and goes on behind it."""
    relays = [await road.relay(batch_max=BATCH) for _ in range(2)]
    refused: list[str] = []
    for relay in relays:
        check = relay._check

        def watching(answer: dict[str, Any], position: int, check: Callable[..., None] = check) -> None:
            if "error" in answer:
                refused.append(answer["error"]["description"])
            check(answer, position)

        relay._check = watching
    await grow(road.library, EVENTS)
    await until(lambda: all(relay.status().position == EVENTS for relay in relays), "both are level")
    assert any("wrong last sequence" in text for text in refused), "the two never met"


async def nats_restarted(road: Road, postgres: Postgres) -> None:
    """Killed and started again while both ends are at work."""
    relay = await road.relay(batch_max=BATCH)
    for round_number in range(3):
        await grow(road.library, EVENTS // 3)
        generation = relay._broker.generation
        await asyncio.to_thread(road.nats.kill)
        await grow(road.library, 5)
        await asyncio.to_thread(road.nats.start)
        await until(lambda seen=generation: relay._broker.generation > seen, f"connected again, {round_number}")


async def nats_wiped(road: Road, postgres: Postgres) -> None:
    """All of NATS is lost, twice; the relay makes the stream again and refills it."""
    relay = await road.relay(batch_max=BATCH)
    for _ in range(2):
        head = await grow(road.library, EVENTS // 2)
        await until(lambda head=head: relay.status().position == head, "all published")
        await asyncio.to_thread(road.nats.kill)
        road.nats.wipe()
        await asyncio.to_thread(road.nats.start)
        checker = await road.broker()
        await grow(road.library, 3)
        await until(lambda checker=checker: _last_is(road, checker), "refilled")


async def nats_rolled_back(road: Road, postgres: Postgres) -> None:
    """The store goes back to an older copy: acknowledged messages are gone, and come again from the log."""
    relay = await road.relay(batch_max=BATCH)
    head = await grow(road.library, EVENTS // 2)
    await until(lambda: relay.status().position == head, "all published")
    await asyncio.to_thread(road.nats.stop)
    road.nats.copy_store()
    await asyncio.to_thread(road.nats.start)
    head = await grow(road.library, EVENTS // 2)
    await until(lambda: relay.status().position == head, "all published again")
    await until(lambda: _noted(road, head), "the desk has noted more than the copy holds")
    await relay.stop()
    await asyncio.to_thread(road.nats.kill)
    road.nats.restore_store()
    await asyncio.to_thread(road.nats.start)
    checker = await road.broker()
    assert await road.stream_last(checker) < head, "the store did not go back"
    await road.relay(batch_max=BATCH)
    await grow(road.library, 11)


async def stream_deleted(road: Road, postgres: Postgres) -> None:
    """Someone deletes the stream under a running server; silence is not mistaken for peace."""
    relay = await road.relay(batch_max=BATCH)
    head = await grow(road.library, EVENTS)
    await until(lambda: relay.status().position == head, "all published")
    checker = await road.broker()
    await checker.api("STREAM.DELETE.LIBRARY")
    await grow(road.library, 5)


async def postgres_restarted(road: Road, postgres: Postgres) -> None:
    """Killed as by a crash and started again, while events are appended, published and taken."""
    await road.relay(batch_max=BATCH)
    started = await postgres_started(road)
    growing = asyncio.create_task(grow(road.library, EVENTS))
    await until(lambda: road.library.known_head > EVENTS // 4, "growth is under way")
    port = postgres.port
    await asyncio.to_thread(postgres.kill)
    await asyncio.to_thread(postgres.start)
    assert postgres.port == port, "the server came back elsewhere; nobody could find it"
    await asyncio.wait_for(growing, WAIT_S)
    assert await postgres_started(road) != started, "Postgres was not restarted"


SCENARIOS = [
    nothing,
    relay_killed_mid_batch,
    commit_answer_lost,
    two_relays_at_once,
    nats_restarted,
    nats_wiped,
    nats_rolled_back,
    stream_deleted,
    postgres_restarted,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__.replace("_", "-"))
async def test_stream_equals_log_and_every_effect_is_there_once(
    road: Road, own_postgres: Postgres, scenario: Callable[[Road, Postgres], Awaitable[None]]
) -> None:
    await road.tail()
    await scenario(road, own_postgres)
    await road.assert_settled()


def _group_of(count: int) -> Any:
    from tests.chassis.library import BookAdded, group  # noqa: PLC0415

    return group(f"cut-{os.urandom(4).hex()}", 0, *(BookAdded(book_id=str(n)) for n in range(count)))


async def _last_is(road: Road, checker: Any) -> bool:
    try:
        return await road.stream_last(checker) == await road.library.head()
    except Exception as refused:
        if "not found" in str(refused):
            return False
        raise


async def _noted(road: Road, head: int) -> bool:
    return await road.desk.checkpoint("reactions", "library") == head


async def postgres_started(road: Road) -> Any:
    return await road.library.pool.fetchval("select pg_postmaster_start_time()")
