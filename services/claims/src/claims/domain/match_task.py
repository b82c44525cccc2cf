"""One settlement that a person has to look at: queued, assigned, decided; disputed by the member; taken back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from claims.domain.matching import LEADS
from contracts.claims.matching import (
    MatchDisputed,
    SettlementAssigned,
    SettlementDecided,
    SettlementQueued,
    SettlementReversed,
)

MATCHED, NOT_MATCHED, NOT_PAYABLE, DONE = "MATCHED", "NOT_MATCHED", "NOT_PAYABLE", "DONE"
DISPUTED = "MATCH_DISPUTED"
KEY_CHARS = 40
REASON_CHARS_MAX = 500


def settlement_key(plan_code: str, setl_id: str) -> str:
    """The identity of a settlement within a plan: its stream, and its claim's id."""
    return hashlib.sha256(f"{plan_code}|{setl_id}".encode()).hexdigest()[:KEY_CHARS]


def match_claim_id(key: str) -> str:
    """The id of the claim that a settlement opens: its own for ever, so that it opens one."""
    return f"{key[:8]}-{key[8:12]}-8{key[13:16]}-a{key[17:20]}-{key[20:32]}"


# State: one class per stage


@dataclass(frozen=True)
class Untouched:
    """Nobody has to look at it."""


@dataclass(frozen=True)
class Open:
    """Waits for `assigned_to`; `code` is why."""

    asked: SettlementQueued | MatchDisputed
    code: str
    assigned_to: str


@dataclass(frozen=True)
class Decided:
    """A person has decided."""

    decided: SettlementDecided


@dataclass(frozen=True)
class Reversed:
    """The bureau took it back: there is nothing to decide."""


MatchTask = Untouched | Open | Decided | Reversed
TaskEvent = SettlementQueued | SettlementAssigned | SettlementDecided | MatchDisputed | SettlementReversed


def evolve(task: MatchTask, event: TaskEvent) -> MatchTask:
    """Fold one event."""
    match event, task:
        case SettlementQueued(code=code, assigned_to=assigned_to), _:
            return Open(event, code, assigned_to)
        case MatchDisputed(assigned_to=assigned_to), _:
            return Open(event, DISPUTED, assigned_to)
        case SettlementAssigned(assigned_to=assigned_to), Open():
            return replace(task, assigned_to=assigned_to)
        case SettlementDecided(), _:
            return Decided(event)
        case SettlementReversed(), _:
            return Reversed()
        case _:
            raise ValueError(f"{type(event).__name__} after {type(task).__name__}")


# Commands


@dataclass(frozen=True)
class QueueSettlement:
    """Ask a named person; one whom it asks already stays asked."""

    queued: SettlementQueued


@dataclass(frozen=True)
class DisputeMatch:
    """The member says: not me (domain 6.5)."""

    disputed: MatchDisputed


@dataclass(frozen=True)
class AssignSettlement:
    """Hand it to another person."""

    task_id: str
    assigned_to: str
    by: str


@dataclass(frozen=True)
class DecideSettlement:
    """Decide, with a reason; `claim_id` is the claim that MATCHED opens or belongs to."""

    task_id: str
    outcome: str
    rule_code: str
    claim_id: str
    reason: str
    by: str


@dataclass(frozen=True)
class ReverseSettlement:
    """Record that the bureau took it back."""

    reversed: SettlementReversed


TaskCommand = QueueSettlement | DisputeMatch | AssignSettlement | DecideSettlement | ReverseSettlement


def decide(command: TaskCommand, task: MatchTask) -> list[TaskEvent]:
    """Events, [] when already so, or Rejected.

    Codes: task-unknown, task-closed, not-assigned, outcome-not-possible, reason-missing, assignee-missing.
    """
    match command, task:
        case QueueSettlement(queued), Untouched():
            return [queued]
        case QueueSettlement(queued), Open():
            return [queued] if _turned(queued, task) else []
        case QueueSettlement(), (Decided() | Reversed()):
            return []
        case DisputeMatch(disputed), (Untouched() | Decided()):
            return [disputed]
        case DisputeMatch(disputed), Open(code=code):
            return [] if code == DISPUTED else [disputed]
        case DisputeMatch(), Reversed():
            raise _closed()
        case ReverseSettlement(), Reversed():
            return []
        case ReverseSettlement(reversed=taken_back), _:
            return [taken_back]
        case AssignSettlement(), Open():
            return _assign(command, task)
        case DecideSettlement(), Open():
            return _decide(command, task)
        case DecideSettlement(), Decided(decided):
            if (decided.outcome, decided.by) == (command.outcome, command.by):
                return []
            raise _closed()
        case (AssignSettlement() | DecideSettlement()), Untouched():
            raise Rejected("task-unknown", "Nobody is asked about this settlement.")
        case AssignSettlement(), (Decided() | Reversed()):
            raise _closed()
        case DecideSettlement(), Reversed():
            raise _closed()


def _turned(queued: SettlementQueued, task: Open) -> bool:
    """Whether the question is another one now: a name was corrected, a person was covered late."""
    asked = task.asked
    return isinstance(asked, SettlementQueued) and (asked.code, asked.person_id) != (queued.code, queued.person_id)


def _assign(command: AssignSettlement, task: Open) -> list[TaskEvent]:
    if not command.assigned_to.strip():
        raise Rejected("assignee-missing", "A settlement waits for a named person.", "assigned_to")
    if command.assigned_to == task.assigned_to:
        return []
    return [SettlementAssigned(task_id=command.task_id, assigned_to=command.assigned_to, by=command.by)]


def _decide(command: DecideSettlement, task: Open) -> list[TaskEvent]:
    if command.by != task.assigned_to:
        raise Rejected("not-assigned", "Another person is to decide this settlement.")
    if command.outcome not in outcomes(task.code):
        raise Rejected("outcome-not-possible", f"Possible here: {', '.join(outcomes(task.code))}.", "outcome")
    if not command.reason.strip():
        raise Rejected("reason-missing", "A decision states its reason.", "reason")
    asked = task.asked
    return [
        SettlementDecided(
            task_id=command.task_id,
            plan_code=asked.plan_code,
            setl_id=asked.setl_id,
            person_id=asked.person_id,
            outcome=command.outcome,
            rule_code=command.rule_code if command.outcome == NOT_PAYABLE else "",
            claim_id=command.claim_id or asked.claim_id,
            reason=command.reason,
            by=command.by,
        )
    ]


def outcomes(code: str) -> tuple[str, ...]:
    """What may be decided about a question."""
    if code in LEADS:
        return (DONE,)
    return (MATCHED, NOT_MATCHED, NOT_PAYABLE)


def _closed() -> Rejected:
    return Rejected("task-closed", "This settlement has been decided or taken back.")


MATCH_TASK: Decider[TaskCommand, MatchTask, TaskEvent] = Decider("settlement", Untouched(), evolve, decide)
