"""Specifications of campaigns, a prefecture's seats and routes: each does, refuses, and stays quiet when repeated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.health_checkup.campaigns import (
    CampaignClosed,
    CampaignCostRecorded,
    CampaignOpened,
    PrefectureQuotaSet,
    PrefectureSeatsGranted,
    RouteDayTaken,
    RoutePlanned,
    StopSeatsReleased,
    StopSeatsReserved,
    TruckDeviceRegistered,
)
from health_checkup.domain.campaign import CAMPAIGN, CloseCampaign, OpenCampaign, RecordCost, SetQuota
from health_checkup.domain.prefecture import PREFECTURE, CoverSeats, GrantSeats, ReturnSeats
from health_checkup.domain.route import ROUTE, PlanRoute, RegisterDevice, TakeDay

campaign, seats, route = Spec(CAMPAIGN), Spec(PREFECTURE), Spec(ROUTE)
OPEN = OpenCampaign(
    campaign="2022",
    year=2022,
    name="健康大篷车",
    quota=8_000,
    budget_fen=160_000_000,
    packages=("BASIC.v1",),
    rules="CHECKUP.v1",
    today="2022-02-01",
    by="head-1",
)
OPENED = CampaignOpened(
    campaign="2022",
    year=2022,
    name="健康大篷车",
    quota=8_000,
    budget_fen=160_000_000,
    packages=("BASIC.v1",),
    rules="CHECKUP.v1",
    opened_on="2022-02-01",
    by="head-1",
)


def quota(prefecture: str, number: int) -> PrefectureQuotaSet:
    return PrefectureQuotaSet(campaign="2022", prefecture=prefecture, seats=number, by="head-1")


def set_quota(prefecture: str, number: int, reserved: int = 0) -> SetQuota:
    return SetQuota("2022", prefecture, number, reserved, "head-1")


COST = CampaignCostRecorded(
    campaign="2022", cost_id="b1", amount_fen=100, what="fuel", spent_on="2022-03-01", by="finance-1"
)
CLOSED = CampaignClosed(campaign="2022", closed_on="2022-12-31", by="head-1")
PAY = RecordCost("2022", "b1", 100, "fuel", "2022-03-01", "finance-1")
CLOSE = CloseCampaign("2022", "2022-12-31", "head-1")


def test_a_campaign_is_opened_once() -> None:
    campaign.when(OPEN).then(OPENED)
    campaign.given(OPENED).when(OPEN).then_nothing()


def test_a_campaign_that_makes_no_sense_or_differs_is_refused() -> None:
    for change, code in (
        ({"quota": 0}, "quota-invalid"),
        ({"budget_fen": -1}, "budget-invalid"),
        ({"packages": ()}, "package-invalid"),
    ):
        campaign.when(OpenCampaign(**{**vars(OPEN), **change})).then_rejected(code)
    campaign.given(OPENED).when(OpenCampaign(**{**vars(OPEN), "quota": 9_000})).then_rejected("campaign-differs")
    campaign.given(OPENED, CLOSED).when(OPEN).then_rejected("campaign-closed")


def test_a_prefecture_gets_its_quota_and_another_later() -> None:
    campaign.given(OPENED).when(set_quota("620600", 900)).then(quota("620600", 900))
    campaign.given(OPENED, quota("620600", 900)).when(set_quota("620600", 900)).then_nothing()
    campaign.given(OPENED, quota("620600", 900)).when(set_quota("620600", 800)).then(quota("620600", 800))


def test_quotas_never_sum_to_more_than_the_campaigns_nor_fall_below_what_is_taken() -> None:
    campaign.given(OPENED, quota("620600", 7_000)).when(set_quota("620700", 1_001)).then_rejected(
        "quota-exceeds-campaign"
    )
    campaign.given(OPENED, quota("620600", 7_000)).when(set_quota("620600", 8_000)).then(quota("620600", 8_000))
    campaign.given(OPENED, quota("620600", 900)).when(set_quota("620600", 100, 101)).then_rejected("quota-in-use")
    campaign.given(OPENED).when(set_quota("620600", -1)).then_rejected("quota-invalid")
    campaign.given(OPENED, CLOSED).when(set_quota("620600", 1)).then_rejected("campaign-closed")
    campaign.when(set_quota("620600", 1)).then_rejected("campaign-unknown")


def test_a_cost_is_recorded_once_by_its_number_also_after_the_end() -> None:
    campaign.given(OPENED).when(PAY).then(COST)
    campaign.given(OPENED, CLOSED).when(PAY).then(COST)
    campaign.given(OPENED, COST).when(PAY).then_nothing()
    campaign.given(OPENED, COST).when(RecordCost(**{**vars(PAY), "amount_fen": 200})).then_rejected("cost-differs")
    campaign.given(OPENED).when(RecordCost(**{**vars(PAY), "amount_fen": 0})).then_rejected("cost-invalid")


def test_a_campaign_is_closed_once() -> None:
    campaign.given(OPENED).when(CLOSE).then(CLOSED)
    campaign.given(OPENED, CLOSED).when(CLOSE).then_nothing()
    campaign.when(CLOSE).then_rejected("campaign-unknown")


GRANTED = PrefectureSeatsGranted(campaign="2022", prefecture="620600", seats=30)


def cover(used: int, stop: str = "s1", capacity: int = 24, chunk: int = 20) -> CoverSeats:
    return CoverSeats("2022", "620600", stop, used, capacity, chunk)


def reserved(number: int, stop: str = "s1") -> StopSeatsReserved:
    return StopSeatsReserved(campaign="2022", prefecture="620600", stop_id=stop, seats=number)


def test_a_stop_takes_its_prefectures_seats_in_chunks() -> None:
    seats.given(GRANTED).when(cover(1)).then(reserved(20))
    seats.given(GRANTED, reserved(20)).when(cover(20)).then_nothing()
    seats.given(GRANTED, reserved(20)).when(cover(21)).then(reserved(4))


def test_no_more_is_taken_than_was_granted() -> None:
    seats.when(cover(1)).then_rejected("quota-exhausted")
    seats.given(GRANTED, reserved(20)).when(cover(1, "s2")).then(reserved(10, "s2"))
    seats.given(GRANTED, reserved(20), reserved(10, "s2")).when(cover(21)).then_rejected("quota-exhausted")


def test_a_grant_never_falls_below_what_is_taken() -> None:
    seats.when(GrantSeats("2022", "620600", 30)).then(GRANTED)
    seats.given(GRANTED).when(GrantSeats("2022", "620600", 30)).then_nothing()
    seats.given(GRANTED, reserved(20)).when(GrantSeats("2022", "620600", 19)).then_rejected("quota-in-use")


def test_a_closed_stop_gives_back_what_nobody_used() -> None:
    back = StopSeatsReleased(campaign="2022", prefecture="620600", stop_id="s1", seats=5)
    seats.given(GRANTED, reserved(20)).when(ReturnSeats("2022", "620600", "s1", 15)).then(back)
    seats.given(GRANTED, reserved(20), back).when(ReturnSeats("2022", "620600", "s1", 15)).then_nothing()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.booleans()), max_size=40), st.integers(0, 50))
def test_whatever_stops_take_and_give_back_the_quota_holds(steps: list[tuple[str, int, bool]], granted: int) -> None:
    state = PREFECTURE.initial
    state = PREFECTURE.evolve(state, PrefectureSeatsGranted(campaign="2022", prefecture="620600", seats=granted))
    for stop, used, give_back in steps:
        command = ReturnSeats("2022", "620600", stop, used) if give_back else cover(used, stop, capacity=30, chunk=7)
        try:
            events = PREFECTURE.decide(command, state)
        except Rejected:
            events = []
        for event in events:
            state = PREFECTURE.evolve(state, event)
        assert 0 <= state.reserved <= granted
        assert all(taken >= 0 for taken in state.stops.values())


PLAN = PlanRoute("2022-t1", "2022", "t1", "武威肿瘤医院", "620000.620600", "clerk-1")
PLANNED = RoutePlanned(
    route_id="2022-t1", campaign="2022", truck="t1", provider="武威肿瘤医院", org_path="620000.620600", by="clerk-1"
)
DEVICE = TruckDeviceRegistered(route_id="2022-t1", device_id="d1", public_key="k", by="p")
DAY = RouteDayTaken(route_id="2022-t1", stop_id="s1", date="2022-03-10")


def test_a_route_is_planned_once() -> None:
    route.when(PLAN).then(PLANNED)
    route.given(PLANNED).when(PLAN).then_nothing()
    route.given(PLANNED).when(PlanRoute(**{**vars(PLAN), "provider": "another"})).then_rejected("route-differs")


def test_a_device_keeps_its_key() -> None:
    command = RegisterDevice("2022-t1", "d1", "k", "p")
    route.given(PLANNED).when(command).then(DEVICE)
    route.given(PLANNED, DEVICE).when(command).then_nothing()
    route.given(PLANNED, DEVICE).when(RegisterDevice("2022-t1", "d1", "other", "p")).then_rejected("device-differs")
    route.when(command).then_rejected("route-unknown")


def test_a_truck_stands_at_one_stop_a_day() -> None:
    route.given(PLANNED).when(TakeDay("2022-t1", "s1", "2022-03-10")).then(DAY)
    route.given(PLANNED, DAY).when(TakeDay("2022-t1", "s1", "2022-03-10")).then_nothing()
    route.given(PLANNED, DAY).when(TakeDay("2022-t1", "s2", "2022-03-10")).then_rejected("truck-elsewhere")
