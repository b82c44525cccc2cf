"""A replay of the logs finds read models equal, and names the first row that is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from chassis.log import Group, Log
from chassis.projecting import Projecting
from chassis.projections import Projection, Put, Write
from contracts.envelope import Catalog
from huzhu.replay.places import Place
from huzhu.replay.scratch import PREFIX, ReplayRuns, scratch_database
from huzhu.replay.verify import Compared, Verified, verify
from huzhu.runner.postgres import Postgres
from tests.chassis import library
from tests.chassis.library import BOOKS, BOOKS_PROJECTION, CATALOG, READERS_PROJECTION, BookAdded, BookLent

BOOKS_ADDED = 4_500
"""More than two pages of events and of rows."""
LENT = 50

OpenLog = Callable[..., Awaitable[Log]]
MakeDatabase = Callable[[], Awaitable[str]]


@pytest.fixture
async def places(make_database: MakeDatabase, open_log: OpenLog) -> list[Place]:
    """A library with two read models of its own log, and a reading room with a third that lags behind."""
    library_url, room_url = await make_database(), await make_database()
    log = await open_log(CATALOG, library_url)
    books = [library.append(f"book-{n}", 0, BookAdded(book_id=f"{n:05}"), ident=f"a{n}") for n in range(BOOKS_ADDED)]
    lent = [
        library.append(f"book-{n}", 1, BookLent(book_id=f"{n:05}", reader=f"r{n % 7}"), ident=f"l{n}")
        for n in range(LENT)
    ]
    await log.append(Group(appends=books))
    await log.append(Group(appends=lent))
    own = Projecting(log, (BOOKS_PROJECTION, READERS_PROJECTION))
    await own.prepare()
    await own.apply("library", [log.recorded(stored) for stored in await log.read(0, 5_000)])

    room = await open_log(CATALOG, room_url, "room")
    foreign = Projecting(room, (BOOKS_PROJECTION,))
    await foreign.prepare()
    await foreign.apply("library", [log.recorded(stored) for stored in await log.read(0, BOOKS_ADDED + 10)])
    return [
        Place("library", (BOOKS_PROJECTION, READERS_PROJECTION), library_url, library_url),
        Place("room", (BOOKS_PROJECTION,), room_url, room_url),
    ]


async def compare(places: list[Place], admin_url: str, catalog: Catalog = CATALOG) -> Verified:
    return await verify(places, admin_url, catalog, lambda *_: None)


async def change(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def different(verified: Verified) -> Compared:
    (one,) = [compared for compared in verified.projections if not compared.equal]
    assert not verified.equal
    return one


async def scratch_left(postgres: Postgres) -> int:
    admin = await asyncpg.connect(postgres.admin_url)
    left: int = await admin.fetchval("select count(*) from pg_database where starts_with(datname, $1)", PREFIX)
    await admin.close()
    return left


async def test_untouched_read_models_are_equal_each_at_its_own_position(
    places: list[Place], postgres: Postgres
) -> None:
    verified = await compare(places, postgres.admin_url)
    assert verified.equal
    assert verified.events == BOOKS_ADDED + LENT
    assert [(one.service, one.projection, one.position, one.rows) for one in verified.projections] == [
        ("library", "books", BOOKS_ADDED + LENT, BOOKS_ADDED),
        ("library", "readers", BOOKS_ADDED + LENT, 7),
        ("room", "books", BOOKS_ADDED + 10, BOOKS_ADDED),
    ]
    assert await scratch_left(postgres) == 0


async def test_events_that_arrive_meanwhile_do_not_disturb(
    places: list[Place], postgres: Postgres, open_log: OpenLog
) -> None:
    log = await open_log(CATALOG, places[0].log_url)
    projecting = Projecting(log, (BOOKS_PROJECTION, READERS_PROJECTION))
    await projecting.prepare()
    stop = asyncio.Event()

    async def more() -> int:
        number = 0
        while not stop.is_set():
            number += 1
            event = BookAdded(book_id=f"x{number}")
            await log.append(library.group(f"book-x{number}", 0, event))
            await projecting.apply("library", [log.recorded(one) for one in await log.read(await log.head() - 1, 1)])
        return number

    adding = asyncio.create_task(more())
    verified = await compare(places, postgres.admin_url)
    stop.set()
    assert await adding > 0
    assert verified.equal, [one for one in verified.projections if not one.equal]


async def test_a_changed_row_is_named_by_its_key_and_column(places: list[Place], postgres: Postgres) -> None:
    await change(places[0].live_url, "update projection.books set reader = 'somebody' where book_id = '04321'")
    one = different(await compare(places, postgres.admin_url))
    assert one.difference is not None
    assert (one.service, one.projection, one.rows) == ("library", "books", 4_321)
    assert (one.difference.what, one.difference.key, one.difference.column) == (
        "differs",
        {"book_id": "04321"},
        "reader",
    )
    assert (one.difference.live, one.difference.replayed) == ("set", "null")
    assert "somebody" not in str(one)


async def test_a_lost_row_is_named(places: list[Place], postgres: Postgres) -> None:
    await change(places[1].live_url, "delete from projection.books where book_id = '01999'")
    one = different(await compare(places, postgres.admin_url))
    assert one.difference is not None
    assert (one.service, one.rows) == ("room", 1_999)
    assert (one.difference.what, one.difference.key) == ("row-missing", {"book_id": "01999"})


async def test_a_row_that_no_event_made_is_named(places: list[Place], postgres: Postgres) -> None:
    await change(places[0].live_url, "insert into projection.readers (reader) values ('zz')")
    one = different(await compare(places, postgres.admin_url))
    assert one.difference is not None
    assert (one.projection, one.difference.what, one.difference.key) == ("readers", "row-unexpected", {"reader": "zz"})


async def test_a_read_model_that_has_seen_more_than_its_log_holds_is_told(
    places: list[Place], postgres: Postgres
) -> None:
    await change(places[1].live_url, "update checkpoint set position = 99999 where tail = 'projection:books'")
    one = different(await compare(places, postgres.admin_url))
    assert one.difference is not None
    assert one.difference.what == "not-replayed"


async def test_an_event_that_cannot_be_applied_is_told_and_the_others_are_compared(
    places: list[Place], postgres: Postgres
) -> None:
    def refuses(_recorded: object) -> list[Write]:
        return [Put(("x",), loans="not a number")]

    broken = Projection("books", 1, "library", BOOKS, refuses)
    places[1] = Place("room", (broken,), places[1].log_url, places[1].live_url)
    one = different(await compare(places, postgres.admin_url))
    assert one.service == "room"
    assert one.difference is not None
    assert one.difference.what == "not-replayed"


async def test_a_cancelled_replay_leaves_no_database_and_a_second_waits_its_turn(postgres: Postgres) -> None:
    entered = asyncio.Event()

    async def hold() -> None:
        async with scratch_database(postgres.admin_url):
            entered.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold())
    await asyncio.wait_for(entered.wait(), 30)
    with pytest.raises(ReplayRuns):
        async with scratch_database(postgres.admin_url):
            pass
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert await scratch_left(postgres) == 0
