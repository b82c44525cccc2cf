"""What one step at a stop means for several streams at once: the stop, the member's check-up, the prefecture's seats.

It is neither HTTP nor a rule: the rules are in the domain, and the sweeps take the same steps as people do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from chassis.clock import new_id
from chassis.decider import Rejected
from chassis.execute import Session
from contracts.health_checkup.stops import MemberMissed
from contracts.health_checkup.v1 import SlotBooked
from health_checkup.domain import prefecture, stop_seats
from health_checkup.domain.exam import EXAM, MISSED, Absent, Done, PlanExam, Planned, ReleaseExam, exam_id
from health_checkup.domain.prefecture import PREFECTURE, CoverSeats, ReturnSeats
from health_checkup.domain.rules import rules_of
from health_checkup.domain.stop import STOP
from health_checkup.domain.stop_commands import BookSlot, CancelBooking, CheckIn, CloseStop, SeatWaiting, TakeInRow
from health_checkup.domain.stop_stages import Open
from health_checkup.projections import eligible
from health_checkup.projections.stops import local_minute


@dataclass(frozen=True)
class Ticket:
    """What a verified QR code says."""

    stop_id: str
    ticket_id: str


async def the_stop(session: Session, stop_id: str) -> Open:
    """The stop. Raises Rejected `stop-unknown`."""
    stop = await session.load(STOP, stop_id)
    if not isinstance(stop, Open):
        raise Rejected("stop-unknown", "No such stop.")
    return stop


def day_before(stop: Open) -> str:
    """The ISO date before the stop's."""
    return (date.fromisoformat(stop.date) - timedelta(days=1)).isoformat()


async def book(session: Session, stop_id: str, person_id: str, slot_id: str) -> Open:
    """Take or change a seat: in the stop, in the campaign, and of the prefecture's quota."""
    stop = await the_stop(session, stop_id)
    minute = local_minute(session.now)
    before = stop.bookings.get(person_id)
    command = BookSlot(stop_id, person_id, slot_id, minute, day_before(stop), new_id())
    if await session.decide(STOP, stop_id, command):
        await _planned(session, stop_id, stop, person_id)
        if before is None:
            await _covered(session, stop_id, stop.seated + 1)
        else:
            await seat_waiting(session, stop_id, (before,))
    return stop


async def cancel(session: Session, stop_id: str, person_id: str) -> None:
    """Give a seat back, and pass it on to the first who waits."""
    stop = await the_stop(session, stop_id)
    slot_id = stop.bookings.get(person_id, "")
    if await session.decide(STOP, stop_id, CancelBooking(stop_id, person_id, local_minute(session.now))):
        await _released(session, stop_id, stop, person_id, "CANCELLED")
        await seat_waiting(session, stop_id, (slot_id,))


async def seat_waiting(session: Session, stop_id: str, freed: tuple[str, ...] = ()) -> int:
    """Free seats go to those who wait and are covered on the day. Returns how many sit now.

    Whoever has found a seat elsewhere, or is not covered any more, leaves the list when the turn comes.
    """
    stop = await the_stop(session, stop_id)
    if not stop.waiting:
        return 0
    keys = {person: exam_id(stop.campaign, person) for person in stop.waiting}
    exams = await session.load_many(EXAM, [*keys.values()])
    tickets = {person: new_id() for person, key in keys.items() if isinstance(exams[key], Absent)}
    room = await _room(session, stop_id, stop)
    async with session.reads.connection() as c:
        uncovered = frozenset(stop.waiting) - await eligible.covered_among(c, [*stop.waiting], stop.date)
    command = SeatWaiting(stop_id, tickets, freed, room, local_minute(session.now), day_before(stop), uncovered)
    seated = 0
    for event in await session.decide(STOP, stop_id, command):
        if isinstance(event, SlotBooked):
            await _planned(session, stop_id, stop, event.person_id)
            seated += 1
    if seated:
        await _covered(session, stop_id, (await the_stop(session, stop_id)).seated)
    return seated


async def check_in(
    session: Session, stop_id: str, person_id: str, *, covered: bool, ticket: Ticket | None, age: int | None = None
) -> None:
    """Somebody stands at the truck with an ID card, and perhaps a QR code; `age` is what the card says for the day."""
    stop = await the_stop(session, stop_id)
    minute = local_minute(session.now)
    shown = ticket or Ticket("", "")
    command = CheckIn(stop_id, person_id, covered, minute, shown.stop_id, shown.ticket_id, age)
    if await session.decide(STOP, stop_id, command):
        await _planned(session, stop_id, stop, person_id)
        await _covered(session, stop_id, (await the_stop(session, stop_id)).occupied(minute))


async def take_in(session: Session, command: TakeInRow, ticket_stop: str) -> str:
    """A check-in made without network; `ticket_stop` is where its ticket is for. Returns the conflict, or ""."""
    stop_id, person_id = command.stop_id, command.person_id
    stop = await the_stop(session, stop_id)
    if command.row_id in stop.rows:
        whose = stop.row_of[command.row_id]
        # Two devices, or one that was set back, have used the number for two people.
        return "row-differs" if whose and person_id and whose != person_id else stop.rows[command.row_id]
    key = exam_id(stop.campaign, person_id)
    exam = await session.load(EXAM, key)
    found = command.found
    elsewhere = ""
    if not found and isinstance(exam, Done) and exam.stop_id != stop_id:
        found = "already-examined"
    elif not found and isinstance(exam, Planned) and exam.stop_id != stop_id:
        there = await the_stop(session, exam.stop_id)
        found = "attended-elsewhere" if person_id in there.attended else "other-stop"
        elsewhere = exam.stop_id if found == "other-stop" else ""
    elif not found and ticket_stop not in ("", stop_id):
        found = "other-stop"
    elif not found and not await _has_room(session, stop_id, stop, person_id):
        found = "beyond-quota"
    await session.decide(
        STOP,
        stop_id,
        TakeInRow(
            stop_id=stop_id,
            row_id=command.row_id,
            device_id=command.device_id,
            person_id=person_id,
            ticket_id=command.ticket_id,
            seen_at=command.seen_at,
            seen_local=command.seen_local,
            covered=command.covered,
            found=found,
        ),
    )
    after = await the_stop(session, stop_id)
    if person_id in after.attended and person_id not in stop.attended:
        await _moved_here(session, stop_id, stop, person_id, elsewhere)
        if await _has_room(session, stop_id, stop, person_id):
            await _covered(session, stop_id, after.seated)
    return after.rows.get(command.row_id, "")


async def _moved_here(session: Session, stop_id: str, stop: Open, person_id: str, elsewhere: str) -> None:
    """Who came here instead of where the seat was gives that seat back."""
    if elsewhere:
        there = await the_stop(session, elsewhere)
        command = CancelBooking(elsewhere, person_id, local_minute(session.now), stop_seats.CAME_ELSEWHERE)
        if person_id in there.bookings and await session.decide(STOP, elsewhere, command):
            await _released(session, elsewhere, there, person_id, stop_seats.CAME_ELSEWHERE)
            await seat_waiting(session, elsewhere, (there.bookings[person_id],))
    exam = await session.load(EXAM, exam_id(stop.campaign, person_id))
    if isinstance(exam, Absent):
        await _planned(session, stop_id, stop, person_id)


async def close(session: Session, stop_id: str) -> None:
    """The truck has left: who did not come is marked, nobody waits, and unused seats go back to the prefecture."""
    stop = await the_stop(session, stop_id)
    missing = {person: exam_id(stop.campaign, person) for person in stop.bookings if person not in stop.attended}
    waiting = {person: exam_id(stop.campaign, person) for person in stop.waiting}
    exams = await session.load_many(EXAM, [*missing.values(), *waiting.values()])
    earlier = {
        person: len(exam.missed) for person, key in missing.items() if isinstance(exam := exams[key], Absent | Planned)
    }
    elsewhere = frozenset(person for person, key in waiting.items() if not isinstance(exams[key], Absent))
    command = CloseStop(stop_id, local_minute(session.now), earlier, elsewhere)
    for event in await session.decide(STOP, stop_id, command):
        if isinstance(event, MemberMissed):
            await _released(session, stop_id, stop, event.person_id, MISSED)
    if stop.rules:
        key = prefecture.key(stop.campaign, stop.prefecture)
        unused = ReturnSeats(stop.campaign, stop.prefecture, stop_id, len(stop.attended))
        await session.decide(PREFECTURE, key, unused)


async def _planned(session: Session, stop_id: str, stop: Open, person_id: str) -> None:
    key = exam_id(stop.campaign, person_id)
    await session.decide(EXAM, key, PlanExam(key, person_id, stop_id, stop.campaign))


async def _released(session: Session, stop_id: str, stop: Open, person_id: str, reason: str) -> None:
    key = exam_id(stop.campaign, person_id)
    await session.decide(EXAM, key, ReleaseExam(key, person_id, stop_id, stop.campaign, reason))


async def _covered(session: Session, stop_id: str, used: int) -> None:
    """Seats in use are seats of the prefecture's quota. Raises Rejected `quota-exhausted`."""
    stop = await the_stop(session, stop_id)
    if not stop.rules:
        return  # from before there were campaigns
    chunk = rules_of(stop.rules).quota_chunk
    command = CoverSeats(stop.campaign, stop.prefecture, stop_id, used, stop.capacity, chunk)
    await session.decide(PREFECTURE, prefecture.key(stop.campaign, stop.prefecture), command)


async def _has_room(session: Session, stop_id: str, stop: Open, person_id: str) -> bool:
    """Whether the quota has a seat for one more."""
    known = person_id in stop.bookings or person_id in stop.attended
    return known or await _room(session, stop_id, stop) > 0


async def _room(session: Session, stop_id: str, stop: Open) -> int:
    """How many more the prefecture's quota lets sit here."""
    if not stop.rules:
        return stop.capacity  # from before there were campaigns
    seats = await session.load(PREFECTURE, prefecture.key(stop.campaign, stop.prefecture))
    return max(seats.stops.get(stop_id, 0) + seats.free - stop.seated, 0)
