"""A cover: granted once per plan, period and person (domain 12.1); the stream's id is its natural key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.v1 import CoverageGranted


@dataclass(frozen=True)
class Uncovered:
    """Never covered in this plan."""


@dataclass(frozen=True)
class Covered:
    """Covered through this row of this roster."""

    batch_id: str
    row_no: int


Coverage: TypeAlias = Uncovered | Covered


def coverage_id(plan_code: str, person_id: str) -> str:
    """One stream per plan and person, so a second cover is a version conflict."""
    return f"{plan_code}-{person_id}"


def evolve(_coverage: Coverage, event: CoverageGranted) -> Coverage:
    """The cover after an event."""
    return Covered(event.batch_id, event.row_no)


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


def decide(command: GrantCoverage, coverage: Coverage) -> Sequence[CoverageGranted]:
    """Rejected: already-covered, when another row holds the cover."""
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


COVERAGE = Decider[GrantCoverage, Coverage, CoverageGranted]("coverage", Uncovered(), evolve, decide)
