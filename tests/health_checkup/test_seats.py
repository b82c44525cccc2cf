"""Specifications of what lies around a seat: waves, waiting, giving back, the day; and a model of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.stops import (
    BookingCancelled,
    CheckInConflictFound,
    InvitationDeclined,
    MemberMissed,
    PreCheckAnswered,
    StopClosed,
    WaitingListJoined,
    WaitingListLeft,
    WaveClosed,
)
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, Slot, SlotBooked
from health_checkup.domain import stop_commands as ask
from health_checkup.domain.stop import STOP
from health_checkup.domain.stop_seats import drawn
from health_checkup.domain.stop_stages import Open
from tests.health_checkup.test_stop import DATE, EVE, OPENED, attended, booked, invited, open_stop

spec = Spec(STOP)
NOON = "2022-07-10T12:00"
SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")


def wave(person: str) -> MemberInvited:
    return MemberInvited(**{**_fields(invited(person)), "answer_by": "2022-07-05T04:00:00.000000Z"})


def ticketed(person: str, ticket: str, slot: str = "s1", starts_at: str = "08:00") -> SlotBooked:
    return SlotBooked(**{**_fields(booked(person, slot, starts_at)), "ticket_id": ticket})


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


WAVE_CLOSED = WaveClosed(stop_id="stop1", campaign="2022", wave=1, unanswered=1)
CLOSE_WAVE = ask.CloseWave("stop1", 1, "2022-07-05T04:00:00.000000Z")


def test_a_wave_ends_after_its_time_once() -> None:
    spec.given(OPENED, wave("p1")).when(CLOSE_WAVE).then(WAVE_CLOSED)
    spec.given(OPENED, wave("p1"), WAVE_CLOSED).when(CLOSE_WAVE).then_nothing()
    early = ask.CloseWave("stop1", 1, "2022-07-05T03:59:59.000000Z")
    spec.given(OPENED, wave("p1")).when(early).then_rejected("wave-open")
    spec.given(OPENED).when(CLOSE_WAVE).then_rejected("wave-unknown")


def test_a_lapsed_invitation_books_no_more() -> None:
    book = ask.BookSlot("stop1", "p1", "s1", NOON, EVE, "t1")
    spec.given(OPENED, wave("p1")).when(book).then(ticketed("p1", "t1"))
    spec.given(OPENED, wave("p1"), WAVE_CLOSED).when(book).then_rejected("invitation-lapsed")


def test_an_invitation_is_declined_once_and_never_with_a_booking() -> None:
    declined = InvitationDeclined(stop_id="stop1", campaign="2022", person_id="p1")
    no = ask.DeclineInvitation("stop1", "p1")
    spec.given(OPENED, wave("p1")).when(no).then(declined)
    spec.given(OPENED, wave("p1"), declined).when(no).then_nothing()
    spec.given(OPENED).when(no).then_rejected("not-invited")
    spec.given(OPENED, wave("p1"), booked("p1")).when(no).then_rejected("booked")


def join(person: str, points: int = 0, decided_at: str = NOON, *, covered: bool = True) -> ask.JoinWaitingList:
    return ask.JoinWaitingList("stop1", person, covered, points, behind=False, decided_at=decided_at, day_before=EVE)


def joined(person: str, points: int = 0, *, behind: bool = False) -> WaitingListJoined:
    return WaitingListJoined(stop_id="stop1", campaign="2022", person_id=person, points=points, behind=behind)


def test_a_covered_member_waits_until_the_evening_before() -> None:
    spec.given(OPENED).when(join("p1", 2)).then(joined("p1", 2))
    spec.given(OPENED, joined("p1")).when(join("p1")).then_nothing()
    spec.given(OPENED).when(join("p1", covered=False)).then_rejected("not-covered")
    spec.given(OPENED, invited("p1"), booked("p1")).when(join("p1")).then_rejected("booked")
    spec.given(OPENED).when(join("p1", decided_at=f"{EVE}T18:01")).then_rejected("list-closed")


def test_the_waiting_list_is_left_once() -> None:
    left = WaitingListLeft(stop_id="stop1", campaign="2022", person_id="p1", reason="WITHDRAWN")
    leave = ask.LeaveWaitingList("stop1", "p1")
    spec.given(OPENED, joined("p1")).when(leave).then(left)
    spec.given(OPENED).when(leave).then_nothing()
    spec.when(leave).then_rejected("stop-unknown")


def seat(*people: str, freed: tuple[str, ...] = (), seats_max: int = 99, decided_at: str = NOON) -> ask.SeatWaiting:
    return ask.SeatWaiting("stop1", {person: f"t-{person}" for person in people}, freed, seats_max, decided_at, EVE)


def given_seat(person: str, slot: str = "s1", starts_at: str = "08:00") -> SlotBooked:
    fields = _fields(ticketed(person, f"t-{person}", slot, starts_at))
    return SlotBooked(**{**fields, "waited": True, "place": OPENED.place, "date": DATE})


def test_free_seats_go_to_those_who_wait_by_points_then_by_lot_and_last_who_missed_twice() -> None:
    a, b = sorted(("a", "b"), key=lambda person: drawn("2022", person))
    waiting = (joined("c", 9, behind=True), joined(b, 1), joined(a, 1), joined("d", 2))
    spec.given(OPENED, *waiting).when(seat("a", "b", "c", "d")).then(
        given_seat("d"), given_seat(a, "s2", "08:30"), given_seat(b, "s2", "08:30")
    )


def test_while_invitations_are_open_only_a_freed_seat_is_passed_on() -> None:
    history = (OPENED, wave("p1"), wave("p2"), booked("p2"), joined("w", 1))
    spec.given(*history).when(seat("w")).then_nothing()
    spec.given(*history).when(seat("w", freed=("s1",))).then_nothing()
    cancelled = BookingCancelled(stop_id="stop1", campaign="2022", person_id="p2", slot_id="s1", reason="BY_MEMBER")
    spec.given(*history, cancelled).when(seat("w", freed=("s1",))).then(given_seat("w"))


def test_nobody_is_seated_beyond_the_quota_or_at_the_last_minute_and_who_sits_elsewhere_leaves() -> None:
    spec.given(OPENED, joined("w")).when(seat("w", seats_max=0)).then_nothing()
    spec.given(OPENED, joined("w")).when(seat("w", decided_at=f"{EVE}T18:01")).then_nothing()
    left = WaitingListLeft(stop_id="stop1", campaign="2022", person_id="w", reason="BOOKED_ELSEWHERE")
    spec.given(OPENED, joined("w")).when(seat()).then(left)


def left_list(person: str, reason: str) -> WaitingListLeft:
    return WaitingListLeft(stop_id="stop1", campaign="2022", person_id=person, reason=reason)


def test_whose_cover_has_ended_is_not_seated_and_the_next_one_is() -> None:
    asked = replace(seat("a", "b"), uncovered=frozenset({"a"}))
    history = (OPENED, joined("a", 9), joined("b"))
    left = left_list("a", "NOT_COVERED")
    spec.given(*history).when(asked).then(left, given_seat("b"))
    spec.given(*history).when(replace(asked, decided_at=f"{EVE}T18:01")).then_nothing()
    spec.given(*history, left, given_seat("b")).when(asked).then_nothing()
    spec.given(*history, left).when(join("a", covered=False)).then_rejected("not-covered")


def test_whoever_waits_when_the_stop_closes_waits_no_more() -> None:
    close = ask.CloseStop("stop1", f"{DATE}T20:00", elsewhere=frozenset({"b"}))
    history = (OPENED, joined("a", 1), joined("b"), joined("came", 2), attended("came"))
    closed = StopClosed(stop_id="stop1", campaign="2022", booked=0, attended=1, missed=0, walk_ins=1)
    ends = (left_list("a", "STOP_OVER"), left_list("b", "BOOKED_ELSEWHERE"), closed)
    spec.given(*history).when(close).then(*ends)
    spec.given(*history, *ends).when(close).then_nothing()
    spec.given(*history).when(ask.CloseStop("stop1", f"{DATE}T19:59")).then_rejected("stop-not-over")


CANCEL = ask.CancelBooking("stop1", "p1", f"{DATE}T07:59")
CANCELLED = BookingCancelled(stop_id="stop1", campaign="2022", person_id="p1", slot_id="s1", reason="BY_MEMBER")


def test_a_booking_is_cancelled_until_its_slot_begins() -> None:
    history = (OPENED, invited("p1"), booked("p1"))
    spec.given(*history).when(CANCEL).then(CANCELLED)
    spec.given(*history, CANCELLED).when(CANCEL).then_nothing()
    spec.given(OPENED).when(CANCEL).then_rejected("not-booked")
    spec.given(*history, attended("p1")).when(CANCEL).then_rejected("already-attended")
    spec.given(*history).when(ask.CancelBooking("stop1", "p1", f"{DATE}T08:01")).then_rejected("slot-over")


def check(person: str, stop: str, ticket: str) -> ask.CheckIn:
    return ask.CheckIn("stop1", person, covered=True, decided_at=f"{DATE}T08:10", ticket_stop=stop, ticket_id=ticket)


def came(person: str, *, walk_in: bool = False, **more: str) -> MemberAttended:
    return MemberAttended(**{**_fields(attended(person, walk_in=walk_in)), **more})


def test_a_qr_code_lets_its_holder_in_once() -> None:
    history = (OPENED, invited("p1"), ticketed("p1", "t1"))
    spec.given(*history).when(check("p1", "stop1", "t1")).then(came("p1", ticket_id="t1"))
    used = (*history, came("p1", ticket_id="t1"))
    spec.given(*used).when(check("p1", "stop1", "t1")).then_rejected("ticket-used")
    spec.given(*used).when(ask.CheckIn("stop1", "p1", covered=True, decided_at=f"{DATE}T08:10")).then_nothing()


def test_a_qr_code_is_no_ones_elses_and_of_no_other_booking() -> None:
    history = (OPENED, invited("p1"), ticketed("p1", "t1"))
    spec.given(*history).when(check("p2", "stop1", "t1")).then_rejected("proxy-not-allowed")
    spec.given(*history).when(check("p1", "stop2", "t1")).then_rejected("ticket-of-other-stop")
    moved = ticketed("p1", "t2", "s2", "08:30")
    spec.given(*history, moved).when(check("p1", "stop1", "t1")).then_rejected("ticket-superseded")


def test_a_walk_in_takes_the_seat_of_who_has_not_come_in_time() -> None:
    people = ("a", "b", "c")
    slots = (("s1", "08:00"), ("s2", "08:30"), ("s2", "08:30"))
    full = (OPENED, *(one for p, s in zip(people, slots, strict=True) for one in (invited(p), booked(p, *s))))
    spec.given(*full).when(ask.CheckIn("stop1", "w", covered=True, decided_at=f"{DATE}T08:29")).then_rejected(
        "stop-full"
    )
    spec.given(*full).when(ask.CheckIn("stop1", "w", covered=True, decided_at=f"{DATE}T08:30")).then(
        came("w", walk_in=True)
    )
    spec.given(*full).when(ask.CheckIn("stop1", "w", covered=False, decided_at=f"{DATE}T08:30")).then_rejected(
        "not-covered"
    )


def row(person: str, *, ticket: str = "", row_id: str = "r1", found: str = "", covered: bool = True) -> ask.TakeInRow:
    return ask.TakeInRow(
        stop_id="stop1", row_id=row_id, device_id="d1", person_id=person, ticket_id=ticket,
        seen_at=f"{DATE}T08:10:00+08:00", seen_local=f"{DATE}T08:10", covered=covered, found=found,
    )  # fmt: skip


def conflict(person: str, reason: str, *, there: bool, ticket: str = "", row_id: str = "r1") -> CheckInConflictFound:
    return CheckInConflictFound(
        stop_id="stop1", campaign="2022", row_id=row_id, device_id="d1", person_id=person, ticket_id=ticket,
        seen_at=f"{DATE}T08:10:00+08:00", reason=reason, attended=there,
    )  # fmt: skip


OFFLINE = {"row_id": "r1", "device_id": "d1", "seen_at": f"{DATE}T08:10:00+08:00"}


def test_a_row_from_a_truck_without_network_is_taken_in_once() -> None:
    history = (OPENED, invited("p1"), ticketed("p1", "t1"))
    there = came("p1", ticket_id="t1", **OFFLINE)
    spec.given(*history).when(row("p1", ticket="t1")).then(there)
    spec.given(*history, there).when(row("p1", ticket="t1")).then_nothing()
    again = row("p1", ticket="t1", row_id="r2")
    spec.given(*history, there).when(again).then(conflict("p1", "ticket-used", there=False, ticket="t1", row_id="r2"))


def test_who_was_there_counts_whatever_does_not_fit() -> None:
    walked = came("w", walk_in=True, **OFFLINE)
    spec.given(OPENED).when(row("w", covered=False)).then(walked, conflict("w", "not-covered", there=True))
    spec.given(OPENED).when(row("w", found="other-stop")).then(walked, conflict("w", "other-stop", there=True))
    full = (OPENED, *(attended(person, walk_in=True) for person in "abc"))
    spec.given(*full).when(row("w")).then(walked, conflict("w", "beyond-capacity", there=True))


def test_what_nobody_can_vouch_for_is_kept_and_counts_for_nobody() -> None:
    for reason in ("signature-invalid", "device-unknown", "person-unknown", "ticket-invalid"):
        spec.given(OPENED).when(row("w", found=reason)).then(conflict("w", reason, there=False))
        spec.given(OPENED, conflict("w", reason, there=False)).when(row("w", found=reason)).then_nothing()


def test_a_closed_stop_names_who_did_not_come_and_a_late_row_takes_it_back() -> None:
    history = (OPENED, invited("p1"), ticketed("p1", "t1"))
    missed = MemberMissed(stop_id="stop1", campaign="2022", person_id="p1", times=2)
    closed = StopClosed(stop_id="stop1", campaign="2022", booked=1, attended=0, missed=1, walk_ins=0)
    close = ask.CloseStop("stop1", f"{DATE}T20:00", {"p1": 1})
    spec.given(*history).when(close).then(missed, closed)
    spec.given(*history, missed, closed).when(close).then_nothing()
    spec.given(*history).when(ask.CloseStop("stop1", f"{DATE}T19:59")).then_rejected("stop-not-over")
    spec.given(*history, missed, closed).when(row("p1", ticket="t1")).then(came("p1", ticket_id="t1", **OFFLINE))
    spec.given(*history, missed, closed).when(ask.BookSlot("stop1", "p1", "s2", NOON, EVE)).then_rejected("slot-over")


def test_the_questions_are_answered_by_who_has_a_seat() -> None:
    answered = PreCheckAnswered(stop_id="stop1", campaign="2022", person_id="p1", answers=SEALED)
    history = (OPENED, invited("p1"), booked("p1"))
    spec.given(*history).when(ask.AnswerPreCheck("stop1", "p1", SEALED, same=False)).then(answered)
    spec.given(*history, answered).when(ask.AnswerPreCheck("stop1", "p1", SEALED, same=True)).then_nothing()
    spec.given(OPENED).when(ask.AnswerPreCheck("stop1", "p1", SEALED, same=False)).then_rejected("not-booked")


PEOPLE = [f"p{number}" for number in range(8)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "cancel", "join", "leave", "decline", "wave", "seat"]),
        st.sampled_from(PEOPLE),
        st.sampled_from(["s1", "s2"]),
    ),
    max_size=80,
)


class Model:
    """Seats as a child would keep them: a list of names for each slot."""

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        self.capacity = {slot.slot_id: slot.capacity for slot in slots}
        self.sits: dict[str, str] = {}

    def take(self, event: Any) -> None:
        match event:
            case SlotBooked(person_id=person, slot_id=slot):
                self.sits[person] = slot
                assert sum(1 for one in self.sits.values() if one == slot) <= self.capacity[slot], "a seat sold twice"
            case BookingCancelled(person_id=person, slot_id=slot):
                assert self.sits.pop(person) == slot, "a seat given back that was another's"
            case _:
                pass


@given(steps=STEPS, invited_first=st.lists(st.sampled_from(PEOPLE[:4]), unique=True))
@settings(max_examples=200, deadline=None)
def test_no_interleaving_sells_a_seat_twice_or_leaves_one_empty_that_was_freed_for_a_queue(
    steps: list[tuple[str, str, str]], invited_first: list[str]
) -> None:
    model = Model(OPENED.slots)
    state = STOP.evolve(STOP.initial, STOP.decide(open_stop(), STOP.initial)[0])
    for person in invited_first:
        state = STOP.evolve(state, wave(person))
    asked: dict[str, Callable[[str, str], Any]] = {
        "book": lambda p, s: ask.BookSlot("stop1", p, s, NOON, EVE, f"{p}{s}"),
        "cancel": lambda p, _s: ask.CancelBooking("stop1", p, NOON),
        "join": lambda p, _s: join(p, PEOPLE.index(p) % 3),
        "leave": lambda p, _s: ask.LeaveWaitingList("stop1", p),
        "decline": lambda p, _s: ask.DeclineInvitation("stop1", p),
        "wave": lambda _p, _s: CLOSE_WAVE,
        "seat": lambda _p, s: seat(*PEOPLE, freed=(s,)),
    }
    for step, person, slot in steps:
        assert isinstance(state, Open)
        pending = state.pending()
        try:
            events = STOP.decide(asked[step](person, slot), state)
        except Rejected:
            events = []
        for event in events:
            state = STOP.evolve(state, event)
            model.take(event)
        assert isinstance(state, Open)
        assert dict(state.bookings) == model.sits
        assert not set(state.waiting) & set(state.bookings)
        if step == "seat":
            free = [key for key, capacity in model.capacity.items() if state.taken(key) < capacity]
            assert not (state.waiting and not pending and free), "somebody waits beside an empty seat"
