"""Events of health-checkup: lectures and skills training, their seats, who came, the replay."""

from __future__ import annotations

from contracts.envelope import Event


class LectureAnnounced(Event, frozen=True, kw_only=True):
    """Members may sign up for a LECTURE or a TRAINING (domain 8.3). Stream `lecture-<id>`.

    `date` is an ISO date, `starts_at` and `ends_at` local `HH:MM` of that day; `org_path` is who holds it.
    """

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
    by: str


class LectureSeatTaken(Event, frozen=True, kw_only=True):
    """A member signed up; `ticket_id` is random and stands in this seat's QR code alone. Stream `lecture-<id>`.

    `waited` when the seat was given from the waiting list; place, ISO date and start are "" in old events.
    """

    lecture_id: str
    person_id: str
    ticket_id: str
    waited: bool = False
    place: str = ""
    date: str = ""
    starts_at: str = ""


class LectureSeatReturned(Event, frozen=True, kw_only=True):
    """A member gave the seat back before it began; its QR code is void. Stream `lecture-<id>`."""

    lecture_id: str
    person_id: str


class LectureAttended(Event, frozen=True, kw_only=True):
    """A member signed in at the place with the QR code of `ticket_id`. Stream `lecture-<id>`."""

    lecture_id: str
    person_id: str
    ticket_id: str


class LectureReplayPublished(Event, frozen=True, kw_only=True):
    """Where it can be seen again, an https address; a later one replaces it. Stream `lecture-<id>`."""

    lecture_id: str
    url: str
    by: str


class LectureListJoined(Event, frozen=True, kw_only=True):
    """A member waits for a seat; who came first is first. Stream `lecture-<id>`."""

    lecture_id: str
    person_id: str


class LectureListLeft(Event, frozen=True, kw_only=True):
    """A member waits no more. Stream `lecture-<id>`."""

    lecture_id: str
    person_id: str


class LectureCalledOff(Event, frozen=True, kw_only=True):
    """It will not be held. Stream `lecture-<id>`.

    `reason` is SPEAKER_ABSENT, PLACE_UNAVAILABLE, WEATHER, TOO_FEW or OTHER; a `LectureSeatLost` a member follows.
    """

    lecture_id: str
    reason: str
    by: str


class LectureSeatLost(Event, frozen=True, kw_only=True):
    """A member had a seat, or waited for one, where it was called off; place and ISO date. Stream `lecture-<id>`."""

    lecture_id: str
    person_id: str
    place: str
    date: str


EVENTS: dict[str, type[Event]] = {
    "health_checkup.lecture-announced.v1": LectureAnnounced,
    "health_checkup.lecture-seat-taken.v1": LectureSeatTaken,
    "health_checkup.lecture-seat-returned.v1": LectureSeatReturned,
    "health_checkup.lecture-list-joined.v1": LectureListJoined,
    "health_checkup.lecture-list-left.v1": LectureListLeft,
    "health_checkup.lecture-called-off.v1": LectureCalledOff,
    "health_checkup.lecture-seat-lost.v1": LectureSeatLost,
    "health_checkup.lecture-attended.v1": LectureAttended,
    "health_checkup.lecture-replay-published.v1": LectureReplayPublished,
}
