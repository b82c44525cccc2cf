"""Relief is paid by the relief fund and never by the pool; its donations and its book are its own (domain 4.5)."""

from __future__ import annotations

from chassis.testing import Spec
from contracts.payments.v1 import ReliefDonationBooked
from payments.domain import ledger
from payments.domain.payout import PAYOUT
from payments.domain.relief_donation import RELIEF_DONATION, BookReliefDonation

from .house import GOOD_CARD, House
from .synthetic import PLAN, request, requested

donation = Spec(RELIEF_DONATION)
payout = Spec(PAYOUT)
GIVEN = BookReliefDonation("R1", PLAN, "某公司", 12, "2022-05-31", "2022-06-01", "teller")
BOOKED = ReliefDonationBooked(
    reference="R1",
    plan_code=PLAN,
    donor="某公司",
    amount_fen=12,
    received_on="2022-05-31",
    by="teller",
    transfers=ledger.donated(f"{PLAN}-R1", PLAN, 12, ledger.RELIEF),
)


def test_a_donation_enters_the_relief_fund_once() -> None:
    donation.when(GIVEN).then(BOOKED)
    donation.given(BOOKED).when(GIVEN).then_nothing()
    assert {BOOKED.transfers[0].debit, BOOKED.transfers[0].credit} == {
        f"{PLAN}:relief:cash",
        f"{PLAN}:relief:contribution",
    }


def test_a_receipt_of_another_amount_of_nothing_or_of_tomorrow_is_refused() -> None:
    other = BookReliefDonation("R1", PLAN, "某公司", 13, "2022-05-31", "2022-06-01", "teller")
    donation.given(BOOKED).when(other).then_rejected("donation-differs")
    nothing = BookReliefDonation("R1", PLAN, "某公司", 0, "2022-05-31", "2022-06-01", "teller")
    donation.when(nothing).then_rejected("amount-not-positive")
    tomorrow = BookReliefDonation("R1", PLAN, "某公司", 12, "2022-06-02", "2022-06-01", "teller")
    donation.when(tomorrow).then_rejected("date-in-future")


def test_a_line_owed_by_the_pool_is_never_owed_by_the_relief_fund_too() -> None:
    payout.given(requested()).when(request(fund="relief")).then_rejected("payout-differs")


async def test_relief_is_paid_by_its_own_fund_and_the_pool_is_untouched(house: House) -> None:
    await house.donate(1_000_000)
    assert (await house.donate_relief(500_000)).status_code == 201
    assert (await house.donate_relief(500_000)).status_code == 201
    await house.relieve(200_001, GOOD_CARD, GOOD_CARD, shares=(50, 50))
    before = await house.get(f"/relief-fund/{PLAN}")
    assert (before["expense_fen"], before["payable_fen"], before["paid_fen"]) == (200_001, 200_001, 0)
    await house.send(await house.sign_all("relief"))
    fund = await house.get(f"/relief-fund/{PLAN}")
    assert fund == {
        "plan_code": PLAN,
        "contribution_fen": 500_000,
        "expense_fen": 200_001,
        "expense_fen_by_kind": {"RELIEF_HARDSHIP": 200_001},
        "paid_fen": 200_001,
        "payable_fen": 0,
        "reserved_fen": 0,
        "suspense_fen": 0,
        "recovered_fen": 0,
        "cash_fen": 299_999,
        "donations": [{"reference": "R1", "donor": "某公司", "amount_fen": 500_000, "received_on": "2022-05-31"}],
        "used_fen": 200_001,
        "used_percent": 40,
        "left_fen": 299_999,
        "told": [],
    }
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["cash_fen"], pool["claims_expense_fen"], pool["payable_fen"]) == (1_000_000, 0, 0)
    assert (await house.get("/summary"))["fen"] == 0
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]


async def test_wrongly_paid_relief_comes_back_to_the_relief_fund_and_not_to_the_pool(house: House) -> None:
    await house.donate(1_000_000)
    await house.donate_relief(500_000)
    await house.relieve(200_000, GOOD_CARD)
    await house.send(await house.sign_all("relief"))
    for _ in range(2):
        await house.recover(150_000, fund="relief")
    fund, pool = await house.get(f"/relief-fund/{PLAN}"), await house.get(f"/pool/{PLAN}")
    assert (fund["recovered_fen"], fund["cash_fen"], fund["paid_fen"]) == (150_000, 450_000, 200_000)
    assert (pool["recovered_fen"], pool["cash_fen"]) == (0, 1_000_000)
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]


async def test_a_batch_pays_from_one_fund(house: House) -> None:
    await house.donate(1_000_000)
    await house.donate_relief(500_000)
    (relief,) = await house.relieve(100_000, GOOD_CARD)
    (benefit,) = await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    mixed = await house.post("/batches", {"plan_code": PLAN, "payout_ids": [relief, benefit]}, "maker")
    assert (mixed.status_code, mixed.json()["code"]) == (422, "fund-differs")
    drafted = await house.post("/batches", {"plan_code": PLAN}, "maker")
    assert (drafted.json()["payouts"], drafted.json()["total_fen"]) == (1, 50_000)


async def test_who_filed_verified_agreed_or_decided_relief_does_not_pay_it(house: House) -> None:
    await house.donate_relief(500_000)
    await house.relieve(100_000, GOOD_CARD)
    await house.settled_reads()
    for hand in ("filer", "county", "city", "one", "two"):
        refused = await house.post("/batches", {"plan_code": PLAN, "fund": "relief"}, hand)
        assert (refused.status_code, refused.json()["code"]) == (409, "approver-cannot-pay")


async def test_the_relief_fund_is_for_the_provinces_bookkeepers(house: House) -> None:
    clerk = await house.post("/relief-fund/donations", {}, "clerk", role="county_clerk")
    assert clerk.status_code in {400, 403}
    body = {"plan_code": PLAN, "reference": "R2", "donor": "d", "amount_fen": 1, "received_on": "2022-05-31"}
    county = await house.post("/relief-fund/donations", body, "cashier", org_path="620000.620700")
    assert (county.status_code, county.json()["code"]) == (403, "organization-not-allowed")
