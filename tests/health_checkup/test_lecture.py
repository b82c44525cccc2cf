"""Specifications of lectures and trainings: seats, QR codes, the replay."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.health_checkup.lectures import (
    LectureAnnounced,
    LectureAttended,
    LectureCalledOff,
    LectureListJoined,
    LectureListLeft,
    LectureReplayPublished,
    LectureSeatLost,
    LectureSeatReturned,
    LectureSeatTaken,
)
from health_checkup.domain.lecture import (
    LECTURE,
    WAITING_MAX,
    Announced,
    AnnounceLecture,
    CallOff,
    CancelSignUp,
    JoinList,
    LeaveList,
    PublishReplay,
    SignIn,
    SignUp,
)

lecture = Spec(LECTURE)
BEFORE, BEGINS, DURING, ENDS = "2022-03-09T18:00", "2022-03-10T14:30", "2022-03-10T15:00", "2022-03-10T16:00"
ANNOUNCE = AnnounceLecture(
    lecture_id="l", kind="LECTURE", topic="颈椎与长途驾驶", org_path="620000.620600", division_code="620600",
    place="凉州区总工会", date="2022-03-10", starts_at="14:30", ends_at="16:00", seats=2, by="u",
    now="2022-03-01T10:00",
)  # fmt: skip
ANNOUNCED = LectureAnnounced(
    lecture_id="l", kind="LECTURE", topic="颈椎与长途驾驶", org_path="620000.620600", division_code="620600",
    place="凉州区总工会", date="2022-03-10", starts_at="14:30", ends_at="16:00", seats=2, by="u",
)  # fmt: skip


def asks(person: str, *, covered: bool = True, now: str = BEFORE) -> SignUp:
    return SignUp("l", person, f"ticket-{person}", covered, now)


def seat(person: str) -> LectureSeatTaken:
    return LectureSeatTaken(
        lecture_id="l", person_id=person, ticket_id=f"ticket-{person}", place="凉州区总工会", date="2022-03-10",
        starts_at="14:30",
    )  # fmt: skip


def came(person: str) -> LectureAttended:
    return LectureAttended(lecture_id="l", person_id=person, ticket_id=f"ticket-{person}")


BACK = LectureSeatReturned(lecture_id="l", person_id="p1")


def test_a_lecture_is_announced_once() -> None:
    lecture.when(ANNOUNCE).then(ANNOUNCED)
    lecture.given(ANNOUNCED).when(ANNOUNCE).then_nothing()
    lecture.given(ANNOUNCED).when(replace(ANNOUNCE, seats=3)).then_rejected("lecture-differs")


def test_what_cannot_be_held_is_not_announced() -> None:
    lecture.when(replace(ANNOUNCE, kind="PARTY")).then_rejected("kind-invalid")
    lecture.when(replace(ANNOUNCE, seats=0)).then_rejected("seats-invalid")
    lecture.when(replace(ANNOUNCE, ends_at="14:30")).then_rejected("times-invalid")
    lecture.when(replace(ANNOUNCE, now=BEGINS)).then_rejected("lecture-in-the-past")


def test_a_covered_member_signs_up_once_until_it_begins() -> None:
    lecture.given(ANNOUNCED).when(asks("p1")).then(seat("p1"))
    lecture.given(ANNOUNCED, seat("p1")).when(replace(asks("p1"), ticket_id="another")).then_nothing()
    lecture.given(ANNOUNCED).when(asks("p1", covered=False)).then_rejected("not-covered")
    lecture.given(ANNOUNCED).when(asks("p1", now=BEGINS)).then_rejected("lecture-begun")
    lecture.given(ANNOUNCED, seat("p1"), seat("p2")).when(asks("p3")).then_rejected("lecture-full")
    lecture.when(asks("p1")).then_rejected("lecture-unknown")


def test_a_seat_is_given_back_until_it_begins() -> None:
    lecture.given(ANNOUNCED, seat("p1")).when(CancelSignUp("l", "p1", BEFORE)).then(BACK)
    lecture.given(ANNOUNCED, seat("p1"), BACK).when(CancelSignUp("l", "p1", BEFORE)).then_nothing()
    lecture.given(ANNOUNCED, seat("p1")).when(CancelSignUp("l", "p1", BEGINS)).then_rejected("lecture-begun")
    there = lecture.given(ANNOUNCED, seat("p1"), came("p1"))
    there.when(CancelSignUp("l", "p1", BEFORE)).then_rejected("already-attended")
    lecture.given(ANNOUNCED, seat("p1"), seat("p2"), BACK).when(asks("p3")).then(seat("p3"))


def test_a_member_signs_in_with_the_code_of_the_own_seat() -> None:
    shown = SignIn("l", "l", "ticket-p1", DURING)
    taken = lecture.given(ANNOUNCED, seat("p1"))
    taken.when(shown).then(came("p1"))
    taken.given(came("p1")).when(shown).then_nothing()
    taken.when(replace(shown, of_lecture="a-stop")).then_rejected("ticket-of-other-lecture")
    taken.given(BACK).when(shown).then_rejected("ticket-superseded")
    taken.when(replace(shown, now=BEFORE)).then_rejected("lecture-not-yet")
    taken.when(replace(shown, now=ENDS)).then_rejected("lecture-over")


def test_a_replay_follows_the_lecture() -> None:
    publish = PublishReplay("l", "https://replay.example/1", ENDS, "u")
    published = LectureReplayPublished(lecture_id="l", url="https://replay.example/1", by="u")
    lecture.given(ANNOUNCED).when(publish).then(published)
    lecture.given(ANNOUNCED, published).when(publish).then_nothing()
    lecture.given(ANNOUNCED).when(replace(publish, now=DURING)).then_rejected("lecture-not-over")


def waits(person: str, *, covered: bool = True, now: str = BEFORE) -> JoinList:
    return JoinList("l", person, f"ticket-{person}", covered, now)


def joined(person: str) -> LectureListJoined:
    return LectureListJoined(lecture_id="l", person_id=person)


FULL = (ANNOUNCED, seat("p1"), seat("p2"))


def test_a_freed_seat_goes_to_the_first_who_waits_and_is_covered() -> None:
    lecture.given(*FULL).when(waits("p3")).then(joined("p3"))
    moved = msgspec.structs.replace(seat("p4"), waited=True)
    give_back = CancelSignUp("l", "p1", BEFORE, {"p4": "ticket-p4"})
    lecture.given(*FULL, joined("p3"), joined("p4")).when(give_back).then(BACK, moved)
    left = LectureListLeft(lecture_id="l", person_id="p3")
    lecture.given(*FULL, joined("p3")).when(LeaveList("l", "p3")).then(left)
    lecture.given(ANNOUNCED).when(waits("p3")).then(seat("p3"))


def test_who_may_not_have_a_seat_does_not_wait_for_one() -> None:
    lecture.given(*FULL).when(waits("p3", covered=False)).then_rejected("not-covered")
    lecture.given(*FULL).when(waits("p3", now=BEGINS)).then_rejected("lecture-begun")
    crowd = tuple(joined(f"w{number}") for number in range(WAITING_MAX))
    lecture.given(*FULL, *crowd).when(waits("p3")).then_rejected("list-full")


def test_waiting_twice_or_leaving_twice_changes_nothing() -> None:
    lecture.given(*FULL, joined("p3")).when(waits("p3")).then_nothing()
    lecture.given(*FULL).when(waits("p1")).then_nothing()
    lecture.given(*FULL).when(LeaveList("l", "p3")).then_nothing()


def test_it_is_called_off_once_with_a_reason_and_everyone_concerned_is_named() -> None:
    off = CallOff("l", "WEATHER", BEFORE, "u")
    said = LectureCalledOff(lecture_id="l", reason="WEATHER", by="u")
    lost = [LectureSeatLost(lecture_id="l", person_id=one, place="凉州区总工会", date="2022-03-10")
            for one in ("p1", "p2", "p3")]  # fmt: skip
    lecture.given(*FULL, joined("p3")).when(off).then(said, *lost)
    lecture.given(*FULL, said).when(off).then_nothing()
    lecture.given(ANNOUNCED).when(replace(off, reason="BORED")).then_rejected("reason-invalid")
    lecture.given(ANNOUNCED).when(replace(off, now=BEGINS)).then_rejected("lecture-begun")
    lecture.given(ANNOUNCED, said).when(asks("p3")).then_rejected("lecture-called-off")
    lecture.given(ANNOUNCED, said).when(waits("p3")).then_rejected("lecture-called-off")


PEOPLE = st.sampled_from(["p1", "p2", "p3", "p4"])
STEPS = st.one_of(
    PEOPLE.map(asks),
    PEOPLE.map(waits),
    PEOPLE.map(lambda person: LeaveList("l", person)),
    PEOPLE.map(lambda person: CancelSignUp("l", person, BEFORE, {f"p{n}": f"ticket-p{n}" for n in range(1, 5)})),
    PEOPLE.map(lambda person: SignIn("l", "l", f"ticket-{person}", DURING)),
)


@given(steps=st.lists(STEPS, max_size=30))
def test_whatever_members_do_no_seat_is_sold_twice_and_nobody_comes_without_one(steps: list[object]) -> None:
    state = LECTURE.evolve(LECTURE.initial, ANNOUNCED)
    for step in steps:
        try:
            events = LECTURE.decide(step, state)  # type: ignore[arg-type]
        except Rejected:
            continue
        for event in events:
            state = LECTURE.evolve(state, event)
        assert isinstance(state, Announced)
        assert len(state.taken) <= state.seats
        assert state.attended <= set(state.taken)
        assert not set(state.waiting) & set(state.taken)
        assert len(set(state.waiting)) == len(state.waiting)
        assert not state.waiting or len(state.taken) == state.seats, "no seat is empty while somebody waits"
