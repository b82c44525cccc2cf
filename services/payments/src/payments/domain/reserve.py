"""What a pool sets aside: shares of each donation, and at a month's end what claims will still cost (domain 7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.payments.months import KindReserve
from contracts.payments.v1 import Transfer
from payments.domain import ledger

ALL_PERCENT = 100


@dataclass(frozen=True)
class SetAside:
    """Shares of a donation in percent: for risk (2401) and for the cost of the activity (5201)."""

    risk_percent: int = 0
    activity_percent: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError: nobody sets aside less than nothing or more than there is."""
        if (
            self.risk_percent < 0
            or self.activity_percent < 0
            or self.risk_percent + self.activity_percent > ALL_PERCENT
        ):
            raise ValueError("What is set aside of a donation is between 0 and 100 percent of it.")


NOTHING = SetAside()
"""A gift plan pays out all it was given."""


def set_aside(donation_id: str, plan_code: str, amount_fen: int, shares: SetAside) -> tuple[Transfer, ...]:
    """The shares of a donation, rounded down to the fen; nothing is booked of a share of nothing. No cash moves."""
    risk_fen = amount_fen * shares.risk_percent // 100
    activity_fen = amount_fen * shares.activity_percent // 100
    booked = []
    if risk_fen:
        to_risk = f"donation-{donation_id}:risk"
        booked.append(ledger.single(to_risk, plan_code, ledger.PROVISION, ledger.RISK_RESERVE, risk_fen))
    if activity_fen:
        cost = f"donation-{donation_id}:activity"
        booked.append(ledger.single(cost, plan_code, ledger.ACTIVITY_COST, ledger.ACTIVITY_PAYABLE, activity_fen))
    return tuple(booked)


def adjusted(
    plan_code: str, month: str, held_fen: Mapping[str, int], reserves: Iterable[KindReserve]
) -> tuple[Transfer, ...]:
    """The entries that bring the claims reserves, by kind, from what is held to what these figures say.

    `held_fen` has the credit balance of each reserve account by its name in the chart. A kind without a figure falls to
    nothing. A figure that has fallen is booked the other way round, so a month's entry is undone by a later one.
    """
    target = dict.fromkeys(held_fen, 0)
    for one in reserves:
        target[outstanding_account(one.kind)] = one.outstanding_fen
        target[ibnr_account(one.kind)] = one.ibnr_fen
    booked = []
    for name in sorted(target):
        missing_fen = target[name] - held_fen.get(name, 0)
        if missing_fen:
            debit, credit = (ledger.PROVISION, name) if missing_fen > 0 else (name, ledger.PROVISION)
            transfer_id = f"month_end-{plan_code}-{month}:{name}"
            booked.append(ledger.single(transfer_id, plan_code, debit, credit, abs(missing_fen)))
    return tuple(booked)


def outstanding_account(kind: str) -> str:
    """What reported claims of a kind will cost (2301), by the account's name in the chart."""
    return f"{ledger.OUTSTANDING_RESERVE}:{kind}"


def ibnr_account(kind: str) -> str:
    """What claims of a kind that nobody has reported yet will cost (2302)."""
    return f"{ledger.IBNR_RESERVE}:{kind}"


def kinds_reserved(names: Iterable[str]) -> set[str]:
    """The kinds of incident that have a claims reserve among these accounts."""
    return {name.rpartition(":")[2] for name in names if is_claims_reserve(name)}


def is_claims_reserve(name: str) -> bool:
    """Whether an account of the chart is one that a month's end sets."""
    return name.startswith((f"{ledger.OUTSTANDING_RESERVE}:", f"{ledger.IBNR_RESERVE}:"))
