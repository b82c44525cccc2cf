"""A month is closed by two people with the figures of its ledger, and stays as it was closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.testing import Spec
from contracts.envelope import changed
from contracts.payments.months import AccountMonth, MonthClosed, MonthCloseProposed
from payments.domain.month_end import MONTH_END, ConfirmClose, Figures, ProposeClose

from .house import GOOD_CARD, House, bearer
from .synthetic import PLAN

month_end = Spec(MONTH_END)
ACCOUNTS = (
    AccountMonth(account="contribution", opening_fen=0, debit_fen=0, credit_fen=10, closing_fen=-10),
    AccountMonth(account="pool:cash", opening_fen=0, debit_fen=10, credit_fen=0, closing_fen=10),
)
FIGURES = Figures(ACCOUNTS, 7, 0)
PROPOSE = ProposeClose(PLAN, "2022-05", FIGURES, "2022-06-01", "one")
PROPOSED = MonthCloseProposed(plan_code=PLAN, month="2022-05", accounts=ACCOUNTS, as_of=7, late_fen=0, by="one")
CLOSED = MonthClosed(
    plan_code=PLAN, month="2022-05", accounts=ACCOUNTS, opening_fen=0, contribution_fen=10, paid_fen=0, payable_fen=0,
    recovered_fen=0, returned_fen=0, closing_fen=10, as_of=7, late_fen=0, proposed_by="one", by="two",
)  # fmt: skip


def test_a_month_that_is_over_is_proposed_once() -> None:
    month_end.when(PROPOSE).then(PROPOSED)
    month_end.given(PROPOSED).when(PROPOSE).then_nothing()
    month_end.when(ProposeClose(PLAN, "2022-06", FIGURES, "2022-06-30", "one")).then_rejected("month-not-over")


def test_a_second_person_closes_it_once() -> None:
    month_end.given(PROPOSED).when(ConfirmClose("2022-05", FIGURES, "two")).then(CLOSED)
    month_end.given(PROPOSED, CLOSED).when(ConfirmClose("2022-05", FIGURES, "two")).then_nothing()
    month_end.given(PROPOSED, CLOSED).when(PROPOSE).then_nothing()


def test_it_is_not_closed_alone_unproposed_or_with_figures_that_have_moved() -> None:
    month_end.given(PROPOSED).when(ConfirmClose("2022-05", FIGURES, "one")).then_rejected("same-person")
    month_end.when(ConfirmClose("2022-05", FIGURES, "two")).then_rejected("no-close-proposed")
    moved = Figures((changed(ACCOUNTS[0], credit_fen=11), ACCOUNTS[1]), 8, 0)
    month_end.given(PROPOSED).when(ConfirmClose("2022-05", moved, "two")).then_rejected("figures-moved")


def test_months_are_closed_one_after_the_other_and_never_again() -> None:
    closed = month_end.given(PROPOSED, CLOSED)
    later = ProposeClose(PLAN, "2022-07", FIGURES, "2022-09-01", "one")
    closed.when(later).then_rejected("month-out-of-order")
    closed.when(ProposeClose(PLAN, "2022-05", FIGURES, "2022-09-01", "three")).then_rejected("month-closed")
    december = month_end.given(changed(CLOSED, month="2022-12"))
    assert december.when(ProposeClose(PLAN, "2023-01", FIGURES, "2023-02-01", "one")).events


async def test_months_from_before_the_first_booking_and_of_plans_without_one_are_not_closed(house: House) -> None:
    await house.donate(1_000_000)  # received in January
    await house.settled_reads()
    for plan_code, month in ((PLAN, "2021-12"), ("NO-PLAN", "2022-05")):
        answer = await house.post(f"/months/{plan_code}/{month}/close", None, "one")
        assert (answer.status_code, answer.json()["code"]) == (409, "month-empty")
    assert (await house.post(f"/months/{PLAN}/2022-01/close", None, "one")).status_code == 200


async def close(house: House, month: str) -> None:
    await house.settled_reads()
    for step, sub in (("close", "one"), ("close/confirm", "two")):
        answer = await house.post(f"/months/{PLAN}/{month}/{step}", None, sub)
        assert answer.status_code == 200, answer.text


async def test_a_closed_month_keeps_its_figures_and_a_late_booking_stands_in_the_next(house: House) -> None:
    await house.donate(1_000_000)  # received in January
    await house.approve(50_000, GOOD_CARD)  # June
    await house.donate_relief(7_000)  # the last of May
    house.clock.advance(timedelta(days=30))
    await close(house, "2022-05")
    (may,) = (await house.get(f"/months/{PLAN}"))["items"]
    told = {one["account"]: (one["opening_fen"], one["debit_fen"], one["credit_fen"]) for one in may["accounts"]}
    assert told == {
        "pool:cash": (1_000_000, 0, 0),
        "contribution": (-1_000_000, 0, 0),
        "relief:cash": (0, 7_000, 0),
        "relief:contribution": (0, 0, 7_000),
    }
    await house.donate_relief(500, reference="R2")  # of the last of May, and May is closed
    await house.approve(30_000, GOOD_CARD)  # July by now
    await close(house, "2022-06")
    june, still = (await house.get(f"/months/{PLAN}"))["items"]
    assert still == may
    assert (june["opening_fen"], june["closing_fen"], june["payable_fen"]) == (1_000_000, 1_000_000, 50_000)
    assert june["late_fen"] == 500
    relief = next(one for one in june["accounts"] if one["account"] == "relief:cash")
    assert (relief["opening_fen"], relief["debit_fen"], relief["closing_fen"]) == (7_000, 500, 7_500)
    assert sum(one["closing_fen"] for one in june["accounts"]) == 0


async def test_every_closed_month_goes_on_where_the_one_before_ended(house: House) -> None:
    await house.donate(1_000_000)
    for step in range(3):
        await house.approve(10_000 * (step + 1), GOOD_CARD)
        await house.recover(100 + step, receipt_id=f"r{step}")
        house.clock.advance(timedelta(days=31))
        await close(house, ("2022-06", "2022-07", "2022-08")[step])
    august, july, june = (await house.get(f"/months/{PLAN}"))["items"]
    assert [one["recovered_fen"] for one in (june, july, august)] == [100, 101, 102]
    assert (june["closing_fen"], july["closing_fen"]) == (july["opening_fen"], august["opening_fen"])
    balances = (await house.get(f"/ledger/accounts?plan_code={PLAN}"))["plans"][0]["accounts"]
    assert {one["account"]: one["closing_fen"] for one in august["accounts"]} == {
        one["name"]: one["balance_fen"] for one in balances
    }


async def test_a_booking_that_the_bank_takes_back_was_paid_once(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(40_000, GOOD_CARD)
    await house.misbehave(kind="reverse")
    await house.send(await house.sign_all())
    await house.take_in_statement()
    house.clock.advance(timedelta(days=31))
    await close(house, "2022-06")
    (june,) = (await house.get(f"/months/{PLAN}"))["items"]
    assert (june["paid_fen"], june["payable_fen"], june["closing_fen"]) == (40_000, 40_000, 1_000_000)


@pytest.mark.parametrize(("role", "org_path"), [("finance", "620000.620700"), ("office_head", "620000")])
async def test_only_finance_of_the_province_closes_a_month(house: House, role: str, org_path: str) -> None:
    for step in ("close", "close/confirm"):
        who = bearer("x", role, org_path)
        assert (await house.web.post(f"/months/{PLAN}/2022-05/{step}", headers=who)).status_code == 403
