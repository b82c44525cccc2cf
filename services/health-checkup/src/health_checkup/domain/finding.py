"""An important abnormal result of class A or B, and its follow-up to an end (domain 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded

CONTACT_WITHIN_DAYS = {"A": 0, "B": 7}
"""Class A within the day, class B within seven (domain 8.2)."""
NEXT_STEPS: dict[str, frozenset[str]] = {
    "TO_CONTACT": frozenset({"CONTACTED", "LOST"}),
    "CONTACTED": frozenset({"REFERRED", "LOST"}),
    "REFERRED": frozenset({"CONFIRMED", "EXCLUDED", "LOST"}),
}
"""The legal order; who cannot be found any more is lost at any step."""
OUTCOMES = frozenset({"CONTACTED", "REFERRED", "CONFIRMED", "EXCLUDED", "LOST"})


@dataclass(frozen=True)
class Absent:
    """Nothing was found."""


@dataclass(frozen=True)
class Open:
    """`stage` is TO_CONTACT, CONTACTED or REFERRED."""

    person_id: str
    finding_class: str
    stage: str


@dataclass(frozen=True)
class Closed:
    """`outcome` is CONFIRMED, EXCLUDED or LOST."""

    outcome: str


Finding: TypeAlias = Absent | Open | Closed
FindingEvent: TypeAlias = FindingRaised | FollowUpRecorded


def evolve(finding: Finding, event: FindingEvent) -> Finding:
    """Fold one event."""
    match event:
        case FindingRaised():
            return Open(event.person_id, event.finding_class, "TO_CONTACT")
        case FollowUpRecorded():
            if isinstance(finding, Open) and event.outcome in NEXT_STEPS:
                return Open(finding.person_id, finding.finding_class, event.outcome)
            return Closed(event.outcome)


@dataclass(frozen=True)
class RaiseFinding:
    """The values of an exam crossed a limit of class A or B; `contact_by` is an ISO date."""

    finding_id: str
    exam_id: str
    person_id: str
    finding_class: str
    detail: Sealed
    contact_by: str


@dataclass(frozen=True)
class RecordFollowUp:
    """The provider took a step."""

    finding_id: str
    outcome: str
    note: Sealed | None


FindingCommand: TypeAlias = RaiseFinding | RecordFollowUp


def _raise(command: RaiseFinding, finding: Finding) -> list[FindingEvent]:
    match finding:
        case Absent():
            return [
                FindingRaised(
                    finding_id=command.finding_id,
                    exam_id=command.exam_id,
                    person_id=command.person_id,
                    finding_class=command.finding_class,
                    detail=command.detail,
                    contact_by=command.contact_by,
                )
            ]
        case Open() | Closed():
            return []


def _follow_up(command: RecordFollowUp, finding: Finding) -> list[FindingEvent]:
    match finding:
        case Absent():
            raise Rejected("finding-unknown", "No such finding.")
        case Open(person_id, _, stage):
            if command.outcome == stage:
                return []
            if command.outcome not in NEXT_STEPS[stage]:
                raise Rejected("follow-up-out-of-order", f"After {stage} comes another step.", "outcome")
            return [
                FollowUpRecorded(
                    finding_id=command.finding_id, person_id=person_id, outcome=command.outcome, note=command.note
                )
            ]
        case Closed(outcome):
            if command.outcome == outcome:
                return []
            raise Rejected("follow-up-closed", f"The follow-up ended with {outcome}.", "outcome")


def decide(command: FindingCommand, finding: Finding) -> list[FindingEvent]:
    """Steps are taken in their order, each once."""
    match command:
        case RaiseFinding():
            return _raise(command, finding)
        case RecordFollowUp():
            return _follow_up(command, finding)


FINDING = Decider[FindingCommand, Finding, FindingEvent]("finding", Absent(), evolve, decide)
