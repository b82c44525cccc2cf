"""A file's chunks: prepared ahead within a bound, written in order, and let go of when one fails."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.intake import CHUNKS_AHEAD_MAX, in_order


@given(st.integers(0, 40), st.integers(1, 7))
def test_every_row_is_written_once_in_order_and_few_chunks_are_held(count: int, chunk_rows: int) -> None:
    held = most = 0
    written: list[int] = []

    async def prepare(rows: list[int]) -> list[int]:
        nonlocal held, most
        held += 1
        most = max(most, held)
        return rows

    async def write(rows: list[int]) -> None:
        nonlocal held
        await asyncio.sleep(0)
        written.extend(rows)
        held -= 1

    asyncio.run(in_order(iter(range(count)), chunk_rows, prepare, write))
    assert written == list(range(count))
    assert most <= CHUNKS_AHEAD_MAX + 2, "what is read ahead, and the one that is being written"


def test_after_a_chunk_that_fails_none_is_written() -> None:
    written: list[int] = []

    async def prepare(rows: list[int]) -> list[int]:
        return rows

    async def write(rows: list[int]) -> None:
        if rows[0] == 2:
            raise OSError
        written.extend(rows)

    with pytest.raises(OSError):
        asyncio.run(in_order(iter(range(9)), 1, prepare, write))
    assert written == [0, 1]
