"""Reads each log once and applies it to the scratch tables of every read model that follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from chassis.log import Recorded
from chassis.projections import ApplyFailed, Projection, Shape, apply_writes
from contracts.envelope import Catalog

PAGE_EVENTS = 2_000
STATEMENT_TIMEOUT_S = 120.0

Advanced = Callable[[int], None]
"""Told how many more events have been applied."""


@dataclass
class Rebuilt:
    """One read model in the scratch database: how far it shall come, and why it could not if so."""

    service: str
    projection: Projection
    position: int
    """The live checkpoint: the replay goes exactly this far."""
    reached: int = 0
    failure: str = ""

    @property
    def shape(self) -> Shape:
        """Its table, in a schema of its own service."""
        return Shape(self.projection, schema=self.service)


async def make_tables(connection: asyncpg.Connection[asyncpg.Record], models: Sequence[Rebuilt]) -> None:
    """Make the empty tables, without the indexes that only queries need."""
    for schema in sorted({model.service for model in models}):
        await connection.execute(f'create schema "{schema}"')
    for model in models:
        table = model.shape
        await connection.execute(table.ddl()[0])
        await connection.execute(f"alter table {table.physical} set unlogged")


async def rebuild(
    models: Sequence[Rebuilt], logs: Mapping[str, str], scratch_url: str, catalog: Catalog, advanced: Advanced
) -> int:
    """Apply every log as far as its read models have come live; returns how many events were read.

    `logs` names the address of each publisher's log. A model that cannot apply an event keeps its failure.
    """
    writers = {
        service: await asyncpg.connect(scratch_url, command_timeout=STATEMENT_TIMEOUT_S)
        for service in sorted({model.service for model in models})
    }
    read = 0
    try:
        for source in sorted({model.projection.source for model in models}):
            followers = [model for model in models if model.projection.source == source]
            async for page in _pages(logs[source], max(model.position for model in followers), catalog):
                by_service = [
                    _apply(writers[service], [model for model in followers if model.service == service], page)
                    for service in sorted({model.service for model in followers})
                ]
                await asyncio.gather(*by_service)
                read += len(page)
                advanced(len(page))
    finally:
        for writer in writers.values():
            await writer.close()
    return read


async def _apply(
    writer: asyncpg.Connection[asyncpg.Record], models: Sequence[Rebuilt], page: Sequence[Recorded]
) -> None:
    for model in models:
        if model.failure or model.position < page[0].position:
            continue
        whole = page[-1].position <= model.position
        fresh = page if whole else [recorded for recorded in page if recorded.position <= model.position]
        try:
            await apply_writes(writer, model.shape, fresh)
        except ApplyFailed as failed:
            model.failure = str(failed)
        else:
            model.reached = fresh[-1].position


async def _pages(log_url: str, until: int, catalog: Catalog) -> AsyncIterator[list[Recorded]]:
    """The events 1 to `until` of one log, decoded, a page at a time; the next is fetched meanwhile."""
    connection = await asyncpg.connect(log_url, command_timeout=STATEMENT_TIMEOUT_S)

    async def fetch(after: int) -> list[asyncpg.Record]:
        return await connection.fetch(
            "select position, body from event where position > $1 and position <= $2 order by position limit $3",
            after,
            until,
            PAGE_EVENTS,
        )

    coming = asyncio.create_task(fetch(0))
    try:
        while rows := await coming:
            coming = asyncio.create_task(fetch(rows[-1]["position"]))
            yield [_decoded(catalog, row["position"], row["body"]) for row in rows]
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await connection.close()


def _decoded(catalog: Catalog, position: int, body: bytes) -> Recorded:
    header = catalog.header(body)
    return Recorded(position, header, catalog.event(header))
