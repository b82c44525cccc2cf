"""Quotas: seats passed down the tree, never more than there are, and rows that take the nearest (domain 5.1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.enrolment.batches import QuotaSet, SeatsFunded, SeatsReleased
from contracts.enrolment.v1 import DonationReceived, SeatsReserved
from contracts.organization import path_of
from enrolment.domain.seats import (
    SEATS,
    UNDISTRIBUTED,
    FundSeats,
    ReceiveDonation,
    ReleaseSeats,
    ReserveSeats,
    Seats,
    SeatsCommand,
    SetQuota,
    above,
)
from tests.enrolment.conftest import World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.test_api import call, code_of
from tests.enrolment.test_import import csv_of

given_seats = DonationReceived(
    donation_id="d1",
    plan_code="P",
    plan_version=1,
    donor="甘肃省总工会",
    seats=10,
    amount_fen=120_000,
    received_on="2021-12-31",
    period_start="2022-01-01",
    period_end="2023-01-01",
)
CITY, COUNTY = path_of("620700"), path_of("620725")
set_city = SetQuota(plan_code="P", organization="620700", org_path=CITY, seats=6, by="head")
city_set = QuotaSet(plan_code="P", organization="620700", org_path=CITY, seats=6, by="head")
set_county = SetQuota(plan_code="P", organization="620725", org_path=COUNTY, seats=4, by="city")
county_set = QuotaSet(plan_code="P", organization="620725", org_path=COUNTY, seats=4, by="city")
reserve = ReserveSeats(plan_code="P", batch_id="b", first_row=1, seats=5, quotas={COUNTY: 4})
reserved = SeatsReserved(plan_code="P", batch_id="b", first_row=1, seats=5, quotas={COUNTY: 4})
release = ReleaseSeats(plan_code="P", batch_id="b", first_row=1, last_row=9, seats=5, quotas={COUNTY: 4})
released = SeatsReleased(plan_code="P", batch_id="b", first_row=1, last_row=9, seats=5, quotas={COUNTY: 4})
fund = FundSeats(plan_code="P", batch_id="b", seats=5, contribution_fen=12_000)
funded = SeatsFunded(plan_code="P", batch_id="b", seats=5, amount_fen=60_000)
seats = Spec(SEATS)


def test_an_organisation_gets_seats_of_the_one_above() -> None:
    seats.given(given_seats).when(set_city).then(city_set)
    seats.given(given_seats, city_set).when(set_county).then(county_set)


def test_the_same_quota_again_changes_nothing() -> None:
    seats.given(given_seats, city_set).when(set_city).then_nothing()


def test_nobody_gives_more_than_there_is() -> None:
    seats.given(given_seats).when(replace(set_city, seats=11)).then_rejected("quota-exceeds-parent")
    seats.given(given_seats, city_set).when(replace(set_county, seats=7)).then_rejected("quota-exceeds-parent")
    other = replace(set_city, organization="620600", org_path=path_of("620600"), seats=5)
    seats.given(given_seats, city_set).when(other).then_rejected("quota-exceeds-parent")


def test_a_quota_comes_from_the_organisation_right_above() -> None:
    seats.given(given_seats).when(set_county).then_rejected("quota-parent-absent")
    whole = replace(set_city, organization="620000", org_path=path_of("620000"))
    seats.given(given_seats).when(whole).then_rejected("quota-of-province")
    seats.given(given_seats).when(replace(set_city, seats=-1)).then_rejected("quota-negative")


def test_unused_seats_are_taken_back_and_used_ones_are_not() -> None:
    less = replace(set_city, seats=4)
    seats.given(given_seats, city_set, county_set).when(less).then(
        QuotaSet(plan_code="P", organization="620700", org_path=CITY, seats=4, by="head")
    )
    seats.given(given_seats, city_set, county_set).when(replace(less, seats=3)).then_rejected("quota-in-use")
    taken = seats.given(given_seats, city_set, county_set, reserved)
    taken.when(replace(set_county, seats=3)).then_rejected("quota-in-use")


def test_rows_take_seats_of_a_quota_and_of_the_plan_down_to_the_last() -> None:
    whole = seats.given(given_seats, city_set, county_set)
    whole.when(reserve).then(reserved)
    whole.when(replace(reserve, seats=6, quotas={COUNTY: 5})).then_rejected("seats-exhausted")
    whole.when(replace(reserve, seats=5, quotas={})).then_rejected("seats-exhausted")
    whole.given(reserved).when(reserve).then_nothing()


def test_seats_go_back_to_where_they_came_from_once() -> None:
    taken = seats.given(given_seats, city_set, county_set, reserved)
    taken.when(release).then(released)
    taken.given(released).when(release).then_nothing()
    taken.given(released).when(replace(reserve, first_row=10)).then(
        SeatsReserved(plan_code="P", batch_id="b", first_row=10, seats=5, quotas={COUNTY: 4})
    )
    seats.given(given_seats).when(release).then_rejected("seats-not-taken")
    taken.when(replace(release, seats=0)).then_rejected("seats-not-positive")


def test_a_batch_is_paid_for_once_and_no_further_than_donations_reach() -> None:
    seats.given(given_seats).when(fund).then(funded)
    seats.given(given_seats, funded).when(fund).then_nothing()
    seats.given(given_seats, funded).when(replace(fund, batch_id="c", seats=6)).then_rejected("donations-insufficient")
    freed = seats.given(given_seats, reserved, funded, replace_seats(released, 5))
    freed.when(replace(fund, batch_id="c", seats=10)).then(
        SeatsFunded(plan_code="P", batch_id="c", seats=10, amount_fen=120_000)
    )


def replace_seats(event: SeatsReleased, count: int) -> SeatsReleased:
    return SeatsReleased(
        plan_code=event.plan_code, batch_id=event.batch_id, first_row=1, last_row=9, seats=count, quotas={}
    )


def test_rows_take_the_nearest_quota_at_or_above_their_organisation() -> None:
    state = Seats(given=10, quotas={CITY: 6, COUNTY: 0})
    assert state.account_of(path_of("6207251000001")) == COUNTY, "a quota of none still is one"
    assert state.account_of(path_of("620722")) == CITY
    assert state.account_of(path_of("620602")) == UNDISTRIBUTED
    assert Seats(given=10).account_of(COUNTY) == UNDISTRIBUTED


def test_new_area_and_provincial_industry_unions_stand_beside_the_prefectures() -> None:
    assert above(path_of("620171")) == above(path_of("6200002000001")) == above(CITY) == UNDISTRIBUTED


ORGANIZATIONS = ("620700", "620725", "620722", "6207251000001", "620600", "620602", "620171", "6200002000001")
organizations = st.sampled_from(ORGANIZATIONS)
numbers = st.integers(0, 12)
steps = st.one_of(
    st.tuples(st.just("donate"), st.just(""), numbers),
    st.tuples(st.just("quota"), organizations, numbers),
    st.tuples(st.just("rows"), organizations, numbers),
    st.tuples(st.just("release"), organizations, numbers),
    st.tuples(st.just("fund"), organizations, numbers),
)


def command_of(number: int, what: str, organization: str, count: int, state: Seats) -> SeatsCommand:
    path = path_of(organization) if organization else ""
    account = state.account_of(path)
    quotas = {} if account == UNDISTRIBUTED else {account: count}
    match what:
        case "donate":
            return ReceiveDonation(
                donation_id=f"d{number}",
                plan_code="P",
                plan_version=1,
                donor="x",
                seats=count,
                amount_fen=count,
                contribution_fen=1,
                received_on="2021-12-31",
                period_start="2022-01-01",
                period_end="2023-01-01",
            )
        case "quota":
            return SetQuota(plan_code="P", organization=organization, org_path=path, seats=count, by="x")
        case "rows":
            return ReserveSeats(plan_code="P", batch_id=f"b{number}", first_row=1, seats=count, quotas=quotas)
        case "release":
            return ReleaseSeats(
                plan_code="P", batch_id=f"b{number}", first_row=1, last_row=1, seats=count, quotas=quotas
            )
        case _:
            return FundSeats(plan_code="P", batch_id=f"b{number}", seats=count, contribution_fen=1)


@given(st.lists(steps, max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_history_of_quotas_and_imports_sells_more_than_there_is_at_any_level(
    history: list[tuple[str, str, int]],
) -> None:
    state = Seats()
    donated = 0
    reserved_in_all: Counter[str] = Counter()
    for number, (what, organization, count) in enumerate(history):
        command = command_of(number, what, organization, count, state)
        try:
            events = SEATS.decide(command, state)
        except Rejected:
            continue
        for event in events:
            state = SEATS.evolve(state, event)
            if isinstance(event, DonationReceived):
                donated += event.seats
            if isinstance(event, SeatsReserved | SeatsReleased):
                sign = 1 if isinstance(event, SeatsReserved) else -1
                for account, n in {**event.quotas, UNDISTRIBUTED: event.seats - sum(event.quotas.values())}.items():
                    reserved_in_all[account] += sign * n
        # What lies below an organisation, taken or still free, is never more than it was given.
        accounts = [UNDISTRIBUTED, *state.quotas]
        for account in accounts:
            children = [path for path in state.quotas if above(path) == account]
            given_on = sum(state.quotas[path] for path in children)
            has = donated if account == UNDISTRIBUTED else state.quotas[account]
            assert reserved_in_all[account] >= 0
            assert given_on + reserved_in_all[account] <= has
            assert state.free(account) == has - given_on - reserved_in_all[account]
        assert sum(reserved_in_all.values()) <= donated
        assert sum(state.funding.values()) <= donated


async def test_rows_beyond_the_quota_have_no_place_though_the_plan_has_seats(world: World) -> None:
    running = await world.start(chunk_rows=2)
    await running.donate(10)
    quota = {"plan": PLAN_CODE, "organization": "620700", "seats": 3}
    assert (await call(running, "POST", "/quotas", asks("office_head"), json=quota)).status_code == 200
    own = {**quota, "organization": "620725", "seats": 2}
    assert (await call(running, "POST", "/quotas", asks("city_clerk", "620700"), json=own)).status_code == 200
    names = ("张三", "李四", "王五", "赵六", "孙七")
    people = [worker(n, name=name) for n, name in enumerate(names)]
    away = worker(9, name="周八", division_code="620602")
    view = await running.imported((await running.send(csv_of(*people, away))).json()["batch_id"])
    assert (view["valid"], view["errors"]) == (3, {"E_QUOTA": 3})
    whole = (await call(running, "GET", f"/quotas?plan={PLAN_CODE}", asks("office_head"))).json()["quotas"]
    told = {one["organization"]: (one["given"], one["distributed"], one["reserved"], one["free"]) for one in whole}
    assert told == {"620000": (10, 3, 1, 6), "620700": (3, 2, 0, 1), "620725": (2, 0, 2, 0)}
    mine = (await call(running, "GET", f"/quotas?plan={PLAN_CODE}", asks("county_clerk", "620725"))).json()["quotas"]
    assert [(one["organization"], one["name"]) for one in mine] == [("620725", "张掖市山丹总工会")]


@pytest.mark.parametrize(
    ("who", "organization", "seats_asked", "problem"),
    [
        (asks("city_clerk", "620700"), "620700", 1, (403, "quota-of-own", "organization")),
        (asks("city_clerk", "620700"), "620602", 1, (403, "organization-outside", "organization")),
        (asks("unit_clerk", "620725"), "6207251000001", 1, (403, "role-not-allowed", "")),
        (asks("office_head"), "620000", 1, (409, "quota-of-province", "organization")),
        (asks("office_head"), "620725", 1, (409, "quota-parent-absent", "organization")),
        (asks("office_head"), "620700", 11, (409, "quota-exceeds-parent", "seats")),
        (asks("office_head"), "621300", 1, (422, "organization-unknown", "organization")),
    ],
)
async def test_a_quota_that_is_not_ones_to_give_is_refused(
    world: World, who: dict[str, str], organization: str, seats_asked: int, problem: tuple[int, str, str]
) -> None:
    running = await world.start(importing=False)
    await running.donate(10)
    body = {"plan": PLAN_CODE, "organization": organization, "seats": seats_asked}
    assert code_of(await call(running, "POST", "/quotas", who, json=body)) == problem
    assert await running.context.log.head() == 1
