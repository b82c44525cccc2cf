"""What can be asked of a stop. `decided_at` is local `YYYY-MM-DDTHH:MM`, `day_before` the date before the stop's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from contracts.envelope import Sealed
from contracts.health_checkup.v1 import Slot


@dataclass(frozen=True)
class OpenStop:
    """Open a stop on `date`; `today` is the date of the decision, `package` and `rules` known versions."""

    stop_id: str
    campaign: str
    org_path: str
    division_code: str
    place: str
    date: str
    package: str
    slots: tuple[Slot, ...]
    today: str
    route_id: str = ""
    visit_id: str = ""
    ends_at: str = ""
    rules: str = ""


@dataclass(frozen=True)
class InviteMembers:
    """Invite a wave of eligible members, best first; who is invited already is left out. `answer_by` in UTC."""

    stop_id: str
    person_ids: tuple[str, ...]
    today: str
    answer_by: str = ""


@dataclass(frozen=True)
class DeclineInvitation:
    """The member will not come."""

    stop_id: str
    person_id: str


@dataclass(frozen=True)
class CloseWave:
    """The time to answer is over; `now` is RFC 3339 in UTC."""

    stop_id: str
    wave: int
    now: str


@dataclass(frozen=True)
class JoinWaitingList:
    """A member wants the next free seat; `covered`, `points` and `behind` are looked up."""

    stop_id: str
    person_id: str
    covered: bool
    points: int
    behind: bool
    decided_at: str
    day_before: str


@dataclass(frozen=True)
class LeaveWaitingList:
    """The member waits no more."""

    stop_id: str
    person_id: str


@dataclass(frozen=True)
class BookSlot:
    """Take a seat, or move to another one; `ticket_id` is fresh."""

    stop_id: str
    person_id: str
    slot_id: str
    decided_at: str
    day_before: str
    ticket_id: str = ""


@dataclass(frozen=True)
class CancelBooking:
    """Give the seat back: BY_MEMBER, or CAME_ELSEWHERE."""

    stop_id: str
    person_id: str
    decided_at: str
    reason: str = "BY_MEMBER"


@dataclass(frozen=True)
class SeatWaiting:
    """Give free seats to those who wait. `tickets` person → fresh ticket for whoever has no seat elsewhere.

    `uncovered` are those who wait and have no cover on the stop's day. While invitations are unanswered only the
    `freed` slots are given away: the others wait for the invited.
    `seats_max` is what the prefecture's quota has left.
    """

    stop_id: str
    tickets: Mapping[str, str]
    freed: tuple[str, ...]
    seats_max: int
    decided_at: str
    day_before: str
    uncovered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AnswerPreCheck:
    """Answers before the examination; `same` when the last ones, opened, are equal."""

    stop_id: str
    person_id: str
    answers: Sealed
    same: bool


@dataclass(frozen=True)
class CheckIn:
    """The person of the ID card stands at the truck; `covered` lets in who has no booking.

    A QR code, when shown, has been verified: `ticket_stop` and `ticket_id` are what it says. `age` is the card's.
    """

    stop_id: str
    person_id: str
    covered: bool
    decided_at: str
    ticket_stop: str = ""
    ticket_id: str = ""
    age: int | None = None


@dataclass(frozen=True)
class TakeInRow:
    """A check-in made without network, handed in now. `seen_local` is the device's time as `decided_at` is.

    `person_id` is of the ID card, or of the ticket; "" when nobody known. `found` is what was found wrong outside this
    stop, "" for nothing.
    """

    stop_id: str
    row_id: str
    device_id: str
    person_id: str
    ticket_id: str
    seen_at: str
    seen_local: str
    covered: bool
    found: str = ""


@dataclass(frozen=True)
class CloseStop:
    """The truck has left; `earlier` person → no-shows in this campaign before.

    `elsewhere` are those who wait here and have a seat, or results, of another stop.
    """

    stop_id: str
    decided_at: str
    earlier: Mapping[str, int] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()


StopCommand: TypeAlias = (
    OpenStop
    | InviteMembers
    | DeclineInvitation
    | CloseWave
    | JoinWaitingList
    | LeaveWaitingList
    | BookSlot
    | CancelBooking
    | SeatWaiting
    | AnswerPreCheck
    | CheckIn
    | TakeInRow
    | CloseStop
)
