"""An append costs the same on a long log as on an empty one."""

import asyncio

import asyncpg

from bench.load import CATALOG, stream_id
from bench.stores.ours import prepare, stream_append
from chassis.log import Group, Log

BATCH = 32
BATCHES = 40
STREAMS = BATCH * BATCHES
STATISTICS_WAIT_S = 10.0


async def test_an_append_never_scans_the_table_of_streams(database: str) -> None:
    await prepare(database)
    log = await Log.open(database, service="bench", catalog=CATALOG)
    for batch in range(BATCHES):
        groups = [Group(appends=[stream_append(stream_id(batch, number))]) for number in range(BATCH)]
        await asyncio.gather(*(log.append(group) for group in groups))
    await log.close()  # a session's counters are complete when it has ended
    connection = await asyncpg.connect(database)
    counters = "SELECT seq_tup_read, n_tup_ins FROM pg_stat_user_tables WHERE relname = 'stream'"
    async with asyncio.timeout(STATISTICS_WAIT_S):
        while (read := await connection.fetchrow(counters)) is None or read["n_tup_ins"] < STREAMS:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await connection.close()
    assert read["seq_tup_read"] == 0
