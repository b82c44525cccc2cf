"""A stop's day: who is checked in with and without network, who did not come."""

from __future__ import annotations

from chassis.decider import Rejected
from contracts.health_checkup.stops import (
    CheckInConflictFound,
    MemberMissed,
    PreCheckAnswered,
    StopClosed,
)
from contracts.health_checkup.v1 import MemberAttended
from health_checkup.domain.rules import rules_of
from health_checkup.domain.stop_commands import AnswerPreCheck, CheckIn, CloseStop, TakeInRow
from health_checkup.domain.stop_seats import end_waiting
from health_checkup.domain.stop_stages import Closed, Open, StopEvent

NOT_THERE = frozenset(
    {"signature-invalid", "device-unknown", "ticket-invalid", "person-unknown", "ticket-used", "row-differs"}
)
"""Conflicts after which nobody counts as having been there; after every other the person does."""


def answer(command: AnswerPreCheck, stop: Open) -> list[StopEvent]:
    """Rejected: not-booked."""
    if command.person_id not in stop.bookings and command.person_id not in stop.attended:
        raise Rejected("not-booked", "The questions are for who has a seat or has come.", "person_id")
    if command.same:
        return []
    return [
        PreCheckAnswered(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            person_id=command.person_id,
            answers=command.answers,
        )
    ]


def check_in(command: CheckIn, stop: Open) -> list[StopEvent]:
    """Rejected: stop-not-yet, stop-over, not-covered, stop-full; and by the QR code that was shown.

    Whoever came to a stop that is over comes in by the rows of the truck's device alone: `take_in`.
    """
    person = command.person_id
    if command.ticket_id:
        _check_ticket(command, stop)
    if person in stop.attended:
        return []
    if command.decided_at < stop.date:
        raise Rejected("stop-not-yet", "The truck is not there yet.")
    if isinstance(stop, Closed) or command.decided_at[: len(stop.date)] > stop.date:
        raise Rejected("stop-over", "The truck has left; a check-in it made without network is handed in as a row.")
    if person not in stop.bookings:
        if not command.covered:
            raise Rejected("not-covered", "Without a booking, only a covered member is taken in.", "person_id")
        if stop.occupied(command.decided_at) >= stop.capacity:
            raise Rejected("stop-full", "Every seat is booked or taken.")
    return [_attended(command.stop_id, stop, person, ticket_id=command.ticket_id, age=command.age)]


def _check_ticket(command: CheckIn, stop: Open) -> None:
    holder = stop.tickets.get(command.ticket_id)
    if command.ticket_stop != command.stop_id:
        raise Rejected("ticket-of-other-stop", "The QR code is for another stop.", "ticket")
    if holder != command.person_id:
        raise Rejected("proxy-not-allowed", "The QR code is not the person's of the ID card.", "ticket")
    if command.ticket_id in stop.used:
        raise Rejected("ticket-used", "The QR code has been used.", "ticket")
    if stop.ticket_of.get(holder) != command.ticket_id:
        raise Rejected("ticket-superseded", "The booking was changed or cancelled since.", "ticket")


def take_in(command: TakeInRow, stop: Open) -> list[StopEvent]:
    """Never refused: what does not fit is named and kept, and whoever was there counts as having been there."""
    if command.row_id in stop.rows:
        return []
    reason = command.found or _conflict(command, stop)
    attended = reason not in NOT_THERE
    events: list[StopEvent] = []
    if attended and command.person_id not in stop.attended:
        holder = stop.tickets.get(command.ticket_id)
        events.append(
            _attended(
                command.stop_id,
                stop,
                command.person_id,
                ticket_id=command.ticket_id if holder == command.person_id else "",
                row=command,
            )
        )
    elif not reason:
        reason = "already-attended"
    if reason:
        events.append(
            CheckInConflictFound(
                stop_id=command.stop_id,
                campaign=stop.campaign,
                row_id=command.row_id,
                device_id=command.device_id,
                person_id=command.person_id,
                ticket_id=command.ticket_id,
                seen_at=command.seen_at,
                reason=reason,
                attended=attended,
            )
        )
    return events


def _conflict(command: TakeInRow, stop: Open) -> str:
    person = command.person_id
    if command.ticket_id:
        holder = stop.tickets.get(command.ticket_id)
        if command.ticket_id in stop.used:
            return "ticket-used"
        if holder is None:
            return "ticket-invalid"
        if holder != person:
            return "ticket-of-another"
        if stop.ticket_of.get(holder) != command.ticket_id:
            return "ticket-superseded"
    if command.seen_local[: len(stop.date)] != stop.date:
        return "another-day"
    if person not in stop.bookings and person not in stop.attended:
        if not command.covered:
            return "not-covered"
        if stop.occupied(command.seen_local) >= stop.capacity:
            return "beyond-capacity"
    return ""


def close(command: CloseStop, stop: Open) -> list[StopEvent]:
    """Who did not come is named, and the waiting list ends. Rejected: stop-not-over."""
    if command.decided_at < f"{stop.date}T{rules_of(stop.rules).closes_at}":
        raise Rejected("stop-not-over", "The stop's day is not over.")
    missed = [person for person in stop.bookings if person not in stop.attended]
    walk_ins = stop.attended - set(stop.bookings) - set(stop.invited)
    return [
        *(
            MemberMissed(
                stop_id=command.stop_id,
                campaign=stop.campaign,
                person_id=person,
                times=command.earlier.get(person, 0) + 1,
            )
            for person in missed
        ),
        *end_waiting(command.stop_id, stop, command.elsewhere),
        StopClosed(
            stop_id=command.stop_id,
            campaign=stop.campaign,
            booked=len(stop.bookings),
            attended=len(stop.attended),
            missed=len(missed),
            walk_ins=len(walk_ins),
        ),
    ]


def _attended(
    stop_id: str,
    stop: Open,
    person_id: str,
    *,
    ticket_id: str = "",
    row: TakeInRow | None = None,
    age: int | None = None,
) -> StopEvent:
    return MemberAttended(
        stop_id=stop_id,
        person_id=person_id,
        campaign=stop.campaign,
        walk_in=person_id not in stop.invited and person_id not in stop.bookings,
        ticket_id=ticket_id,
        row_id=row.row_id if row else "",
        device_id=row.device_id if row else "",
        seen_at=row.seen_at if row else "",
        age=age,
    )
