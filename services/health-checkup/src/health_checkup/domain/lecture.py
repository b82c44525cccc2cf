"""A lecture (健康大讲堂) or a skills training: seats that are never oversold, and who came (domain 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
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

KINDS = ("LECTURE", "TRAINING")
CALL_OFF_REASONS = frozenset({"SPEAKER_ABSENT", "PLACE_UNAVAILABLE", "WEATHER", "TOO_FEW", "OTHER"})
WAITING_MAX = 500


@dataclass(frozen=True)
class Absent:
    """No lecture of this id."""


@dataclass(frozen=True)
class Announced:
    """Members may sign up. `taken` is the ticket by its member; times are local `HH:MM` of `date`.

    `waiting` are those who wait, the first first; `called_off` is the reason, "" while it will be held.
    """

    kind: str
    topic: str
    org_path: str
    place: str
    date: str
    starts_at: str
    ends_at: str
    seats: int
    taken: Mapping[str, str] = field(default_factory=dict)
    attended: frozenset[str] = frozenset()
    replay: str = ""
    waiting: tuple[str, ...] = ()
    called_off: str = ""

    @property
    def begins(self) -> str:
        """Local `YYYY-MM-DDTHH:MM`."""
        return f"{self.date}T{self.starts_at}"

    @property
    def ends(self) -> str:
        """Local `YYYY-MM-DDTHH:MM`."""
        return f"{self.date}T{self.ends_at}"


Lecture: TypeAlias = Absent | Announced
LectureEvent: TypeAlias = (
    LectureAnnounced
    | LectureSeatTaken
    | LectureSeatReturned
    | LectureListJoined
    | LectureListLeft
    | LectureCalledOff
    | LectureSeatLost
    | LectureAttended
    | LectureReplayPublished
)


def evolve(lecture: Lecture, event: LectureEvent) -> Lecture:
    """Fold one event."""
    match event, lecture:
        case LectureAnnounced() as e, _:
            return Announced(e.kind, e.topic, e.org_path, e.place, e.date, e.starts_at, e.ends_at, e.seats)
        case LectureSeatTaken(), Announced():
            left = tuple(person for person in lecture.waiting if person != event.person_id)
            return replace(lecture, taken={**lecture.taken, event.person_id: event.ticket_id}, waiting=left)
        case LectureListJoined(), Announced():
            return replace(lecture, waiting=(*lecture.waiting, event.person_id))
        case LectureListLeft(), Announced():
            return replace(lecture, waiting=tuple(one for one in lecture.waiting if one != event.person_id))
        case LectureCalledOff(), Announced():
            return replace(lecture, called_off=event.reason)
        case LectureSeatReturned(), Announced():
            kept = {person: ticket for person, ticket in lecture.taken.items() if person != event.person_id}
            return replace(lecture, taken=kept)
        case LectureAttended(), Announced():
            return replace(lecture, attended=lecture.attended | {event.person_id})
        case LectureReplayPublished(), Announced():
            return replace(lecture, replay=event.url)
        case _:
            return lecture


@dataclass(frozen=True, kw_only=True)
class AnnounceLecture:
    """Hold a lecture or training; `now` is local `YYYY-MM-DDTHH:MM`."""

    lecture_id: str
    kind: str
    topic: str
    org_path: str
    division_code: str
    place: str
    date: str
    starts_at: str
    ends_at: str
    seats: int
    now: str
    by: str


@dataclass(frozen=True)
class SignUp:
    """A member wants a seat; `covered` on the lecture's day, `ticket_id` fresh, `now` local."""

    lecture_id: str
    person_id: str
    ticket_id: str
    covered: bool
    now: str


@dataclass(frozen=True)
class CancelSignUp:
    """A member gives the seat back; `now` is local. `tickets` person → fresh ticket for who waits and is covered."""

    lecture_id: str
    person_id: str
    now: str
    tickets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JoinList:
    """A member wants the next free seat; `covered` on the lecture's day, `ticket_id` fresh, `now` local."""

    lecture_id: str
    person_id: str
    ticket_id: str
    covered: bool
    now: str


@dataclass(frozen=True)
class LeaveList:
    """A member waits no more."""

    lecture_id: str
    person_id: str


@dataclass(frozen=True)
class CallOff:
    """It will not be held; `now` is local."""

    lecture_id: str
    reason: str
    now: str
    by: str


@dataclass(frozen=True)
class SignIn:
    """A QR code was shown at the place: for which lecture, and which ticket. Its signature held; `now` is local."""

    lecture_id: str
    of_lecture: str
    ticket_id: str
    now: str


@dataclass(frozen=True)
class PublishReplay:
    """It can be seen again at `url`; `now` is local."""

    lecture_id: str
    url: str
    now: str
    by: str


LectureCommand: TypeAlias = (
    AnnounceLecture | SignUp | CancelSignUp | JoinList | LeaveList | CallOff | SignIn | PublishReplay
)


def _announce(command: AnnounceLecture) -> list[LectureEvent]:
    if command.kind not in KINDS:
        raise Rejected("kind-invalid", "It is a LECTURE or a TRAINING.", "kind")
    if command.seats < 1:
        raise Rejected("seats-invalid", "There is one seat or more.", "seats")
    if command.ends_at <= command.starts_at:
        raise Rejected("times-invalid", "It ends after it begins, on the same day.", "ends_at")
    if f"{command.date}T{command.starts_at}" <= command.now:
        raise Rejected("lecture-in-the-past", "What is announced lies ahead.", "date")
    return [
        LectureAnnounced(
            lecture_id=command.lecture_id,
            kind=command.kind,
            topic=command.topic,
            org_path=command.org_path,
            division_code=command.division_code,
            place=command.place,
            date=command.date,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            seats=command.seats,
            by=command.by,
        )
    ]


def _again(command: AnnounceLecture, lecture: Announced) -> list[LectureEvent]:
    asked = (command.kind, command.topic, command.place, command.date, command.starts_at, command.seats)
    if asked == (lecture.kind, lecture.topic, lecture.place, lecture.date, lecture.starts_at, lecture.seats):
        return []
    raise Rejected("lecture-differs", "Another lecture has this id.", "lecture_id")


def _sign_up(command: SignUp, lecture: Announced) -> list[LectureEvent]:
    if command.person_id in lecture.taken:
        return []
    if command.now >= lecture.begins:
        raise Rejected("lecture-begun", "It has begun.")
    if not command.covered:
        raise Rejected("not-covered", "Seats are for members who are covered on that day.")
    if len(lecture.taken) >= lecture.seats:
        raise Rejected("lecture-full", "Every seat is taken.")
    return [_seat(command.lecture_id, lecture, command.person_id, command.ticket_id)]


def _seat(lecture_id: str, lecture: Announced, person_id: str, ticket_id: str, *, waited: bool = False) -> LectureEvent:
    return LectureSeatTaken(
        lecture_id=lecture_id,
        person_id=person_id,
        ticket_id=ticket_id,
        waited=waited,
        place=lecture.place,
        date=lecture.date,
        starts_at=lecture.starts_at,
    )


def _join(command: JoinList, lecture: Announced) -> list[LectureEvent]:
    if command.person_id in lecture.taken or command.person_id in lecture.waiting:
        return []
    if len(lecture.taken) < lecture.seats:
        return _sign_up(
            SignUp(command.lecture_id, command.person_id, command.ticket_id, command.covered, command.now), lecture
        )
    if command.now >= lecture.begins:
        raise Rejected("lecture-begun", "It has begun.")
    if not command.covered:
        raise Rejected("not-covered", "Seats are for members who are covered on that day.")
    if len(lecture.waiting) >= WAITING_MAX:
        raise Rejected("list-full", f"At most {WAITING_MAX} members wait.")
    return [LectureListJoined(lecture_id=command.lecture_id, person_id=command.person_id)]


def _leave(command: LeaveList, lecture: Announced) -> list[LectureEvent]:
    if command.person_id not in lecture.waiting:
        return []
    return [LectureListLeft(lecture_id=command.lecture_id, person_id=command.person_id)]


def _call_off(command: CallOff, lecture: Announced) -> list[LectureEvent]:
    if command.reason not in CALL_OFF_REASONS:
        reasons = ", ".join(sorted(CALL_OFF_REASONS))
        raise Rejected("reason-invalid", f"It is called off for one of {reasons}.", "reason")
    if command.now >= lecture.begins:
        raise Rejected("lecture-begun", "What has begun is not called off.")
    lost = [
        LectureSeatLost(lecture_id=command.lecture_id, person_id=person, place=lecture.place, date=lecture.date)
        for person in (*lecture.taken, *lecture.waiting)
    ]
    return [LectureCalledOff(lecture_id=command.lecture_id, reason=command.reason, by=command.by), *lost]


def _cancel(command: CancelSignUp, lecture: Announced) -> list[LectureEvent]:
    if command.person_id not in lecture.taken:
        return []
    if command.person_id in lecture.attended:
        raise Rejected("already-attended", "Who has signed in was there.")
    if command.now >= lecture.begins:
        raise Rejected("lecture-begun", "A seat is given back until it begins.")
    events: list[LectureEvent] = [LectureSeatReturned(lecture_id=command.lecture_id, person_id=command.person_id)]
    first = next((person for person in lecture.waiting if person in command.tickets), "")
    if first:
        events.append(_seat(command.lecture_id, lecture, first, command.tickets[first], waited=True))
    return events


def _sign_in(command: SignIn, lecture: Announced) -> list[LectureEvent]:
    if command.of_lecture != command.lecture_id:
        raise Rejected("ticket-of-other-lecture", "The QR code is for something else.", "ticket")
    holder = next((person for person, ticket in lecture.taken.items() if ticket == command.ticket_id), "")
    if not holder:
        raise Rejected("ticket-superseded", "The seat of this QR code was given back.", "ticket")
    if holder in lecture.attended:
        return []
    if command.now[:10] < lecture.date:
        raise Rejected("lecture-not-yet", "Members sign in on the day.")
    if command.now >= lecture.ends:
        raise Rejected("lecture-over", "It is over.")
    return [LectureAttended(lecture_id=command.lecture_id, person_id=holder, ticket_id=command.ticket_id)]


def _replay(command: PublishReplay, lecture: Announced) -> list[LectureEvent]:
    if command.url == lecture.replay:
        return []
    if command.now < lecture.ends:
        raise Rejected("lecture-not-over", "A replay follows the lecture.")
    return [LectureReplayPublished(lecture_id=command.lecture_id, url=command.url, by=command.by)]


def decide(command: LectureCommand, lecture: Lecture) -> list[LectureEvent]:
    """Seats are counted here, in the lecture's own stream: two members never get the last one."""
    match command, lecture:
        case AnnounceLecture(), Absent():
            return _announce(command)
        case _, Absent():
            raise Rejected("lecture-unknown", "No such lecture.")
        case AnnounceLecture(), Announced():
            return _again(command, lecture)
        case CallOff(), Announced() if lecture.called_off == command.reason:
            return []
        case _, Announced() if lecture.called_off:
            raise Rejected("lecture-called-off", "It was called off.")
        case CallOff(), Announced():
            return _call_off(command, lecture)
        case JoinList(), Announced():
            return _join(command, lecture)
        case LeaveList(), Announced():
            return _leave(command, lecture)
        case SignUp(), Announced():
            return _sign_up(command, lecture)
        case CancelSignUp(), Announced():
            return _cancel(command, lecture)
        case SignIn(), Announced():
            return _sign_in(command, lecture)
        case PublishReplay(), Announced():
            return _replay(command, lecture)


LECTURE = Decider[LectureCommand, Lecture, LectureEvent]("lecture", Absent(), evolve, decide)
