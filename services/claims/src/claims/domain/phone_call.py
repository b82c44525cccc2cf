"""A telephone call that opened a claim on a death or an urgent case (domain 4.9): taken once, papers follow."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from claims.domain.relief_plan import PhoneRules
from contracts.claims.heirs import ClaimPhoned

DEATH = "DEATH"

# State


@dataclass(frozen=True)
class Absent:
    """No call opened this claim."""


@dataclass(frozen=True)
class Taken:
    """The call as it was taken."""

    phoned: ClaimPhoned


PhoneCall = Absent | Taken


def evolve(_call: PhoneCall, event: ClaimPhoned) -> PhoneCall:
    """Fold one event."""
    return Taken(event)


# Command


@dataclass(frozen=True)
class TakeCall:
    """Record the call; `died` as the informant says."""

    phoned: ClaimPhoned
    rules: PhoneRules
    died: bool


def decide(command: TakeCall, call: PhoneCall) -> list[ClaimPhoned]:
    """The call, [] when it was taken, or Rejected."""
    match call:
        case Absent():
            if command.phoned.cause not in command.rules.causes:
                raise Rejected("cause-not-listed", "The plan knows no such cause for haste.", "cause")
            if (command.phoned.cause == DEATH) != command.died:
                raise Rejected("cause-not-death", "A death is told by its day, and a day of death as a death.", "cause")
            return [command.phoned]
        case Taken(phoned):
            if (phoned.person_id, phoned.cause) == (command.phoned.person_id, command.phoned.cause):
                return []
            raise Rejected("claim-exists", "Another call opened this claim.")


PHONE_CALL: Decider[TakeCall, PhoneCall, ClaimPhoned] = Decider("phone_call", Absent(), evolve, decide)
