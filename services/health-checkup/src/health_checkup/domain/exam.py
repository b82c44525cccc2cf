"""A member's check-up of one campaign: planned at one stop, its results recorded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import ExamPlanned, ResultsRecorded


@dataclass(frozen=True)
class Absent:
    """Neither planned nor done."""


@dataclass(frozen=True)
class Planned:
    """A seat is booked at one stop."""

    stop_id: str


@dataclass(frozen=True)
class Done:
    """The results are part of the health record; the values stay sealed."""

    stop_id: str
    measurements: Sealed


Exam: TypeAlias = Absent | Planned | Done
ExamEvent: TypeAlias = ExamPlanned | ResultsRecorded


def exam_id(campaign: str, person_id: str) -> str:
    """One check-up per person and campaign (domain 8.2): the id says so."""
    return f"{campaign}-{person_id}"


def evolve(exam: Exam, event: ExamEvent) -> Exam:
    """Fold one event; a plan never takes recorded results back."""
    match event:
        case ExamPlanned():
            return exam if isinstance(exam, Done) else Planned(event.stop_id)
        case ResultsRecorded():
            return Done(event.stop_id, event.measurements)


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


ExamCommand: TypeAlias = PlanExam | RecordResults


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
        case Planned(stop_id):
            if stop_id == command.stop_id:
                return []
            raise Rejected("booked-elsewhere", "The member has a seat at another stop of this campaign.")
        case Done():
            raise Rejected("already-examined", "The member has been examined in this campaign.")


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
                )
            ]


def decide(command: ExamCommand, exam: Exam) -> list[ExamEvent]:
    """One booking and one check-up per person and campaign."""
    match command:
        case PlanExam():
            return _plan(command, exam)
        case RecordResults():
            return _record(command, exam)


EXAM = Decider[ExamCommand, Exam, ExamEvent]("exam", Absent(), evolve, decide)
