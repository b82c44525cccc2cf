"""The ledger's accounts and entries over HTTP, and its journal as hledger reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from huzhu.cli.journal import journal, yuan

from .house import GOOD_CARD, WRONG_NAME_CARD, House, bearer
from .synthetic import PLAN

HLEDGER = shutil.which("hledger")


async def entries(house: House, account: str = "", limit: int = 3) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        path = f"/ledger/entries?plan_code={PLAN}&account={account}&limit={limit}&after={after}"
        page = await house.get(path)
        found += page["items"]
        after = page["next"]
    return found


async def some_business(house: House) -> None:
    await house.donate(1_000_000)
    await house.donate_relief(40_000)
    await house.relieve(1_001, GOOD_CARD)
    await house.approve(50_001, GOOD_CARD, GOOD_CARD, shares=(50, 50))
    await house.approve(60_000, WRONG_NAME_CARD)
    await house.recover(505)
    await house.send(await house.sign_all())
    await house.misbehave(kind="return_after_booking", reason="ACCOUNT_CLOSED")
    await house.send(await house.sign_all("relief"))


async def test_accounts_stand_with_their_codes_and_balances(house: House) -> None:
    await some_business(house)
    (plan,) = (await house.get(f"/ledger/accounts?plan_code={PLAN}"))["plans"]
    assert (plan["plan_code"], plan["period_start"], plan["period_end"]) == (PLAN, "2022-01-01", "2023-01-01")
    told = {one["name"]: (one["code"], one["fund"], one["balance_fen"]) for one in plan["accounts"]}
    assert told["pool:cash"] == ("1001", "pool", 1_000_000 - 50_001 + 505)
    assert told["contribution"] == ("2101", "pool", -1_000_000)
    assert told["payable:claims"] == ("2201", "pool", -60_000)
    assert told["recoveries"] == ("5102", "pool", -505)
    assert told["relief:payable"] == ("6101.2201", "relief", -1_001)
    assert told["relief:cash"] == ("6101.1001", "relief", 40_000)
    assert sum(balance for _, _, balance in told.values()) == 0
    assert await house.get("/ledger/accounts") == {"plans": [plan]}


async def test_entries_come_in_pages_and_add_up_to_the_balance_of_their_account(house: House) -> None:
    await some_business(house)
    every = await entries(house)
    assert len({one["transfer_id"] for one in every}) == len(every)
    assert [one["position"] for one in every] == sorted(one["position"] for one in every)
    cash = await entries(house, "pool:cash", limit=1)
    assert cash == [one for one in every if "pool:cash" in {one["debit"], one["credit"]}]
    assert sum(one["amount_fen"] * (1 if one["debit"] == "pool:cash" else -1) for one in cash) == 950_504
    paid = next(one for one in cash if one["transfer_id"].endswith(":paid"))
    assert paid["about"].keys() == {"claim", "payout", "attempt"}
    assert paid["event"] == "payments.payout-settled.v1"


async def test_the_ledger_is_for_those_who_keep_the_provinces_book(house: House) -> None:
    for path in ("/ledger/accounts", f"/ledger/entries?plan_code={PLAN}"):
        for who in (bearer("m", "member"), bearer("c", "county_clerk"), bearer("f", "finance", "620000.620700")):
            assert (await house.web.get(path, headers=who)).status_code == 403


async def test_hledger_finds_the_exported_book_sound_and_one_that_is_off_by_a_fen_not(
    house: House, tmp_path: Path
) -> None:
    if HLEDGER is None:
        pytest.skip("hledger is not installed (apt-get install hledger): the exported book is not checked by it.")
    await some_business(house)
    plans = (await house.get("/ledger/accounts"))["plans"]
    book = await entries(house)
    sound = checked(tmp_path, plans, book)
    assert sound.returncode == 0, sound.stderr
    moved = next(one for one in book if one["transfer_id"].endswith(":paid"))
    off = [{**one, "amount_fen": one["amount_fen"] + (one is moved)} for one in book]
    assert "balance assertion" in checked(tmp_path, plans, off).stderr
    undeclared = [{**one, "debit": "pool:purse"} if one is moved else one for one in book]
    assert checked(tmp_path, plans, undeclared).returncode != 0


def checked(folder: Path, plans: list[dict[str, Any]], book: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    assert HLEDGER is not None
    file = folder / "book.journal"
    file.write_text("\n".join(journal(plans, book)) + "\n", encoding="utf-8")
    command = [HLEDGER, "-f", str(file), "check", "--strict"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={"LANG": "C.UTF-8"})


def test_a_transaction_names_what_it_was_booked_for_and_amounts_have_two_decimals() -> None:
    entry = {
        "transfer_id": "p:1:paid", "plan_code": PLAN, "kind": "single", "debit": "clearing:bank", "credit": "pool:cash",
        "amount_fen": 1_205, "booked_on": "2022-06-01", "position": 9, "event": "payments.payout-settled.v1",
        "about": {"claim": "c-1", "payout": "p", "attempt": "1"},
    }  # fmt: skip
    reserved = {**entry, "kind": "pending"}
    lines = list(journal([], [entry, reserved]))
    assert "2022-06-01 * payout-settled  ; position:9, transfer:p:1:paid, claim:c-1, payout:p, attempt:1" in lines
    assert f"    {PLAN}:clearing:bank  12.05 CNY" in lines
    assert f"    {PLAN}:pool:cash  -12.05 CNY" in lines
    assert sum(line.startswith("; 2022-06-01 pending of 12.05 CNY") for line in lines) == 1
    assert yuan(-5) == "-0.05 CNY"
