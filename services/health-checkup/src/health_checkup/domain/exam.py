"""A member's check-up of one campaign: planned at one stop, its results recorded once, and corrected in the open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.health_checkup.records import ReportAttached, ResultsAmended, ResultsRetracted, RetractionProposed
from contracts.health_checkup.stops import ExamReleased
from contracts.health_checkup.v1 import ExamPlanned, ResultsRecorded

MISSED = "MISSED"
ADDED, CORRECTED = "ADDED", "CORRECTED"
REASONS = frozenset({ADDED, CORRECTED})
RETRACTION_REASONS = frozenset({"OTHER_PERSON", "SAMPLES_SWAPPED"})
VERSIONS_MAX = 50
REPORTS_MAX = 20
FIRST_FIELD = "health_checkup.results-recorded.v1/measurements"
AMENDED_FIELD = "health_checkup.results-amended.v1/measurements"


@dataclass(frozen=True)
class Absent:
    """Neither planned nor done; `missed` are the stops of the campaign that the member did not come to."""

    missed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Planned:
    """A seat is booked at one stop, or the member has come there; `retracted` when results there were another's."""

    stop_id: str
    missed: frozenset[str] = frozenset()
    retracted: bool = False


@dataclass(frozen=True)
class Proposal:
    """Somebody says that the results are another person's."""

    reason: str
    by: str


@dataclass(frozen=True)
class Done:
    """The results are part of the health record; the values stay sealed, as the newest version has them.

    `age` is in completed years on the day, None where nobody read it from the ID card.
    """

    stop_id: str
    package: str
    measurements: Sealed
    version: int = 1
    reports: tuple[str, ...] = ()
    age: int | None = None
    proposal: Proposal | None = None

    @property
    def field(self) -> str:
        """The field that the values are sealed in."""
        return FIRST_FIELD if self.version == 1 else AMENDED_FIELD


Exam: TypeAlias = Absent | Planned | Done
ExamEvent: TypeAlias = (
    ExamPlanned
    | ExamReleased
    | ResultsRecorded
    | ResultsAmended
    | RetractionProposed
    | ResultsRetracted
    | ReportAttached
)


def exam_id(campaign: str, person_id: str) -> str:
    """One check-up per person and campaign (domain 8.2): the id says so."""
    return f"{campaign}-{person_id}"


def evolve(exam: Exam, event: ExamEvent) -> Exam:
    """Fold one event; a plan never takes recorded results back."""
    match event:
        case ExamPlanned():
            # Whoever is planned where they were missed has been there after all.
            return exam if isinstance(exam, Done) else Planned(event.stop_id, exam.missed - {event.stop_id})
        case ExamReleased():
            if isinstance(exam, Done):
                return exam
            return Absent(exam.missed | {event.stop_id} if event.reason == MISSED else exam.missed)
        case ResultsRecorded():
            return Done(event.stop_id, event.package, event.measurements, age=event.age)
        case ResultsAmended():
            reports = exam.reports if isinstance(exam, Done) else ()
            return Done(event.stop_id, event.package, event.measurements, event.version, reports, event.age)
        case RetractionProposed():
            return replace(exam, proposal=Proposal(event.reason, event.by)) if isinstance(exam, Done) else exam
        case ResultsRetracted():
            return Planned(event.stop_id, retracted=True)
        case ReportAttached():
            return replace(exam, reports=(*exam.reports, event.sha256)) if isinstance(exam, Done) else exam


@dataclass(frozen=True)
class PlanExam:
    """The member books a seat of this stop."""

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str


@dataclass(frozen=True)
class RecordResults:
    """The provider hands in values; `attended` and `same_values` are looked up, counts come from the package."""

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    package: str
    examined_on: str
    measurements: Sealed
    items: int
    abnormal: int
    attended: bool
    same_values: bool
    age: int | None = None


@dataclass(frozen=True)
class AmendResults:
    """The provider adds to what was recorded or corrects it; `reason` is ADDED or CORRECTED."""

    exam_id: str
    person_id: str
    campaign: str
    package: str
    examined_on: str
    reason: str
    measurements: Sealed
    items: int
    abnormal: int
    same_values: bool
    age: int | None = None


@dataclass(frozen=True)
class ProposeRetraction:
    """The results are another person's; `reason` is OTHER_PERSON or SAMPLES_SWAPPED."""

    exam_id: str
    person_id: str
    reason: str
    by: str


@dataclass(frozen=True)
class ConfirmRetraction:
    """A second person agrees; `today` is an ISO date."""

    exam_id: str
    person_id: str
    campaign: str
    today: str
    by: str


@dataclass(frozen=True)
class AttachReport:
    """The provider's signed PDF, which is kept already under the digest of its sealed bytes."""

    exam_id: str
    person_id: str
    campaign: str
    sha256: str
    size_bytes: int
    attached_on: str
    kept_until: str
    by: str


@dataclass(frozen=True)
class ReleaseExam:
    """The seat at this stop is given up: CANCELLED, MISSED or CAME_ELSEWHERE."""

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    reason: str


ExamCommand: TypeAlias = (
    PlanExam | ReleaseExam | RecordResults | AmendResults | ProposeRetraction | ConfirmRetraction | AttachReport
)


def _plan(command: PlanExam, exam: Exam) -> list[ExamEvent]:
    match exam:
        case Absent():
            return [
                ExamPlanned(
                    exam_id=command.exam_id,
                    person_id=command.person_id,
                    stop_id=command.stop_id,
                    campaign=command.campaign,
                )
            ]
        case Planned(stop_id=stop_id):
            if stop_id == command.stop_id:
                return []
            raise Rejected("booked-elsewhere", "The member has a seat at another stop of this campaign.")
        case Done():
            raise Rejected("already-examined", "The member has been examined in this campaign.")


def _release(command: ReleaseExam, exam: Exam) -> list[ExamEvent]:
    match exam:
        case Planned(stop_id=stop_id) if stop_id == command.stop_id:
            return [
                ExamReleased(
                    exam_id=command.exam_id,
                    person_id=command.person_id,
                    stop_id=command.stop_id,
                    campaign=command.campaign,
                    reason=command.reason,
                )
            ]
        case _:
            return []


def _record(command: RecordResults, exam: Exam) -> list[ExamEvent]:
    match exam:
        case Done():
            if command.same_values:
                return []
            raise Rejected("results-recorded", "Other results are already part of the health record.")
        case Absent() | Planned():
            if not command.attended:
                raise Rejected("not-attended", "Results are recorded for members who were checked in.", "person_id")
            return [
                ResultsRecorded(
                    exam_id=command.exam_id,
                    person_id=command.person_id,
                    stop_id=command.stop_id,
                    campaign=command.campaign,
                    package=command.package,
                    examined_on=command.examined_on,
                    measurements=command.measurements,
                    items=command.items,
                    abnormal=command.abnormal,
                    age=command.age,
                )
            ]


def _amend(command: AmendResults, exam: Exam) -> list[ExamEvent]:
    if not isinstance(exam, Done):
        raise Rejected("results-unknown", "There are no results yet that could be corrected.", "person_id")
    if command.reason not in REASONS:
        raise Rejected("reason-invalid", "Results are amended because items came later or a value was wrong.", "reason")
    if command.same_values:
        return []
    if exam.version >= VERSIONS_MAX:
        raise Rejected("amended-too-often", f"Results have at most {VERSIONS_MAX} versions.")
    return [
        ResultsAmended(
            exam_id=command.exam_id,
            person_id=command.person_id,
            stop_id=exam.stop_id,
            campaign=command.campaign,
            package=command.package,
            examined_on=command.examined_on,
            version=exam.version + 1,
            reason=command.reason,
            measurements=command.measurements,
            items=command.items,
            abnormal=command.abnormal,
            age=command.age if command.age is not None else exam.age,
        )
    ]


def _propose(command: ProposeRetraction, exam: Exam) -> list[ExamEvent]:
    if not isinstance(exam, Done):
        raise Rejected("results-unknown", "There are no results that could be another person's.", "person_id")
    if command.reason not in RETRACTION_REASONS:
        reasons = ", ".join(sorted(RETRACTION_REASONS))
        raise Rejected("reason-invalid", f"Results are taken back for one of {reasons}.", "reason")
    if exam.proposal is not None:
        if exam.proposal == Proposal(command.reason, command.by):
            return []
        raise Rejected("retraction-proposed", "Somebody has proposed it; another person may agree.")
    return [
        RetractionProposed(
            exam_id=command.exam_id,
            person_id=command.person_id,
            reason=command.reason,
            version=exam.version,
            by=command.by,
        )
    ]


def _confirm(command: ConfirmRetraction, exam: Exam) -> list[ExamEvent]:
    if isinstance(exam, Planned) and exam.retracted:
        return []
    if not isinstance(exam, Done) or exam.proposal is None:
        raise Rejected("retraction-unknown", "Nobody has proposed to take these results back.", "person_id")
    if exam.proposal.by == command.by:
        raise Rejected("same-person", "Another person than who proposed it must agree.")
    return [
        ResultsRetracted(
            exam_id=command.exam_id,
            person_id=command.person_id,
            stop_id=exam.stop_id,
            campaign=command.campaign,
            package=exam.package,
            reason=exam.proposal.reason,
            version=exam.version,
            measurements=exam.measurements,
            reports=exam.reports,
            retracted_on=command.today,
            proposed_by=exam.proposal.by,
            by=command.by,
        )
    ]


def _attach(command: AttachReport, exam: Exam) -> list[ExamEvent]:
    if not isinstance(exam, Done):
        raise Rejected("results-unknown", "A report belongs to results, and there are none yet.", "person_id")
    if command.sha256 in exam.reports:
        return []
    if len(exam.reports) >= REPORTS_MAX:
        raise Rejected("reports-too-many", f"A check-up has at most {REPORTS_MAX} reports.")
    return [
        ReportAttached(
            exam_id=command.exam_id,
            person_id=command.person_id,
            stop_id=exam.stop_id,
            campaign=command.campaign,
            sha256=command.sha256,
            size_bytes=command.size_bytes,
            attached_on=command.attached_on,
            kept_until=command.kept_until,
            by=command.by,
        )
    ]


def decide(command: ExamCommand, exam: Exam) -> list[ExamEvent]:
    """One booking and one check-up per person and campaign; a correction is a fact of its own."""
    match command:
        case PlanExam():
            return _plan(command, exam)
        case ReleaseExam():
            return _release(command, exam)
        case RecordResults():
            return _record(command, exam)
        case AmendResults():
            return _amend(command, exam)
        case ProposeRetraction():
            return _propose(command, exam)
        case ConfirmRetraction():
            return _confirm(command, exam)
        case AttachReport():
            return _attach(command, exam)


EXAM = Decider[ExamCommand, Exam, ExamEvent]("exam", Absent(), evolve, decide)
