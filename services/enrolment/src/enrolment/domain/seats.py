"""The seats of a plan: given by donors, taken by valid rows of rosters, never more than given (domain 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.v1 import DonationReceived, SeatsReserved


@dataclass(frozen=True, kw_only=True)
class Seats:
    """What was given and taken; `donations` and `reservations` are what a repeated command is known by."""

    given: int = 0
    taken: int = 0
    donations: frozenset[str] = frozenset()
    reservations: frozenset[tuple[str, int]] = frozenset()

    @property
    def free(self) -> int:
        """Seats that no row has taken."""
        return self.given - self.taken


SeatsEvent: TypeAlias = DonationReceived | SeatsReserved


def evolve(seats: Seats, event: SeatsEvent) -> Seats:
    """The seats after an event."""
    match event:
        case DonationReceived():
            return replace(seats, given=seats.given + event.seats, donations=seats.donations | {event.donation_id})
        case SeatsReserved():
            place = (event.batch_id, event.first_row)
            return replace(seats, taken=seats.taken + event.seats, reservations=seats.reservations | {place})


@dataclass(frozen=True, kw_only=True)
class ReceiveDonation:
    """A donor pays for seats. `contribution_fen` is the plan's, a head."""

    donation_id: str
    plan_code: str
    plan_version: int
    donor: str
    seats: int
    amount_fen: int
    contribution_fen: int
    received_on: str
    period_start: str
    period_end: str


@dataclass(frozen=True, kw_only=True)
class ReserveSeats:
    """The valid rows of a roster from `first_row` on take seats."""

    plan_code: str
    batch_id: str
    first_row: int
    seats: int


SeatsCommand: TypeAlias = ReceiveDonation | ReserveSeats


def decide(command: SeatsCommand, seats: Seats) -> Sequence[SeatsEvent]:
    """Rejected: seats-not-positive, donation-amount-wrong, seats-exhausted."""
    if command.seats <= 0:
        raise Rejected("seats-not-positive", "At least one seat must be named.", "seats")
    match command:
        case ReceiveDonation():
            return _receive(command, seats)
        case ReserveSeats():
            if (command.batch_id, command.first_row) in seats.reservations:
                return []
            if command.seats > seats.free:
                raise Rejected("seats-exhausted", f"Only {seats.free} seats of the plan are free.", "seats")
            return [
                SeatsReserved(
                    plan_code=command.plan_code,
                    batch_id=command.batch_id,
                    first_row=command.first_row,
                    seats=command.seats,
                )
            ]


def _receive(command: ReceiveDonation, seats: Seats) -> Sequence[SeatsEvent]:
    if command.donation_id in seats.donations:
        return []
    owed_fen = command.seats * command.contribution_fen
    if command.amount_fen != owed_fen:
        raise Rejected(
            "donation-amount-wrong", f"{command.seats} seats of this plan cost {owed_fen} fen.", "amount_fen"
        )
    return [
        DonationReceived(
            donation_id=command.donation_id,
            plan_code=command.plan_code,
            plan_version=command.plan_version,
            donor=command.donor,
            seats=command.seats,
            amount_fen=command.amount_fen,
            received_on=command.received_on,
            period_start=command.period_start,
            period_end=command.period_end,
        )
    ]


SEATS = Decider[SeatsCommand, Seats, SeatsEvent]("seats", Seats(), evolve, decide)
