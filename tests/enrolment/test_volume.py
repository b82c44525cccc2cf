"""How long 100,000 rows take, and a million in ten files; measurements with bounds, run by make test-long."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.runner import GARBAGE_THRESHOLDS
from huzhu.synthetic.roster import generate, write
from tests.enrolment.conftest import Running, World

ROWS = 100_000
FILES = 10
SMALL_ROWS = 400
BUSY_SECONDS_MAX = 25
"""Processor time of this process: the wall clock of a shared machine says more about its neighbours."""
MEMORY_GROWTH_MB_MAX = 300
SLOWDOWN_MAX = 1.5
SMALL_SLOWDOWN_MAX = 2.5
"""A small file is over in a moment, so chance has more to say."""


@pytest.fixture(autouse=True)
def _as_the_service_runs() -> Iterator[None]:
    """The garbage collector as the service sets it."""
    before = gc.get_threshold()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    yield
    gc.set_threshold(*before)


def roster(folder: Path, rows: int, seed: int) -> bytes:
    write(folder / "r.csv", generate(rows, seed))
    return (folder / "r.csv").read_bytes()


def resident_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def imported(running: Running, content: bytes) -> tuple[dict[str, object], float, float]:
    """The roster's view, and the seconds it took: of the wall and of this process."""
    started, busy = time.monotonic(), time.process_time()
    answer = await running.send(content)
    view = await running.imported(answer.json()["batch_id"])
    return view, time.monotonic() - started, time.process_time() - busy


@pytest.mark.long
async def test_a_hundred_thousand_rows_are_imported_and_covered_in_time(world: World, tmp_path: Path) -> None:
    content = roster(tmp_path, ROWS, 1)
    running = await world.start(chunk_rows=1_000)
    await running.donate(ROWS)
    before = resident_mb()
    view, seconds, busy = await imported(running, content)
    grown = resident_mb() - before
    told = f"{view['valid']} of {ROWS} covered in {seconds:.1f} s, {busy:.1f} s of them busy"
    print(f"\n{told}; {grown} MB more memory")  # noqa: T201 - the figure is the point
    assert view["rows"] == view["rows_done"] == ROWS
    assert busy < BUSY_SECONDS_MAX
    assert grown < MEMORY_GROWTH_MB_MAX


async def ten_files(world: World, folder: Path, rows: int, slowdown_max: float) -> None:
    """The last of ten files is imported at the rate of the first, and memory stays what it was."""
    running = await world.start(chunk_rows=max(20, rows // 100))
    await running.donate(FILES * rows)
    # The first minutes of a process are its own; what is compared comes after them.
    await imported(running, roster(folder, rows // 4, FILES + 1))
    before = resident_mb()
    busy: list[float] = []
    covered = 0
    for seed in range(FILES):
        view, seconds, busy_s = await imported(running, roster(folder, rows, seed))
        busy.append(busy_s)
        assert view["rows"] == view["rows_done"] == rows
        assert isinstance(view["valid"], int)
        assert 0.9 * rows < view["valid"] < rows
        covered += view["valid"]
        print(f"\nfile {seed + 1}: {seconds:.1f} s, {busy_s:.1f} s of them busy")  # noqa: T201 - the figure is the point
    grown = resident_mb() - before
    print(f"\n{covered} of {FILES * rows} covered; {grown} MB more memory")  # noqa: T201
    # The smaller of neighbours, so that one pause of the machine says nothing.
    assert min(busy[-3:]) < slowdown_max * min(busy[:3])
    assert grown < MEMORY_GROWTH_MB_MAX


async def test_the_last_of_ten_files_is_imported_at_the_rate_of_the_first(world: World, tmp_path: Path) -> None:
    await ten_files(world, tmp_path, SMALL_ROWS, SMALL_SLOWDOWN_MAX)


@pytest.mark.long
async def test_a_million_rows_in_ten_files_keep_their_rate_and_the_memory_flat(world: World, tmp_path: Path) -> None:
    await ten_files(world, tmp_path, ROWS, SLOWDOWN_MAX)
