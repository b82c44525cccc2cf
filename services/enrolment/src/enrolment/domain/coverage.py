"""A cover: granted once per plan, period and person (domain 12.1), it follows the person to other work (domain 5.6).

The stream's id is its natural key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.batches import CoverageReserved, CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted

Place: TypeAlias = tuple[str, str, str]
"""Occupation, path of the organisation, work county."""


@dataclass(frozen=True)
class Uncovered:
    """Not covered in this plan."""


@dataclass(frozen=True)
class Reserved:
    """A row of a batch holds a seat for the person: covered from the start, if all confirm (domain 5.1)."""

    batch_id: str
    row_no: int
    org_path: str


@dataclass(frozen=True)
class Covered:
    """Covered through this row of this roster; `place` holds since `placed_on`, `left` held before (None: nothing)."""

    batch_id: str
    row_no: int
    place: Place
    placed_on: str
    ends_on: str
    left: Place | None = None

    @property
    def org_path(self) -> str:
        """The organisation through which the person is covered."""
        return self.place[1]


Coverage: TypeAlias = Uncovered | Reserved | Covered
CoverageEvent: TypeAlias = CoverageReserved | CoverageGranted | CoverageMoved | CoverageWithdrawn


def coverage_id(plan_code: str, person_id: str) -> str:
    """One stream per plan and person, so a second cover is a version conflict."""
    return f"{plan_code}-{person_id}"


def evolve(coverage: Coverage, event: CoverageEvent) -> Coverage:
    """The cover after an event."""
    match event:
        case CoverageReserved():
            return Reserved(event.batch_id, event.row_no, event.org_path)
        case CoverageWithdrawn():
            return Uncovered()
        case CoverageGranted():
            place = (event.occupation, event.org_path, event.division_code)
            return Covered(event.batch_id, event.row_no, place, event.effective_on, event.ends_on)
        case CoverageMoved():
            if not isinstance(coverage, Covered):
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
class ReserveCoverage:
    """A valid row of a batch that waits for confirmation holds a seat for the person."""

    plan_code: str
    person_id: str
    batch_id: str
    row_no: int
    org_path: str


@dataclass(frozen=True, kw_only=True)
class WithdrawCoverage:
    """The row no longer stands: REPLACED, CANCELLED or TERMINATED."""

    plan_code: str
    person_id: str
    batch_id: str
    row_no: int
    reason: str


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


CoverageCommand: TypeAlias = ReserveCoverage | GrantCoverage | WithdrawCoverage | MoveCoverage


def decide(command: CoverageCommand, coverage: Coverage) -> Sequence[CoverageEvent]:
    """Rejected: already-covered, when another row holds the cover or its seat; cover-unknown."""
    match command:
        case ReserveCoverage():
            return _reserve(command, coverage)
        case GrantCoverage():
            return _grant(command, coverage)
        case WithdrawCoverage():
            return _withdraw(command, coverage)
        case MoveCoverage():
            return _move(command, coverage)


def _reserve(command: ReserveCoverage, coverage: Coverage) -> Sequence[CoverageEvent]:
    match coverage:
        case Uncovered():
            return [
                CoverageReserved(
                    plan_code=command.plan_code,
                    person_id=command.person_id,
                    batch_id=command.batch_id,
                    row_no=command.row_no,
                    org_path=command.org_path,
                )
            ]
        case Reserved() | Covered():
            return _same_row(command, coverage, [])


def _grant(command: GrantCoverage, coverage: Coverage) -> Sequence[CoverageEvent]:
    match coverage:
        case Uncovered():
            return [_granted(command)]
        case Reserved():
            return _same_row(command, coverage, [_granted(command)])
        case Covered():
            return _same_row(command, coverage, [])


def _withdraw(command: WithdrawCoverage, coverage: Coverage) -> Sequence[CoverageEvent]:
    match coverage:
        case Uncovered():
            return []
        case Reserved() | Covered():
            withdrawn = CoverageWithdrawn(
                plan_code=command.plan_code,
                person_id=command.person_id,
                batch_id=command.batch_id,
                row_no=command.row_no,
                reason=command.reason,
            )
            return _same_row(command, coverage, [withdrawn])


def _move(command: MoveCoverage, coverage: Coverage) -> Sequence[CoverageEvent]:
    match coverage:
        case Uncovered() | Reserved():
            raise Rejected("cover-unknown", "This person holds no cover of the plan.", "plan_code")
        case Covered():
            return _moved(command, coverage)


def _same_row(
    command: ReserveCoverage | GrantCoverage | WithdrawCoverage,
    coverage: Reserved | Covered,
    events: Sequence[CoverageEvent],
) -> Sequence[CoverageEvent]:
    """Only the row that holds the seat may decide on it."""
    if (coverage.batch_id, coverage.row_no) != (command.batch_id, command.row_no):
        raise Rejected("already-covered", "This person already holds a cover of the plan and period.")
    return events


def _granted(command: GrantCoverage) -> CoverageGranted:
    return CoverageGranted(
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
