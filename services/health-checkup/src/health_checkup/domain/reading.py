"""What a member measured at a self-service device: one fact for each reading of the device (domain 8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.health_checkup.records import ReadingTaken


@dataclass(frozen=True)
class Absent:
    """Not handed in."""


@dataclass(frozen=True)
class Taken:
    """Whose it is and when it was measured; the values stay sealed."""

    person_id: str
    measured_at: str


Reading: TypeAlias = Absent | Taken


def evolve(reading: Reading, event: ReadingTaken) -> Reading:
    """Fold one event."""
    del reading
    return Taken(event.person_id, event.measured_at)


@dataclass(frozen=True)
class TakeReading:
    """A device hands in a reading; `now` and `measured_at` are RFC 3339 in UTC."""

    kiosk_id: str
    reading_id: str
    person_id: str
    org_path: str
    package: str
    measured_at: str
    measurements: Sealed
    now: str


def reading_key(kiosk_id: str, reading_id: str) -> str:
    """A device counts its own readings, so its name is part of the key."""
    return f"{kiosk_id}-{reading_id}"


def decide(command: TakeReading, reading: Reading) -> list[ReadingTaken]:
    """The same reading again is nothing new; another under its number is refused."""
    match reading:
        case Taken():
            if (command.person_id, command.measured_at) == (reading.person_id, reading.measured_at):
                return []
            raise Rejected("reading-differs", "The device has used this number for another reading.", "reading_id")
        case Absent():
            if command.measured_at > command.now:
                raise Rejected("reading-in-future", "The device's clock is ahead.", "measured_at")
            return [
                ReadingTaken(
                    kiosk_id=command.kiosk_id,
                    reading_id=command.reading_id,
                    person_id=command.person_id,
                    org_path=command.org_path,
                    package=command.package,
                    measured_at=command.measured_at,
                    measurements=command.measurements,
                )
            ]


READING: Decider[TakeReading, Reading, ReadingTaken] = Decider("reading", Absent(), evolve, decide)
