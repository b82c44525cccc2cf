"""The log under attack: two processes, a reader at its tail, an old snapshot, a reply that is cut off."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from chassis.log import CommandRecord, Conflict, Group, Log
from tests.chassis.library import CATALOG, BookAdded, append, group
from tests.conftest import OpenLog

PROCESSES = 2
WRITERS = 8
PAGE = 1_000
TORTURE_S_MAX = 600
WAIT_S = 20
LONG_EVENTS = 1_000_000


@pytest.fixture
async def log(open_log: OpenLog) -> Log:
    return await open_log(CATALOG)


async def tail(log: Log, until: int, writing: asyncio.Task[list[dict[str, int]]]) -> list[int]:
    """Read as a consumer does: what follows the last position read, never looking back."""
    seen: list[int] = []
    while not seen or seen[-1] < until:
        page = await log.read(seen[-1] if seen else 0, PAGE)
        if not page and writing.done():
            page = await log.read(seen[-1] if seen else 0, PAGE)
            if not page:
                break
        if not page:
            await asyncio.sleep(0.002)
        seen += [stored.position for stored in page]
    return seen


async def torture(log: Log, repository: Path, events: int) -> None:
    async def one(name: str, share: int) -> dict[str, int]:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chassis.torture_writer", log.dsn, name, str(WRITERS), str(share), "7"),
            cwd=repository,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, error = await asyncio.wait_for(child.communicate(), TORTURE_S_MAX)
        finally:
            if child.returncode is None:
                child.kill()
        assert child.returncode == 0, error.decode()[-2000:]
        return dict(json.loads(out))

    share = events // PROCESSES
    writing = asyncio.ensure_future(asyncio.gather(*(one(f"p{n}", share) for n in range(PROCESSES))))
    seen = await tail(log, share * PROCESSES, writing)  # type: ignore[arg-type]
    done = await writing
    written = sum(one["written"] for one in done)
    assert written == share * PROCESSES
    assert len(seen) - len(set(seen)) == 0, "repeated"
    assert seen == sorted(seen), "out of order"
    assert set(range(1, written + 1)) - set(seen) == set(), "missed"
    assert seen == list(range(1, written + 1)), "a hole, or more than was acknowledged"
    assert sum(one["conflicts"] for one in done) > 0, "the processes did fight over streams"
    crooked = await log.pool.fetchval(
        "select count(*) from (select version, row_number() over (partition by stream order by position) as nth"
        " from event) e where version <> nth"
    )
    assert crooked == 0, "versions of a stream follow its positions"


async def test_a_tailing_reader_misses_nothing_while_two_processes_write(
    log: Log, repository: Path, torture_events: int
) -> None:
    await torture(log, repository, torture_events)


@pytest.mark.long
async def test_a_tailing_reader_misses_nothing_of_a_million(log: Log, repository: Path) -> None:
    await torture(log, repository, LONG_EVENTS)


async def test_the_head_is_locked_before_versions_are_read(log: Log, database: str) -> None:
    """A writer that has waited for another's transaction sees what it wrote: Conflict, and neighbours stand."""
    other = await asyncpg.connect(database)
    transaction = other.transaction()
    await transaction.start()
    await other.fetchval("select position from head for update")
    waiting = asyncio.gather(
        log.append(group("book-1", 0, BookAdded(book_id="1"))),
        log.append(group("book-2", 0, BookAdded(book_id="2"))),
        return_exceptions=True,
    )
    async with asyncio.timeout(WAIT_S):
        while not await log.pool.fetchval(  # noqa: ASYNC110 - what is waited for is in Postgres
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%log_append%'"
        ):
            await asyncio.sleep(0.01)
    await other.execute("insert into stream (id, version) values ('book-1', 1)")
    await other.execute("insert into event (position, stream, version, type, body) values (1, 'book-1', 1, 't', '{}')")
    await other.execute("update head set position = 1")
    await transaction.commit()
    await other.close()
    first, second = await waiting
    assert isinstance(first, Conflict)
    assert not isinstance(second, BaseException)
    assert (second.first, second.last) == (2, 2)


class Cut:
    """A proxy before Postgres that can cut the connection when the reply to an append is on its way."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.cut_replies = 0
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        marked = asyncio.Event()

        async def up() -> None:
            while data := await reader.read(65_536):
                # Only a reply to an append with events is worth cutting.
                if self.cut_replies and b"streamversion" in data:
                    marked.set()
                up_writer.write(data)
                await up_writer.drain()

        async def down() -> None:
            while data := await up_reader.read(65_536):
                if marked.is_set() and self.cut_replies:
                    # The whole answer has come, so the transaction is committed; nobody hears of it.
                    self.cut_replies -= 1
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()

        tasks = [asyncio.create_task(up()), asyncio.create_task(down())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()
            up_writer.close()


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[tuple[Cut, str]]:
    parts = urlsplit(url)
    cut = Cut(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(cut.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    userinfo = parts.netloc.rpartition("@")[0]
    try:
        yield cut, urlunsplit(parts._replace(netloc=f"{userinfo}@127.0.0.1:{port}"))
    finally:
        server.close()


async def test_an_append_whose_answer_is_lost_after_the_commit_stands_once(database: str) -> None:
    """The reply to COMMIT is cut off: every append is found again by its event's identity, none is repeated."""
    async with cutting(database) as (cut, url):
        log = await Log.open(url, service="library", catalog=CATALOG)
        await log.append(group("book-0", 0, BookAdded(book_id="0")))
        started = time.monotonic()
        for number in range(1, 11):
            cut.cut_replies = 1
            groups = [
                Group(
                    appends=[append(f"book-{number}-{n}", 0, *[BookAdded(book_id=str(n))] * (n + 1))],
                    command=CommandRecord(f"k-{number}-{n}", b"h", b"a", None),
                )
                for n in range(3)
            ]
            landed = await asyncio.gather(*(log.append(one) for one in groups))
            for n, one in enumerate(landed):
                events = await log.load(f"book-{number}-{n}")
                assert [event.position for event in events] == list(range(one.first, one.last + 1))
                assert len(events) == n + 1
        assert cut.cuts == 10
        assert await log.head() == 1 + 10 * 6
        assert time.monotonic() - started < WAIT_S * 3
        # And a true conflict, found while its answer is lost, is still a conflict.
        cut.cut_replies = 1
        foreign = group("book-0", 0, BookAdded(book_id="another"))
        with pytest.raises(Conflict):
            await log.append(foreign)
        await log.close()
