"""Days of a bank that numbers as it likes, and what becomes of a day that nobody can read."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from lxml import etree

from payments.bank import kept
from payments.bank.formats import FORMATS
from payments.bank.port import BankDay
from payments.domain.instruction import digest
from payments.workers import reconciling
from payments.workers.following import follow_days
from payments.workers.reconciling import reconcile
from simulators.bank.book import Day, Line
from simulators.bank.iso import Iso20022

from .house import House
from .synthetic import PLAN

NOW = "2022-06-01T01:00:00Z"


def statement(day: str, opening_fen: int, fee_fen: int, number: str = "A77-1") -> bytes:
    """A day on which the bank charged a fee, under a number of the bank's own."""
    fee = Line(1, f"FEE-{day}", "CHARGED", "", f"FEE-{day}", fee_fen, day)
    root = etree.fromstring(Iso20022().day(Day(day, opening_fen, opening_fen - fee_fen, (fee,)), NOW))
    for reference in root.iterfind(".//{*}NtryRef"):
        reference.text = number
    return bytes(etree.tostring(root))


@dataclasses.dataclass
class Shelf:
    """A bank that has nothing but days."""

    documents: dict[str, bytes]

    async def days(self, after: str) -> list[str]:
        return sorted(day for day in self.documents if day > after)

    async def day(self, day: str) -> BankDay:
        return FORMATS["iso20022"].read_day(self.documents[day])


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf({})
    monkeypatch.setattr(reconciling, "bank_of", lambda _context: made)
    return made


async def test_two_days_that_number_alike_are_two_entries_and_one_explains_nothing_of_the_other(
    house: House, shelf: Shelf
) -> None:
    shelf.documents = {"2022-06-01": statement("2022-06-01", 0, 7), "2022-06-02": statement("2022-06-02", -7, 9)}
    house.clock.advance(timedelta(days=2))
    for _ in range(2):
        await reconcile(house.context)
        items = (await house.get("/reconciliation/open"))["items"]
        assert [(one["day"], one["difference_fen"]) for one in items] == [("2022-06-01", -7), ("2022-06-02", -9)]
    path = f"/reconciliation/items/{items[0]['item_id']}"
    body = {"resolution": "booked", "reason": "a fee", "plan_code": PLAN, "fund": "pool"}
    assert (await house.post(f"{path}/resolve", body, "one")).json()["state"] == "proposed"
    assert (await house.post(f"{path}/confirm", None, "two")).json()["state"] == "closed"
    await house.settled_reads()
    await reconcile(house.context)
    assert [one["day"] for one in (await house.get("/reconciliation/open"))["items"]] == ["2022-06-02"]
    assert (await house.get("/reconciliation/2022-06-03"))["unexplained_fen"] == 0


@contextlib.asynccontextmanager
async def following(house: House) -> AsyncIterator[asyncio.Task[None]]:
    quick = msgspec.structs.replace(house.context.settings, reconcile_interval_ms=20, follow_retry_delay_ms=20)
    task = asyncio.create_task(follow_days(dataclasses.replace(house.context, settings=quick)))
    yield task
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until_taken(house: House, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(20):
        while not (await house.get("/reconciliation/2022-06-01"))["taken"]:
            assert not task.done()
            await asyncio.sleep(0.02)


async def test_a_day_that_cannot_be_read_is_kept_for_people_and_taken_in_once_the_bank_has_mended_it(
    house: House, shelf: Shelf
) -> None:
    good = statement("2022-06-01", 0, 7)
    bad = good.replace(b"<Amt", b"<Amount").replace(b"</Amt>", b"</Amount>")
    shelf.documents["2022-06-01"] = bad
    house.clock.advance(timedelta(days=1))
    async with following(house) as task:
        async with asyncio.timeout(20):
            while not await kept.vault_of(house.context).holds(f"{kept.UNREAD_FOLDER}/{digest(bad)}"):
                assert not task.done()
                await asyncio.sleep(0.02)
        assert await kept.take_unread(house.context, digest(bad)) == bad
        shelf.documents["2022-06-01"] = good
        await until_taken(house, task)


async def test_a_day_that_does_not_add_up_ends_nothing_but_its_own_taking_in(
    house: House, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    good = statement("2022-06-01", 0, 7)
    short = FORMATS["iso20022"].read_day(good)
    day = shelf.day

    async def first_wrong(which: str) -> Any:
        if asked.is_set():
            return await day(which)
        asked.set()
        return dataclasses.replace(short, closing_fen=-8)

    monkeypatch.setattr(shelf, "day", first_wrong)
    shelf.documents["2022-06-01"] = good
    house.clock.advance(timedelta(days=1))
    async with following(house) as task:
        await until_taken(house, task)
    assert asked.is_set()
