"""A cover: granted once per plan, period and person (domain 12.1), it follows the person to other work (domain 5.6).

The stream's id is its natural key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted

Place: TypeAlias = tuple[str, str, str]
"""Occupation, path of the organisation, work county."""


@dataclass(frozen=True)
class Uncovered:
    """Never covered in this plan."""


@dataclass(frozen=True)
class Covered:
    """Covered through this row of this roster; `place` holds since `placed_on`, `left` held before (None: nothing)."""

    batch_id: str
    row_no: int
    place: Place
    placed_on: str
    ends_on: str
    left: Place | None = None


Coverage: TypeAlias = Uncovered | Covered
CoverageEvent: TypeAlias = CoverageGranted | CoverageMoved


def coverage_id(plan_code: str, person_id: str) -> str:
    """One stream per plan and person, so a second cover is a version conflict."""
    return f"{plan_code}-{person_id}"


def evolve(coverage: Coverage, event: CoverageEvent) -> Coverage:
    """The cover after an event."""
    match event:
        case CoverageGranted():
            place = (event.occupation, event.org_path, event.division_code)
            return Covered(event.batch_id, event.row_no, place, event.effective_on, event.ends_on)
        case CoverageMoved():
            if isinstance(coverage, Uncovered):
                return coverage
            place = (event.occupation, event.org_path, event.division_code)
            left = (event.left_occupation, event.left_org_path, event.left_division_code)
            return replace(coverage, place=place, placed_on=event.effective_on, left=left)


@dataclass(frozen=True, kw_only=True)
class GrantCoverage:
    """Cover a person for the plan's whole period; dates are half-open ISO dates."""

    plan_code: str
    plan_version: int
    person_id: str
    batch_id: str
    row_no: int
    effective_on: str
    ends_on: str
    occupation: str
    org_path: str
    division_code: str


@dataclass(frozen=True, kw_only=True)
class MoveCoverage:
    """The covered person works elsewhere from an ISO date on."""

    plan_code: str
    person_id: str
    occupation: str
    org_path: str
    division_code: str
    effective_on: str
    source: str


CoverageCommand: TypeAlias = GrantCoverage | MoveCoverage


def decide(command: CoverageCommand, coverage: Coverage) -> Sequence[CoverageEvent]:
    """Rejected: already-covered, when another row holds the cover; cover-unknown."""
    match command:
        case GrantCoverage():
            return _granted(command, coverage)
        case MoveCoverage():
            if isinstance(coverage, Uncovered):
                raise Rejected("cover-unknown", "This person holds no cover of the plan.", "plan_code")
            return _moved(command, coverage)


def _granted(command: GrantCoverage, coverage: Coverage) -> Sequence[CoverageGranted]:
    match coverage:
        case Uncovered():
            return [
                CoverageGranted(
                    plan_code=command.plan_code,
                    plan_version=command.plan_version,
                    person_id=command.person_id,
                    batch_id=command.batch_id,
                    row_no=command.row_no,
                    effective_on=command.effective_on,
                    ends_on=command.ends_on,
                    occupation=command.occupation,
                    org_path=command.org_path,
                    division_code=command.division_code,
                )
            ]
        case Covered(batch_id, row_no):
            if (batch_id, row_no) != (command.batch_id, command.row_no):
                raise Rejected("already-covered", "This person already holds a cover of the plan and period.")
            return []


def _moved(command: MoveCoverage, covered: Covered) -> Sequence[CoverageMoved]:
    """Nothing moves that is there already, or has ended; a day before the last place is that place's day."""
    place = (command.occupation, command.org_path, command.division_code)
    if place == covered.place or command.effective_on >= covered.ends_on:
        return []
    same_day = command.effective_on <= covered.placed_on
    left = (covered.left or place) if same_day else covered.place
    return [
        CoverageMoved(
            plan_code=command.plan_code,
            person_id=command.person_id,
            occupation=command.occupation,
            org_path=command.org_path,
            division_code=command.division_code,
            left_occupation=left[0],
            left_org_path=left[1],
            left_division_code=left[2],
            effective_on=max(command.effective_on, covered.placed_on),
            source=command.source,
        )
    ]


COVERAGE = Decider[CoverageCommand, Coverage, CoverageEvent]("coverage", Uncovered(), evolve, decide)
