"""A prefecture's seats in a campaign: its stops take them in chunks ahead of their bookings, and give back the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.campaigns import PrefectureSeatsGranted, StopSeatsReleased, StopSeatsReserved


@dataclass(frozen=True)
class Seats:
    """What was granted, and what each stop has taken of it; nothing is granted before there is a quota."""

    granted: int = 0
    stops: Mapping[str, int] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        """Seats of all stops."""
        return sum(self.stops.values())

    @property
    def free(self) -> int:
        """Seats that no stop has taken; check-ins made without network may have gone beyond the quota."""
        return max(self.granted - self.reserved, 0)


SeatsEvent: TypeAlias = PrefectureSeatsGranted | StopSeatsReserved | StopSeatsReleased


def key(campaign: str, prefecture: str) -> str:
    """One stream for each campaign and prefecture."""
    return f"{campaign}-{prefecture}"


def evolve(seats: Seats, event: SeatsEvent) -> Seats:
    """Fold one event."""
    match event:
        case PrefectureSeatsGranted():
            return replace(seats, granted=event.seats)
        case StopSeatsReserved():
            return replace(seats, stops={**seats.stops, event.stop_id: seats.stops.get(event.stop_id, 0) + event.seats})
        case StopSeatsReleased():
            return replace(seats, stops={**seats.stops, event.stop_id: seats.stops.get(event.stop_id, 0) - event.seats})


@dataclass(frozen=True)
class GrantSeats:
    """The quota as the campaign has just set it."""

    campaign: str
    prefecture: str
    seats: int


@dataclass(frozen=True)
class CoverSeats:
    """A stop now has `used` seats booked or taken: let it have that many, `chunk` at a time, of its `capacity`."""

    campaign: str
    prefecture: str
    stop_id: str
    used: int
    capacity: int
    chunk: int


@dataclass(frozen=True)
class ReturnSeats:
    """A closed stop keeps the `used` seats."""

    campaign: str
    prefecture: str
    stop_id: str
    used: int


SeatsCommand: TypeAlias = GrantSeats | CoverSeats | ReturnSeats


def _cover(command: CoverSeats, seats: Seats) -> list[SeatsEvent]:
    missing = command.used - seats.stops.get(command.stop_id, 0)
    if missing <= 0:
        return []
    if missing > seats.free:
        raise Rejected("quota-exhausted", "The prefecture's quota for this campaign is used up.")
    more = min(max(missing, command.chunk), seats.free, max(command.capacity - command.used, 0) + missing)
    return [
        StopSeatsReserved(campaign=command.campaign, prefecture=command.prefecture, stop_id=command.stop_id, seats=more)
    ]


def decide(command: SeatsCommand, seats: Seats) -> list[SeatsEvent]:
    """What the stops have taken is never more than was granted."""
    match command:
        case GrantSeats():
            if command.seats == seats.granted:
                return []
            if command.seats < seats.reserved:
                raise Rejected("quota-in-use", f"Its stops have taken {seats.reserved} seats.", "seats")
            return [
                PrefectureSeatsGranted(campaign=command.campaign, prefecture=command.prefecture, seats=command.seats)
            ]
        case CoverSeats():
            return _cover(command, seats)
        case ReturnSeats():
            rest = seats.stops.get(command.stop_id, 0) - command.used
            if rest <= 0:
                return []
            return [
                StopSeatsReleased(
                    campaign=command.campaign, prefecture=command.prefecture, stop_id=command.stop_id, seats=rest
                )
            ]


PREFECTURE = Decider[SeatsCommand, Seats, SeatsEvent]("prefecture", Seats(), evolve, decide)
