"""What was granted ahead is paid ahead, once, and the line's rest after the decision (domain 4.9)."""

from __future__ import annotations

from typing import Any

import pytest

from .house import GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import PLAN
from .test_paying import assert_the_books_agree


async def payouts_of(house: House, claim_id: str) -> dict[str, Any]:
    """By payout id without the claim's id and the payee's."""
    rows = (await house.get(f"/payouts?claim_id={claim_id}"))["items"]
    return {row["payout_id"].removeprefix(f"{claim_id}.").removesuffix(f"-{row['payee_id']}"): row for row in rows}


async def test_an_advance_is_paid_ahead_and_the_rest_after_the_decision(house: House) -> None:
    await house.donate(1_000_000)
    claim_id = await house.advance(20_000, 50_000, GOOD_CARD)
    await house.send(await house.sign_all())
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["paid_fen"], pool["payable_fen"]) == (20_000, 0)
    await house.decide_advanced()
    await house.decide_advanced()
    paid = await payouts_of(house, claim_id)
    assert {name: (one["amount_fen"], one["state"]) for name, one in paid.items()} == {
        "CRITICAL_ILLNESS.advance": (20_000, "settled"),
        "CRITICAL_ILLNESS": (30_000, "requested"),
    }
    await house.send(await house.sign_all())
    assert sorted(one["booked_fen"] for one in await house.bookings()) == [20_000, 30_000]
    summary = await house.get("/summary")
    assert (summary["person_times"], summary["fen"], summary["fen_by_benefit"]) == (
        1,
        50_000,
        {"CRITICAL_ILLNESS": 50_000},
    )
    await assert_the_books_agree(house)


async def test_an_advance_and_its_rest_are_each_shared_to_the_fen(house: House) -> None:
    await house.donate(1_000_000)
    await house.advance(20_001, 50_003, GOOD_CARD, GOOD_CARD, shares=(50, 50))
    await house.decide_advanced()
    await house.send(await house.sign_all())
    assert sorted(one["booked_fen"] for one in await house.bookings()) == [10_000, 10_001, 15_001, 15_001]
    await assert_the_books_agree(house)


@pytest.mark.parametrize("total_fen", [20_000, 15_000])
async def test_a_line_wholly_paid_ahead_has_no_further_payout(house: House, total_fen: int) -> None:
    await house.donate(1_000_000)
    claim_id = await house.advance(20_000, total_fen, GOOD_CARD)
    await house.decide_advanced()
    assert list(await payouts_of(house, claim_id)) == ["CRITICAL_ILLNESS.advance"]
    await house.send(await house.sign_all())
    assert [one["booked_fen"] for one in await house.bookings()] == [20_000]
    await assert_the_books_agree(house)


async def test_an_advance_that_comes_back_is_paid_to_another_account_as_any_payout(house: House) -> None:
    await house.donate(1_000_000)
    claim_id = await house.advance(20_000, 50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    (back,) = (await payouts_of(house, claim_id)).values()
    assert (back["state"], back["reason"]) == ("returned", "NAME_MISMATCH")
    other = {"account_name": "name", "card_no": GOOD_CARD}
    answer = await house.correct(back["payout_id"], other["card_no"], back["payee_id"], role="member")
    assert answer.status_code == 200
    await house.send(await house.sign_all())
    assert [one["booked_fen"] for one in await house.bookings()] == [20_000]
    await assert_the_books_agree(house)


@pytest.mark.parametrize("hand", ["filer", "head"])
async def test_who_granted_an_advance_does_not_pay_it(house: House, hand: str) -> None:
    await house.donate(1_000_000)
    await house.advance(20_000, 50_000, GOOD_CARD)
    await house.settled_reads()
    refused = await house.post("/batches", {"plan_code": PLAN}, hand)
    assert (refused.status_code, refused.json()["code"]) == (409, "approver-cannot-pay")
