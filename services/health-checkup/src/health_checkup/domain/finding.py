"""An important abnormal result of class A or B, and its follow-up to an end (domain 8.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.health_checkup.records import (
    ClaimOffered,
    ContactAttempted,
    FindingOverdue,
    FindingReclassified,
    FindingWithdrawn,
)
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded

TO_CONTACT, CONTACTED, REFERRED = "TO_CONTACT", "CONTACTED", "REFERRED"
CONFIRMED, EXCLUDED, LOST, WITHDRAWN = "CONFIRMED", "EXCLUDED", "LOST", "WITHDRAWN"
NEXT_STEPS: dict[str, frozenset[str]] = {
    TO_CONTACT: frozenset({CONTACTED, LOST}),
    CONTACTED: frozenset({REFERRED, LOST}),
    REFERRED: frozenset({CONFIRMED, EXCLUDED, LOST}),
}
"""The legal order; who cannot be found any more is lost at any step, after enough attempts."""
CHANNELS = frozenset({"PHONE", "SMS", "VISIT"})
ATTEMPTS_MAX = 30


@dataclass(frozen=True)
class Absent:
    """Nothing was found."""


@dataclass(frozen=True)
class Open:
    """`stage` is TO_CONTACT, CONTACTED or REFERRED; `attempts` the (day, channel) pairs on which nobody was reached.

    `due_by` is the last day for the next step, an ISO date, `contact_by` at first; `overdue` when that was escalated.
    `detail` is what was found, sealed; `org_path` where the device stands that found it, "" for a check-up.
    """

    person_id: str
    finding_class: str
    stage: str
    contact_by: str
    due_by: str
    attempts: tuple[tuple[str, str], ...] = ()
    overdue: bool = False
    detail: Sealed | None = None
    org_path: str = ""


@dataclass(frozen=True)
class Closed:
    """`outcome` is CONFIRMED, EXCLUDED, LOST or WITHDRAWN; `offered` when the member may open a claim."""

    person_id: str
    outcome: str
    offered: bool = False
    org_path: str = ""


Finding: TypeAlias = Absent | Open | Closed
FindingEvent: TypeAlias = (
    FindingRaised
    | FindingReclassified
    | FollowUpRecorded
    | ContactAttempted
    | FindingOverdue
    | FindingWithdrawn
    | ClaimOffered
)


def evolve(finding: Finding, event: FindingEvent) -> Finding:
    """Fold one event; a finding that is raised again begins anew."""
    match event, finding:
        case FindingRaised(), _:
            return Open(
                person_id=event.person_id,
                finding_class=event.finding_class,
                stage=TO_CONTACT,
                contact_by=event.contact_by,
                due_by=event.contact_by,
                detail=event.detail,
                org_path=event.org_path,
            )
        case FindingReclassified(), Open():
            return replace(
                finding,
                finding_class=event.finding_class,
                detail=event.detail,
                contact_by=event.contact_by,
                due_by=event.due_by,
                overdue=False,
            )
        case FollowUpRecorded(outcome=outcome), Open() if outcome in NEXT_STEPS:
            # A step from before later steps had a day leaves the first one, so that none stands for ever.
            return replace(finding, stage=outcome, due_by=event.due_by or finding.due_by, overdue=False)
        case FollowUpRecorded(), _:
            return Closed(event.person_id, event.outcome, org_path=_place(finding))
        case ContactAttempted(), Open():
            return replace(finding, attempts=(*finding.attempts, (event.attempted_on, event.channel)))
        case FindingOverdue(), Open():
            return replace(finding, overdue=True)
        case FindingWithdrawn(), _:
            return Closed(event.person_id, WITHDRAWN, org_path=_place(finding))
        case ClaimOffered(), Closed():
            return replace(finding, offered=True)
        case _:
            return finding


def _place(finding: Finding) -> str:
    return "" if isinstance(finding, Absent) else finding.org_path


@dataclass(frozen=True)
class ContactRules:
    """Plan data (domain 8.2): days to reach the member by class, and what it takes to give somebody up as lost.

    `next_within_days` the days from a stage to the step after it: stage, class, days.
    """

    within_days: tuple[tuple[str, int], ...]
    attempts_min: int
    span_days_min: int
    next_within_days: tuple[tuple[str, str, int], ...]

    def contact_by(self, finding_class: str, today: date) -> str:
        """The last day on which the member must have been reached, an ISO date."""
        return (today + timedelta(days=dict(self.within_days)[finding_class])).isoformat()

    def due_by(self, stage: str, finding_class: str, today: date) -> str:
        """The last day for the step after a stage that is reached today, an ISO date; "" after an end."""
        for each_stage, each_class, days in self.next_within_days:
            if (each_stage, each_class) == (stage, finding_class):
                return (today + timedelta(days=days)).isoformat()
        return ""


@dataclass(frozen=True)
class RaiseFinding:
    """The values of an exam crossed a limit of class A or B; `contact_by` is an ISO date.

    `grown`: amended results crossed one that the results before did not, so that somebody must be told anew. Without
    it a finding that is being followed up takes the class; `next_by` stage → the last day for the step after it then.
    """

    finding_id: str
    exam_id: str
    person_id: str
    finding_class: str
    detail: Sealed
    contact_by: str
    grown: bool = False
    org_path: str = ""
    next_by: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class WithdrawFinding:
    """Amended results cross no limit any more; `whole` when the results were another person's, an end included."""

    finding_id: str
    whole: bool = False


@dataclass(frozen=True)
class RecordAttempt:
    """The provider tried to reach the member, in vain."""

    finding_id: str
    channel: str
    today: str


@dataclass(frozen=True)
class RecordFollowUp:
    """The provider took a step; `illness` is the listed one that a specialist confirmed, if any."""

    finding_id: str
    outcome: str
    note: Sealed | None
    illness: Sealed | None
    today: str
    rules: ContactRules


@dataclass(frozen=True)
class EscalateFinding:
    """Look whether the last day for the next step is over."""

    finding_id: str
    today: str


FindingCommand: TypeAlias = RaiseFinding | WithdrawFinding | RecordAttempt | RecordFollowUp | EscalateFinding


def _raise(command: RaiseFinding, finding: Finding) -> list[FindingEvent]:
    if not isinstance(finding, Absent) and not command.grown:
        return _reclassify(command, finding)
    return [
        FindingRaised(
            finding_id=command.finding_id,
            exam_id=command.exam_id,
            person_id=command.person_id,
            finding_class=command.finding_class,
            detail=command.detail,
            contact_by=command.contact_by,
            org_path=command.org_path,
        )
    ]


def _reclassify(command: RaiseFinding, finding: Open | Closed) -> list[FindingEvent]:
    if isinstance(finding, Closed) or command.finding_class == finding.finding_class:
        return []
    called = finding.stage != TO_CONTACT
    return [
        FindingReclassified(
            finding_id=command.finding_id,
            person_id=finding.person_id,
            finding_class=command.finding_class,
            earlier_class=finding.finding_class,
            detail=command.detail,
            contact_by=finding.contact_by if called else command.contact_by,
            due_by=dict(command.next_by)[finding.stage] if called else command.contact_by,
        )
    ]


def _attempt(command: RecordAttempt, finding: Open) -> list[FindingEvent]:
    if command.channel not in CHANNELS:
        raise Rejected("channel-invalid", f"A member is reached by {', '.join(sorted(CHANNELS))}.", "channel")
    if (command.today, command.channel) in finding.attempts:
        return []
    if len(finding.attempts) >= ATTEMPTS_MAX:
        raise Rejected("attempts-too-many", f"At most {ATTEMPTS_MAX} attempts are recorded.")
    return [
        ContactAttempted(
            finding_id=command.finding_id,
            person_id=finding.person_id,
            attempt=len(finding.attempts) + 1,
            channel=command.channel,
            attempted_on=command.today,
        )
    ]


def _follow_up(command: RecordFollowUp, finding: Open) -> list[FindingEvent]:
    if command.illness is not None and command.outcome != CONFIRMED:
        raise Rejected("illness-not-confirmed", "An illness is named with CONFIRMED alone.", "illness")
    if command.outcome == finding.stage:
        return []
    if command.outcome not in NEXT_STEPS[finding.stage]:
        raise Rejected("follow-up-out-of-order", f"After {finding.stage} comes another step.", "outcome")
    if command.outcome == CONTACTED and command.note is None:
        raise Rejected("note-missing", "What the member was told is put down in writing.", "note")
    if command.outcome == LOST:
        _require_attempts(finding, command)
    followed_up = FollowUpRecorded(
        finding_id=command.finding_id,
        person_id=finding.person_id,
        outcome=command.outcome,
        note=command.note,
        due_by=command.rules.due_by(command.outcome, finding.finding_class, date.fromisoformat(command.today)),
    )
    return [followed_up, *_offer(command, finding.person_id)]


def _require_attempts(finding: Open, command: RecordFollowUp) -> None:
    days = sorted({day for day, _ in finding.attempts})
    rules = command.rules
    span = (date.fromisoformat(command.today) - date.fromisoformat(days[0])).days if days else 0
    if len(finding.attempts) < rules.attempts_min or span < rules.span_days_min:
        sentence = f"Lost is who was tried {rules.attempts_min} times over {rules.span_days_min} days."
        raise Rejected("attempts-missing", sentence, "outcome")


def _offer(command: RecordFollowUp, person_id: str) -> list[FindingEvent]:
    if command.illness is None:
        return []
    return [
        ClaimOffered(
            finding_id=command.finding_id, person_id=person_id, illness=command.illness, offered_on=command.today
        )
    ]


def _follow_up_closed(command: RecordFollowUp, finding: Closed) -> list[FindingEvent]:
    if command.outcome != finding.outcome:
        raise Rejected("follow-up-closed", f"The follow-up ended with {finding.outcome}.", "outcome")
    # An illness may be named after the confirmation; the claim is offered once all the same.
    return [] if finding.offered or finding.outcome != CONFIRMED else _offer(command, finding.person_id)


def _withdraw(command: WithdrawFinding, finding: Finding) -> list[FindingEvent]:
    ended = isinstance(finding, Closed) and (not command.whole or finding.outcome == WITHDRAWN)
    if isinstance(finding, Absent) or ended:
        return []
    return [FindingWithdrawn(finding_id=command.finding_id, person_id=finding.person_id)]


def _step(command: RecordAttempt | RecordFollowUp, finding: Finding) -> list[FindingEvent]:
    match finding:
        case Absent():
            raise Rejected("finding-unknown", "No such finding.")
        case Open():
            return _attempt(command, finding) if isinstance(command, RecordAttempt) else _follow_up(command, finding)
        case Closed():
            if isinstance(command, RecordAttempt):
                raise Rejected("follow-up-closed", f"The follow-up ended with {finding.outcome}.")
            return _follow_up_closed(command, finding)


def _escalate(command: EscalateFinding, finding: Open) -> list[FindingEvent]:
    if finding.overdue or command.today <= finding.due_by:
        return []
    return [
        FindingOverdue(
            finding_id=command.finding_id,
            person_id=finding.person_id,
            finding_class=finding.finding_class,
            contact_by=finding.contact_by,
            overdue_on=command.today,
            stage=finding.stage,
            due_by=finding.due_by,
        )
    ]


def decide(command: FindingCommand, finding: Finding) -> list[FindingEvent]:
    """Steps are taken in their order, each once; nobody is given up before enough attempts."""
    match command:
        case RaiseFinding():
            return _raise(command, finding)
        case WithdrawFinding():
            return _withdraw(command, finding)
        case EscalateFinding():
            return _escalate(command, finding) if isinstance(finding, Open) else []
        case RecordAttempt() | RecordFollowUp():
            return _step(command, finding)


FINDING = Decider[FindingCommand, Finding, FindingEvent]("finding", Absent(), evolve, decide)
