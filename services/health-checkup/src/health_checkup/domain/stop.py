"""A stop of the truck: opened, invited to in waves, its seats booked and never oversold, members checked in, closed."""

from __future__ import annotations

from chassis.decider import Decider, Rejected
from contracts.health_checkup.v1 import StopOpened
from health_checkup.domain import stop_day, stop_seats
from health_checkup.domain.stop_commands import (
    AnswerPreCheck,
    BookSlot,
    CancelBooking,
    CheckIn,
    CloseStop,
    CloseWave,
    DeclineInvitation,
    InviteMembers,
    JoinWaitingList,
    LeaveWaitingList,
    OpenStop,
    SeatWaiting,
    StopCommand,
    TakeInRow,
)
from health_checkup.domain.stop_seats import wave_max
from health_checkup.domain.stop_stages import Absent, Closed, Open, Stop, StopEvent, evolve

__all__ = ["STOP", "BookSlot", "CheckIn", "Closed", "InviteMembers", "Open", "OpenStop", "Stop", "wave_max"]

SLOTS_MAX = 48
SLOT_CAPACITY_MAX = 100


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
            route_id=command.route_id,
            visit_id=command.visit_id,
            ends_at=command.ends_at,
            rules=command.rules,
        )
    ]


def _opened_again(command: OpenStop, stop: Open) -> list[StopEvent]:
    if (command.campaign, command.place, command.date) == (stop.campaign, stop.place, stop.date):
        return []
    raise Rejected("stop-differs", "Another stop has this id.")


def decide(command: StopCommand, stop: Stop) -> list[StopEvent]:
    """One seat is never sold twice; one member sits in one seat; who came is recorded once."""
    match command, stop:
        case OpenStop(), Absent():
            return _open(command)
        case _, Absent():
            raise Rejected("stop-unknown", "No such stop.")
        case OpenStop(), Open():
            return _opened_again(command, stop)
        case InviteMembers(), Open():
            return stop_seats.invite(command, stop)
        case DeclineInvitation(), Open():
            return stop_seats.decline(command, stop)
        case CloseWave(), Open():
            return stop_seats.close_wave(command, stop)
        case JoinWaitingList(), Open():
            return stop_seats.join(command, stop)
        case LeaveWaitingList(), Open():
            return stop_seats.leave(command, stop)
        case BookSlot(), Open():
            return stop_seats.book(command, stop)
        case CancelBooking(), Open():
            return stop_seats.cancel(command, stop)
        case SeatWaiting(), Open():
            return stop_seats.seat_waiting(command, stop)
        case AnswerPreCheck(), Open():
            return stop_day.answer(command, stop)
        case CheckIn(), Open():
            return stop_day.check_in(command, stop)
        case TakeInRow(), Open():
            return stop_day.take_in(command, stop)
        case CloseStop(), Closed():
            return []
        case CloseStop(), Open():
            return stop_day.close(command, stop)


STOP = Decider[StopCommand, Stop, StopEvent]("stop", Absent(), evolve, decide)
