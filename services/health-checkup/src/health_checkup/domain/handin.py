"""What could not be taken of the files that a provider handed in for a stop, until it is corrected (domain 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.records import ResultProblemFound, ResultProblemSettled

OPEN_MAX = 5_000
"""Problems of one stop that wait at the same time; a file that would leave more is not taken."""
RECORDED, DISMISSED = "RECORDED", "DISMISSED"


@dataclass(frozen=True)
class HandIn:
    """The problems that wait, by their id: whose item is missing; and those that were settled."""

    waiting: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()


HandInEvent: TypeAlias = ResultProblemFound | ResultProblemSettled


def evolve(handin: HandIn, event: HandInEvent) -> HandIn:
    """Fold one event."""
    match event:
        case ResultProblemFound():
            waiting = {**handin.waiting, event.problem_id: (event.person_id, event.item)}
            return HandIn(waiting, handin.settled - {event.problem_id})
        case ResultProblemSettled():
            waiting = {key: value for key, value in handin.waiting.items() if key != event.problem_id}
            return HandIn(waiting, handin.settled | {event.problem_id})


@dataclass(frozen=True)
class RecordProblems:
    """A file was read: what was found wrong in it, and which (member, item) pairs are recorded now."""

    stop_id: str
    found: tuple[ResultProblemFound, ...]
    recorded: frozenset[tuple[str, str]]
    by: str


@dataclass(frozen=True)
class DismissProblem:
    """The provider says that nothing will come of this entry."""

    stop_id: str
    problem_id: str
    by: str


HandInCommand: TypeAlias = RecordProblems | DismissProblem


def decide(command: HandInCommand, handin: HandIn) -> list[HandInEvent]:
    """A problem waits once; it is settled by the item that it was about, or by a word of the provider."""
    match command:
        case RecordProblems():
            again = {one.problem_id for one in command.found}
            fresh = {one.problem_id: one for one in command.found if one.problem_id not in handin.waiting}
            done = [key for key, about in handin.waiting.items() if about in command.recorded and key not in again]
            if len(handin.waiting) + len(fresh) - len(done) > OPEN_MAX:
                raise Rejected("problems-too-many", f"At most {OPEN_MAX} entries of a stop wait to be corrected.")
            return [*fresh.values(), *(_settled(command.stop_id, key, RECORDED, command.by) for key in done)]
        case DismissProblem(problem_id=problem_id):
            if problem_id in handin.waiting:
                return [_settled(command.stop_id, problem_id, DISMISSED, command.by)]
            if problem_id in handin.settled:
                return []
            raise Rejected("problem-unknown", "There is no such entry to be corrected.", "problem_id")


def _settled(stop_id: str, problem_id: str, how: str, by: str) -> ResultProblemSettled:
    return ResultProblemSettled(problem_id=problem_id, stop_id=stop_id, how=how, by=by)


HANDIN: Decider[HandInCommand, HandIn, HandInEvent] = Decider("handin", HandIn(), evolve, decide)
