"""A donation to the relief fund: booked once for each receipt of the bank (domain 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.v1 import ReliefDonationBooked
from payments.domain import ledger


@dataclass(frozen=True)
class Absent:
    """Nothing is known of it."""


@dataclass(frozen=True)
class Booked:
    """It is in the ledger."""

    booked: ReliefDonationBooked


ReliefDonation = Absent | Booked


def evolve(_donation: ReliefDonation, event: ReliefDonationBooked) -> ReliefDonation:
    """The donation after an event."""
    return Booked(event)


@dataclass(frozen=True)
class BookReliefDonation:
    """Take a donor's money into the relief fund; `received_on` and `today` are ISO dates."""

    reference: str
    plan_code: str
    donor: str
    amount_fen: int
    received_on: str
    today: str
    by: str


def donation_key(plan_code: str, reference: str) -> str:
    """One receipt of the bank is one donation, for ever."""
    return f"{plan_code}-{reference}"


def decide(command: BookReliefDonation, donation: ReliefDonation) -> list[ReliefDonationBooked]:
    """Book once; the same receipt with another amount is refused."""
    match donation:
        case Absent():
            if command.amount_fen <= 0:
                raise Rejected("amount-not-positive", "A donation is more than nothing.", "amount_fen")
            if command.received_on > command.today:
                raise Rejected("date-in-future", "Money that has not come is not booked.", "received_on")
            key = donation_key(command.plan_code, command.reference)
            return [
                ReliefDonationBooked(
                    reference=command.reference,
                    plan_code=command.plan_code,
                    donor=command.donor,
                    amount_fen=command.amount_fen,
                    received_on=command.received_on,
                    by=command.by,
                    transfers=ledger.donated(key, command.plan_code, command.amount_fen, ledger.RELIEF),
                )
            ]
        case Booked(booked):
            if (booked.amount_fen, booked.donor) != (command.amount_fen, command.donor):
                raise Rejected("donation-differs", "This receipt was booked with another amount or donor.")
            return []


RELIEF_DONATION: Decider[BookReliefDonation, ReliefDonation, ReliefDonationBooked] = Decider(
    "relief_donation", Absent(), evolve, decide
)
