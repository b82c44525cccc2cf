"""One ID number under two names: on hold until the county has seen the ID card (domain 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.envelope import Sealed

REGISTERED, CLAIMED = "REGISTERED", "CLAIMED"
CLAIMED_IDENTITY = "enrolment.name-conflict-found.v1/identity"
"""The field that what a row claims is sealed in."""


@dataclass(frozen=True)
class Clear:
    """One number, one name."""


@dataclass(frozen=True)
class OnHold:
    """A row bears another name; `claimed` is its sealed identity."""

    batch_id: str
    row_no: int
    claimed: Sealed


@dataclass(frozen=True)
class Resolved:
    """It was settled, with this name right; another row may raise it again."""

    right: str


NameConflict: TypeAlias = Clear | OnHold | Resolved
NameConflictEvent: TypeAlias = NameConflictFound | NameConflictResolved


def evolve(_conflict: NameConflict, event: NameConflictEvent) -> NameConflict:
    """The conflict after an event."""
    match event:
        case NameConflictFound():
            return OnHold(event.batch_id, event.row_no, event.identity)
        case NameConflictResolved():
            return Resolved(event.right)


@dataclass(frozen=True, kw_only=True)
class RaiseNameConflict:
    """A row of a roster names a registered person otherwise; its identity is sealed already."""

    person_id: str
    plan_code: str
    batch_id: str
    row_no: int
    org_path: str
    identity: Sealed


@dataclass(frozen=True, kw_only=True)
class ResolveNameConflict:
    """Whose name the ID card shows, as seen by the actor `by`; `reason` says what was shown."""

    person_id: str
    right: str
    reason: str
    by: str


NameConflictCommand: TypeAlias = RaiseNameConflict | ResolveNameConflict


def decide(command: NameConflictCommand, conflict: NameConflict) -> Sequence[NameConflictEvent]:
    """Rejected: hold-unknown, hold-resolved-otherwise, name-choice-unknown. While one is open no second is raised."""
    match command:
        case RaiseNameConflict():
            return [] if isinstance(conflict, OnHold) else [_found(command)]
        case ResolveNameConflict():
            return _resolve(command, conflict)


def _resolve(command: ResolveNameConflict, conflict: NameConflict) -> Sequence[NameConflictEvent]:
    match conflict:
        case Clear():
            raise Rejected("hold-unknown", "This person is not on hold.", "person_id")
        case Resolved(right):
            if command.right != right:
                raise Rejected("hold-resolved-otherwise", "The other name was already found right.", "right")
            return []
        case OnHold():
            return [_resolved(command)]


def _found(command: RaiseNameConflict) -> NameConflictFound:
    return NameConflictFound(
        person_id=command.person_id,
        plan_code=command.plan_code,
        batch_id=command.batch_id,
        row_no=command.row_no,
        org_path=command.org_path,
        identity=command.identity,
    )


def _resolved(command: ResolveNameConflict) -> NameConflictResolved:
    if command.right not in (REGISTERED, CLAIMED):
        raise Rejected("name-choice-unknown", "Either the registered or the claimed name is right.", "right")
    return NameConflictResolved(
        person_id=command.person_id,
        right=command.right,
        reason=command.reason,
        by=command.by,
    )


NAME_CONFLICT = Decider[NameConflictCommand, NameConflict, NameConflictEvent]("name_conflict", Clear(), evolve, decide)
