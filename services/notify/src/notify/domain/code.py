"""A verification code: derived, never kept; right once, within its minutes, after few misses (domain 9.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.notify.reaching import CodeIssued, CodeMissed, CodeUsed

DIGITS = 6
DERIVED_BY = "verification-code"
"""The purpose of the service's own key that a code is derived under, from its id."""


@dataclass(frozen=True)
class Absent:
    """No such code."""


@dataclass(frozen=True)
class Issued:
    """It may be given back until `expires_at`, RFC 3339 in UTC."""

    person_id: str
    purpose: str
    expires_at: str
    misses: int = 0


@dataclass(frozen=True)
class Used:
    """It has served."""


Code: TypeAlias = Absent | Issued | Used
CodeEvent: TypeAlias = CodeIssued | CodeMissed | CodeUsed


@dataclass(frozen=True)
class IssueCode:
    """Make a code for a person and purpose."""

    code_id: str
    person_id: str
    purpose: str
    expires_at: str


@dataclass(frozen=True)
class UseCode:
    """Somebody gives a code back; `right` says whether it is the one that the id derives."""

    code_id: str
    person_id: str
    purpose: str
    right: bool
    now: str
    misses_max: int


CodeCommand: TypeAlias = IssueCode | UseCode


def digits(derived: bytes) -> str:
    """The code that a derived key of 32 bytes stands for."""
    return f"{int.from_bytes(derived[:8]) % 10**DIGITS:0{DIGITS}}"


def evolve(code: Code, event: CodeEvent) -> Code:
    """Fold one event."""
    match event:
        case CodeIssued():
            return Issued(event.person_id, event.purpose, event.expires_at)
        case CodeMissed():
            return replace(code, misses=event.misses) if isinstance(code, Issued) else code
        case CodeUsed():
            return Used()


def decide(command: CodeCommand, code: Code) -> list[CodeEvent]:
    """A wrong code is counted, an old one refused, the right one serves once."""
    match command, code:
        case IssueCode(), Absent():
            return [
                CodeIssued(
                    code_id=command.code_id,
                    person_id=command.person_id,
                    purpose=command.purpose,
                    expires_at=command.expires_at,
                )
            ]
        case IssueCode(), _:
            return []
        case UseCode(), Issued(person_id, purpose) if (person_id, purpose) == (command.person_id, command.purpose):
            if command.now >= code.expires_at:
                raise Rejected("code-expired", "The code is no longer valid: ask for a new one.", "code")
            if code.misses >= command.misses_max:
                raise Rejected("code-locked", "Too many wrong codes: ask for a new one.", "code")
            if not command.right:
                return [CodeMissed(code_id=command.code_id, misses=code.misses + 1)]
            return [CodeUsed(code_id=command.code_id)]
        case UseCode(), Used():
            raise Rejected("code-used", "The code has been used: ask for a new one.", "code")
        case _:
            raise Rejected("code-unknown", "No such code was sent.", "code")


CODE = Decider[CodeCommand, Code, CodeEvent]("code", Absent(), evolve, decide)
