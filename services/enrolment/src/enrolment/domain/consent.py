"""Consent: what a person agreed to, purpose by purpose, and took back (PIPL 14, 15, 29; domain 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.people import ConsentGiven, ConsentWithdrawn

PURPOSES = ("DATA_MATCHING", "AUTO_PAY", "HEALTH_CHECKUP", "HEALTH_RECORD", "MESSAGES")
"""What can be agreed to: the bureau's data, payment without an application, check-ups, the health record, news."""


@dataclass(frozen=True)
class Consents:
    """The purposes agreed to now."""

    given: frozenset[str] = frozenset()


ConsentEvent: TypeAlias = ConsentGiven | ConsentWithdrawn


def evolve(consents: Consents, event: ConsentEvent) -> Consents:
    """The consents after an event."""
    match event:
        case ConsentGiven():
            return Consents(consents.given | {event.purpose})
        case ConsentWithdrawn():
            return Consents(consents.given - {event.purpose})


@dataclass(frozen=True, kw_only=True)
class GiveConsent:
    """The person agrees. An ISO date."""

    person_id: str
    purpose: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class WithdrawConsent:
    """The person no longer agrees. An ISO date."""

    person_id: str
    purpose: str
    today: str
    by: str


ConsentCommand: TypeAlias = GiveConsent | WithdrawConsent


def decide(command: ConsentCommand, consents: Consents) -> Sequence[ConsentEvent]:
    """Rejected: purpose-unknown."""
    if command.purpose not in PURPOSES:
        raise Rejected("purpose-unknown", "There is no such purpose.", "purpose")
    match command:
        case GiveConsent():
            if command.purpose in consents.given:
                return []
            return [
                ConsentGiven(
                    person_id=command.person_id, purpose=command.purpose, given_on=command.today, by=command.by
                )
            ]
        case WithdrawConsent():
            if command.purpose not in consents.given:
                return []
            return [
                ConsentWithdrawn(
                    person_id=command.person_id, purpose=command.purpose, withdrawn_on=command.today, by=command.by
                )
            ]


CONSENT = Decider[ConsentCommand, Consents, ConsentEvent]("consent", Consents(), evolve, decide)
