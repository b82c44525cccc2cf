"""Aggregates read ahead of their decision: what has been written since is read again, and no version is trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chassis.clock import FixedClock
from chassis.execute import Executor, ReadAhead, Session
from tests.chassis.library import BOOK, CATALOG, AddBook, LendBook, ReturnBook
from tests.conftest import OpenLog


@pytest.fixture
async def executor(open_log: OpenLog) -> Executor:
    nothing = cast("Any", None)
    return Executor(await open_log(CATALOG), FixedClock(datetime(2022, 1, 1, tzinfo=UTC)), nothing, nothing)


async def read_ahead(executor: Executor, *books: str) -> ReadAhead:
    ahead = ReadAhead()
    await executor.read_ahead(ahead, lambda session: session.load_many(BOOK, books))
    return ahead


async def lend(executor: Executor, ahead: ReadAhead, book_id: str, reader: str) -> tuple[int, set[str]]:
    """How often it was decided, and the streams written."""
    tried, written = 0, set[str]()

    async def work(session: Session) -> None:
        nonlocal tried
        tried += 1
        session.adopt(ahead)
        await session.decide(BOOK, book_id, LendBook(book_id, reader))
        written.update(session.written)

    await executor.run(work)
    return tried, written


async def test_what_was_read_ahead_is_decided_on_at_once(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    await executor.execute(BOOK, "1", AddBook("1"))
    ahead = await read_ahead(executor, "1", "2")
    asked: list[str] = []

    async def load(stream: str) -> list[Any]:
        asked.append(stream)
        return []

    monkeypatch.setattr(executor.log, "load", load)
    assert await lend(executor, ahead, "1", "r") == (1, {"book-1"})
    assert not asked


async def test_what_has_been_written_since_is_read_again(executor: Executor) -> None:
    await executor.execute(BOOK, "1", AddBook("1"))
    await executor.execute(BOOK, "1", LendBook("1", "r"))
    ahead = await read_ahead(executor, "1")
    _, written = await lend(executor, await read_ahead(executor, "1"), "1", "r")
    assert not written, "he has it already"
    await executor.execute(BOOK, "1", ReturnBook("1", "r"))
    ahead.outdate({"book-1"})
    assert await lend(executor, ahead, "1", "s") == (1, {"book-1"})


async def test_a_version_that_nobody_said_was_outdated_is_a_conflict_and_is_decided_again(executor: Executor) -> None:
    await executor.execute(BOOK, "1", AddBook("1"))
    ahead = await read_ahead(executor, "1")
    await executor.execute(BOOK, "1", LendBook("1", "r"))
    await executor.execute(BOOK, "1", ReturnBook("1", "r"))
    assert await lend(executor, ahead, "1", "s") == (2, {"book-1"})
