"""Events of health-checkup: quizzes, members' entries, and the draw that anyone can make again."""

from __future__ import annotations

from contracts.envelope import Event, Value


class QuizQuestion(Value, frozen=True, kw_only=True):
    """A question and its choices; which one is right stays a salted hash until the quiz is closed.

    `answer_sha256` is hexadecimal, of the salt and `|<number of the question>|<number of the choice>`, both from 0.
    """

    text: str
    choices: tuple[str, ...]
    answer_sha256: str


class QuizOpened(Event, frozen=True, kw_only=True):
    """Covered members of `org_path` may enter once a day, `first_day` to `last_day` included (domain 8.3).

    `seed_sha256` is the hexadecimal SHA-256 of the draw's seed, published before anyone enters. Entries with at least
    `pass_mark` right answers are drawn from; -1, of events from before it stood here, is every answer. With
    `one_prize_each` nobody wins twice. Stream `quiz-<id>`.
    """

    quiz_id: str
    title: str
    org_path: str
    questions: tuple[QuizQuestion, ...]
    first_day: str
    last_day: str
    prizes: int
    seed_sha256: str
    by: str
    pass_mark: int = -1
    one_prize_each: bool = False


class QuizEntered(Event, frozen=True, kw_only=True):
    """A member's one entry of a business day: the numbers of the chosen answers. Stream `quiz-entry-<quiz>-<person>`.

    `entry_id` follows from quiz, person and day, so that nobody chooses it; it does not tell the person.
    """

    quiz_id: str
    entry_id: str
    person_id: str
    day: str
    answers: tuple[int, ...]


class QuizClosed(Event, frozen=True, kw_only=True):
    """No more entries: the right answers with the hexadecimal salt of their hashes, and what is drawn from.

    `drawn_from` entries reach the pass mark; `entries_sha256` is of their sorted ids. Entries count up to the log's
    position `up_to`. Stream `quiz-<id>`.
    """

    quiz_id: str
    answers: tuple[int, ...]
    salt: str
    up_to: int
    entries: int
    drawn_from: int
    entries_sha256: str
    closed_on: str
    by: str


class QuizDrawn(Event, frozen=True, kw_only=True):
    """The seed behind `seed_sha256`, hexadecimal, and the winning entries' ids, best first. Stream `quiz-<id>`.

    `person_ids` says whose they are, in the same order, and is told to nobody outside; () of events from before it.
    """

    quiz_id: str
    seed: str
    winners: tuple[str, ...]
    drawn_on: str
    by: str
    person_ids: tuple[str, ...] = ()


EVENTS: dict[str, type[Event]] = {
    "health_checkup.quiz-opened.v1": QuizOpened,
    "health_checkup.quiz-entered.v1": QuizEntered,
    "health_checkup.quiz-closed.v1": QuizClosed,
    "health_checkup.quiz-drawn.v1": QuizDrawn,
}
