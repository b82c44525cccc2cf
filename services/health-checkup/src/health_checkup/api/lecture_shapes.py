"""What is asked over HTTP about lectures and trainings, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from health_checkup.api.shapes import Asked, LocalTime, Place
from health_checkup.projections.lectures import LectureRow

SEATS_MAX = 2_000
Topic = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Division = Annotated[str, Meta(pattern=r"^62[0-9]{4}$")]


class LectureRequest(Asked, frozen=True):
    """A lecture or a training of the division's."""

    kind: Literal["LECTURE", "TRAINING"]
    topic: Topic
    division_code: Division
    place: Place
    date: date
    starts_at: LocalTime
    ends_at: LocalTime
    seats: Annotated[int, Meta(ge=1, le=SEATS_MAX)]


class SignInRequest(Asked, frozen=True):
    """The text of a member's QR code."""

    ticket: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,300}$")]


class CallOffRequest(Asked, frozen=True):
    """Why it will not be held."""

    reason: Literal["SPEAKER_ABSENT", "PLACE_UNAVAILABLE", "WEATHER", "TOO_FEW", "OTHER"]


class ReplayRequest(Asked, frozen=True):
    """Where it can be seen again."""

    url: Annotated[str, Meta(pattern=r"^https://[A-Za-z0-9.-]{1,120}(/[A-Za-z0-9._~%/?=&-]{0,300})?$")]


class LectureAnswer(msgspec.Struct, frozen=True):
    """The lecture that was announced or changed."""

    lecture_id: str


class LectureTicket(msgspec.Struct, frozen=True):
    """A member's own seat, and the text of its QR code."""

    lecture_id: str
    topic: str
    place: str
    date: str
    starts_at: str
    ticket: str


class LectureView(msgspec.Struct, frozen=True):
    """As members see it: `free` seats, how many wait, the replay once there is one, why it was called off if it was."""

    lecture_id: str
    kind: str
    topic: str
    division_code: str
    place: str
    date: str
    starts_at: str
    ends_at: str
    seats: int
    free: int
    replay: str
    waiting: int = 0
    called_off: str = ""


class LecturePage(msgspec.Struct, frozen=True):
    """Lectures by date; `next_after` continues the list."""

    lectures: list[LectureView]
    next_after: str


class LectureFigures(msgspec.Struct, frozen=True):
    """How many signed up and came."""

    lecture_id: str
    seats: int
    signed_up: int
    came: int


def view_of(row: LectureRow) -> LectureView:
    """A lecture as members see it."""
    return LectureView(
        lecture_id=row.lecture_id,
        kind=row.kind,
        topic=row.topic,
        division_code=row.division_code,
        place=row.place,
        date=row.date,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        seats=row.seats,
        free=row.seats - row.signed_up,
        replay=row.replay or "",
        waiting=row.waiting,
        called_off=row.called_off or "",
    )
