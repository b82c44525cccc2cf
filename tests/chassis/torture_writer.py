"""One of the processes of the gap torture: `python -m tests.chassis.torture_writer DSN NAME WRITERS EVENTS SEED`."""

from __future__ import annotations

import asyncio
import json
import random
import sys

import uvloop

from chassis.log import Appended, Conflict, Log
from tests.chassis.library import CATALOG, BookAdded, group

HOT_STREAMS = 4
"""Streams that all writers of all processes fight over."""
HOT_SHARE = 0.1
EVENTS_MAX = 5


async def write(dsn: str, name: str, writers: int, events: int, seed: int) -> dict[str, int]:
    """Append 1–5 events at a time until this process has written its share; say what was acknowledged."""
    log = await Log.open(dsn, service="library", catalog=CATALOG)
    written = conflicts = 0
    left = events
    seen: dict[str, int] = {}

    async def work(writer: int) -> None:
        nonlocal written, conflicts, left
        chance = random.Random(f"{seed}-{name}-{writer}")
        number = 0
        while left > 0:
            count = min(chance.randint(1, EVENTS_MAX), left)
            left -= count
            hot = chance.random() < HOT_SHARE
            stream = f"hot-{chance.randrange(HOT_STREAMS)}" if hot else f"{name}-{writer}-{number}"
            number += 1
            expected = seen.get(stream, 0) if hot else 0
            added = [BookAdded(book_id=f"{name}-{writer}-{number}")] * count
            try:
                landed: Appended = await log.append(group(stream, expected, *added))
            except Conflict:
                conflicts += 1
                left += count
                seen[stream] = await log.pool.fetchval("select version from stream where id = $1", stream) or 0
                continue
            assert landed.last - landed.first == count - 1
            written += count
            if hot:
                seen[stream] = expected + count

    async with asyncio.TaskGroup() as tasks:
        for writer in range(writers):
            tasks.create_task(work(writer))
    await log.close()
    return {"written": written, "conflicts": conflicts}


if __name__ == "__main__":
    dsn, name, writers, events, seed = sys.argv[1:]
    sys.stdout.write(json.dumps(uvloop.run(write(dsn, name, int(writers), int(events), int(seed)))))
