"""How long the reading process takes for a synthetic card, how exactly it reads, and how much memory it holds."""

import asyncio
import statistics
import time
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from claims.papers.reading_process import Limits, ReadingProcess, is_installed
from huzhu.synthetic.cards import make
from huzhu.synthetic.photographs import LEVELS

LIMITS = Limits(picture_s_max=120, pictures_max=10_000, memory_mb_max=10_000)
KINDS = {"front": "ID_CARD", "bank": "BANK_CARD"}
NUMBERS = {"front": "id_no", "bank": "card_no"}


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """One thread, one process. `start_s` is the first picture's, the models' loading included; memory is the peak's."""

    pictures: int = 0
    start_s: float = 0.0
    p50_s: float = 0.0
    p95_s: float = 0.0
    peak_mb: int = 0
    numbers_exact: int = 0
    names_exact: int = 0
    names: int = 0
    error: str = ""


def measure(pictures: int) -> Papers:
    """Fronts and bank cards by turns, clean, mild and hard."""
    if not is_installed():
        return Papers(error="the reader is not installed (the extra `ocr` of claims)")
    return asyncio.run(_measure(pictures))


async def _measure(pictures: int) -> Papers:
    process, seconds, numbers, names = ReadingProcess(), [], 0, 0
    try:
        for number in range(pictures + 1):
            what = ("front", "bank")[number % 2]
            card = make(what, f"bench-{number}", LEVELS[tuple(LEVELS)[number // 2 % 3]])
            begun = time.perf_counter()
            found = await process.read(KINDS[what], card.picture, LIMITS)
            seconds.append(time.perf_counter() - begun)
            if number:
                values = {one.name: one.value for one in found}
                numbers += values.get(NUMBERS[what]) == card.fields[NUMBERS[what]]
                names += what == "front" and values.get("name") == card.fields["name"]
        peak_mb = _peak_mb(process.pid)
    finally:
        await process.close()
    start_s, *rest = seconds
    return Papers(
        pictures=len(rest),
        start_s=round(start_s, 2),
        p50_s=round(statistics.median(rest), 2),
        p95_s=round(sorted(rest)[int(len(rest) * 0.95)], 2),
        peak_mb=peak_mb,
        numbers_exact=numbers,
        names_exact=names,
        names=pictures // 2,
    )


def _peak_mb(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def show(papers: Papers, console: Console) -> None:
    """Print what was found."""
    if papers.error:
        console.print(f"[bold red]papers are NOT measured: {papers.error}[/]")
        return
    table = Table(title="Reading a card: one process, one thread")
    for heading in ("pictures", "first s", "p50 s", "p95 s", "peak MB", "numbers exact", "names exact"):
        table.add_column(heading, justify="right")
    table.add_row(
        str(papers.pictures),
        f"{papers.start_s:.2f}",
        f"{papers.p50_s:.2f}",
        f"{papers.p95_s:.2f}",
        str(papers.peak_mb),
        f"{papers.numbers_exact} of {papers.pictures}",
        f"{papers.names_exact} of {papers.names}",
    )
    console.print(table)
