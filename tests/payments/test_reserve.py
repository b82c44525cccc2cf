"""Reserves and shares set aside are booked both ways and move no cash; what is used does not change by them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import Spec
from contracts.claims.process import ClaimReopened, ClaimWithdrawn
from contracts.claims.v1 import ClaimApproved
from contracts.enrolment.v1 import DonationReceived
from contracts.payments.months import KindReserve
from contracts.payments.v1 import DonationBooked, Transfer
from payments import inbox
from payments.domain import ledger
from payments.domain.donation import DONATION, BookDonation
from payments.domain.month_end import MONTH_END, ConfirmClose, Figures, ProposeClose, with_reserves
from payments.domain.reserve import SetAside
from payments.main import SERVICE
from payments.settings import Settings
from tests.world import MakeWorld, World

from .house import GOOD_CARD, House
from .synthetic import PLAN
from .test_forecast import filed
from .test_ledger_export import HLEDGER, checked, entries

donation, month_end = Spec(DONATION), Spec(MONTH_END)
KINDS = ("ACCIDENT", "ILLNESS", "INPATIENT")


def balances(transfers: list[Transfer]) -> dict[str, int]:
    """Debits less credits by name in the chart: an own reading of the book."""
    total: dict[str, int] = {}
    for one in transfers:
        for account, fen in ((one.debit, one.amount_fen), (one.credit, -one.amount_fen)):
            name = account.removeprefix(f"{PLAN}:")
            total[name] = total.get(name, 0) + fen
    return total


def reserve(kind: str, outstanding_fen: int, ibnr_fen: int) -> KindReserve:
    return KindReserve(
        kind=kind, open_claims=1, mean_fen=1, outstanding_fen=outstanding_fen, ibnr_claims=None, ibnr_fen=ibnr_fen
    )


def test_a_donation_sets_the_shares_of_its_plan_aside_and_a_gift_plan_none() -> None:
    (booked,) = donation.when(BookDonation("d-1", PLAN, 1_005, shares=SetAside(7, 3))).events
    assert isinstance(booked, DonationBooked)
    assert balances(list(booked.transfers)) == {
        "pool:cash": 1_005, "contribution": -1_005,
        "expense:reserves": 70, "reserve:risk": -70, "expense:activity": 30, "payable:activity": -30,
    }  # fmt: skip
    donation.given(booked).when(BookDonation("d-1", PLAN, 1_005, shares=SetAside(9, 9))).then_nothing()
    (gift,) = donation.when(BookDonation("d-1", PLAN, 1_005)).events
    assert len(gift.transfers) == 1


@pytest.mark.parametrize("shares", [(-1, 0), (0, -1), (60, 41)])
def test_nobody_sets_aside_less_than_nothing_or_more_than_there_is(shares: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        SetAside(*shares)


def test_the_shares_of_a_plan_are_settings() -> None:
    told = Settings(risk_reserve_percents="A=7, B=5", activity_cost_percents="A=3")
    assert (told.set_aside("A"), told.set_aside("B"), told.set_aside("C")) == ((7, 3), (5, 0), (0, 0))


FEN = st.integers(0, 10**9)
MONTHS = st.lists(st.dictionaries(st.sampled_from(KINDS), st.tuples(FEN, FEN)), min_size=1, max_size=6)


@given(MONTHS)
def test_every_close_leaves_exactly_the_reserves_of_its_month(months: list[dict[str, tuple[int, int]]]) -> None:
    accounts: Any = ()
    book: list[Transfer] = []
    for number, figures in enumerate(months, start=1):
        reserves = tuple(reserve(kind, *fen) for kind, fen in sorted(figures.items()))
        accounts, transfers = with_reserves(PLAN, f"2022-{number:02d}", Figures(accounts, 0, 0, reserves))
        book += transfers
        assert not ledger.verify(book)
        wanted = {f"reserve:outstanding:{kind}": fen for kind, (fen, _) in figures.items()}
        wanted |= {f"reserve:ibnr:{kind}": fen for kind, (_, fen) in figures.items()}
        held = {name: -fen for name, fen in balances(book).items() if name.startswith("reserve:")}
        assert {name: fen for name, fen in held.items() if fen} == {name: fen for name, fen in wanted.items() if fen}
        assert {one.account: one.closing_fen for one in accounts} == balances(book)
        # The same figures again have nothing to book.
        assert with_reserves(PLAN, "2022-12", Figures(accounts, 0, 0, reserves))[1] == ()


def test_a_close_whose_reserves_have_moved_since_is_proposed_again() -> None:
    first, later = (Figures((), 0, 0, (reserve("ILLNESS", fen, 0),)) for fen in (100, 101))
    (proposed,) = month_end.when(ProposeClose(PLAN, "2022-05", first, "2022-06-01", "one")).events
    asked = month_end.given(proposed)
    asked.when(ProposeClose(PLAN, "2022-05", first, "2022-06-01", "one")).then_nothing()
    asked.when(ConfirmClose("2022-05", later, "two")).then_rejected("figures-moved")
    (closed,) = asked.when(ConfirmClose("2022-05", first, "two")).events
    assert [one.amount_fen for one in closed.transfers] == [100]


async def test_shares_set_aside_change_neither_cash_nor_what_is_used(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shares = Settings(risk_reserve_percents=f"{PLAN}=7", activity_cost_percents=f"{PLAN}=3")
    monkeypatch.setattr(inbox, "SETTINGS", shares)
    await house.donate(1_000_000)
    await house.approve(450_000, GOOD_CARD)
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["contribution_fen"], pool["cash_fen"], pool["used_fen"]) == (1_000_000, 1_000_000, 450_000)
    assert (pool["risk_reserve_fen"], pool["activity_cost_fen"]) == (70_000, 30_000)
    assert (pool["available_fen"], pool["used_percent"]) == (900_000, 50)
    (plan,) = (await house.get(f"/ledger/accounts?plan_code={PLAN}"))["plans"]
    codes = {one["name"]: (one["code"], one["balance_fen"]) for one in plan["accounts"]}
    assert codes["reserve:risk"] == ("2401", -70_000)
    assert codes["expense:activity"] == ("5201", 30_000)
    assert codes["payable:activity"] == ("2204", -30_000)
    assert codes["expense:reserves"] == ("5103", 70_000)
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]
    if HLEDGER is not None:
        sound = checked(tmp_path, [plan], await entries(house))
        assert sound.returncode == 0, sound.stderr


async def some_claims(world: World) -> None:
    given_ = DonationReceived(
        donation_id="d", plan_code=PLAN, plan_version=1, donor="d", seats=1, amount_fen=1_000_000,
        received_on="2022-01-01", period_start="2022-01-01", period_end="2023-01-01",
    )  # fmt: skip
    await world.feed("enrolment", given_, "donation-d")
    for number, kind in enumerate(["INPATIENT"] * 4 + ["ACCIDENT"] * 2):
        await world.feed("claims", filed(number, kind), f"claim-c{number}")


async def decided(world: World, number: int, fen: int) -> None:
    approved = ClaimApproved(
        claim_id=f"c{number}", claim_no=f"{number}", person_id=f"p{number}", plan_code=PLAN, plan_version=1,
        org_path="620000", lines=(), payees=(), total_fen=fen, approved_on="2022-03-01",
    )  # fmt: skip
    await world.feed("claims", approved, f"claim-c{number}")


async def closed(world: World, month: str) -> Any:
    for step, sub in (("close", "one"), ("close/confirm", "two")):
        async with world.client("finance", sub=sub, **{"Idempotency-Key": f"{month}{step}"}) as finance:
            answer = await finance.post(f"/months/{PLAN}/{month}/{step}")
            assert answer.status_code == 200, answer.text
        await world.settled()
    async with world.client("finance") as finance:
        return (await finance.get(f"/months/{PLAN}")).json()["items"][0]


async def told(world: World, path: str) -> Any:
    async with world.client("office_head") as office:
        await world.settled()
        return (await office.get(path)).json()


async def test_a_months_close_books_what_reported_claims_will_cost_by_kind_and_the_next_one_undoes_it(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = await make_world(SERVICE)
    world.clock.set(datetime(2022, 3, 10, 12, tzinfo=UTC))
    await some_claims(world)
    await decided(world, 0, 30_000)
    await decided(world, 4, 70_000)
    pool = await told(world, f"/pool/{PLAN}")
    assert {kind: one["outstanding_fen"] for kind, one in pool["reserves"]["by_kind"].items()} == {
        "ACCIDENT": 70_000, "INPATIENT": 90_000,
    }  # fmt: skip
    assert (pool["reserves"]["outstanding_fen"], pool["reserves"]["booked_by_kind"]) == (160_000, {})
    world.clock.set(datetime(2022, 4, 2, 12, tzinfo=UTC))
    # What is decided in April is open at the end of March, and its amount is not known then.
    await decided(world, 1, 10_000)
    march = await closed(world, "2022-03")
    named = {one["account"]: one["closing_fen"] for one in march["accounts"]}
    assert (named["reserve:outstanding:ACCIDENT"], named["reserve:outstanding:INPATIENT"]) == (-70_000, -90_000)
    assert named["expense:reserves"] == 160_000
    assert {one["kind"]: (one["open_claims"], one["mean_fen"]) for one in march["reserves"]} == {
        "ACCIDENT": (1, 70_000), "INPATIENT": (3, 30_000),
    }  # fmt: skip
    pool = await told(world, f"/pool/{PLAN}")
    assert pool["reserves"]["booked_by_kind"]["INPATIENT"] == {"outstanding_fen": 90_000, "ibnr_fen": 0}
    assert (pool["used_fen"], pool["cash_fen"], pool["available_fen"]) == (0, 1_000_000, 1_000_000)
    await world.feed("claims", ClaimWithdrawn(claim_id="c5", claim_no="5", person_id="p5", by="x"), "claim-c5")
    world.clock.set(datetime(2022, 5, 2, 12, tzinfo=UTC))
    april = await closed(world, "2022-04")
    named = {one["account"]: one["closing_fen"] for one in april["accounts"]}
    # Two claims left at a mean of 20,000, and no accident any more; nothing of March's entries is counted as late.
    assert (named["reserve:outstanding:ACCIDENT"], named["reserve:outstanding:INPATIENT"]) == (0, -40_000)
    assert april["late_fen"] == 0
    plans = (await told(world, f"/ledger/accounts?plan_code={PLAN}"))["plans"]
    assert {one["name"]: one["balance_fen"] for one in plans[0]["accounts"]} == named
    check = await told(world, f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]
    book = (await told(world, f"/ledger/entries?plan_code={PLAN}"))["items"]
    assert {(one["booked_on"], one["about"]["month"]) for one in book if "month" in one["about"]} == {
        ("2022-03-31", "2022-03"), ("2022-04-30", "2022-04"),
    }  # fmt: skip
    if HLEDGER is not None:
        sound = checked(tmp_path, plans, book)
        assert sound.returncode == 0, sound.stderr


async def test_a_claim_that_is_opened_again_is_reserved_for_again(make_world: MakeWorld) -> None:
    world = await make_world(SERVICE)
    world.clock.set(datetime(2022, 3, 10, 12, tzinfo=UTC))
    await some_claims(world)
    await decided(world, 0, 30_000)
    await world.feed("claims", ClaimWithdrawn(claim_id="c1", claim_no="1", person_id="p1", by="x"), "claim-c1")
    before = await told(world, f"/pool/{PLAN}")
    again = ClaimReopened(
        claim_id="c1", step="OFFICE_REVIEW", documents=(), by="x", due_on="2022-04-01", decide_until="2022-04-01"
    )
    await world.feed("claims", again, "claim-c1")
    after = await told(world, f"/pool/{PLAN}")
    told_of = [one["reserves"]["by_kind"]["INPATIENT"]["open_claims"] for one in (before, after)]
    assert told_of == [2, 3]
