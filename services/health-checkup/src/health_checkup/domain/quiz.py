"""A quiz (微信答题送福): its answers stay hashed until it closes, its seed until its one draw (domain 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.quizzes import QuizClosed, QuizDrawn, QuizOpened, QuizQuestion
from health_checkup.domain import draw

QUESTIONS_MAX = 20
CHOICES_MIN = 2
CHOICES_MAX = 6
PRIZES_MAX = 500
"""The winners fit into one event."""
DAYS_MAX = 62


@dataclass(frozen=True)
class Absent:
    """No quiz of this id."""


@dataclass(frozen=True)
class Open:
    """Members may enter from `first_day` to `last_day`, both included."""

    title: str
    org_path: str
    questions: tuple[QuizQuestion, ...]
    first_day: str
    last_day: str
    prizes: int
    seed_sha256: str
    pass_mark: int
    one_prize_each: bool


@dataclass(frozen=True)
class Closed:
    """The answers are known, and of which entries is drawn."""

    quiz: Open
    answers: tuple[int, ...]
    up_to: int
    entries_sha256: str
    closed_by: str


@dataclass(frozen=True)
class Drawn:
    """The winners are known."""

    quiz: Open
    winners: tuple[str, ...]


Quiz: TypeAlias = Absent | Open | Closed | Drawn
QuizEvent: TypeAlias = QuizOpened | QuizClosed | QuizDrawn


def pass_mark_of(opened: QuizOpened) -> int:
    """How many answers have to be right; of a quiz that does not say, every one."""
    return len(opened.questions) if opened.pass_mark < 0 else opened.pass_mark


def evolve(quiz: Quiz, event: QuizEvent) -> Quiz:
    """Fold one event."""
    match event, quiz:
        case QuizOpened() as e, _:
            return Open(
                title=e.title,
                org_path=e.org_path,
                questions=e.questions,
                first_day=e.first_day,
                last_day=e.last_day,
                prizes=e.prizes,
                seed_sha256=e.seed_sha256,
                pass_mark=pass_mark_of(e),
                one_prize_each=e.one_prize_each,
            )
        case QuizClosed(), Open():
            return Closed(quiz, event.answers, event.up_to, event.entries_sha256, event.by)
        case QuizDrawn(), Closed():
            return Drawn(quiz.quiz, event.winners)
        case _:
            return quiz


@dataclass(frozen=True, kw_only=True)
class OpenQuiz:
    """Hold a quiz; the questions carry the hashes of their answers, `pass_mark` of them are to be right."""

    quiz_id: str
    title: str
    org_path: str
    questions: tuple[QuizQuestion, ...]
    first_day: str
    last_day: str
    prizes: int
    seed_sha256: str
    pass_mark: int
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class CloseQuiz:
    """No more entries: `passed` are the ids of those at the pass mark among all `entries` up to a position."""

    quiz_id: str
    salt: str
    up_to: int
    entries: int
    passed: tuple[str, ...]
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class DrawQuiz:
    """Draw from the entries that had passed at the closing, with whose they are and the seed that was promised."""

    quiz_id: str
    seed: str
    passed: Mapping[str, str]
    today: str
    by: str


QuizCommand: TypeAlias = OpenQuiz | CloseQuiz | DrawQuiz


def answers_of(salt: str, quiz: Open) -> tuple[int, ...]:
    """The right choices behind the hashes. Raises Rejected `salt-differs`."""
    try:
        return tuple(
            draw.right_choice(salt, number, len(question.choices), question.answer_sha256)
            for number, question in enumerate(quiz.questions)
        )
    except ValueError:
        raise Rejected("salt-differs", "This is not the salt that the answers were hashed with.") from None


def _open(command: OpenQuiz) -> list[QuizEvent]:
    if not 1 <= len(command.questions) <= QUESTIONS_MAX:
        raise Rejected("questions-invalid", f"A quiz has 1 to {QUESTIONS_MAX} questions.", "questions")
    if not all(CHOICES_MIN <= len(set(one.choices)) == len(one.choices) <= CHOICES_MAX for one in command.questions):
        sentence = f"A question has {CHOICES_MIN} to {CHOICES_MAX} choices, each another."
        raise Rejected("questions-invalid", sentence, "questions")
    if not 1 <= command.prizes <= PRIZES_MAX:
        raise Rejected("prizes-invalid", f"There are 1 to {PRIZES_MAX} prizes.", "prizes")
    if not 0 <= command.pass_mark <= len(command.questions):
        raise Rejected(
            "pass-mark-invalid", "As many answers are to be right as there are questions, or less.", "pass_mark"
        )
    if command.first_day < command.today:
        raise Rejected("quiz-in-the-past", "A quiz begins today or later.", "first_day")
    days = (date.fromisoformat(command.last_day) - date.fromisoformat(command.first_day)).days + 1
    if not 1 <= days <= DAYS_MAX:
        raise Rejected("days-invalid", f"A quiz is open for 1 to {DAYS_MAX} days.", "last_day")
    return [
        QuizOpened(
            quiz_id=command.quiz_id,
            title=command.title,
            org_path=command.org_path,
            questions=command.questions,
            first_day=command.first_day,
            last_day=command.last_day,
            prizes=command.prizes,
            seed_sha256=command.seed_sha256,
            by=command.by,
            pass_mark=command.pass_mark,
            one_prize_each=True,
        )
    ]


def _again(command: OpenQuiz, quiz: Open) -> list[QuizEvent]:
    asked = (command.title, command.questions, command.first_day, command.last_day, command.prizes, command.pass_mark)
    if asked == (quiz.title, quiz.questions, quiz.first_day, quiz.last_day, quiz.prizes, quiz.pass_mark):
        return []
    raise Rejected("quiz-differs", "Another quiz has this id.", "quiz_id")


def _close(command: CloseQuiz, quiz: Open) -> list[QuizEvent]:
    if command.today <= quiz.last_day:
        raise Rejected("quiz-open", "A quiz is closed after its last day.")
    return [
        QuizClosed(
            quiz_id=command.quiz_id,
            answers=answers_of(command.salt, quiz),
            salt=command.salt,
            up_to=command.up_to,
            entries=command.entries,
            drawn_from=len(set(command.passed)),
            entries_sha256=draw.entries_hash(command.passed),
            closed_on=command.today,
            by=command.by,
        )
    ]


def _draw(command: DrawQuiz, closed: Closed) -> list[QuizEvent]:
    if command.by == closed.closed_by:
        raise Rejected("same-person", "Who closed a quiz does not draw its winners.")
    if draw.seed_hash(command.seed) != closed.quiz.seed_sha256:
        raise Rejected("seed-differs", "This is not the seed whose hash was published.")
    if draw.entries_hash(command.passed) != closed.entries_sha256:
        raise Rejected("entries-differ", "These are not the entries that the quiz was closed with.")
    heads: dict[str, str] = {}
    if closed.quiz.one_prize_each:
        heads = {entry: draw.head(command.quiz_id, person) for entry, person in command.passed.items()}
    won = draw.winners(command.seed, command.passed, closed.quiz.prizes, heads)
    return [
        QuizDrawn(
            quiz_id=command.quiz_id,
            seed=command.seed,
            winners=tuple(won),
            drawn_on=command.today,
            by=command.by,
            person_ids=tuple(command.passed[entry] for entry in won),
        )
    ]


def decide(command: QuizCommand, quiz: Quiz) -> list[QuizEvent]:
    """Opened, closed and drawn once each; what was promised by hash is held to."""
    match command, quiz:
        case OpenQuiz(), Absent():
            return _open(command)
        case _, Absent():
            raise Rejected("quiz-unknown", "No such quiz.")
        case OpenQuiz(), _:
            return _again(command, quiz if isinstance(quiz, Open) else quiz.quiz)
        case CloseQuiz(), Open():
            return _close(command, quiz)
        case CloseQuiz(), _:
            return []
        case DrawQuiz(), Open():
            raise Rejected("quiz-open", "A quiz is drawn after it was closed.")
        case DrawQuiz(), Closed():
            return _draw(command, quiz)
        case DrawQuiz(), _:
            return []


QUIZ = Decider[QuizCommand, Quiz, QuizEvent]("quiz", Absent(), evolve, decide)
