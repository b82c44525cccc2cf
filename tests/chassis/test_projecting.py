"""Read models: a poison event stops one and no other, a rebuild swaps under readers, a change is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncpg
import pytest

from chassis.log import Log, Recorded
from chassis.log.model import Unread
from chassis.projecting import LOCK_SPACE, Projecting
from chassis.projections import Count, Write
from tests.chassis.library import (
    BOOKS_PROJECTION,
    CATALOG,
    READERS_PROJECTION,
    BookAdded,
    BookLent,
    apply,
    apply_readers,
    group,
)
from tests.conftest import OpenLog

WAIT_S = 20
POISON = "poison"


@pytest.fixture
async def log(open_log: OpenLog) -> Log:
    return await open_log(CATALOG)


async def fill(log: Log, books: int, start: int = 0) -> None:
    for number in range(start, start + books):
        await log.append(
            group(f"book-{number}", 0, BookAdded(book_id=str(number)), BookLent(book_id=str(number), reader="r"))
        )


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not await reached():  # noqa: ASYNC110 - what is waited for is in Postgres
            await asyncio.sleep(0.02)


def poisoned(recorded: Recorded) -> list[Write]:
    if isinstance(recorded.event, BookAdded) and recorded.event.book_id == POISON:
        raise ZeroDivisionError
    return apply(recorded)


def refused_by_postgres(recorded: Recorded) -> list[Write]:
    if isinstance(recorded.event, BookAdded) and recorded.event.book_id == POISON:
        return [Count(("r",), loans=2**70)]
    return apply_readers(recorded)


@pytest.mark.parametrize("faulty", ["books", "readers"])
async def test_a_poison_event_stops_one_read_model_right_before_it_and_the_others_go_on(log: Log, faulty: str) -> None:
    books, readers = BOOKS_PROJECTION, READERS_PROJECTION
    if faulty == "books":
        books = replace(books, apply=poisoned)
    else:
        readers = replace(readers, apply=refused_by_postgres)
    projecting = Projecting(log, [books, readers])
    await projecting.prepare()
    await fill(log, 20)
    poison = await log.append(group("book-poison", 0, BookAdded(book_id=POISON)))
    await fill(log, 20, start=100)
    following = asyncio.create_task(projecting.follow())
    try:
        other = ({"books", "readers"} - {faulty}).pop()

        async def settled() -> bool:
            return projecting.positions()[other] == await log.head()

        await until(settled)
        # More than one batch further, the stopped one still stands and the others still move.
        await fill(log, 5, start=200)
        await until(settled)
        assert projecting.positions()[faulty] == poison.first - 1
        assert list(projecting.failures()) == [faulty]
        assert f"cannot apply position {poison.first}" in projecting.failures()[faulty]
        await projecting.wait_for(await log.head())
        assert await log.checkpoint(f"projection:{faulty}", "library") == poison.first - 1
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_healthy_read_models_go_on_further_than_one_batch_beyond_a_poison(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.projecting.BATCH_EVENTS_MAX", 4)
    projecting = Projecting(log, [replace(BOOKS_PROJECTION, apply=poisoned), READERS_PROJECTION])
    await projecting.prepare()
    await log.append(group("book-poison", 0, BookAdded(book_id=POISON)))
    await fill(log, 20)
    following = asyncio.create_task(projecting.follow())
    try:

        async def settled() -> bool:
            return projecting.positions()["readers"] == await log.head()

        await until(settled)
        assert projecting.positions()["books"] == 0
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_rebuild_swaps_while_reads_and_appends_go_on(log: Log) -> None:
    projecting = Projecting(log, [BOOKS_PROJECTION, READERS_PROJECTION])
    await projecting.prepare()
    await fill(log, 50)
    following = asyncio.create_task(projecting.follow())
    done = asyncio.Event()
    counts: list[int] = []

    async def read() -> None:
        while not done.is_set():
            counts.append(await log.pool.fetchval("select count(*) from projection.books"))

    try:
        await projecting.wait_for(await log.head())
        reading = asyncio.create_task(read())
        writing = asyncio.create_task(fill(log, 50, start=1000))
        for _ in range(3):
            await projecting.rebuild("books")
        await writing
        await projecting.wait_for(await log.head())
        done.set()
        await reading
        assert min(counts) >= 50, "no reader ever saw a table being filled"
        assert await log.pool.fetchval("select count(*) from projection.books where loans = 1") == 100
        assert await log.pool.fetchval("select loans from projection.readers") == 100
    finally:
        done.set()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_rebuild_heals_a_read_model_that_stood_still(log: Log) -> None:
    healed = {"yet": False}

    def mended(recorded: Recorded) -> list[Write]:
        return apply(recorded) if healed["yet"] else poisoned(recorded)

    projecting = Projecting(log, [replace(BOOKS_PROJECTION, apply=mended)])
    await projecting.prepare()
    await log.append(group("book-poison", 0, BookAdded(book_id=POISON)))
    await projecting.apply("library", [log.recorded(one) for one in await log.read(0, 10)])
    assert projecting.failures()
    healed["yet"] = True
    assert await projecting.rebuild("books") == 1
    assert not projecting.failures()
    assert await log.pool.fetchval("select count(*) from projection.books") == 1


async def test_a_changed_definition_is_reported_until_it_is_rebuilt(log: Log) -> None:
    assert await Projecting(log, [BOOKS_PROJECTION, READERS_PROJECTION]).prepare() == []
    newer = Projecting(log, [replace(BOOKS_PROJECTION, version=2), READERS_PROJECTION])
    assert await newer.prepare() == ["books"]
    await newer.rebuild("books")
    assert await newer.prepare() == []


async def test_a_follower_that_stumbles_while_taking_the_lock_does_not_keep_it_from_itself(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock's connection was once left open when the checkpoints could not be read, and nobody applied any more."""
    projecting = Projecting(log, [BOOKS_PROJECTION])
    await projecting.prepare()
    await fill(log, 3)
    kept: list[BaseException] = []
    reload = projecting.reload

    async def stumbles(source: str) -> int:
        if not kept:
            error = asyncpg.QueryCanceledError("A busy Postgres.")
            kept.append(error)  # with it, its frames and what they held
            raise error
        return await reload(source)

    monkeypatch.setattr(projecting, "reload", stumbles)
    following = asyncio.create_task(projecting.follow())
    try:

        async def settled() -> bool:
            return projecting.positions()["books"] == await log.head()

        await until(settled)
        assert kept
        assert await log.pool.fetchval("select count(*) from pg_locks where classid = $1 and granted", LOCK_SPACE) >= 1
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_events_that_no_read_model_names_are_passed_over_unread(log: Log) -> None:
    applied: list[int] = []

    def noting(recorded: Recorded) -> list[Write]:
        assert isinstance(recorded.event, BookAdded)
        applied.append(recorded.position)
        return apply(recorded)

    books = replace(BOOKS_PROJECTION, apply=noting, events=frozenset({BookAdded}))
    readers = replace(READERS_PROJECTION, events=frozenset())
    projecting = Projecting(log, [books, readers])
    await projecting.prepare()
    await fill(log, 5)
    page = await log.read(0, 10)
    batch = log.recorded_of(page, projecting.wires(log.service))
    assert [type(one.event) for one in batch] == [BookAdded, Unread] * 5
    await projecting.apply(log.service, batch)
    assert applied == [1, 3, 5, 7, 9]
    assert projecting.positions() == {"books": 10, "readers": 10}
    everything = Projecting(log, [books, READERS_PROJECTION])
    assert everything.wires(log.service) is None
    assert log.recorded_of(page, None) == [log.recorded(stored) for stored in page]
