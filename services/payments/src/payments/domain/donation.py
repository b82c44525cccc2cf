"""A donation: booked into the pool's ledger once."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.v1 import DonationBooked
from payments.domain import ledger
from payments.domain.reserve import NOTHING, SetAside, set_aside


@dataclass(frozen=True)
class Absent:
    """Nothing is known of it."""


@dataclass(frozen=True)
class Booked:
    """It is in the ledger."""

    plan_code: str
    amount_fen: int


Donation = Absent | Booked


def evolve(_donation: Donation, event: DonationBooked) -> Donation:
    """The donation after an event."""
    return Booked(event.plan_code, event.amount_fen)


@dataclass(frozen=True)
class BookDonation:
    """Take the donor's money into the pool; `amount_fen` is above zero, dates are ISO dates.

    `shares` are what the plan sets aside of it, as they are when it is booked.
    """

    donation_id: str
    plan_code: str
    amount_fen: int
    received_on: str = ""
    period_start: str = ""
    period_end: str = ""
    shares: SetAside = NOTHING


def decide(command: BookDonation, donation: Donation) -> list[DonationBooked]:
    """Book once; the same donation with another amount is refused."""
    match donation:
        case Absent():
            if command.amount_fen <= 0:
                raise Rejected("amount-not-positive", "A donation is more than nothing.", "amount_fen")
            whole = (command.donation_id, command.plan_code, command.amount_fen)
            return [
                DonationBooked(
                    donation_id=command.donation_id,
                    plan_code=command.plan_code,
                    amount_fen=command.amount_fen,
                    transfers=(*ledger.donated(*whole), *set_aside(*whole, command.shares)),
                    received_on=command.received_on,
                    period_start=command.period_start,
                    period_end=command.period_end,
                )
            ]
        case Booked(plan_code, amount_fen):
            if (plan_code, amount_fen) != (command.plan_code, command.amount_fen):
                raise Rejected("donation-differs", "This donation was booked with another plan or amount.")
            return []


DONATION: Decider[BookDonation, Donation, DonationBooked] = Decider("donation", Absent(), evolve, decide)
