"""The figures of domain 10 over payouts: sent, arrived, sent back and why, and what nobody has claimed."""

from __future__ import annotations

import itertools
import os
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.card import ISSUERS, OTHER_BANK, issuer_of
from payments.projections.figures import PAYOUTS_BY, RETURNS_BY

from .house import GOOD_CARD, WRONG_NAME_CARD, House, bearer
from .synthetic import PLAN

PAYOUTS = f"/statistics/payouts?plan_code={PLAN}"
RETURNS = f"/statistics/returns?plan_code={PLAN}"
FUND = f"/statistics/fund?plan_code={PLAN}"
OTHER_CARD = "990000000000123456"


async def test_what_came_back_is_told_by_reason_until_it_is_sent_again(house: House) -> None:
    await house.donate(10_000_000)
    await house.approve(50_000, GOOD_CARD)
    (wrong,) = await house.approve(30_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    await house.take_in_statement()
    told = (await house.get(PAYOUTS + "&by=benefit,city"))["cells"][0]
    assert told["of"] == {"benefit": "CRITICAL_ILLNESS", "city": "620700"}
    figures = told["figures"]
    names = ("people", "person_times", "payouts", "sent", "settled", "settled_at_once", "returned", "unclaimed")
    assert [figures[name] for name in names] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert (figures["fen"], figures["settled_fen"], figures["unclaimed_fen"]) == (80_000, 50_000, 30_000)
    back = (await house.get(RETURNS + "&by=reason"))["cells"]
    assert [(cell["of"], cell["figures"]["returns"], cell["figures"]["sent_again"]) for cell in back] == [
        ({"reason": "NAME_MISMATCH"}, 1, 0)
    ]

    house.clock.advance(timedelta(days=2))
    payout = (await house.get(f"/payouts/{wrong}"))["payout"]
    corrected = await house.correct(wrong, GOOD_CARD, payout["payee_id"], role="member")
    assert corrected.status_code == 200, corrected.text
    await house.send(await house.sign_all())
    await house.take_in_statement()
    figures = (await house.get(RETURNS))["total"]["figures"]
    assert (figures["returns"], figures["sent_again"]) == (1, 1)
    assert timedelta(milliseconds=figures["median_again_ms"]) >= timedelta(days=2)
    assert (await house.get(PAYOUTS))["total"]["figures"]["unclaimed"] == 0


async def test_figures_are_of_the_asked_days_and_the_subtree_and_few_people_are_not_public(house: House) -> None:
    await house.donate(10_000_000)
    await house.approve(50_000, GOOD_CARD)
    assert (await house.get(PAYOUTS + "&until=2022-05-31"))["total"]["figures"]["payouts"] == 0
    assert (await house.get(PAYOUTS + "&from=2022-06-01"))["total"]["figures"]["payouts"] == 1
    own = await house.get(PAYOUTS, role="county_clerk", org_path="620000.620600.620602")
    assert own["total"]["figures"]["payouts"] == 0
    public = await house.get(PAYOUTS + "&by=month&public=true")
    assert public["cells"] == [{"of": {"month": "2022-06"}, "figures": {}, "suppressed": True}]
    assert public["total"]["suppressed"]


@given(digits=st.text("0123456789", min_size=12, max_size=19))
def test_a_card_has_one_bank_whatever_its_digits(digits: str) -> None:
    assert issuer_of(digits) in {*ISSUERS, OTHER_BANK}
    assert issuer_of("622848" + digits) == "ABC"
    assert issuer_of("0" + digits) == OTHER_BANK


async def test_payouts_and_returns_are_counted_by_the_bank_of_the_card_that_was_tried(house: House) -> None:
    await house.donate(10_000_000)
    await house.approve(50_000, OTHER_CARD)
    (wrong,) = await house.approve(30_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    await house.take_in_statement()
    payout = (await house.get(f"/payouts/{wrong}"))["payout"]
    assert (await house.correct(wrong, OTHER_CARD, payout["payee_id"], role="member")).status_code == 200
    await house.send(await house.sign_all())
    await house.take_in_statement()
    await house.approve(7_000, GOOD_CARD)
    by_bank = {cell["of"]["bank"]: cell["figures"] for cell in (await house.get(PAYOUTS + "&by=bank"))["cells"]}
    assert {bank: (of["payouts"], of["sent"], of["settled_percent"]) for bank, of in by_bank.items()} == {
        "-": (1, 0, 0),
        OTHER_BANK: (2, 2, 100),
    }
    back = (await house.get(RETURNS + "&by=bank,reason"))["cells"]
    assert [cell["of"] for cell in back] == [{"bank": "ABC", "reason": "NAME_MISMATCH"}]


async def _close(house: House, month: str) -> None:
    await house.settled_reads()
    for step, sub in (("close", "one"), ("close/confirm", "two")):
        assert (await house.post(f"/months/{PLAN}/{month}/{step}", None, sub)).status_code == 200


async def test_the_fund_is_told_month_by_month_as_it_was_closed_and_as_it_runs(house: House) -> None:
    await house.donate(1_000_000)  # received in January, the first month closed is June
    await house.approve(50_000, GOOD_CARD)
    await house.send(await house.sign_all())
    await house.take_in_statement()
    await house.relieve(9_000, GOOD_CARD)
    await house.approve(20_000, GOOD_CARD)
    house.clock.advance(timedelta(days=31))
    await _close(house, "2022-06")
    await house.recover(700)
    await house.donate(100_000)  # again of January, and June is closed: it stands in July
    await house.approve(30_000, GOOD_CARD)
    house.clock.advance(timedelta(days=31))
    await _close(house, "2022-07")
    await house.approve(5_000, GOOD_CARD)
    told = await house.get(FUND + "&by=month")
    months = {cell["of"]["month"]: cell["figures"] for cell in told["fund"]["cells"]}
    closed = {one["month"]: one for one in (await house.get(f"/months/{PLAN}"))["items"]}
    assert {month: of["closed"] for month, of in months.items()} == {
        "2022-01": 0, "2022-06": 1, "2022-07": 1, "2022-08": 0
    }  # fmt: skip
    for month, frozen in closed.items():
        names = ("contribution_fen", "paid_fen", "payable_fen", "recovered_fen")
        assert {name: months[month][name] for name in names} == {name: frozen[name] for name in names}
    assert months["2022-01"]["contribution_fen"] == 1_000_000
    assert [months[month]["used_percent"] for month in sorted(months)] == [0, 7, 9, 9]
    pool = await house.get(f"/pool/{PLAN}")
    total = told["fund"]["total"]["figures"]
    assert (total["used_fen"], total["payable_fen"]) == (pool["used_fen"], pool["payable_fen"])
    assert told["foreseen"]["expected_fen"] >= total["used_fen"] == told["foreseen"]["used_fen"]
    assert months["2022-06"]["reserve_fen"] == sum(
        one["outstanding_fen"] + one["ibnr_fen"] for one in closed["2022-06"]["reserves"]
    )
    by_kind = (await house.get(FUND + "&by=month,kind"))["fund"]["cells"]
    assert (
        sum(cell["figures"]["granted_fen"] for cell in by_kind if cell["of"]["kind"] == "CRITICAL_ILLNESS") == 105_000
    )
    assert sum(cell["figures"]["paid_fen"] for cell in by_kind) == 50_000
    assert all("RELIEF" not in cell["of"]["kind"] for cell in by_kind)


async def test_the_public_hears_of_the_fund_by_month_only(house: House) -> None:
    await house.donate(1_000_000)
    assert (await house.get(FUND + "&by=month&public=true"))["fund"]["cells"]
    for more, code in (("&by=kind&public=true", "not-for-the-public"), ("&from=2022-06-01", "months-only")):
        refused = await house.web.get(FUND + more, headers=bearer("reader"))
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    below = await house.web.get(FUND, headers=bearer("reader", "finance", "620000.620700"))
    assert below.status_code == 403


async def lived(house: House, draw: random.Random) -> None:
    """Claims of one or two payees and relief, of which some come back and are sent again."""
    await house.donate(10_000_000)
    await house.donate_relief(1_000_000)
    for _ in range(3):
        for _ in range(draw.randrange(2, 5)):
            cards = [draw.choice((GOOD_CARD, OTHER_CARD, WRONG_NAME_CARD)) for _ in range(draw.randrange(1, 3))]
            shares = (100,) if len(cards) == 1 else (60, 40)
            await draw.choice((house.approve, house.approve, house.relieve))(
                draw.randrange(100, 90_000), *cards, shares=shares
            )
        await house.settled_reads()
        for fund in ("pool", "relief"):
            drafted = await house.post("/batches", {"plan_code": PLAN, "fund": fund}, "maker")
            if drafted.status_code == 201:
                for step, sub in (("check", "checker"), ("sign", "signer")):
                    await house.post(f"/batches/{drafted.json()['batch_id']}/{step}", None, sub)
                await house.send(drafted.json()["batch_id"])
        await house.take_in_statement()
        for one in (await house.get("/payouts?state=returned"))["items"]:
            if draw.random() < 0.5:
                await house.correct(
                    one["payout_id"], draw.choice((GOOD_CARD, WRONG_NAME_CARD)), one["payee_id"], role="member"
                )
        house.clock.advance(timedelta(days=draw.randrange(1, 25)))


@pytest.mark.parametrize("seed", range(int(os.environ.get("HUZHU_HISTORIES", "2"))))
async def test_in_every_cell_people_are_no_more_than_person_times_lines_and_payouts(house: House, seed: int) -> None:
    await lived(house, random.Random(seed))
    for path, names, last, added in (
        (PAYOUTS, PAYOUTS_BY, "payouts", ("payouts", "fen", "sent", "settled", "settled_fen", "returns", "unclaimed")),
        (RETURNS, RETURNS_BY, "returns", ("returns", "fen", "sent_again")),
    ):
        whole = (await house.get(path))["total"]["figures"]
        assert whole[last] >= whole["people"] > 0
        for by in [*((name,) for name in names), *itertools.combinations(names, 2)]:
            told = await house.get(f"{path}&by={','.join(by)}")
            assert told["total"]["figures"] == whole
            for cell in told["cells"]:
                of = cell["figures"]
                assert 0 < of["people"] <= of["person_times"] <= of["lines"] <= of[last], (by, cell)
                assert of.get("settled", 0) <= of.get("sent", 0) <= of[last]
            for name in added:
                assert sum(cell["figures"][name] for cell in told["cells"]) == whole[name], (by, name)
        for name in names:
            public = await house.get(f"{path}&by={name}&public=true")
            assert all(cell["suppressed"] or cell["figures"]["people"] >= 5 for cell in public["cells"])
