"""A stop of the truck: opened, members invited in waves, seats booked and never oversold, members checked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, Slot, SlotBooked, StopOpened

SLOTS_MAX = 48
SLOT_CAPACITY_MAX = 100
CHANGE_UNTIL = "18:00"
"""Local time of the day before, until which a booking may be changed (domain 8.2)."""


@dataclass(frozen=True)
class Absent:
    """No stop of this id."""


@dataclass(frozen=True)
class Open:
    """Who was invited, who sits where, who came. Dates are ISO dates in Asia/Shanghai."""

    campaign: str
    org_path: str
    place: str
    date: str
    package: str
    slots: Mapping[str, Slot]
    waves: int = 0
    invited: frozenset[str] = frozenset()
    bookings: Mapping[str, str] = field(default_factory=dict)
    attended: frozenset[str] = frozenset()

    @property
    def capacity(self) -> int:
        """Seats of all slots."""
        return sum(slot.capacity for slot in self.slots.values())

    def taken(self, slot_id: str) -> int:
        """Seats of one slot that are booked."""
        return sum(1 for booked in self.bookings.values() if booked == slot_id)


Stop: TypeAlias = Absent | Open
StopEvent: TypeAlias = StopOpened | MemberInvited | SlotBooked | MemberAttended


def evolve(stop: Stop, event: StopEvent) -> Stop:
    """Fold one event."""
    match event, stop:
        case StopOpened(), _:
            slots = {slot.slot_id: slot for slot in event.slots}
            return Open(event.campaign, event.org_path, event.place, event.date, event.package, slots)
        case _, Absent():
            return stop
        case MemberInvited(), _:
            return replace(stop, waves=event.wave, invited=stop.invited | {event.person_id})
        case SlotBooked(), _:
            return replace(stop, bookings={**stop.bookings, event.person_id: event.slot_id})
        case MemberAttended(), _:
            return replace(stop, attended=stop.attended | {event.person_id})


@dataclass(frozen=True)
class OpenStop:
    """Open a stop on `date`; `today` is the date of the decision, `package` a known version."""

    stop_id: str
    campaign: str
    org_path: str
    division_code: str
    place: str
    date: str
    package: str
    slots: tuple[Slot, ...]
    today: str


@dataclass(frozen=True)
class InviteMembers:
    """Invite a wave of eligible members, best first; who is invited already is left out."""

    stop_id: str
    person_ids: tuple[str, ...]
    today: str


@dataclass(frozen=True)
class BookSlot:
    """Take a seat, or move to another one; `decided_at` is local `YYYY-MM-DDTHH:MM`, `day_before` an ISO date."""

    stop_id: str
    person_id: str
    slot_id: str
    decided_at: str
    day_before: str


@dataclass(frozen=True)
class CheckIn:
    """The member stands at the truck; `covered` says whether someone without a booking may be taken in."""

    stop_id: str
    person_id: str
    covered: bool
    today: str


StopCommand: TypeAlias = OpenStop | InviteMembers | BookSlot | CheckIn


def wave_max(stop: Open) -> int:
    """A wave is at most 1.3 times the seats still free, rounded up (domain 8.2)."""
    return -(-(stop.capacity - len(stop.bookings)) * 13 // 10)


def _open(command: OpenStop) -> list[StopEvent]:
    if command.date < command.today:
        raise Rejected("stop-in-the-past", "A stop is opened for today or later.", "date")
    if not 1 <= len(command.slots) <= SLOTS_MAX or len({slot.slot_id for slot in command.slots}) != len(command.slots):
        raise Rejected("slots-invalid", f"A stop has 1 to {SLOTS_MAX} slots, each with its own id.", "slots")
    if not all(1 <= slot.capacity <= SLOT_CAPACITY_MAX for slot in command.slots):
        raise Rejected("slots-invalid", f"A slot has 1 to {SLOT_CAPACITY_MAX} seats.", "slots")
    return [
        StopOpened(
            stop_id=command.stop_id,
            campaign=command.campaign,
            org_path=command.org_path,
            division_code=command.division_code,
            place=command.place,
            date=command.date,
            package=command.package,
            slots=command.slots,
        )
    ]


def _invite(command: InviteMembers, stop: Open) -> list[StopEvent]:
    known = stop.invited | stop.attended
    fresh = [person for person in dict.fromkeys(command.person_ids) if person not in known]
    if not fresh:
        return []
    if command.today > stop.date:
        raise Rejected("stop-over", "The stop is over.")
    if len(fresh) > wave_max(stop):
        raise Rejected("wave-too-large", f"At most {wave_max(stop)} members are invited at a time.")
    return [
        MemberInvited(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            person_id=person,
            place=stop.place,
            date=stop.date,
            wave=stop.waves + 1,
        )
        for person in fresh
    ]


def _book(command: BookSlot, stop: Open) -> list[StopEvent]:
    slot = stop.slots.get(command.slot_id)
    current = stop.bookings.get(command.person_id)
    if slot is None:
        raise Rejected("slot-unknown", "The stop has no such slot.", "slot_id")
    if current == command.slot_id:
        return []
    if command.person_id not in stop.invited:
        raise Rejected("not-invited", "Only invited members book a seat.")
    if command.decided_at > f"{stop.date}T{slot.starts_at}":
        raise Rejected("slot-over", "The slot has begun.", "slot_id")
    if current is not None and command.decided_at > f"{command.day_before}T{CHANGE_UNTIL}":
        raise Rejected("change-too-late", f"A booking can be changed until {CHANGE_UNTIL} of the day before.")
    if stop.taken(command.slot_id) >= slot.capacity:
        raise Rejected("slot-full", "Every seat of the slot is taken.", "slot_id")
    return [
        SlotBooked(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            person_id=command.person_id,
            slot_id=command.slot_id,
            starts_at=slot.starts_at,
        )
    ]


def _check_in(command: CheckIn, stop: Open) -> list[StopEvent]:
    if command.person_id in stop.attended:
        return []
    if command.today < stop.date:
        raise Rejected("stop-not-yet", "The truck is not there yet.")
    if command.person_id not in stop.bookings:
        if not command.covered:
            raise Rejected("not-covered", "Without a booking, only a covered member is taken in.", "person_id")
        if len(stop.attended | set(stop.bookings)) >= stop.capacity:
            raise Rejected("stop-full", "Every seat is booked or taken.")
    walk_in = command.person_id not in stop.invited
    return [
        MemberAttended(stop_id=command.stop_id, person_id=command.person_id, campaign=stop.campaign, walk_in=walk_in)
    ]


def decide(command: StopCommand, stop: Stop) -> list[StopEvent]:
    """One seat is never sold twice; one member sits in one seat; who came is recorded once."""
    match command, stop:
        case OpenStop(), Absent():
            return _open(command)
        case _, Absent():
            raise Rejected("stop-unknown", "No such stop.")
        case OpenStop(), Open():
            if (command.campaign, command.place, command.date) == (stop.campaign, stop.place, stop.date):
                return []
            raise Rejected("stop-differs", "Another stop has this id.")
        case InviteMembers(), Open():
            return _invite(command, stop)
        case BookSlot(), Open():
            return _book(command, stop)
        case CheckIn(), Open():
            return _check_in(command, stop)


STOP = Decider[StopCommand, Stop, StopEvent]("stop", Absent(), evolve, decide)
