"""Ledger, batch and statement are held against each other day by day, and what differs is brought to zero by people."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from payments.domain.reconciliation import AGREED, Attempt, Entry, Finding, Movement, compare
from payments.projections import reconciliation
from payments.projections.reconciliation import findings
from payments.workers.reconciling import reconcile

from .house import GOOD_CARD, House, bearer
from .synthetic import PLAN

kinds = st.sampled_from(["paid", "returned", "received"])
keys = st.sampled_from(["a", "b", "c"])
amounts = st.integers(1, 5)


def signed(kind: str, fen: int) -> int:
    return -fen if kind == "paid" else fen


@given(st.lists(st.tuples(keys, kinds, amounts)), st.lists(st.tuples(keys, kinds, amounts)))
def test_what_differs_is_all_of_the_difference(
    here: list[tuple[str, str, int]], there: list[tuple[str, str, int]]
) -> None:
    movements = [
        Movement(f"t{n}", key, kind, signed(kind, fen), "P", "pool") for n, (key, kind, fen) in enumerate(here)
    ]
    entries = [Entry(n, "d", key, kind, signed(kind, fen)) for n, (key, kind, fen) in enumerate(there, start=1)]
    found = compare(movements, entries, [], "d")
    balance = sum(one.amount_fen for one in entries)
    cash = sum(one.amount_fen for one in movements)
    assert balance == cash + sum(one.difference_fen for one in found if one.finding not in AGREED)
    assert all(one.difference_fen == 0 for one in found if one.finding in AGREED)
    assert len({one.item_id for one in found if one.finding not in AGREED}) == len(
        [one for one in found if one.finding not in AGREED]
    )


LEGS = st.lists(st.tuples(st.sampled_from(["here", "there", "order"]), keys, kinds, amounts), max_size=12)


@given(st.lists(LEGS, max_size=5))
def test_comparing_again_what_has_changed_finds_what_comparing_all_finds(turns: list[list[Any]]) -> None:
    movements: list[Movement] = []
    entries: list[Entry] = []
    orders: dict[str, Attempt] = {}
    found: dict[str, list[Finding]] = {}
    for turn_ in turns:
        for leg, key, kind, fen in turn_:
            if leg == "here":
                movements.append(Movement(f"t{len(movements)}", key, kind, signed(kind, fen), "P", "pool"))
            elif leg == "there":
                entries.append(Entry(len(entries) + 1, "d", key, kind, signed(kind, fen)))
            else:
                orders[key] = Attempt(key, f"p{key}", 1, fen, "P", "pool", open=fen > 2)
        for key in {key for _, key, _, _ in turn_}:
            mine = [one for one in movements if one.key == key], [one for one in entries if one.key == key]
            found[key] = compare(*mine, [orders[key]] if key in orders else [], "d")
        again = {one.item_id: one for of_key in found.values() for one in of_key}
        assert again == {one.item_id: one for one in compare(movements, entries, orders.values(), "d")}


async def differing(house: House) -> set[str]:
    """The items that a comparison of everything finds."""
    day = (house.clock.today() - timedelta(days=1)).isoformat()
    async with house.context.reads.connection() as c:
        return {one.item_id for one in await findings(c, day, day) if one.finding not in AGREED}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_turn_by_turn_the_open_items_are_those_of_a_whole_comparison(house: House, seed: int) -> None:
    drawn = random.Random(seed)
    compared = await reconcile(house.context)
    await house.donate(10_000_000)
    for step in range(12):
        match drawn.choice(["agrees", "differs", "foreign", "late", "paid", "lost", "wrong"]):
            case "agrees":
                await house.donate_relief(100 + step, f"R{step}")
                await deposit(house, f"R{step}", 100 + step)
            case "differs":
                await house.donate_relief(100 + step, f"R{step}")
                await deposit(house, f"R{step}", 1)
            case "foreign":
                await deposit(house, f"F{step}", 50 + step, f"F{step}")
            case "late":
                await house.donate_relief(7, f"R{step}")
            case pays:
                if pays in {"lost", "wrong"}:
                    await house.misbehave(kind="lose" if pays == "lost" else "wrong_amount", times=1)
                await house.approve(5_000 + step, GOOD_CARD)
                await house.send(await house.sign_all())
                await house.take_in_statement()
        if drawn.random() < 0.6:
            house.clock.set(house.clock.now() + timedelta(days=1))
        await house.settled_reads()
        compared = await reconcile(house.context, compared)
        await house.settled_reads()
        assert {one["item_id"] for one in await items(house)} == await differing(house), step
    assert await differing(house)


async def test_a_new_day_compares_its_own_orders_and_what_is_open_and_none_of_the_old_ones(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        await house.donate_relief(100, f"OLD{number}")
        await deposit(house, f"OLD{number}", 100)
    await deposit(house, "STRANGE", 5, "STRANGE")
    await next_day(house)
    compared = await reconcile(house.context, await reconcile(house.context))
    assert await reconcile(house.context, compared) == compared
    await house.donate_relief(100, "NEW")
    await deposit(house, "NEW", 100)
    house.clock.set(house.clock.now() + timedelta(days=1))
    asked: list[Sequence[str] | None] = []

    async def watched(c: AsyncConnection, day: str, overdue: str, of: Sequence[str] | None = None) -> list[Finding]:
        asked.append(of)
        return await findings(c, day, overdue, of)

    monkeypatch.setattr(reconciliation, "findings", watched)
    await house.settled_reads()
    await reconcile(house.context, compared)
    assert asked == [["NEW", "STRANGE"]]
    await reconcile(house.context)
    assert asked[1:] == [None]


async def next_day(house: House) -> str:
    """The day that ends, reconciled the morning after."""
    ended = house.clock.today().isoformat()
    house.clock.set(house.clock.now() + timedelta(days=1))
    await turn(house)
    return ended


async def turn(house: House) -> None:
    await house.settled_reads()
    await reconcile(house.context)
    await house.settled_reads()


async def deposit(house: House, reference: str, amount_fen: int, end_to_end_id: str = "") -> None:
    body = {"reference": reference, "amount_fen": amount_fen, "end_to_end_id": end_to_end_id}
    (await house.bank_client.post("/entries", json=body)).raise_for_status()


async def relief(house: House, amount_fen: int) -> None:
    await house.donate_relief(amount_fen, "R1")
    await deposit(house, "R1", amount_fen)


async def items(house: House) -> list[dict[str, Any]]:
    page = await house.get("/reconciliation/open")
    return list(page["items"])


async def assert_it_adds_up(house: House, day: str) -> dict[str, Any]:
    view: dict[str, Any] = await house.get(f"/reconciliation/{day}")
    assert view["unexplained_fen"] == 0, view
    return view


async def test_a_day_on_which_all_agrees_has_no_open_item_and_its_batch_is_reconciled(house: House) -> None:
    await relief(house, 100_000)
    await house.relieve(40_000, GOOD_CARD)
    batch_id = await house.sign_all("relief")
    await house.send(batch_id)
    day = await next_day(house)
    await turn(house)
    assert await items(house) == []
    view = await assert_it_adds_up(house, day)
    assert {(one["fund"], one["finding"], one["count"]) for one in view["classes"]} == {("relief", "matched", 2)}
    assert view["closing_fen"] == view["ledger_cash_fen"] == 60_000
    assert (await house.get(f"/batches/{batch_id}"))["state"] == "reconciled"


async def test_an_order_that_nobody_answers_for_is_open_and_ends_by_two_people(house: House) -> None:
    await relief(house, 100_000)
    (payout_id,) = await house.relieve(40_000, GOOD_CARD)
    await house.misbehave(kind="lose")
    await house.send(await house.sign_all("relief"))
    await next_day(house)
    (item,) = await items(house)
    assert (item["finding"], item["payout_id"], item["difference_fen"]) == ("unanswered", payout_id, 0)
    path = f"/reconciliation/items/{item['item_id']}"
    body = {"resolution": "not_paid", "reason": "bank's letter", "bank_reference": "L-1"}
    stranger = await house.post(f"{path}/resolve", body, "auditor-1", role="auditor")
    assert stranger.status_code == 403
    assert (await house.post(f"{path}/resolve", body, "one")).json()["state"] == "proposed"
    same = await house.post(f"{path}/confirm", None, "one")
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    assert (await house.post(f"{path}/confirm", None, "two")).json()["state"] == "closed"
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "returned"
    await next_day(house)
    assert await items(house) == []
    await house.ask_again()
    await house.send(await house.sign_all("relief"))
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def test_a_booked_order_that_was_never_told_settles_by_the_statement(house: House) -> None:
    await relief(house, 100_000)
    (payout_id,) = await house.relieve(40_000, GOOD_CARD)
    await house.misbehave(kind="silent")
    await house.send(await house.sign_all("relief"))
    await house.query(payout_id)
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "unknown"
    await next_day(house)
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "settled"
    assert await items(house) == []


async def test_money_sent_back_and_a_booking_taken_back_are_two_things_days_later(house: House) -> None:
    await relief(house, 100_000)
    await house.relieve(40_000, GOOD_CARD)
    await house.misbehave(kind="return_after_booking", delay_days=2)
    await house.send(await house.sign_all("relief"))
    (reversed_id,) = await house.relieve(30_000, GOOD_CARD)
    await house.misbehave(kind="reverse", delay_days=2)
    await house.send(await house.sign_all("relief"))
    for _ in range(3):
        day = await next_day(house)
    view = await assert_it_adds_up(house, day)
    assert view["closing_fen"] == view["ledger_cash_fen"] == 100_000
    assert {(one["finding"], one["count"]) for one in view["classes"]} == {("returned", 2)}
    assert await items(house) == []
    assert (await house.get(f"/payouts/{reversed_id}"))["payout"]["reason"] == "REVERSED_BY_BANK"
    assert (await house.get(f"/ledger/check?plan_code={PLAN}"))["balanced"]


async def test_a_foreign_entry_and_its_correction_are_paired_and_a_charge_is_booked_by_two(house: House) -> None:
    await relief(house, 100_000)
    await deposit(house, "X-1", -500)
    await deposit(house, "X-2", 500)
    await deposit(house, "FEE", -7)
    day = await next_day(house)
    await assert_it_adds_up(house, day)
    found = {one["end_to_end_id"]: one for one in await items(house)}
    assert {one["finding"] for one in found.values()} == {"missing_here"}
    pair = {"resolution": "paired", "reason": "their mistake", "paired_with": found["X-2"]["item_id"]}
    mistake, correction = (f"/reconciliation/items/{found[name]['item_id']}" for name in ("X-1", "X-2"))
    for _ in range(2):
        answer = await house.post(f"{mistake}/resolve", pair, "one")
        assert answer.json()["state"] == "proposed", answer.text
    assert (await house.post(f"{correction}/confirm", None, "one")).json()["code"] == "same-person"
    assert (await house.post(f"{correction}/decline", {"reason": "show me"}, "two")).json()["state"] == "open"
    assert (await house.post(f"{mistake}/confirm", None, "two")).json()["code"] == "nothing-proposed"
    await house.post(f"{mistake}/resolve", pair, "one")
    for _ in range(2):
        assert (await house.post(f"{correction}/confirm", None, "two")).json()["state"] == "closed"
    assert [one["end_to_end_id"] for one in await items(house)] == ["FEE"]
    path = f"/reconciliation/items/{found['FEE']['item_id']}"
    body = {"resolution": "booked", "reason": "a fee", "plan_code": PLAN, "fund": "relief"}
    assert (await house.post(f"{path}/resolve", body, "one")).status_code == 200
    assert (await house.post(f"{path}/decline", {"reason": "which fee?"}, "two")).json()["state"] == "open"
    await house.post(f"{path}/resolve", body, "one")
    assert (await house.post(f"{path}/confirm", None, "two")).json()["state"] == "closed"
    ended = await next_day(house)
    assert await items(house) == []
    await assert_it_adds_up(house, ended)
    assert (await house.get(f"/ledger/check?plan_code={PLAN}"))["balanced"]


async def test_an_order_whose_false_entry_was_taken_back_is_open_again_and_is_paid_in_the_end(house: House) -> None:
    await relief(house, 100_000)
    (payout_id,) = await house.relieve(1_000, GOOD_CARD)
    await house.misbehave(kind="lose")
    await house.send(await house.sign_all("relief"))
    await next_day(house)
    (silent,) = await items(house)
    await deposit(house, "FALSE", -900, silent["end_to_end_id"])
    await deposit(house, "BACK", 900, silent["end_to_end_id"])
    await next_day(house)
    one, two = await items(house)
    assert {one["finding"], two["finding"]} == {"missing_here"}
    pair = {"resolution": "paired", "reason": "their mistake", "paired_with": two["item_id"]}
    answer = await house.post(f"/reconciliation/items/{one['item_id']}/resolve", pair, "one")
    assert answer.json()["state"] == "closed", answer.text
    for _ in range(2):
        await turn(house)
        (again,) = await items(house)
        assert (again["finding"], again["payout_id"]) == ("unanswered", payout_id)
    body = {"resolution": "not_paid", "reason": "bank's letter", "bank_reference": "L-1"}
    path = f"/reconciliation/items/{again['item_id']}"
    assert (await house.post(f"{path}/resolve", body, "one")).json()["state"] == "proposed"
    assert (await house.post(f"{path}/confirm", None, "two")).json()["state"] == "closed"
    await next_day(house)
    assert await items(house) == []
    await house.ask_again()
    await house.send(await house.sign_all("relief"))
    await house.take_in_statement()
    await house.settled_reads()
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "settled"


async def test_a_wrong_amount_in_the_statement_is_open_until_the_ledger_follows(house: House) -> None:
    await relief(house, 100_000)
    await house.relieve(40_000, GOOD_CARD)
    await house.misbehave(kind="wrong_amount")
    await house.send(await house.sign_all("relief"))
    day = await next_day(house)
    (item,) = await items(house)
    assert (item["finding"], item["difference_fen"]) == ("amount_differs", -1)
    await assert_it_adds_up(house, day)


async def test_only_a_day_that_has_begun_written_as_a_date_is_answered(house: House) -> None:
    today = house.context.clock.today()
    tomorrow = (today + timedelta(days=1)).isoformat()
    for day in ("0001-01-01", "9999-12-31", today.strftime("%Y%m%d"), "2022-W01-1", tomorrow):
        answer = await house.web.get(f"/reconciliation/{day}", headers=bearer("reader"))
        assert (answer.status_code, answer.json()["code"]) == (404, "day-unknown"), day
    await house.get(f"/reconciliation/{today.isoformat()}")
