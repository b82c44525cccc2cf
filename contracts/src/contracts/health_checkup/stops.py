"""Events of health-checkup: what happens around a seat at a stop, from the waiting list to the closing."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Value


class InvitationDeclined(Event, frozen=True, kw_only=True):
    """An invited member will not come. Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    person_id: str


class WaveClosed(Event, frozen=True, kw_only=True):
    """The time to answer is over: `unanswered` invitations have lapsed (domain 8.2). Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    wave: int
    unanswered: int


class WaitingListJoined(Event, frozen=True, kw_only=True):
    """A covered member waits for a seat: `points` of priority; `behind` after a second no-show. Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    person_id: str
    points: int
    behind: bool


class WaitingListLeft(Event, frozen=True, kw_only=True):
    """Waits no more. Whoever got a seat has booked, and whoever walked in has come. Stream `stop-<id>`.

    `reason` is WITHDRAWN by the member, BOOKED_ELSEWHERE, NOT_COVERED on the stop's day (a seat was to be given and
    went to the next), or STOP_OVER (the truck has left, and there was no seat).
    """

    stop_id: str
    campaign: str
    person_id: str
    reason: str


class BookingCancelled(Event, frozen=True, kw_only=True):
    """A seat is free again: BY_MEMBER, or CAME_ELSEWHERE to another stop's truck. Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    person_id: str
    slot_id: str
    reason: str


class PreCheckAnswered(Event, frozen=True, kw_only=True):
    """What is asked before the examination, a sealed `PreCheck` of category health. Stream `stop-<id>`.

    The last answers count.
    """

    stop_id: str
    campaign: str
    person_id: str
    answers: Sealed


class PreCheck(Value, frozen=True, kw_only=True):
    """The plain shape behind `PreCheckAnswered.answers` (domain 8.2)."""

    fasting_hours: int
    pregnant: bool = False
    pacemaker: bool = False
    medicines: tuple[str, ...] = ()


class CheckInConflictFound(Event, frozen=True, kw_only=True):
    """A check-in made without network does not fit what is known (domain 8.2). Stream `stop-<id>`.

    `reason` is a code; `attended` whether the person counts as having been there all the same; `seen_at` the
    device's time, RFC 3339; `person_id` and `ticket_id` are "" where the row names none that is known.
    """

    stop_id: str
    campaign: str
    row_id: str
    device_id: str
    person_id: str
    ticket_id: str
    seen_at: str
    reason: str
    attended: bool


class MemberMissed(Event, frozen=True, kw_only=True):
    """Booked and did not come, the `times`-th time in the campaign; no effect on any cover. Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    person_id: str
    times: int


class StopClosed(Event, frozen=True, kw_only=True):
    """The truck has left: how many had booked, came, missed, walked in. Stream `stop-<id>`."""

    stop_id: str
    campaign: str
    booked: int
    attended: int
    missed: int
    walk_ins: int


class ExamReleased(Event, frozen=True, kw_only=True):
    """The plan at this stop is no more: CANCELLED, MISSED or CAME_ELSEWHERE. Stream `exam-<campaign>-<person>`."""

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    reason: str


EVENTS: dict[str, type[Event]] = {
    "health_checkup.invitation-declined.v1": InvitationDeclined,
    "health_checkup.wave-closed.v1": WaveClosed,
    "health_checkup.waiting-list-joined.v1": WaitingListJoined,
    "health_checkup.waiting-list-left.v1": WaitingListLeft,
    "health_checkup.booking-cancelled.v1": BookingCancelled,
    "health_checkup.pre-check-answered.v1": PreCheckAnswered,
    "health_checkup.check-in-conflict-found.v1": CheckInConflictFound,
    "health_checkup.member-missed.v1": MemberMissed,
    "health_checkup.stop-closed.v1": StopClosed,
    "health_checkup.exam-released.v1": ExamReleased,
}
