"""A receipt of money that was asked back: booked once, for the fund that had paid it (domain 7.2)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.v1 import RecoveryBooked
from payments.domain import ledger


@dataclass(frozen=True)
class Absent:
    """Nothing is known of it."""


@dataclass(frozen=True)
class Booked:
    """It is in the ledger."""

    plan_code: str
    amount_fen: int
    fund: str = ledger.POOL.name


RecoveryReceipt = Absent | Booked


def evolve(_receipt: RecoveryReceipt, event: RecoveryBooked) -> RecoveryReceipt:
    """The receipt after an event."""
    return Booked(event.plan_code, event.amount_fen, event.fund)


@dataclass(frozen=True)
class BookRecovery:
    """Take money that came back into its fund; `receipt_id` is the bank's."""

    recovery_id: str
    receipt_id: str
    claim_id: str
    plan_code: str
    amount_fen: int
    fund: str = ledger.POOL.name


def receipt_key(recovery_id: str, receipt_id: str) -> str:
    """One receipt of a recovery is booked once, for ever."""
    return f"{recovery_id}-{receipt_id}"


def decide(command: BookRecovery, receipt: RecoveryReceipt) -> list[RecoveryBooked]:
    """Book once; the same receipt with another amount is refused."""
    match receipt:
        case Absent():
            if command.amount_fen <= 0:
                raise Rejected("amount-not-positive", "A receipt is more than nothing.", "amount_fen")
            fund = ledger.FUNDS[command.fund]
            transfers = ledger.recovered(
                command.recovery_id, command.receipt_id, command.plan_code, command.amount_fen, fund
            )
            return [RecoveryBooked(**vars(command), transfers=transfers)]
        case Booked(plan_code, amount_fen, fund_name):
            if (plan_code, amount_fen, fund_name) != (command.plan_code, command.amount_fen, command.fund):
                raise Rejected("receipt-differs", "This receipt was booked with another plan, fund or amount.")
            return []


RECOVERY_RECEIPT: Decider[BookRecovery, RecoveryReceipt, RecoveryBooked] = Decider(
    "recovery_receipt", Absent(), evolve, decide
)
