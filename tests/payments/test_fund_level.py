"""How much of a fund is used is told once a threshold; at the last one more is asked for and nothing is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.sweep import Sweeps
from chassis.testing import Spec
from contracts.payments.fund import FundAlertRaised, FundEased, TopUpAnswered, TopUpRequested
from payments.domain.fund_level import FUND_LEVEL, AnswerTopUp, MeasureFund
from payments.settings import Settings
from payments.workers.measuring import sweep

from .house import GOOD_CARD, House, bearer
from .synthetic import PLAN

PERCENTS = (50, 70, 85, 95, 100)
fund = Spec(FUND_LEVEL)


def measured(used_fen: int, given_fen: int = 1000) -> MeasureFund:
    return MeasureFund(PLAN, "pool", used_fen, given_fen, PERCENTS, 5)


def figures(used_fen: int, given_fen: int = 1000) -> dict[str, Any]:
    return {"plan_code": PLAN, "fund": "pool", "used_fen": used_fen, "contribution_fen": given_fen}


HALF = FundAlertRaised(percent=50, **figures(500))
REQUEST = TopUpRequested(request_no=1, missing_fen=1, **figures(1001))
FULL = tuple(FundAlertRaised(percent=percent, **figures(1001)) for percent in PERCENTS)
ANSWER = AnswerTopUp(1, "DECLINED", "下季度再议", "head")
ANSWERED = TopUpAnswered(plan_code=PLAN, fund="pool", request_no=1, outcome="DECLINED", reason="下季度再议", by="head")


def test_a_threshold_is_told_once() -> None:
    fund.when(measured(499)).then_nothing()
    fund.when(measured(500)).then(HALF)
    fund.given(HALF).when(measured(699)).then_nothing()


def test_it_is_told_again_only_after_a_donation_and_after_it_was_passed_again() -> None:
    eased = FundEased(percent=0, **figures(500, 2000))
    fund.given(HALF).when(measured(400)).then_nothing()
    fund.given(HALF).when(measured(500, 2000)).then(eased)
    fund.given(HALF, eased).when(measured(500, 2000)).then_nothing()
    fund.given(HALF, eased).when(measured(1000, 2000)).then(FundAlertRaised(percent=50, **figures(1000, 2000)))


def test_at_the_last_threshold_more_is_asked_for_and_while_that_is_open_not_again() -> None:
    fund.when(measured(1001)).then(*FULL, REQUEST)
    fund.given(*FULL, REQUEST).when(measured(1500)).then_nothing()
    eased = FundEased(percent=95, **figures(1001, 1050))
    again = fund.given(*FULL, REQUEST, eased).when(measured(1050, 1050)).events
    assert again == [FundAlertRaised(percent=100, **figures(1050, 1050))]
    answered = fund.given(*FULL, REQUEST, ANSWERED, eased).when(measured(1050, 1050)).events
    assert answered[1:] == [TopUpRequested(request_no=2, missing_fen=0, **figures(1050, 1050))]


def test_after_an_answer_more_is_asked_for_again_once_five_percent_more_is_missing() -> None:
    over = fund.given(*FULL, REQUEST)
    over.when(measured(1051)).then_nothing()
    over.given(ANSWERED).when(measured(1050)).then_nothing()
    again = TopUpRequested(request_no=2, missing_fen=51, **figures(1051))
    over.given(ANSWERED).when(measured(1051)).then(again)
    over.given(ANSWERED, again).when(measured(2000)).then_nothing()


def test_a_request_for_more_is_answered_once() -> None:
    asked = fund.given(*FULL, REQUEST)
    asked.when(ANSWER).then(ANSWERED)
    asked.given(ANSWERED).when(ANSWER).then_nothing()
    asked.given(ANSWERED).when(AnswerTopUp(1, "TOPPED_UP", "x", "head")).then_rejected("top-up-answered")
    asked.when(AnswerTopUp(2, "TOPPED_UP", "x", "head")).then_rejected("top-up-unknown")
    asked.when(AnswerTopUp(1, "MAYBE", "x", "head")).then_rejected("outcome-unknown")
    asked.when(AnswerTopUp(1, "DECLINED", " ", "head")).then_rejected("reason-missing")


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=30))
def test_between_two_donations_no_threshold_is_told_twice(steps: list[tuple[int, int]]) -> None:
    level, used_fen, given_fen = FUND_LEVEL.initial, 0, 0
    told: list[int] = []
    for approved_fen, drawn in steps:
        used_fen += approved_fen
        # Most numbers give nothing, so that there is something between two donations.
        donated_fen = drawn if drawn % 3 == 0 else 0
        given_fen += donated_fen
        if donated_fen:
            told.clear()
        for event in FUND_LEVEL.decide(measured(used_fen, given_fen), level):
            level = FUND_LEVEL.evolve(level, event)
            if isinstance(event, FundAlertRaised):
                assert event.percent not in told
                assert used_fen * 100 >= event.percent * given_fen
                told.append(event.percent)
        assert FUND_LEVEL.decide(measured(used_fen, given_fen), level) == []


async def swept(house: House) -> None:
    await house.settled_reads()
    await house.context.log.pool.execute("delete from sweep_lease")
    await Sweeps([sweep(Settings())], house.context.executor, house.clock).once(sweep(Settings()))


async def test_a_pool_that_is_used_up_goes_on_and_asks_for_more(house: House) -> None:
    await house.donate(100_000)
    await house.approve(50_000, GOOD_CARD)
    await swept(house)
    assert [one["number"] for one in (await house.get(f"/pool/{PLAN}"))["told"]] == [50]
    await house.approve(50_001, GOOD_CARD)
    await swept(house)
    head = await house.context.log.head()
    await swept(house)
    assert await house.context.log.head() == head
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["used_fen"], pool["used_percent"], pool["payable_fen"]) == (100_001, 100, 100_001)
    assert sorted((one["kind"], one["number"]) for one in pool["told"]) == [
        ("alert", 50), ("alert", 70), ("alert", 85), ("alert", 95), ("alert", 100), ("top-up", 1),
    ]  # fmt: skip
    # Nothing is refused: what is approved is owed and paid as before.
    await house.send(await house.sign_all())
    assert (await house.get(f"/pool/{PLAN}"))["paid_fen"] == 100_001
    path, body = f"/pool/{PLAN}/top-ups/1", {"outcome": "TOPPED_UP", "reason": "省总追加"}
    assert (await house.post(path, body, "head", role="office_head")).status_code == 200
    assert (await house.post(path, body, "other", role="office_head")).json()["code"] == "top-up-answered"
    await house.approve(5_000, GOOD_CARD)
    for _ in range(2):
        await swept(house)
        latest = (await house.get(f"/pool/{PLAN}"))["told"]
        assert [(one["kind"], one["number"]) for one in latest[:2]] == [("top-up", 2), ("answer", 1)]
    await house.donate(110_000)
    await swept(house)
    latest = (await house.get(f"/pool/{PLAN}"))["told"]
    assert [(one["kind"], one["number"]) for one in latest[:2]] == [("eased", 50), ("top-up", 2)]


async def test_a_relief_fund_that_is_used_up_goes_on_and_asks_for_more_by_its_own_donations(house: House) -> None:
    await house.donate(1_000_000)
    await house.donate_relief(100_000)
    await house.relieve(70_000, GOOD_CARD)
    await swept(house)
    fund = await house.get(f"/relief-fund/{PLAN}")
    assert (fund["used_fen"], fund["payable_fen"], fund["left_fen"], fund["used_percent"]) == (
        70_000,
        70_000,
        30_000,
        70,
    )
    assert sorted(one["number"] for one in fund["told"]) == [50, 70]
    await house.relieve(30_001, GOOD_CARD)
    await swept(house)
    fund = await house.get(f"/relief-fund/{PLAN}")
    assert (fund["left_fen"], fund["used_percent"]) == (-1, 100)
    assert [(one["kind"], one["number"]) for one in fund["told"] if one["kind"] == "top-up"] == [("top-up", 1)]
    # The pool's donations are none of the relief fund's, and nothing is refused.
    assert (await house.get(f"/pool/{PLAN}"))["told"] == []
    await house.send(await house.sign_all("relief"))
    assert (await house.get(f"/relief-fund/{PLAN}"))["paid_fen"] == 100_001
    path, body = f"/pool/{PLAN}/top-ups/1", {"outcome": "TOPPED_UP", "reason": "追加", "fund": "relief"}
    assert (await house.post(path, body, "head", role="office_head")).status_code == 200
    await house.donate_relief(100_000, reference="R2")
    await swept(house)
    latest = (await house.get(f"/relief-fund/{PLAN}"))["told"]
    assert [(one["kind"], one["number"]) for one in latest[:2]] == [("eased", 50), ("answer", 1)]


@pytest.mark.parametrize(
    ("role", "org_path"), [("finance", "620000.620700"), ("supervisor", "620000"), ("county_clerk", "620000")]
)
async def test_only_the_head_or_finance_of_the_province_answer(house: House, role: str, org_path: str) -> None:
    body = {"outcome": "DECLINED", "reason": "x"}
    who = bearer("x", role, org_path)
    assert (await house.web.post(f"/pool/{PLAN}/top-ups/1", json=body, headers=who)).status_code == 403
