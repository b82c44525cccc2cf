"""Whether every read model is what the logs alone give: replayed beside the running services, and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import asyncpg
import msgspec

from chassis.projections import Shape
from contracts.envelope import Catalog
from huzhu.replay.comparing import Connection, Difference, first_difference
from huzhu.replay.places import Place
from huzhu.replay.rebuilding import Rebuilt, make_tables, rebuild
from huzhu.replay.scratch import scratch_database

CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 120.0
SETTINGS = {"idle_in_transaction_session_timeout": "0"}
"""A snapshot waits for its comparison as long as the replay takes."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


class Compared(msgspec.Struct, frozen=True, omit_defaults=True):
    """One read model: how far both sides had come, how many rows were found equal, the first difference if any."""

    service: str
    projection: str
    source: str
    position: int
    rows: int
    equal: bool
    difference: Difference | None = None


class Verified(msgspec.Struct, frozen=True):
    """Everything that was compared."""

    equal: bool
    events: int
    seconds: float
    projections: tuple[Compared, ...]


async def verify(places: Sequence[Place], admin_url: str, catalog: Catalog, progress: Progress) -> Verified:
    """Replay every log to where each read model stood at one moment, and compare row by row.

    The services go on meanwhile: each live database is read in one snapshot, its checkpoints included. While it
    lasts, no read model can be swapped for a rebuilt one. Raises ReplayRuns.
    """
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        scratch_url = await stack.enter_async_context(scratch_database(admin_url))
        live: dict[str, Connection] = {}
        models: list[Rebuilt] = []
        for place in places:
            live[place.service] = await _connect(stack, place.live_url)
            models += await _snapshot(stack, live[place.service], place)
        scratch = await _connect(stack, scratch_url)
        await make_tables(scratch, models)
        sources = {model.projection.source for model in models}
        total = sum(max(model.position for model in models if model.projection.source == one) for one in sources)
        done = 0

        def advanced(events: int) -> None:
            nonlocal done
            done += events
            progress("Replaying the logs", done, total)

        logs = {place.service: place.log_url for place in places}
        events = await rebuild(models, logs, scratch_url, catalog, advanced)
        await stack.enter_async_context(scratch.transaction(isolation="repeatable_read", readonly=True))
        compared = []
        for number, model in enumerate(models, start=1):
            compared.append(await _compare(model, live[model.service], scratch))
            progress("Comparing read models", number, len(models))
    equal = all(one.equal for one in compared)
    return Verified(equal, events, round(time.monotonic() - started, 2), tuple(compared))


async def _connect(stack: AsyncExitStack, url: str) -> Connection:
    connection = await asyncpg.connect(
        url, timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S, server_settings=SETTINGS
    )
    stack.push_async_callback(connection.close)
    return connection


async def _snapshot(stack: AsyncExitStack, live: Connection, place: Place) -> list[Rebuilt]:
    """Freeze one live database, and say how far each of its read models has come in it.

    The tables are locked against being swapped before the snapshot is taken: it begins with the first select.
    """
    models = [Rebuilt(place.service, projection, 0) for projection in place.projections]
    for model in models:
        if await live.fetchval("select to_regclass($1)", Shape(model.projection).physical) is None:
            model.failure = f"There is no table {model.projection.name}: the service has not made it yet."
    await stack.enter_async_context(live.transaction(isolation="repeatable_read", readonly=True))
    standing = [model for model in models if not model.failure]
    for model in standing:
        await live.execute(f"lock table {Shape(model.projection).physical} in access share mode")
    rows = await live.fetch("select tail, source, position from public.checkpoint")
    positions = {(row["tail"], row["source"]): int(row["position"]) for row in rows}
    for model in standing:
        model.position = positions.get((model.projection.checkpoint, model.projection.source), 0)
    return models


async def _compare(model: Rebuilt, live: Connection, scratch: Connection) -> Compared:
    projection = model.projection
    rows = 0
    difference: Difference | None
    if model.failure:
        difference = Difference("not-replayed", detail=model.failure)
    elif model.reached != model.position:
        detail = f"The log of {projection.source} ends before {model.position}, which the live table has seen."
        difference = Difference("not-replayed", detail=detail)
    else:
        try:
            # A savepoint, so that a table of another shape does not end the snapshot of its neighbours.
            async with live.transaction():
                rows, difference = await first_difference(
                    projection, live, Shape(projection).physical, scratch, model.shape.physical
                )
        except (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError) as error:
            detail = f"The live table has another shape ({type(error).__name__}): rebuild it."
            difference = Difference("not-comparable", detail=detail)
    return Compared(
        model.service, projection.name, projection.source, model.position, rows, difference is None, difference
    )
