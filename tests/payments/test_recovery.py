"""Wrongly paid money that comes back enters the pool's ledger once (domain 7.2)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import Spec
from contracts.payments.v1 import RecoveryBooked
from payments.domain import ledger
from payments.domain.recovery_receipt import RECOVERY_RECEIPT, BookRecovery

from .house import GOOD_CARD, House
from .synthetic import PLAN
from .test_ledger import balances
from .test_paying import assert_the_books_agree

SPEC = Spec(RECOVERY_RECEIPT)
BOOK = BookRecovery("c1", "r1", "c1", PLAN, 4_000)
BOOKED = RecoveryBooked(
    recovery_id="c1",
    receipt_id="r1",
    claim_id="c1",
    plan_code=PLAN,
    amount_fen=4_000,
    transfers=ledger.recovered("c1", "r1", PLAN, 4_000),
)


def test_what_came_back_is_booked_once() -> None:
    SPEC.when(BOOK).then(BOOKED)
    SPEC.given(BOOKED).when(BOOK).then_nothing()
    (transfer,) = BOOKED.transfers
    assert (transfer.debit, transfer.credit) == (f"{PLAN}:pool:cash", f"{PLAN}:recoveries")


def test_a_receipt_of_another_amount_or_of_nothing_is_refused() -> None:
    SPEC.given(BOOKED).when(replace(BOOK, amount_fen=4_001)).then_rejected("receipt-differs")
    SPEC.given(BOOKED).when(replace(BOOK, fund="relief")).then_rejected("receipt-differs")
    SPEC.when(replace(BOOK, amount_fen=0)).then_rejected("amount-not-positive")


@given(st.lists(st.integers(1, 10_000), max_size=8))
def test_whatever_comes_back_is_in_the_cash_and_in_the_recoveries(parts: list[int]) -> None:
    book = list(ledger.donated("d-1", PLAN, 12_000))
    for number, fen in enumerate(parts):
        book += ledger.recovered("c1", f"r{number}", PLAN, fen)
    assert ledger.verify(book) == {}
    total = balances(book)
    assert sum(total.values()) == 0
    assert total[f"{PLAN}:pool:cash"] == 12_000 + sum(parts)
    assert total[f"{PLAN}:recoveries"] == -sum(parts)


async def test_the_pool_shows_what_came_back_and_the_books_agree(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    await house.send(await house.sign_all())
    await house.recover(4_000)
    await house.recover(4_000)
    await house.recover(6_000, "r2")
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["recovered_fen"], pool["cash_fen"], pool["paid_fen"]) == (10_000, 960_000, 50_000)
    assert (await house.get(f"/ledger/check?plan_code={PLAN}"))["recovered_fen"] == 10_000
    await assert_the_books_agree(house)
