"""The figures of domain 10 over payouts: sent, arrived, sent back and why, and what nobody has claimed."""

from __future__ import annotations

from datetime import timedelta

from .house import GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import PLAN

PAYOUTS = f"/statistics/payouts?plan_code={PLAN}"
RETURNS = f"/statistics/returns?plan_code={PLAN}"


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
