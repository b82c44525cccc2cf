"""Who is asked to a stop, who waits, who sits where: no seat is ever sold twice (domain 8.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from chassis.decider import Rejected
from contracts.health_checkup.stops import (
    BookingCancelled,
    InvitationDeclined,
    WaitingListJoined,
    WaitingListLeft,
    WaveClosed,
)
from contracts.health_checkup.v1 import MemberInvited, SlotBooked
from health_checkup.domain.rules import rules_of
from health_checkup.domain.stop_commands import (
    BookSlot,
    CancelBooking,
    CloseWave,
    DeclineInvitation,
    InviteMembers,
    JoinWaitingList,
    LeaveWaitingList,
    SeatWaiting,
)
from health_checkup.domain.stop_stages import Closed, Open, Place, StopEvent

BOOKED_ELSEWHERE = "BOOKED_ELSEWHERE"
CAME_ELSEWHERE = "CAME_ELSEWHERE"
NOT_COVERED = "NOT_COVERED"
STOP_OVER = "STOP_OVER"


def wave_max(stop: Open) -> int:
    """So many of the free seats, in percent, may be asked at a time, less those who have not answered yet."""
    percent = rules_of(stop.rules).wave_percent
    return max(-(-(stop.capacity - stop.seated) * percent // 100) - len(stop.pending()), 0)


def drawn(campaign: str, person_id: str) -> str:
    """The lot among equals: the same whenever it is drawn, and different in each campaign."""
    return hashlib.md5(f"{campaign}{person_id}".encode(), usedforsecurity=False).hexdigest()


def queue(stop: Open) -> list[str]:
    """Who waits, the next one first: by points, then by lot; after a second no-show behind everybody."""

    def rank(entry: tuple[str, Place]) -> tuple[bool, int, str]:
        person, place = entry
        return (place.behind, -place.points, drawn(stop.campaign, person))

    return [person for person, _ in sorted(stop.waiting.items(), key=rank)]


def invite(command: InviteMembers, stop: Open) -> list[StopEvent]:
    """Rejected: stop-over, wave-too-large."""
    known = stop.attended | set(stop.invited) | set(stop.bookings)
    fresh = [person for person in dict.fromkeys(command.person_ids) if person not in known]
    if not fresh:
        return []
    if isinstance(stop, Closed) or command.today > stop.date:
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
            answer_by=command.answer_by,
        )
        for person in fresh
    ]


def decline(command: DeclineInvitation, stop: Open) -> list[StopEvent]:
    """Rejected: not-invited, booked (a booking is cancelled instead)."""
    if command.person_id in stop.declined:
        return []
    if command.person_id not in stop.invited:
        raise Rejected("not-invited", "Only who was invited can decline.")
    if command.person_id in stop.bookings:
        raise Rejected("booked", "There is a booking: cancel it instead.")
    return [InvitationDeclined(stop_id=command.stop_id, campaign=stop.campaign, person_id=command.person_id)]


def close_wave(command: CloseWave, stop: Open) -> list[StopEvent]:
    """Rejected: wave-unknown, wave-open."""
    if command.wave in stop.closed_waves:
        return []
    if command.wave not in stop.answer_by:
        raise Rejected("wave-unknown", "There was no such wave.")
    if command.now < stop.answer_by[command.wave]:
        raise Rejected("wave-open", "The time to answer is not over.")
    unanswered = sum(1 for person in stop.pending() if stop.invited[person] == command.wave)
    return [WaveClosed(stop_id=command.stop_id, campaign=stop.campaign, wave=command.wave, unanswered=unanswered)]


def join(command: JoinWaitingList, stop: Open) -> list[StopEvent]:
    """Rejected: stop-over, not-covered, booked, already-attended."""
    person = command.person_id
    if person in stop.waiting:
        return []
    if person in stop.bookings:
        raise Rejected("booked", "The member has a seat.")
    if isinstance(stop, Closed) or _too_late(stop, command.decided_at, command.day_before):
        raise Rejected("list-closed", "Free seats are given away until the evening before; then one may walk in.")
    if not command.covered:
        raise Rejected("not-covered", "Only a covered member waits for a seat.")
    return [
        WaitingListJoined(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            person_id=person,
            points=command.points,
            behind=command.behind,
        )
    ]


def leave(command: LeaveWaitingList, stop: Open) -> list[StopEvent]:
    """Quiet for whoever does not wait."""
    if command.person_id not in stop.waiting:
        return []
    return [_left(command.stop_id, stop, command.person_id, "WITHDRAWN")]


def book(command: BookSlot, stop: Open) -> list[StopEvent]:
    """Rejected: slot-unknown, not-invited, slot-over, change-too-late, invitation-lapsed, slot-full."""
    slot = stop.slots.get(command.slot_id)
    person = command.person_id
    current = stop.bookings.get(person)
    if slot is None:
        raise Rejected("slot-unknown", "The stop has no such slot.", "slot_id")
    if current == command.slot_id:
        return []
    if current is None and person not in stop.invited:
        raise Rejected("not-invited", "Only invited members book a seat; others may wait for one.")
    if isinstance(stop, Closed) or command.decided_at > f"{stop.date}T{slot.starts_at}":
        raise Rejected("slot-over", "The slot has begun.", "slot_id")
    if current is not None and _too_late(stop, command.decided_at, command.day_before):
        until = rules_of(stop.rules).change_until
        raise Rejected("change-too-late", f"A booking can be changed until {until} of the day before.")
    if current is None and stop.invited[person] in stop.closed_waves:
        raise Rejected("invitation-lapsed", "The time to answer is over; the member may wait for a seat.")
    if stop.taken(command.slot_id) >= slot.capacity:
        raise Rejected("slot-full", "Every seat of the slot is taken.", "slot_id")
    return [_booked(command.stop_id, stop, person, command.slot_id, command.ticket_id)]


def cancel(command: CancelBooking, stop: Open) -> list[StopEvent]:
    """Rejected: not-booked, already-attended, slot-over. Late is better than never, so it is taken to the last."""
    slot_id = stop.bookings.get(command.person_id)
    if slot_id is None:
        if command.person_id in stop.cancelled:
            return []
        raise Rejected("not-booked", "There is no booking to cancel.")
    if command.person_id in stop.attended:
        raise Rejected("already-attended", "The member has been there.")
    over = isinstance(stop, Closed) or command.decided_at > f"{stop.date}T{stop.slots[slot_id].starts_at}"
    if over and command.reason != CAME_ELSEWHERE:
        raise Rejected("slot-over", "The slot has begun.")
    return [
        BookingCancelled(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            person_id=command.person_id,
            slot_id=slot_id,
            reason=command.reason,
        )
    ]


def seat_waiting(command: SeatWaiting, stop: Open) -> list[StopEvent]:
    """Free seats go to those who wait, in the order of the queue; nobody is given one at the last minute.

    Whose turn it is and who is not covered any more, or has a seat elsewhere, leaves the list.
    """
    if isinstance(stop, Closed) or _too_late(stop, command.decided_at, command.day_before):
        return []
    if stop.pending():
        seats = [slot_id for slot_id in command.freed if stop.taken(slot_id) < stop.slots[slot_id].capacity]
    else:
        seats = [slot_id for slot_id, slot in stop.slots.items() for _ in range(slot.capacity - stop.taken(slot_id))]
    seats = seats[: command.seats_max]
    events: list[StopEvent] = []
    for person in queue(stop):
        if not seats:
            break
        if person not in command.tickets:
            events.append(_left(command.stop_id, stop, person, BOOKED_ELSEWHERE))
            continue
        if person in command.uncovered:
            events.append(_left(command.stop_id, stop, person, NOT_COVERED))
            continue
        events.append(_booked(command.stop_id, stop, person, seats.pop(0), command.tickets[person], waited=True))
    return events


def end_waiting(stop_id: str, stop: Open, elsewhere: Collection[str]) -> list[StopEvent]:
    """The truck has left: whoever waits still waits no more."""
    return [
        _left(stop_id, stop, person, BOOKED_ELSEWHERE if person in elsewhere else STOP_OVER) for person in queue(stop)
    ]


def _too_late(stop: Open, decided_at: str, day_before: str) -> bool:
    return decided_at > f"{day_before}T{rules_of(stop.rules).change_until}"


def _left(stop_id: str, stop: Open, person_id: str, reason: str) -> StopEvent:
    return WaitingListLeft(stop_id=stop_id, campaign=stop.campaign, person_id=person_id, reason=reason)


def _booked(
    stop_id: str, stop: Open, person_id: str, slot_id: str, ticket_id: str, *, waited: bool = False
) -> StopEvent:
    return SlotBooked(
        stop_id=stop_id,
        campaign=stop.campaign,
        person_id=person_id,
        slot_id=slot_id,
        starts_at=stop.slots[slot_id].starts_at,
        ticket_id=ticket_id,
        waited=waited,
        place=stop.place if waited else "",
        date=stop.date if waited else "",
    )
