"""Compares two tables row by row in the order of their keys, holding a bounded number of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import zip_longest
from typing import Any, TypeAlias

import asyncpg
import msgspec
import sqlalchemy as sa

from chassis.projections import Projection

PAGE_ROWS = 2_000

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first difference: where, and what kind; never a value outside the key, since rows hold sealed data."""

    what: str
    """`row-missing` or `row-unexpected` in the live table, `differs`, or `not-replayed`, `not-comparable`."""
    key: dict[str, str] = {}
    column: str = ""
    live: str = ""
    """`null` or `set`, when a column differs."""
    replayed: str = ""
    detail: str = ""

    def __str__(self) -> str:
        """Say it in a sentence."""
        key = ", ".join(f"{name}={value}" for name, value in self.key.items())
        match self.what:
            case "row-missing":
                return f"the live table lacks the row {key}"
            case "row-unexpected":
                return f"the live table has a row that no event made: {key}"
            case "differs":
                return f"column {self.column} of the row {key} differs (live {self.live}, replayed {self.replayed})"
            case _:
                return self.detail


async def first_difference(
    projection: Projection, live: Connection, live_table: str, replayed: Connection, replayed_table: str
) -> tuple[int, Difference | None]:
    """Compare everything; returns how many rows were equal before the first difference, and that if there is one.

    Both connections must be in a transaction; each table name is quoted already.
    """
    compared = 0
    left, right = _pages(live, projection, live_table), _pages(replayed, projection, replayed_table)
    nothing: list[asyncpg.Record] = []
    while True:
        ours, theirs = await anext(left, nothing), await anext(right, nothing)
        if ours != theirs:
            return _difference(projection, ours, theirs, compared)
        if not ours:
            return compared, None
        compared += len(ours)


async def _pages(connection: Connection, projection: Projection, table: str) -> AsyncIterator[list[asyncpg.Record]]:
    cursor = await connection.cursor(_select(projection, table))
    while page := await cursor.fetch(PAGE_ROWS):
        yield page


def _select(projection: Projection, table: str) -> str:
    """Every column, in byte order of the key: the two databases may sort text differently by themselves."""
    columns = ", ".join(f'"{column.name}"' for column in projection.table.columns)
    order = ", ".join(
        f'"{column.name}"' + (' collate "C"' if isinstance(column.type, sa.Text) else "")
        for column in projection.table.primary_key.columns
    )
    return f"select {columns} from {table} order by {order}"  # noqa: S608 - names of the projection's own table


def _difference(
    projection: Projection, live: list[asyncpg.Record], replayed: list[asyncpg.Record], compared: int
) -> tuple[int, Difference | None]:
    """Find the row where two pages part; the pages are in the order of the key up to there."""
    for ours, theirs in zip_longest(live, replayed):
        if ours == theirs:
            compared += 1
            continue
        return compared, _described(projection, ours, theirs)
    return compared, None


def _described(projection: Projection, ours: asyncpg.Record | None, theirs: asyncpg.Record | None) -> Difference:
    if ours is None and theirs is not None:
        return Difference("row-missing", _key(projection, theirs))
    if ours is None or theirs is None or _order(projection, ours) < _order(projection, theirs):
        return Difference("row-unexpected", _key(projection, ours or theirs))
    if _order(projection, ours) > _order(projection, theirs):
        return Difference("row-missing", _key(projection, theirs))
    column = next(name for name in ours.keys() if ours[name] != theirs[name])  # noqa: SIM118 - a Record yields values
    return Difference("differs", _key(projection, ours), column, _seen(ours[column]), _seen(theirs[column]))


def _order(projection: Projection, row: asyncpg.Record) -> list[Any]:
    """The key as Postgres ordered it: text by its bytes."""
    return [value.encode() if isinstance(value, str) else value for value in map(row.get, projection.key_columns)]


def _key(projection: Projection, row: asyncpg.Record | None) -> dict[str, str]:
    return {} if row is None else {name: str(row[name]) for name in projection.key_columns}


def _seen(value: Any) -> str:
    return "null" if value is None else "set"
