"""Specifications of a stop, and the promise that no seat is sold twice."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.health_checkup.stops import StopClosed
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, Slot, SlotBooked, StopOpened
from health_checkup.domain.stop import STOP, BookSlot, CheckIn, InviteMembers, Open, OpenStop, wave_max

SLOTS = (
    Slot(slot_id="s1", starts_at="08:00", capacity=1),
    Slot(slot_id="s2", starts_at="08:30", capacity=2),
)
DATE = "2022-07-15"
EVE = "2022-07-14"
NEXT = "2022-07-16"
CLOSED = StopClosed(stop_id="stop1", campaign="2022", booked=1, attended=0, missed=0, walk_ins=0)
spec = Spec(STOP)


def open_stop(**changes: object) -> OpenStop:
    fields = {
        "stop_id": "stop1",
        "campaign": "2022",
        "org_path": "620000.620600.620602",
        "division_code": "620602",
        "place": "凉州区总工会广场",
        "date": DATE,
        "package": "BASIC.v1",
        "slots": SLOTS,
        "today": "2022-07-01",
    }
    return OpenStop(**{**fields, **changes})


OPENED = StopOpened(
    stop_id="stop1",
    campaign="2022",
    org_path="620000.620600.620602",
    division_code="620602",
    place="凉州区总工会广场",
    date=DATE,
    package="BASIC.v1",
    slots=SLOTS,
)


def invited(person: str, wave: int = 1) -> MemberInvited:
    return MemberInvited(
        stop_id="stop1", campaign="2022", person_id=person, place="凉州区总工会广场", date=DATE, wave=wave
    )


def booked(person: str, slot: str = "s1", starts_at: str = "08:00") -> SlotBooked:
    return SlotBooked(stop_id="stop1", campaign="2022", person_id=person, slot_id=slot, starts_at=starts_at)


def attended(person: str, *, walk_in: bool = False) -> MemberAttended:
    return MemberAttended(stop_id="stop1", person_id=person, campaign="2022", walk_in=walk_in)


def invite(*people: str, today: str = "2022-07-02") -> InviteMembers:
    return InviteMembers("stop1", people, today)


def book(person: str, slot: str = "s1", decided_at: str = "2022-07-10T12:00") -> BookSlot:
    return BookSlot("stop1", person, slot, decided_at, EVE)


def check_in(person: str, *, covered: bool = True, today: str = DATE) -> CheckIn:
    return CheckIn("stop1", person, covered, f"{today}T09:00")


def test_a_stop_is_opened() -> None:
    spec.when(open_stop()).then(OPENED)


def test_a_stop_is_not_opened_in_the_past_nor_without_seats() -> None:
    spec.when(open_stop(date="2022-06-30")).then_rejected("stop-in-the-past")
    spec.when(open_stop(slots=())).then_rejected("slots-invalid")
    spec.when(open_stop(slots=(SLOTS[0], SLOTS[0]))).then_rejected("slots-invalid")
    spec.when(open_stop(slots=(Slot(slot_id="s1", starts_at="08:00", capacity=0),))).then_rejected("slots-invalid")


def test_opening_the_same_stop_twice_changes_nothing() -> None:
    spec.given(OPENED).when(open_stop()).then_nothing()


def test_another_stop_under_the_same_id_is_refused() -> None:
    spec.given(OPENED).when(open_stop(place="别处")).then_rejected("stop-differs")


def test_members_are_invited_in_a_wave() -> None:
    spec.given(OPENED).when(invite("p1", "p2")).then(invited("p1"), invited("p2"))
    spec.given(OPENED, invited("p1")).when(invite("p1", "p2")).then(invited("p2", 2))


def test_a_wave_is_at_most_a_third_more_than_the_free_seats() -> None:
    spec.given(OPENED).when(invite("p1", "p2", "p3", "p4", "p5")).then_rejected("wave-too-large")
    spec.given(OPENED, invited("p1"), booked("p1")).when(invite("a", "b", "c", "d")).then_rejected("wave-too-large")
    spec.given(OPENED, invited("p1")).when(invite("a", "b", "c", "d")).then_rejected("wave-too-large")


def test_nobody_is_invited_to_a_stop_that_is_over_or_unknown() -> None:
    spec.given(OPENED).when(invite("p1", today="2022-07-16")).then_rejected("stop-over")
    spec.when(invite("p1")).then_rejected("stop-unknown")


def test_inviting_the_invited_changes_nothing() -> None:
    spec.given(OPENED, invited("p1")).when(invite("p1")).then_nothing()
    spec.given(OPENED, attended("p1", walk_in=True)).when(invite("p1")).then_nothing()


def test_an_invited_member_takes_a_seat() -> None:
    spec.given(OPENED, invited("p1")).when(book("p1")).then(booked("p1"))


def test_a_seat_is_refused_to_the_uninvited_the_late_and_when_the_slot_is_full() -> None:
    spec.given(OPENED).when(book("p1")).then_rejected("not-invited")
    spec.given(OPENED, invited("p1")).when(book("p1", "s9")).then_rejected("slot-unknown")
    spec.given(OPENED, invited("p1")).when(book("p1", decided_at=f"{DATE}T08:01")).then_rejected("slot-over")
    spec.given(OPENED, invited("p1"), invited("p2"), booked("p1")).when(book("p2")).then_rejected("slot-full")


def test_booking_the_same_seat_twice_changes_nothing() -> None:
    spec.given(OPENED, invited("p1"), booked("p1")).when(book("p1")).then_nothing()


def test_a_booking_can_be_changed_until_the_evening_before_and_frees_its_seat() -> None:
    history = (OPENED, invited("p1"), invited("p2"), booked("p1"))
    moved = booked("p1", "s2", "08:30")
    spec.given(*history).when(book("p1", "s2", f"{EVE}T18:00")).then(moved)
    spec.given(*history).when(book("p1", "s2", f"{EVE}T18:01")).then_rejected("change-too-late")
    spec.given(*history, moved).when(book("p2")).then(booked("p2"))


def test_a_booked_member_is_checked_in() -> None:
    spec.given(OPENED, invited("p1"), booked("p1")).when(check_in("p1", covered=False)).then(attended("p1"))


def test_a_covered_member_may_walk_in_while_there_are_seats() -> None:
    spec.given(OPENED).when(check_in("p9")).then(attended("p9", walk_in=True))
    spec.given(OPENED).when(check_in("p9", covered=False)).then_rejected("not-covered")
    spec.given(OPENED, attended("a"), attended("b"), attended("c")).when(check_in("p9")).then_rejected("stop-full")


def test_nobody_is_checked_in_before_the_day() -> None:
    spec.given(OPENED, invited("p1"), booked("p1")).when(check_in("p1", today=EVE)).then_rejected("stop-not-yet")


def test_nobody_is_checked_in_once_the_stop_is_over() -> None:
    history = (OPENED, invited("p1"), booked("p1"))
    last = CheckIn("stop1", "p1", covered=True, decided_at=f"{DATE}T23:59")
    spec.given(*history).when(last).then(attended("p1"))
    spec.given(*history).when(replace(last, decided_at=f"{NEXT}T00:00")).then_rejected("stop-over")
    spec.given(OPENED).when(check_in("walk-in", today="2022-11-20")).then_rejected("stop-over")
    spec.given(*history, CLOSED).when(last).then_rejected("stop-over")
    spec.given(*history, attended("p1"), CLOSED).when(last).then_nothing()


def test_checking_in_twice_changes_nothing() -> None:
    spec.given(OPENED, invited("p1"), booked("p1"), attended("p1")).when(check_in("p1")).then_nothing()


PEOPLE = [f"p{number}" for number in range(8)]
TRIES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["s1", "s2", "s3"])), max_size=60)


@given(tries=TRIES, capacities=st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_no_sequence_of_bookings_sells_a_seat_twice(tries: list[tuple[str, str]], capacities: list[int]) -> None:
    slots = tuple(
        Slot(slot_id=f"s{number}", starts_at="08:00", capacity=capacity)
        for number, capacity in enumerate(capacities, start=1)
    )
    state = STOP.evolve(STOP.initial, STOP.decide(open_stop(slots=slots), STOP.initial)[0])
    for person in PEOPLE:
        state = STOP.evolve(state, invited(person))
    for person, slot in tries:
        try:
            events = STOP.decide(book(person, slot), state)
        except Rejected:
            events = []
        for event in events:
            state = STOP.evolve(state, event)
        assert isinstance(state, Open)
        assert all(state.taken(one.slot_id) <= one.capacity for one in slots)
        assert len(state.bookings) <= len(PEOPLE)


@given(capacities=st.lists(st.integers(1, 12), min_size=1, max_size=12))
def test_a_first_wave_is_one_point_three_times_the_capacity_rounded_up(capacities: list[int]) -> None:
    slots = {f"s{n}": Slot(slot_id=f"s{n}", starts_at="08:00", capacity=c) for n, c in enumerate(capacities)}
    stop = Open("2022", "620000", "place", DATE, "BASIC.v1", slots)
    assert 0 <= wave_max(stop) * 10 - sum(capacities) * 13 < 10
