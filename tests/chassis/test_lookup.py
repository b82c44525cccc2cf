"""A key that several owners share, and an owner who is forgotten."""

from __future__ import annotations

import pytest

from chassis import lookup
from chassis.log import Log
from tests.chassis.library import CATALOG


@pytest.fixture
async def log(open_log) -> Log:
    return await open_log(CATALOG)


async def put(log: Log, *entries: lookup.Entry) -> None:
    async with log.pool.acquire() as connection, connection.transaction():
        await lookup.put(connection, entries)


async def test_several_owners_are_found_under_one_key_and_each_once(log: Log) -> None:
    await put(log, ("author", "book-1", b"a"), ("author", "book-2", b"a"), ("author", "book-2", b"b"))
    await put(log, ("author", "book-1", b"a"))
    found = await lookup.owners(log.pool, "author", [b"a", b"b", b"c"])
    assert {key: sorted(of) for key, of in found.items()} == {b"a": ["book-1", "book-2"], b"b": ["book-2"]}
    assert await lookup.owners(log.pool, "title", [b"a"]) == {}


async def test_a_forgotten_owner_is_found_under_no_key_of_any_scope(log: Log) -> None:
    await put(log, ("author", "book-1", b"a"), ("title", "book-1", b"t"), ("title", "book-2", b"t"))
    async with log.pool.acquire() as connection, connection.transaction():
        await lookup.forget(connection, ["book-1"])
    assert await lookup.owners(log.pool, "author", [b"a"]) == {}
    assert await lookup.owners(log.pool, "title", [b"t"]) == {b"t": ["book-2"]}
