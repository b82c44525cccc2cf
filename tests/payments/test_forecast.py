"""What a pool will still owe: open claims, those not yet reported, and those still to happen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.claims.process import ClaimWithdrawn
from contracts.claims.relief import ReliefFiled, ReliefGranted, ReliefRefused, ReliefWithdrawn
from contracts.claims.v1 import ClaimApproved, ClaimFiled, ClaimRejected, Incident
from contracts.enrolment.v1 import DonationReceived
from payments.domain.forecast import KindHistory, forecast, unreported
from payments.main import SERVICE
from tests.world import MakeWorld, World

from .synthetic import PLAN, sealed

LADDER = {(0, 0): 40, (0, 1): 20, (0, 2): 20, (1, 0): 60, (1, 1): 30, (2, 0): 50}
"""By the end of the first delay half as many come again, by the end of the second a third more of what there was."""


def test_a_ladder_adds_what_older_months_say_is_still_missing() -> None:
    # Month 1: 90 seen, of which 80/60 come: 120. Month 2: 50 seen, 1.5 times and then 80/60: 100.
    assert unreported(LADDER, 2) == 30 + 50


def test_a_ladder_of_two_months_or_of_few_claims_says_nothing() -> None:
    assert unreported({(0, 0): 90, (1, 0): 90}, 1) is None
    assert unreported({(0, 0): 9, (1, 0): 9, (2, 0): 9}, 2) is None


@given(st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(0, 60), max_size=20))
def test_nobody_is_unreported_less_than_never(reports: dict[tuple[int, int], int]) -> None:
    seen = {(event, delay): count for (event, delay), count in reports.items() if event + delay <= 5}
    late = unreported(seen, 5)
    assert late is None or late >= 0


def test_a_forecast_is_the_mean_of_decided_claims_times_those_to_come() -> None:
    kind = KindHistory(decided=4, granted_fen=4_000, squares_fen2=4_000_000, open=3, reports={(0, 0): 7})
    told = forecast(kind, month_now=0, elapsed_days=10, left_days=20)
    assert (told.mean_fen, told.open_fen, told.ibnr_claims, told.ibnr_fen) == (1_000, 3_000, None, 0)
    assert told.future_fen == 14_000
    # All claims were alike, so only the number of the 14 to come is unknown: 1.645 x sqrt(14) x 1000.
    assert (told.low_fen, told.high_fen) == (17_000 - 6_153, 17_000 + 6_153)


def test_where_nothing_has_been_decided_nothing_is_foreseen() -> None:
    assert forecast(KindHistory(0, 0, 0, 9, {}), 1, 30, 30).expected_fen == 0


def filed(number: int, kind: str = "INPATIENT") -> ClaimFiled:
    return ClaimFiled(
        claim_id=f"c{number}", claim_no=f"{number}", person_id=f"p{number}", plan_code=PLAN, plan_version=1,
        channel="UNIT", org_path="620000.620700.620725", incident=Incident(kind=kind, decisive_on="2022-02-01"),
        facts=sealed(), documents=(), payees=(), urgent=False, filed_on="2022-02-20", steps=("OFFICE_REVIEW",), by="x",
    )  # fmt: skip


def relief_filed(number: int, kind: str = "RELIEF_HARDSHIP") -> ReliefFiled:
    return ReliefFiled(
        relief_id=f"r{number}", relief_no=f"{number}", person_id=f"p{number}", plan_code=PLAN, plan_version=1,
        kind=kind, reason="FAMILY", happened_on="2022-02-01", matter="m", child_id="", channel="COUNTY",
        org_path="620000.620700.620725", facts=sealed(), contact=sealed(), documents=(), payees=(),
        filed_on="2022-02-20", by="x",
    )  # fmt: skip


async def told_of(world: World, fund: str = "pool") -> Any:
    async with world.client("office_head") as office:
        await world.settled()
        answer = await office.get(f"/{fund}/{PLAN}/forecast")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_forecast_follows_the_claims(make_world: MakeWorld) -> None:
    world = await make_world(SERVICE)
    world.clock.set(datetime(2022, 7, 2, 12, tzinfo=UTC))
    async with world.client("office_head") as office:
        assert (await office.get(f"/pool/{PLAN}/forecast")).json()["code"] == "period-unknown"
    given_ = DonationReceived(
        donation_id="d", plan_code=PLAN, plan_version=1, donor="d", seats=1, amount_fen=1_000_000,
        received_on="2022-01-01", period_start="2022-01-01", period_end="2023-01-01",
    )  # fmt: skip
    await world.feed("enrolment", given_, "donation-d")
    for number in range(4):
        await world.feed("claims", filed(number), f"claim-c{number}")
    approved = ClaimApproved(
        claim_id="c0", claim_no="0", person_id="p0", plan_code=PLAN, plan_version=1, org_path="620000", lines=(),
        payees=(), total_fen=30_000, approved_on="2022-03-01",
    )  # fmt: skip
    await world.feed("claims", approved, "claim-c0")
    refused = ClaimRejected(
        claim_id="c1", claim_no="1", person_id="p1", reason="r", rule="r", explanation="", payees=()
    )
    await world.feed("claims", refused, "claim-c1")
    await world.feed("claims", ClaimWithdrawn(claim_id="c2", claim_no="2", person_id="p2", by="x"), "claim-c2")
    told = await told_of(world)
    kind = told["by_kind"]["INPATIENT"]
    assert (kind["mean_fen"], kind["open_claims"], kind["open_fen"], kind["ibnr_claims"]) == (15_000, 1, 15_000, None)
    assert kind["future_fen"] == round(4 * 183 / 182 * 15_000)
    assert told["expected_fen"] == told["used_fen"] + 15_000 + kind["future_fen"]
    assert told["low_fen"] < told["expected_fen"] < told["high_fen"]
    async with world.client("finance", org="620700") as elsewhere:
        assert (await elsewhere.get(f"/pool/{PLAN}/forecast")).status_code == 403


async def test_the_relief_fund_foresees_its_own_cases_and_the_pool_none_of_them(make_world: MakeWorld) -> None:
    world = await make_world(SERVICE)
    world.clock.set(datetime(2022, 7, 2, 12, tzinfo=UTC))
    given_ = DonationReceived(
        donation_id="d", plan_code=PLAN, plan_version=1, donor="d", seats=1, amount_fen=1_000_000,
        received_on="2022-01-01", period_start="2022-01-01", period_end="2023-01-01",
    )  # fmt: skip
    await world.feed("enrolment", given_, "donation-d")
    for number in range(5):
        await world.feed("claims", relief_filed(number), f"relief-r{number}")
    granted = ReliefGranted(
        relief_id="r0", relief_no="0", person_id="p0", plan_code=PLAN, plan_version=1, org_path="620000",
        kind="RELIEF_HARDSHIP", payees=(), amount_fen=200_000, exceptional=False, note=None, granted_on="2022-04-01",
        meeting_id="m", decided_by=("one", "two"), reviewed_by=("one", "two"),
    )  # fmt: skip
    await world.feed("claims", granted, "relief-r0")
    refused = ReliefRefused(
        relief_id="r1", relief_no="1", person_id="p1", kind="RELIEF_HARDSHIP", payees=(), reason="r", rule="r",
        explanation="", meeting_id="m", decided_by=("one", "two"),
    )  # fmt: skip
    await world.feed("claims", refused, "relief-r1")
    await world.feed("claims", ReliefWithdrawn(relief_id="r2", by="x"), "relief-r2")
    told = await told_of(world, "relief-fund")
    kind = told["by_kind"]["RELIEF_HARDSHIP"]
    assert (kind["mean_fen"], kind["open_claims"], kind["open_fen"]) == (100_000, 2, 200_000)
    assert told["expected_fen"] == told["used_fen"] + 200_000 + kind["future_fen"]
    assert (await told_of(world))["by_kind"] == {}
