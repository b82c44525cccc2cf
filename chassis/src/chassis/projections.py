"""Read models: one table each, written by `apply` alone, batch-wise and set-based, with its checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg
import sqlalchemy as sa
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from chassis.log import Recorded
from contracts.envelope import Event

SCHEMA = "projection"
READ_CONNECTIONS_MAX = 10
READ_TIMEOUT_S = 30

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Key = tuple[Any, ...]


@dataclass(slots=True, init=False)
class Put:
    """A whole row, made or replaced."""

    key: Key
    columns: dict[str, Any]

    def __init__(self, key: Key, **columns: Any) -> None:
        self.key = key
        self.columns = columns


@dataclass(slots=True, init=False)
class Patch:
    """Some columns of an existing row; a missing row stays missing."""

    key: Key
    columns: dict[str, Any]

    def __init__(self, key: Key, **columns: Any) -> None:
        self.key = key
        self.columns = columns


@dataclass(slots=True, init=False)
class Count:
    """Integers added to columns; the row is made first, where the table's other columns may be empty."""

    key: Key
    deltas: dict[str, int]

    def __init__(self, key: Key, **deltas: int) -> None:
        self.key = key
        self.deltas = deltas


@dataclass(frozen=True, slots=True)
class Remove:
    """No such row any more."""

    key: Key


Write = Put | Patch | Count | Remove


@dataclass(frozen=True)
class Projection:
    """A read model: its table, the log it reads, and how an event changes it. A new version is built afresh."""

    name: str
    version: int
    source: str
    table: sa.Table
    apply: Callable[[Recorded], Iterable[Write]]
    events: frozenset[type[Event]] | None = None
    """What `apply` answers to, so that nothing else is decoded or handed to it; None is everything."""

    @property
    def checkpoint(self) -> str:
        """Its tail's name in the checkpoint table."""
        return f"projection:{self.name}"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The primary key's columns, in order."""
        return tuple(column.name for column in self.table.primary_key.columns)


@dataclass(frozen=True)
class Reads:
    """Where queries find the read models."""

    engine: AsyncEngine

    @classmethod
    def open(cls, dsn: str) -> Reads:
        """Connect lazily, with the projection schema first on the path."""
        url = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
        settings = {"search_path": f"{SCHEMA},public"}
        engine = create_async_engine(
            url,
            pool_size=READ_CONNECTIONS_MAX,
            max_overflow=0,
            pool_pre_ping=True,
            # Each query sees what is committed when it begins, as it would in a transaction of its own; to begin and
            # roll one back around every query costs more than the query.
            isolation_level="AUTOCOMMIT",
            connect_args={"server_settings": settings, "command_timeout": READ_TIMEOUT_S},
        )
        return cls(engine)

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for queries."""
        return self.engine.connect()

    async def close(self) -> None:
        """Let go of Postgres."""
        await self.engine.dispose()


@dataclass(slots=True)
class _Row:
    """Everything a batch does to one row, folded into one change."""

    whole: bool
    gone: bool
    sets: dict[str, Any]
    adds: dict[str, int]


def coalesce(writes: Iterable[Write]) -> list[dict[Key, _Row]]:
    """Fold a batch's writes into one change a row; almost always one wave of changes.

    A row that is patched and counted without having been put needs a further wave for each turn: whether it exists
    decides what each of them does, and only the table knows.
    """
    waves: list[dict[Key, _Row]] = [{}]
    turns: dict[Key, int] = {}
    for write in writes:
        turn = turns.get(write.key, 0) if turns else 0
        if isinstance(write, Put):
            waves[turn][write.key] = _Row(whole=True, gone=False, sets=dict(write.columns), adds={})
            continue
        row = waves[turn].get(write.key)
        match write:
            case Remove():
                waves[turn][write.key] = _Row(whole=False, gone=True, sets={}, adds={})
            case Patch():
                if row is None or (row.adds and not row.whole):
                    _turn(waves, turns, write.key, row is not None).sets.update(write.columns)
                elif not row.gone:
                    row.sets.update(write.columns)
                    for column in write.columns:
                        row.adds.pop(column, None)
            case Count():
                if row is None or (row.sets and not row.whole):
                    row = _turn(waves, turns, write.key, row is not None)
                elif row.gone:
                    row = waves[turn][write.key] = _Row(whole=True, gone=False, sets={}, adds={})
                for column, delta in write.deltas.items():
                    if column in row.sets:
                        row.sets[column] += delta
                    else:
                        row.adds[column] = row.adds.get(column, 0) + delta
    return waves


def _turn(waves: list[dict[Key, _Row]], turns: dict[Key, int], key: Key, later: bool) -> _Row:
    """A fresh change of a row, in the next wave if there is one of it already."""
    if later:
        turns[key] = turns.get(key, 0) + 1
        if turns[key] == len(waves):
            waves.append({})
    row = waves[turns.get(key, 0)][key] = _Row(whole=False, gone=False, sets={}, adds={})
    return row


class Shape:
    """The SQL of one projection's table, in a schema and under a physical name."""

    def __init__(self, projection: Projection, physical: str | None = None, schema: str = SCHEMA) -> None:
        self.projection = projection
        self.physical = f'"{schema}"."{physical or projection.name}"'
        self._schema = schema
        self._types = {column.name: _type(column) for column in projection.table.columns}
        self._keys = projection.key_columns
        # A row can be made by counting only where nothing else has to be known of it.
        self._counts_anew = all(
            column.nullable or column.server_default is not None or column.primary_key
            for column in projection.table.columns
        )

    def ddl(self) -> list[str]:
        """Statements that make the table and its indexes under the physical name."""
        copy = self.projection.table.to_metadata(
            sa.MetaData(), schema=self._schema, name=self.physical.split(".")[1].strip('"')
        )
        dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
        statements = [str(CreateTable(copy).compile(dialect=dialect))]
        for number, index in enumerate(sorted(copy.indexes, key=lambda one: one.name or "")):
            index.name = sa.quoted_name(f"{copy.name}_i{number}", quote=None)
            statements.append(str(CreateIndex(index).compile(dialect=dialect)))
        return statements

    async def write(self, connection: Connection, waves: Sequence[dict[Key, _Row]]) -> None:
        """Apply folded changes, one statement for each set of columns."""
        for rows in waves:
            await self._write_wave(connection, rows)

    async def _write_wave(self, connection: Connection, rows: dict[Key, _Row]) -> None:
        groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[Key, _Row]]] = {}
        alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[Key, _Row]]] = {}
        for key, row in rows.items():
            kind = "remove" if row.gone else "put" if row.whole else "count" if row.adds else "patch"
            as_written = (kind, tuple(row.sets), tuple(row.adds))
            members = alike.get(as_written)
            if members is None:
                # The columns in one order, whatever order they were written in.
                members = groups.setdefault((kind, tuple(sorted(row.sets)), tuple(sorted(row.adds))), [])
                alike[as_written] = members
            members.append((key, row))
        for (kind, sets, adds), members in groups.items():
            columns = [*zip(*(key for key, _ in members), strict=True)]
            values = [[row.sets[name] for _, row in members] for name in sets]
            values += [[row.adds[name] for _, row in members] for name in adds]
            await connection.execute(self._sql(kind, sets, adds), *(list(column) for column in columns), *values)

    def _sql(self, kind: str, sets: tuple[str, ...], adds: tuple[str, ...]) -> str:
        names = [*self._keys, *sets, *adds]
        arrays = ", ".join(f"${n}::{self._types[name]}[]" for n, name in enumerate(names, start=1))
        quoted = ", ".join(f'"{name}"' for name in names)
        keys = ", ".join(f'"{name}"' for name in self._keys)
        match_keys = " and ".join(f't."{name}" = v."{name}"' for name in self._keys)
        assign = [f'"{name}" = v."{name}"' for name in sets]
        source = f"unnest({arrays}) as v({quoted})"
        if kind == "remove":
            return f"delete from {self.physical} t using {source} where {match_keys}"
        if kind == "count" and not self._counts_anew:
            kind, assign = "patch", [f'"{name}" = coalesce(t."{name}", 0) + v."{name}"' for name in adds]
        if kind == "patch":
            return f"update {self.physical} t set {', '.join(assign)} from {source} where {match_keys}"
        update = [f'"{name}" = excluded."{name}"' for name in sets]
        if kind == "count":
            update += [f'"{name}" = coalesce(t."{name}", 0) + excluded."{name}"' for name in adds]
        else:
            # A whole row replaces all others columns too, so that replaying gives the same row.
            rest = [name for name in self._types if name not in names]
            update += [f'"{name}" = excluded."{name}"' for name in adds] + [f'"{name}" = default' for name in rest]
        action = f"do update set {', '.join(update)}" if update else "do nothing"
        return (
            f"insert into {self.physical} as t ({quoted}) select {quoted} from {source} on conflict ({keys}) {action}"
        )


def _type(column: sa.Column[Any]) -> str:
    return column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]


class CheckpointLost(Exception):
    """Another holder has moved a projection's checkpoint; this one is fenced off."""


REFUSED_ROWS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.SyntaxOrAccessError)
"""Postgres is there and refuses what a read model writes: that read model's fault, not the road's."""


class ApplyFailed(Exception):
    """A projection cannot apply an event: it stops there and its service says so in /readyz."""

    def __init__(self, projection: str, position: int, error: Exception) -> None:
        super().__init__(f"{projection} cannot apply position {position}: {type(error).__name__}")
        self.projection = projection
        self.position = position


async def apply_writes(connection: Connection, shape: Shape, batch: Sequence[Recorded]) -> None:
    """Apply events to a table, without a checkpoint. Raises ApplyFailed."""
    writes: list[Write] = []
    apply, events = shape.projection.apply, shape.projection.events
    for recorded in batch:
        if events is not None and type(recorded.event) not in events:
            continue
        try:
            writes.extend(apply(recorded))
        except Exception as error:
            raise ApplyFailed(shape.projection.name, recorded.position, error) from error
    if writes:
        rows = coalesce(writes)
        try:
            await shape.write(connection, rows)
        except REFUSED_ROWS as error:
            raise ApplyFailed(shape.projection.name, batch[-1].position, error) from error


@dataclass(frozen=True, slots=True)
class Move:
    """A tail's checkpoint that is at `start` and goes to `target`."""

    tail: str
    start: int
    target: int


async def move_checkpoints(connection: Connection, source: str, moves: Sequence[Move]) -> None:
    """Compare-and-set checkpoints of one source, in the caller's transaction. Raises CheckpointLost."""
    status = await connection.execute(
        "insert into public.checkpoint as c (tail, source, position)"
        " select m.tail, $1, m.target from unnest($2::text[], $4::bigint[]) as m(tail, target)"
        " on conflict (tail, source) do update set position = excluded.position"
        " where c.position = ($3::bigint[])[array_position($2::text[], c.tail)]",
        source,
        [move.tail for move in moves],
        [move.start for move in moves],
        [move.target for move in moves],
    )
    if status != f"INSERT 0 {len(moves)}":
        raise CheckpointLost(f"One of {[move.tail for move in moves]} of {source} is no longer where it was.")
