"""The switch that holds all payouts: while it is off, no batch is signed or handed to the bank."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.owing import PayoutsPaused, PayoutsResumed

ALL = "all"
"""There is one switch."""


@dataclass(frozen=True)
class Running:
    """Payouts go their way."""


@dataclass(frozen=True)
class Paused:
    """Nothing goes out, since somebody said so."""

    by: str
    reason: str


PayoutSwitch = Running | Paused
SwitchEvent = PayoutsPaused | PayoutsResumed


def evolve(_switch: PayoutSwitch, event: SwitchEvent) -> PayoutSwitch:
    """The switch after an event."""
    match event:
        case PayoutsPaused(by=by, reason=reason):
            return Paused(by, reason)
        case PayoutsResumed():
            return Running()


@dataclass(frozen=True)
class PausePayouts:
    """Hold everything; `reason` is for people and names nobody."""

    by: str
    reason: str


@dataclass(frozen=True)
class ResumePayouts:
    """Let it go on."""

    by: str
    reason: str


def decide(command: PausePayouts | ResumePayouts, switch: PayoutSwitch) -> list[SwitchEvent]:
    """Anybody entitled may pull the brake; a second pull is quiet and keeps the first reason."""
    if not command.reason.strip():
        raise Rejected("reason-missing", "Say why.", "reason")
    match command:
        case PausePayouts():
            return [] if isinstance(switch, Paused) else [PayoutsPaused(by=command.by, reason=command.reason)]
        case ResumePayouts():
            return [] if isinstance(switch, Running) else [PayoutsResumed(by=command.by, reason=command.reason)]


def running(switch: PayoutSwitch) -> None:
    """Go on if payouts are not held. Raises Rejected."""
    if isinstance(switch, Paused):
        raise Rejected("payouts-paused", "All payouts are held; resume them first.")


PAYOUT_SWITCH: Decider[PausePayouts | ResumePayouts, PayoutSwitch, SwitchEvent] = Decider(
    "payout_switch", Running(), evolve, decide
)
