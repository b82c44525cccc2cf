"""A stop's stages: who was invited, waits, sits where, holds which ticket, came or did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias, TypeVar

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
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, Slot, SlotBooked, StopOpened
from health_checkup.domain.rules import rules_of

V = TypeVar("V")


@dataclass(frozen=True)
class Absent:
    """No stop of this id."""


@dataclass(frozen=True)
class Place:
    """A place in the waiting list: `points` of priority; `behind` everybody after a second no-show."""

    points: int
    behind: bool


@dataclass(frozen=True)
class Open:
    """Dates are ISO dates in Asia/Shanghai. `invited` person → wave, `answer_by` wave → RFC 3339 in UTC.

    `bookings` person → slot; `tickets` every ticket that was ever given → its person, `ticket_of` the one that counts;
    `rows` the check-ins made without network, by their id, with what became of them, and `row_of` whose they were;
    `ages` as read from ID cards.
    """

    campaign: str
    org_path: str
    place: str
    date: str
    package: str
    slots: Mapping[str, Slot]
    division_code: str = ""
    route_id: str = ""
    ends_at: str = ""
    rules: str = ""
    waves: int = 0
    invited: Mapping[str, int] = field(default_factory=dict)
    answer_by: Mapping[int, str] = field(default_factory=dict)
    closed_waves: frozenset[int] = frozenset()
    declined: frozenset[str] = frozenset()
    waiting: Mapping[str, Place] = field(default_factory=dict)
    bookings: Mapping[str, str] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    tickets: Mapping[str, str] = field(default_factory=dict)
    ticket_of: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Sealed] = field(default_factory=dict)
    attended: frozenset[str] = frozenset()
    used: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
    row_of: Mapping[str, str] = field(default_factory=dict)
    ages: Mapping[str, int] = field(default_factory=dict)
    missed: frozenset[str] = frozenset()

    @property
    def capacity(self) -> int:
        """Seats of all slots."""
        return sum(slot.capacity for slot in self.slots.values())

    @property
    def prefecture(self) -> str:
        """The code of the stop's prefecture."""
        return self.org_path.split(".")[1]

    @property
    def seated(self) -> int:
        """Seats that are booked, or taken by somebody who came without a booking."""
        return len(self.attended | set(self.bookings)) - len(self.missed - self.attended)

    def occupied(self, decided_at: str) -> int:
        """Seats taken at a local time: whoever has come, and the booked whose slot is not over yet."""
        rules = rules_of(self.rules)
        over = {key for key, slot in self.slots.items() if f"{self.date}T{rules.end_of(slot.starts_at)}" <= decided_at}
        expected = [person for person, slot_id in self.bookings.items() if slot_id not in over]
        return len(self.attended | set(expected))

    def taken(self, slot_id: str) -> int:
        """Seats of one slot that are booked."""
        return sum(1 for booked in self.bookings.values() if booked == slot_id)

    def pending(self) -> list[str]:
        """Who was invited, has not answered, and still has time to."""
        return [
            person
            for person, wave in self.invited.items()
            if wave not in self.closed_waves
            and person not in self.bookings
            and person not in self.declined
            and person not in self.cancelled
            and person not in self.attended
        ]


@dataclass(frozen=True)
class Closed(Open):
    """The truck has left. Check-ins made without network still come in."""


Stop: TypeAlias = Absent | Open | Closed
StopEvent: TypeAlias = (
    StopOpened
    | MemberInvited
    | InvitationDeclined
    | WaveClosed
    | WaitingListJoined
    | WaitingListLeft
    | SlotBooked
    | BookingCancelled
    | PreCheckAnswered
    | MemberAttended
    | CheckInConflictFound
    | MemberMissed
    | StopClosed
)


def evolve(stop: Stop, event: StopEvent) -> Stop:
    """Fold one event."""
    match event, stop:
        case StopOpened(), _:
            return Open(
                campaign=event.campaign,
                org_path=event.org_path,
                place=event.place,
                date=event.date,
                package=event.package,
                slots={slot.slot_id: slot for slot in event.slots},
                division_code=event.division_code,
                route_id=event.route_id,
                ends_at=event.ends_at,
                rules=event.rules,
            )
        case _, Absent():
            return stop
        case StopClosed(), _:
            return Closed(**{one.name: getattr(stop, one.name) for one in fields(Open)})
        case ((MemberAttended() | CheckInConflictFound() | MemberMissed() | PreCheckAnswered()), _):
            return _day(stop, event)
        case ((SlotBooked() | BookingCancelled()), _):
            return _seat(stop, event)
        case _:
            return _asked(stop, event)


def _asked(
    stop: Open, event: MemberInvited | InvitationDeclined | WaveClosed | WaitingListJoined | WaitingListLeft
) -> Open:
    match event:
        case MemberInvited():
            return replace(
                stop,
                waves=event.wave,
                invited={**stop.invited, event.person_id: event.wave},
                answer_by={**stop.answer_by, event.wave: event.answer_by},
            )
        case InvitationDeclined():
            return replace(stop, declined=stop.declined | {event.person_id})
        case WaveClosed():
            return replace(stop, closed_waves=stop.closed_waves | {event.wave})
        case WaitingListJoined():
            place = Place(event.points, event.behind)
            return replace(stop, waiting={**stop.waiting, event.person_id: place})
        case WaitingListLeft():
            return replace(stop, waiting=without(stop.waiting, event.person_id))


def _seat(stop: Open, event: SlotBooked | BookingCancelled) -> Open:
    person = event.person_id
    match event:
        case SlotBooked():
            booked = replace(
                stop,
                bookings={**stop.bookings, person: event.slot_id},
                waiting=without(stop.waiting, person),
                cancelled=stop.cancelled - {person},
                declined=stop.declined - {person},
            )
            if not event.ticket_id:
                return booked
            return replace(
                booked,
                tickets={**stop.tickets, event.ticket_id: person},
                ticket_of={**stop.ticket_of, person: event.ticket_id},
            )
        case BookingCancelled():
            return replace(
                stop,
                bookings=without(stop.bookings, person),
                ticket_of=without(stop.ticket_of, person),
                cancelled=stop.cancelled | {person},
                missed=stop.missed - {person},
            )


def _day(stop: Open, event: MemberAttended | CheckInConflictFound | MemberMissed | PreCheckAnswered) -> Open:
    match event:
        case MemberAttended():
            came = replace(
                stop,
                attended=stop.attended | {event.person_id},
                missed=stop.missed - {event.person_id},
                waiting=without(stop.waiting, event.person_id),
            )
            if event.age is not None:
                came = replace(came, ages={**came.ages, event.person_id: event.age})
            if event.ticket_id:
                came = replace(came, used={**came.used, event.ticket_id: event.row_id})
            return (
                replace(
                    came, rows={**came.rows, event.row_id: ""}, row_of={**came.row_of, event.row_id: event.person_id}
                )
                if event.row_id
                else came
            )
        case CheckInConflictFound():
            return replace(
                stop,
                rows={**stop.rows, event.row_id: event.reason},
                row_of={**stop.row_of, event.row_id: event.person_id},
            )
        case MemberMissed():
            return replace(stop, missed=stop.missed | {event.person_id})
        case PreCheckAnswered():
            return replace(stop, answers={**stop.answers, event.person_id: event.answers})


def without(mapping: Mapping[str, V], key: str) -> Mapping[str, V]:
    """The mapping with one key less."""
    if key not in mapping:
        return mapping
    return {one: value for one, value in mapping.items() if one != key}
