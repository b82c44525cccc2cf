"""A read model's rows do not depend on how its events were cut into batches."""

from __future__ import annotations

import asyncpg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.projections import SCHEMA, Count, Patch, Projection, Put, Remove, Shape, Write, coalesce

TABLE = sa.Table(
    "tallies",
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("note", sa.Text),
    sa.Column("times", sa.BigInteger, server_default="0"),
)
SHAPE = Shape(Projection("tallies", 1, "library", TABLE, lambda _: ()))
KEYS = st.sampled_from([("a",), ("b",)])
WRITES: st.SearchStrategy[list[Write]] = st.lists(
    st.one_of(
        st.builds(lambda key, note: Put(key, note=note, times=5), KEYS, st.text("xy", max_size=1)),
        st.builds(lambda key, note: Patch(key, note=note), KEYS, st.text("xy", max_size=1)),
        st.builds(lambda key: Patch(key, times=7), KEYS),
        st.builds(lambda key, by: Count(key, times=by), KEYS, st.integers(-2, 2)),
        st.builds(Remove, KEYS),
    ),
    max_size=8,
)


@pytest.fixture
async def connection(database: str):
    link = await asyncpg.connect(database)
    for statement in SHAPE.ddl():
        await link.execute(statement)
    yield link
    await link.close()


async def rows_after(link: asyncpg.Connection, batches: list[list[Write]]) -> list[tuple[object, ...]]:
    await link.execute(f'truncate "{SCHEMA}"."tallies"')
    for batch in batches:
        await SHAPE.write(link, coalesce(batch))
    return [tuple(row) for row in await link.fetch(f'select * from "{SCHEMA}"."tallies" order by name')]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES, cut=st.integers(0, 8))
async def test_any_cut_into_batches_gives_the_same_rows(connection, writes: list[Write], cut: int) -> None:
    one_by_one = await rows_after(connection, [[write] for write in writes])
    assert await rows_after(connection, [writes]) == one_by_one
    assert await rows_after(connection, [writes[:cut], writes[cut:]]) == one_by_one


async def test_most_batches_are_one_wave() -> None:
    assert len(coalesce([Put(("a",), note="x", times=0), Count(("a",), times=1), Patch(("a",), note="y")])) == 1
    assert len(coalesce([Count(("a",), times=1), Patch(("a",), note="y"), Count(("a",), times=1)])) == 3
