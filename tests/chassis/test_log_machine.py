"""Any history of appends, refusals, crashes and rebuilds: the read models are the fold of the log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chassis.clock import new_id
from chassis.log import Appended, CommandRecord, CommandRepeated, Conflict, Group, Log
from chassis.migrate import migrate
from chassis.projecting import Projecting
from contracts.envelope import Event
from huzhu.runner.postgres import Postgres
from tests.chassis.library import (
    BOOKS_PROJECTION,
    CATALOG,
    READERS_PROJECTION,
    BookAdded,
    BookLent,
    BookReturned,
    append,
    group,
)

T = TypeVar("T")
EXAMPLES = int(os.environ.get("HUZHU_MACHINE_EXAMPLES", "8"))
STEPS = 20
BOOKS = 3
TURNS_MAX = 12
"""Turns of the loop that an append is given before its process dies."""
SESSION_ENDS_S = 10
TABLES = {"books": "select book_id, reader, loans from projection.books", "readers": "select * from projection.readers"}
Rows = dict[str, set[tuple[Any, ...]]]

books = st.integers(0, BOOKS - 1)
keys = st.sampled_from(["k0", "k1", "k2"])


def fold(events: list[Event]) -> Rows:
    """What the two read models show after these events, said once more and differently."""
    out: dict[str, list[Any]] = {}
    readers: dict[str, int] = {}
    for event in events:
        match event:
            case BookAdded(book_id=book):
                out[book] = [None, 0]
            case BookLent(book_id=book, reader=reader):
                out[book] = [reader, out[book][1] + 1]
                readers[reader] = readers.get(reader, 0) + 1
            case BookReturned(book_id=book):
                out[book][0] = None
            case _:
                raise AssertionError(event)
    return {"books": {(book, *row) for book, row in out.items()}, "readers": set(readers.items())}


class LogMachine(RuleBasedStateMachine):
    """The log and its read models beside a list of events."""

    admin_url = ""
    template = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.events: list[Event] = []
        self.versions = dict.fromkeys(range(BOOKS), 0)
        self.answers: dict[str, bytes] = {}
        self.name = "m_" + new_id().replace("-", "")
        self.run(self.create())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def create(self) -> None:
        admin = await asyncpg.connect(self.admin_url)
        await admin.execute(f"create database {self.name} template {self.template}")
        await admin.close()
        self.url = f"{self.admin_url.rpartition('/')[0]}/{self.name}"
        await self.open()

    async def open(self) -> None:
        self.log = await Log.open(self.url, service="library", catalog=CATALOG)
        self.projecting = Projecting(self.log, [BOOKS_PROJECTION, READERS_PROJECTION])
        assert await self.projecting.prepare() == []

    def teardown(self) -> None:
        try:
            self.run(self.end())
        finally:
            self.runner.close()

    async def end(self) -> None:
        await self.catch_up(1_000)
        live = await self.shown()
        assert live == fold(self.events)
        for name in TABLES:
            assert await self.projecting.rebuild(name) == len(self.events)
        assert await self.shown() == live, "rebuilt = live"
        await self.log.close()
        admin = await asyncpg.connect(self.admin_url)
        await admin.execute(f"drop database {self.name} with (force)")
        await admin.close()

    async def shown(self) -> Rows:
        return {name: {tuple(row) for row in await self.log.pool.fetch(sql)} for name, sql in TABLES.items()}

    async def catch_up(self, limit: int) -> None:
        stored = await self.log.read(self.projecting.position("library"), limit)
        if stored:
            await self.projecting.apply("library", [self.log.recorded(one) for one in stored])

    def next_of(self, book: int) -> list[Event]:
        """What can happen to a book now: it is added, lent and returned in one go or lent and kept."""
        if self.versions[book] == 0:
            return [BookAdded(book_id=str(book))]
        if self.versions[book] % 2:
            return [BookLent(book_id=str(book), reader=f"r{self.versions[book] % 3}")]
        return [
            BookReturned(book_id=str(book), reader="r"),
            BookLent(book_id=str(book), reader="r0"),
            BookReturned(book_id=str(book), reader="r0"),
        ]

    def stood(self, book: int, happened: list[Event], landed: Appended) -> None:
        assert landed.first == len(self.events) + 1
        assert landed.last == len(self.events) + len(happened)
        self.events += happened
        self.versions[book] += len(happened)

    @rule(book=books)
    def append_one(self, book: int) -> None:
        happened = self.next_of(book)
        self.stood(book, happened, self.run(self.log.append(group(f"book-{book}", self.versions[book], *happened))))

    @rule(book=books, off=st.sampled_from([-1, 1, 5]))
    def append_on_a_wrong_version(self, book: int, off: int) -> None:
        wrong = max(self.versions[book] + off, 0)
        if wrong == self.versions[book]:
            return
        with pytest.raises(Conflict):
            self.run(self.log.append(group(f"book-{book}", wrong, *self.next_of(book))))

    @rule(wrong=st.sets(books))
    def append_side_by_side(self, wrong: set[int]) -> None:
        """One batch; the groups on a wrong version fall alone."""
        happened = {book: self.next_of(book) for book in range(BOOKS)}

        async def all_at_once() -> list[Appended | BaseException]:
            groups = [
                group(f"book-{book}", self.versions[book] + (7 if book in wrong else 0), *happened[book])
                for book in range(BOOKS)
            ]
            return await asyncio.gather(*(self.log.append(one) for one in groups), return_exceptions=True)

        for book, answer in enumerate(self.run(all_at_once())):
            if book in wrong:
                assert isinstance(answer, Conflict)
            else:
                assert isinstance(answer, Appended)
                self.stood(book, happened[book], answer)

    @rule(book=books, key=keys)
    def command(self, book: int, key: str) -> None:
        happened = self.next_of(book)
        answer = f"{len(self.events)}".encode()
        record = CommandRecord(key, b"hash", answer, None)
        one = group(f"book-{book}", self.versions[book], *happened, command=record)
        if key in self.answers:
            with pytest.raises(CommandRepeated):
                self.run(self.log.append(one))
        else:
            self.stood(book, happened, self.run(self.log.append(one)))
            self.answers[key] = answer
        known = self.run(self.log.answered(key))
        assert known is not None
        assert known.answer == self.answers[key]

    @rule(book=books)
    def the_writers_connection_is_ended(self, book: int) -> None:
        happened = self.next_of(book)

        async def while_ended() -> Appended:
            waiting = asyncio.create_task(self.log.append(group(f"book-{book}", self.versions[book], *happened)))
            await self.log.pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and query like '%log_append%'"
            )
            return await waiting

        self.stood(book, happened, self.run(while_ended()))

    @rule(book=books, turns=st.integers(0, TURNS_MAX))
    def the_process_dies_while_it_appends(self, book: int, turns: int) -> None:
        happened = self.next_of(book)
        stream = f"book-{book}"

        async def die() -> int:
            one = Group(appends=[append(stream, self.versions[book], *happened)])
            waiting = asyncio.create_task(self.log.append(one))
            for _ in range(turns):
                await asyncio.sleep(0)
            mine = asyncio.current_task()
            died = [task for task in asyncio.all_tasks() if task is not mine]
            for task in died:
                task.cancel()
            connection = self.log._writer._connection
            backend = 0 if connection is None else connection.get_server_pid()
            if connection is not None:
                connection.terminate()
            self.log.pool.terminate()
            await asyncio.gather(waiting, *died, return_exceptions=True)
            await self.open()
            # What the dead process had sent may still be under way: nothing is known until its session has ended.
            async with asyncio.timeout(SESSION_ENDS_S):
                while await self.log.pool.fetchval(  # noqa: ASYNC110 - what is waited for is in Postgres
                    "select count(*) from pg_stat_activity where pid = $1", backend
                ):
                    await asyncio.sleep(0.005)
            return int(await self.log.pool.fetchval("select version from stream where id = $1", stream) or 0)

        version = self.run(die())
        assert version in (self.versions[book], self.versions[book] + len(happened)), "whole or not at all"
        if version > self.versions[book]:
            self.events += happened
            self.versions[book] = version

    @rule(limit=st.integers(1, 5))
    def project(self, limit: int) -> None:
        self.run(self.catch_up(limit))

    @precondition(lambda self: self.events)
    @rule(name=st.sampled_from(sorted(TABLES)))
    def rebuild(self, name: str) -> None:
        assert self.run(self.projecting.rebuild(name)) == len(self.events)

    @invariant()
    def the_read_models_are_the_fold_of_the_log(self) -> None:
        async def look() -> None:
            stored = await self.log.read(0, 5_000)
            assert [one.position for one in stored] == list(range(1, len(self.events) + 1))
            assert [self.log.recorded(one).event for one in stored] == self.events
            assert await self.log.head() == len(self.events)
            shown = await self.shown()
            for name, reached in self.projecting.positions().items():
                assert reached == await self.log.checkpoint(f"projection:{name}", "library") <= len(self.events)
                assert shown[name] == fold(self.events[:reached])[name]

        self.run(look())


@pytest.fixture
def machine(postgres: Postgres) -> Iterator[type[LogMachine]]:
    """The machine, with a migrated database to copy."""
    name = "machine_template"

    async def admin(*statements: str) -> None:
        connection = await asyncpg.connect(postgres.admin_url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    async def make() -> None:
        await admin(f"create database {name}")
        await migrate(f"{postgres.admin_url.rpartition('/')[0]}/{name}", service_role="postgres")

    asyncio.run(make())
    LogMachine.admin_url = postgres.admin_url
    LogMachine.template = name
    yield LogMachine
    asyncio.run(admin(f"drop database {name}"))


def test_whatever_happens_the_read_models_are_the_fold_of_the_log(machine: type[LogMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        ),
    )
