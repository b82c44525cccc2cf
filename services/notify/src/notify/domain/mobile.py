"""Whether a person's mobile can be relied on: failures in a row put it in doubt (domain 9.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider
from contracts.notify.reaching import MobileCleared, MobileDoubted, MobileFailed

COUNTED = frozenset({"undelivered", "mobile-invalid", "provider-refused"})
"""Failures of a message that speak against the number; the others speak of something else."""


@dataclass(frozen=True)
class Mobile:
    """Failures in a row, of which messages, and whether the unit has been asked to fix the number."""

    failures: int = 0
    messages: frozenset[str] = frozenset()
    doubted: bool = False


MobileEvent: TypeAlias = MobileFailed | MobileDoubted | MobileCleared


@dataclass(frozen=True)
class CountFailure:
    """A message did not arrive; at `failures_max` of them the number is in doubt."""

    person_id: str
    message_id: str
    failures_max: int


@dataclass(frozen=True)
class ClearMobile:
    """A message arrived, or there is another number; `reason` as in MobileCleared."""

    person_id: str
    reason: str


MobileCommand: TypeAlias = CountFailure | ClearMobile


def evolve(mobile: Mobile, event: MobileEvent) -> Mobile:
    """Fold one event."""
    match event:
        case MobileFailed():
            return Mobile(event.failures, mobile.messages | {event.message_id}, mobile.doubted)
        case MobileDoubted():
            return Mobile(mobile.failures, mobile.messages, doubted=True)
        case MobileCleared():
            return Mobile()


def decide(command: MobileCommand, mobile: Mobile) -> list[MobileEvent]:
    """Each message counts once."""
    match command:
        case CountFailure():
            if command.message_id in mobile.messages:
                return []
            failures = mobile.failures + 1
            events: list[MobileEvent] = [
                MobileFailed(person_id=command.person_id, message_id=command.message_id, failures=failures)
            ]
            if failures >= command.failures_max and not mobile.doubted:
                events.append(MobileDoubted(person_id=command.person_id, failures=failures))
            return events
        case ClearMobile():
            if not mobile.failures:
                return []
            return [MobileCleared(person_id=command.person_id, reason=command.reason)]


MOBILE = Decider[MobileCommand, Mobile, MobileEvent]("mobile", Mobile(), evolve, decide)
