"""The reading process at work on synthetic cards: how exactly it reads, within which bounds, and what ends it."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import force_setattr
from PIL import Image

from claims.domain.reading import findings
from claims.papers.fields import Found
from claims.papers.reading_process import Limits, ReadingFailed, ReadingProcess
from claims.workers import reading as workers
from contracts.claims.papers import DocumentRead
from huzhu.synthetic.cards import Card, make
from huzhu.synthetic.photographs import LEVELS
from tests.claims.house import House
from tests.claims.test_papers import files, said, stored, work
from tests.claims.test_pictures import pdf

LIMITS = Limits(picture_s_max=60, pictures_max=500, memory_mb_max=2_000)
KINDS = {"front": "ID_CARD", "back": "ID_CARD", "bank": "BANK_CARD", "settlement": "SETTLEMENT"}
TODAY = date(2022, 6, 30)
CARDS = 200
SAMPLE_S_MAX = 25.0
SAMPLE_MIN = 12
ID_NUMBERS, CARD_NUMBERS, NAMES = 0.98, 0.97, 0.95


@pytest.fixture
async def process() -> AsyncIterator[ReadingProcess]:
    made = ReadingProcess()
    yield made
    await made.close()


async def started(process: ReadingProcess) -> None:
    async with asyncio.timeout(30):
        while process.pid is None:  # noqa: ASYNC110 - the process is what is waited for
            await asyncio.sleep(0.01)


@dataclass
class Score:
    """How many of each field were read exactly, and the wrong numbers that nothing was said about."""

    read: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    unflagged: list[str] = field(default_factory=list)

    def share(self, name: str) -> float:
        return self.read[name] / self.asked[name]

    def take(self, kind: str, card: Card, values: dict[str, str]) -> None:
        for name, value in card.fields.items():
            self.asked[name] += 1
            self.read[name] += values.get(name) == value
        for number in ("id_no", "card_no"):
            wrong = number in card.fields and values.get(number) != card.fields[number]
            if wrong and not findings(kind, values, today=TODAY, registered=None):
                self.unflagged.append(kind)


async def judged(process: ReadingProcess, count: int, seconds: float) -> Score:
    """Fronts and bank cards by turns, clean, mild and hard ones, until enough or no more time."""
    score, ends = Score(), asyncio.get_running_loop().time() + seconds
    for number in range(count):
        if number >= SAMPLE_MIN and asyncio.get_running_loop().time() > ends:
            break
        what = ("front", "bank")[number % 2]
        card = make(what, f"acc-{number // 2}", LEVELS[tuple(LEVELS)[number // 2 % 3]])
        found = await process.read(KINDS[what], card.picture, LIMITS)
        score.take(KINDS[what], card, {one.name: one.value for one in found})
    return score


def check(score: Score) -> None:
    shares = {name: score.share(name) for name in score.asked}
    assert shares["id_no"] >= ID_NUMBERS, shares
    assert shares["card_no"] >= CARD_NUMBERS, shares
    assert shares["name"] >= NAMES, shares
    assert not score.unflagged


async def test_cards_are_read_exactly(process: ReadingProcess) -> None:
    check(await judged(process, CARDS, SAMPLE_S_MAX))


@pytest.mark.long
async def test_two_hundred_cards_are_read_exactly(process: ReadingProcess) -> None:
    score = await judged(process, CARDS, 3_600)
    assert score.asked["id_no"] + score.asked["card_no"] == CARDS
    check(score)


async def test_the_back_of_a_card_and_a_settlement_sheet_are_read(process: ReadingProcess) -> None:
    for what in ("back", "settlement"):
        card = make(what, "1", LEVELS["mild"])
        found = await process.read(KINDS[what], card.picture, LIMITS)
        assert {one.name: one.value for one in found if one.name in card.fields} == card.fields


async def test_a_card_is_read_whichever_way_it_lies(process: ReadingProcess) -> None:
    card = make("front", "2")
    for degrees in (90, 180, 270):
        out = io.BytesIO()
        with Image.open(io.BytesIO(card.picture)) as image:
            image.rotate(degrees, expand=True).save(out, "JPEG", quality=92)
        found = {one.name: one.value for one in await process.read("ID_CARD", out.getvalue(), LIMITS)}
        assert (found["id_no"], found["name"]) == (card.fields["id_no"], card.fields["name"]), degrees


def test_the_same_seed_draws_the_same_card() -> None:
    assert make("front", "3", LEVELS["hard"]) == make("front", "3", LEVELS["hard"])
    assert make("front", "3").picture != make("front", "4").picture


async def test_the_process_ends_after_its_pictures_and_when_it_is_idle(process: ReadingProcess) -> None:
    picture = make("bank", "1").picture
    once = Limits(picture_s_max=60, pictures_max=1, memory_mb_max=2_000)
    assert process.pid is None
    await process.read("BANK_CARD", picture, once)
    assert process.pid is None
    await process.read("BANK_CARD", picture, LIMITS)
    pid = process.pid
    await process.end_when_idle(60)
    assert process.pid == pid
    await process.end_when_idle(0)
    assert process.pid is None
    small = Limits(picture_s_max=60, pictures_max=500, memory_mb_max=1)
    await process.read("BANK_CARD", picture, small)
    assert process.pid is None


async def test_a_process_that_is_slow_or_dies_fails_one_picture_only(process: ReadingProcess) -> None:
    picture = make("bank", "1").picture
    with pytest.raises(ReadingFailed):
        await process.read("BANK_CARD", picture, Limits(0.01, 500, 2_000))
    with pytest.raises(ReadingFailed):
        await process.read("BANK_CARD", b"no picture at all", LIMITS)
    found = await process.read("BANK_CARD", picture, LIMITS)
    assert "card_no" in {one.name for one in found}


async def test_the_process_has_no_network_no_secret_and_writes_no_file(tmp_path: Path) -> None:
    program = (
        "import os, socket, sys; from claims.papers import reader\n"
        f"sys.stdin = open({os.devnull!r}); reader.serve = lambda *_: None; reader.main()\n"
        "bad = []\n"
        "try: socket.socket(); bad.append('socket')\n"
        "except OSError: pass\n"
        f"try: open({str(tmp_path / 'x')!r}, 'w').write('plain' * 100000); bad.append('file')\n"
        "except OSError: pass\n"
        "sys.exit(len(bad))\n"
    )
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await done.wait() == 0


async def test_a_worker_killed_in_the_middle_of_a_picture_reads_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch, process: ReadingProcess
) -> None:
    monkeypatch.setattr(workers, "reader", process)
    person_id = await house.cover()
    card = make("front", "5", LEVELS["mild"])
    document_id = await stored(house, "ID_CARD", card.picture, person_id)
    reading = asyncio.create_task(work(house, document_id))
    await started(process)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ReadingFailed):
        await reading
    cut_off = asyncio.create_task(work(house, document_id))
    await started(process)
    cut_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_off
    await work(house, document_id)
    await work(house, document_id)
    events = await said(house, document_id)
    assert [type(one).__name__ for one in events] == ["DocumentStored", "DocumentRead"]
    read = events[1]
    assert isinstance(read, DocumentRead)
    assert {one.name for one in read.fields} >= {"name", "id_no", "address"}
    (kept,) = files(Path(house.world.context.settings.documents))
    assert card.picture[100:300] not in kept.read_bytes()


def test_each_field_is_taken_from_the_page_where_it_was_surest() -> None:
    first = [Found("name", "某某", 80), Found("hospital", "甲", 90)]
    second = [Found("name", "某某某", 95), Found("hospital", "乙", 90), Found("diagnosis", "丙", 70)]
    assert workers.surest_of([first, second]) == [second[0], first[1], second[2]]


async def test_a_paper_of_several_pages_is_read_to_its_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    class Pages:
        async def read(self, kind: str, picture: bytes, _limits: Limits) -> list[Found]:
            asked.append(picture)
            return [Found(f"page_{len(asked)}", kind, 90)]

    monkeypatch.setattr(workers, "reader", Pages())
    monkeypatch.setattr(workers.reading_process, "is_installed", lambda: True)
    settings = house.world.context.settings
    bound = settings.reading_pages_max
    person_id = await house.cover()
    document_id = await stored(house, "DISCHARGE_RECORD", pdf(3), person_id)
    force_setattr(settings, "reading_pages_max", 2)
    try:
        await work(house, document_id)
    finally:
        force_setattr(settings, "reading_pages_max", bound)
    (read,) = [one for one in await said(house, document_id) if isinstance(one, DocumentRead)]
    assert [one.name for one in read.fields] == ["page_1", "page_2"]
