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
from contracts.envelope import SYSTEM, Sealed

MATCHED, NOT_MATCHED, NOT_PAYABLE, DONE = "MATCHED", "NOT_MATCHED", "NOT_PAYABLE", "DONE"
DISPUTED = "MATCH_DISPUTED"
KEY_CHARS = 40


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
    """Decide, with a sealed reason; `claim_id` is the claim that MATCHED opens or belongs to."""

    task_id: str
    outcome: str
    rule_code: str
    claim_id: str
    note: Sealed | None
    by: str


@dataclass(frozen=True)
class AnswerItself:
    """A later look has answered the question: a name was corrected, a person covered late. `claim_id` may be ""."""

    task_id: str
    claim_id: str


@dataclass(frozen=True)
class ReverseSettlement:
    """Record that the bureau took it back."""

    taken_back: SettlementReversed


TaskCommand = QueueSettlement | DisputeMatch | AssignSettlement | DecideSettlement | AnswerItself | ReverseSettlement


def decide(command: TaskCommand, task: MatchTask) -> list[TaskEvent]:
    """Events, [] when already so, or Rejected.

    Codes: task-unknown, task-closed, not-assigned, outcome-not-possible, reason-missing, assignee-missing.
    """
    match command:
        case QueueSettlement():
            return _queue(command.queued, task)
        case DisputeMatch():
            return _dispute(command.disputed, task)
        case AssignSettlement():
            return _assign(command, task)
        case DecideSettlement():
            return _decide(command, task)
        case AnswerItself():
            return _answer(command, task)
        case ReverseSettlement():
            return [] if isinstance(task, Reversed) else [command.taken_back]


def _queue(queued: SettlementQueued, task: MatchTask) -> list[TaskEvent]:
    match task:
        case Untouched():
            return [queued]
        case Open():
            return [queued] if _turned(queued, task) else []
        case Decided() | Reversed():
            return []


def _dispute(disputed: MatchDisputed, task: MatchTask) -> list[TaskEvent]:
    match task:
        case Untouched() | Decided():
            return [disputed]
        case Open(code=code):
            return [] if code == DISPUTED else [disputed]
        case Reversed():
            raise _closed()


def _turned(queued: SettlementQueued, task: Open) -> bool:
    """Whether the question is another one now: a name was corrected, a person was covered late."""
    asked = task.asked
    return isinstance(asked, SettlementQueued) and (asked.code, asked.person_id) != (queued.code, queued.person_id)


def _answer(command: AnswerItself, task: MatchTask) -> list[TaskEvent]:
    match task:
        case Open(asked=asked, code=code):
            if code == DISPUTED or code in LEADS:
                return []
            outcome = MATCHED if command.claim_id else DONE
            return [_decided(asked, outcome, "", command.claim_id, None, SYSTEM.sub)]
        case Untouched() | Decided() | Reversed():
            return []


def _assign(command: AssignSettlement, task: MatchTask) -> list[TaskEvent]:
    match task:
        case Open(assigned_to=assigned_to):
            if not command.assigned_to.strip():
                raise Rejected("assignee-missing", "A settlement waits for a named person.", "assigned_to")
            if command.assigned_to == assigned_to:
                return []
            return [SettlementAssigned(task_id=command.task_id, assigned_to=command.assigned_to, by=command.by)]
        case Untouched():
            raise _unknown()
        case Decided() | Reversed():
            raise _closed()


def _decide(command: DecideSettlement, task: MatchTask) -> list[TaskEvent]:
    match task:
        case Open(asked, code, assigned_to):
            if command.by != assigned_to:
                raise Rejected("not-assigned", "Another person is to decide this settlement.")
            if command.outcome not in outcomes(code):
                raise Rejected("outcome-not-possible", f"Possible here: {', '.join(outcomes(code))}.", "outcome")
            if command.note is None:
                raise Rejected("reason-missing", "A decision states its reason.", "reason")
            claim_id = command.claim_id or asked.claim_id
            return [_decided(asked, command.outcome, command.rule_code, claim_id, command.note, command.by)]
        case Decided(decided):
            if (decided.outcome, decided.by) == (command.outcome, command.by):
                return []
            raise _closed()
        case Untouched():
            raise _unknown()
        case Reversed():
            raise _closed()


def _decided(
    asked: SettlementQueued | MatchDisputed, outcome: str, rule_code: str, claim_id: str, note: Sealed | None, by: str
) -> SettlementDecided:
    return SettlementDecided(
        task_id=asked.task_id,
        plan_code=asked.plan_code,
        setl_id=asked.setl_id,
        person_id=asked.person_id,
        outcome=outcome,
        rule_code=rule_code if outcome == NOT_PAYABLE else "",
        claim_id=claim_id,
        note=note,
        by=by,
    )


def outcomes(code: str) -> tuple[str, ...]:
    """What may be decided about a question."""
    if code in LEADS:
        return (DONE,)
    return (MATCHED, NOT_MATCHED, NOT_PAYABLE)


def _unknown() -> Rejected:
    return Rejected("task-unknown", "Nobody is asked about this settlement.")


def _closed() -> Rejected:
    return Rejected("task-closed", "This settlement has been decided or taken back.")


MATCH_TASK: Decider[TaskCommand, MatchTask, TaskEvent] = Decider("settlement", Untouched(), evolve, decide)
