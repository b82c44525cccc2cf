"""A member's entries in a quiz: one for each business day (domain 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chassis.decider import Decider, Rejected
from contracts.health_checkup.quizzes import QuizEntered
from health_checkup.domain import draw


@dataclass(frozen=True)
class Entries:
    """The chosen answers by ISO day."""

    by_day: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def evolve(entries: Entries, event: QuizEntered) -> Entries:
    """Fold one event."""
    return Entries({**entries.by_day, event.day: event.answers})


@dataclass(frozen=True, kw_only=True)
class EnterQuiz:
    """A member answers on a business day; `choices` is how many each question has, `is_open` what the quiz says."""

    quiz_id: str
    person_id: str
    day: str
    answers: tuple[int, ...]
    choices: tuple[int, ...]
    is_open: bool
    covered: bool


def entries_key(quiz_id: str, person_id: str) -> str:
    """A stream for each member and quiz, so that members never wait for one another."""
    return f"{quiz_id}-{person_id}"


def decide(command: EnterQuiz, entries: Entries) -> list[QuizEntered]:
    """Whether the answers are right is not said before the quiz is closed."""
    before = entries.by_day.get(command.day)
    if before == command.answers:
        return []
    if before is not None:
        raise Rejected("already-entered", "There is one entry a day.", "answers")
    if not command.is_open:
        raise Rejected("quiz-not-open", "The quiz is not open on this day.")
    if not command.covered:
        raise Rejected("not-covered", "The quiz is for covered members of who holds it.")
    if len(command.answers) != len(command.choices) or not all(
        0 <= answer < choices for answer, choices in zip(command.answers, command.choices, strict=True)
    ):
        raise Rejected("answers-invalid", "Every question has one answer, and it is one of its choices.", "answers")
    return [
        QuizEntered(
            quiz_id=command.quiz_id,
            entry_id=draw.entry_id(command.quiz_id, command.person_id, command.day),
            person_id=command.person_id,
            day=command.day,
            answers=command.answers,
        )
    ]


QUIZ_ENTRY: Decider[EnterQuiz, Entries, QuizEntered] = Decider("quiz-entry", Entries(), evolve, decide)
