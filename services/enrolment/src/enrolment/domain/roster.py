"""A roster: received as a file, imported in order chunk by chunk, finished when every row is decided (domain 5.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.v1 import RosterImported, RosterProblemsFound, RosterReceived, RosterRowsImported, RowProblem

PROBLEMS_PER_EVENT_MAX = 150
"""A row with every code that can meet is some 330 bytes long; this many stay below the size of one event."""


@dataclass(frozen=True)
class Absent:
    """No such roster."""


@dataclass(frozen=True, kw_only=True)
class Importing:
    """Rows below `next_row` are decided, in chunks that begin at the rows of `chunks`."""

    plan_code: str
    organization: str
    rows: int
    next_row: int
    valid: int
    errors: Mapping[str, int]
    warnings: Mapping[str, int]
    chunks: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """Every row is decided."""

    rows: int
    valid: int


Roster: TypeAlias = Absent | Importing | Imported
RosterEvent: TypeAlias = RosterReceived | RosterRowsImported | RosterImported


def evolve(roster: Roster, event: RosterEvent) -> Roster:
    """The roster after an event."""
    match event, roster:
        case RosterReceived(), _:
            return Importing(
                plan_code=event.plan_code,
                organization=event.organization,
                rows=event.rows,
                next_row=1,
                valid=0,
                errors={},
                warnings={},
            )
        case RosterRowsImported(), Importing():
            return replace(
                roster,
                next_row=event.last_row + 1,
                valid=roster.valid + event.valid,
                errors=_added(roster.errors, event.errors),
                warnings=_added(roster.warnings, event.warnings),
                chunks=(*roster.chunks, event.first_row),
            )
        case RosterImported(), _:
            return Imported(rows=event.rows, valid=event.valid)
        case _:
            return roster


def _added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(counts) + Counter(more)).items()))


@dataclass(frozen=True, kw_only=True)
class ReceiveRoster:
    """Take a checked file for import. The batch id is derived from file, plan and organisation."""

    batch_id: str
    plan_code: str
    organization: str
    org_path: str
    file_sha256: str
    format: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class ImportRows:
    """Record what became of `first_row`..`last_row`; rows not listed in `problems` are taken without a remark."""

    batch_id: str
    first_row: int
    last_row: int
    problems: tuple[RowProblem, ...]


RosterCommand: TypeAlias = ReceiveRoster | ImportRows


def decide(command: RosterCommand, roster: Roster) -> Sequence[RosterEvent]:
    """Rejected: roster-unknown, rows-out-of-order."""
    match command, roster:
        case ReceiveRoster(), Absent():
            return [
                RosterReceived(
                    batch_id=command.batch_id,
                    plan_code=command.plan_code,
                    organization=command.organization,
                    org_path=command.org_path,
                    file_sha256=command.file_sha256,
                    format=command.format,
                    rows=command.rows,
                )
            ]
        case ReceiveRoster(), _:
            return []
        case ImportRows(), Absent():
            raise Rejected("roster-unknown", "No such roster was received.", "batch_id")
        case ImportRows(), Imported():
            return []
        case ImportRows(), Importing():
            return _import_rows(command, roster)


def _import_rows(command: ImportRows, roster: Importing) -> Sequence[RosterEvent]:
    if command.last_row < roster.next_row:
        return []
    if command.first_row != roster.next_row or not command.first_row <= command.last_row <= roster.rows:
        raise Rejected(
            "rows-out-of-order", f"Row {roster.next_row} of {roster.rows} is the next to import.", "first_row"
        )
    refused = sum(1 for problem in command.problems if problem.errors)
    imported = RosterRowsImported(
        batch_id=command.batch_id,
        first_row=command.first_row,
        last_row=command.last_row,
        valid=command.last_row - command.first_row + 1 - refused,
        errors=_counted(problem.errors for problem in command.problems),
        warnings=_counted(problem.warnings for problem in command.problems),
    )
    if command.last_row < roster.rows:
        return [imported]
    done = evolve(roster, imported)
    assert isinstance(done, Importing)
    return [
        imported,
        RosterImported(
            batch_id=command.batch_id,
            rows=done.rows,
            valid=done.valid,
            errors=dict(done.errors),
            warnings=dict(done.warnings),
        ),
    ]


def _counted(codes: Iterable[tuple[str, ...]]) -> dict[str, int]:
    return dict(sorted(Counter(code for each in codes for code in each).items()))


def problems_stream(command: ImportRows) -> str:
    """The stream of a chunk's problems: never folded, so that a roster stays quick to load."""
    return f"roster_problems-{command.batch_id}-{command.first_row}"


def problems_found(command: ImportRows) -> list[RosterProblemsFound]:
    """A chunk's problems as events, several where they are too many for one."""
    starts = range(0, len(command.problems), PROBLEMS_PER_EVENT_MAX)
    parts = (command.problems[start : start + PROBLEMS_PER_EVENT_MAX] for start in starts)
    return [RosterProblemsFound(batch_id=command.batch_id, problems=part) for part in parts]


ROSTER = Decider[RosterCommand, Roster, RosterEvent]("roster", Absent(), evolve, decide)
