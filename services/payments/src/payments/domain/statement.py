"""The bank's statement: its lines are taken in from the first on, each once."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.v1 import StatementImported


@dataclass(frozen=True)
class Statement:
    """Taken in up to `last_line`; lines count from 1."""

    last_line: int


def evolve(_statement: Statement, event: StatementImported) -> Statement:
    """The statement after an event."""
    return Statement(event.last_line)


@dataclass(frozen=True)
class ImportLines:
    """Take in these lines; `unmatched` are end-to-end ids that are not ours."""

    bank_account: str
    first_line: int
    last_line: int
    unmatched: tuple[str, ...] = ()


def decide(command: ImportLines, statement: Statement) -> list[StatementImported]:
    """No hole and no line twice."""
    if command.last_line <= statement.last_line:
        return []
    if command.first_line != statement.last_line + 1 or command.last_line < command.first_line:
        raise Rejected("statement-hole", f"The statement goes on at line {statement.last_line + 1}.")
    return [
        StatementImported(
            bank_account=command.bank_account,
            first_line=command.first_line,
            last_line=command.last_line,
            unmatched=command.unmatched,
        )
    ]


STATEMENT: Decider[ImportLines, Statement, StatementImported] = Decider("statement", Statement(0), evolve, decide)
