"""What is asked over HTTP about quizzes, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.health_checkup.quizzes import QuizQuestion
from health_checkup.api.lecture_shapes import Division, Topic
from health_checkup.api.shapes import Asked
from health_checkup.domain.quiz import CHOICES_MAX, CHOICES_MIN, PRIZES_MAX, QUESTIONS_MAX

Sentence = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Choice = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Number = Annotated[int, Meta(ge=0, lt=CHOICES_MAX)]


class QuestionRequest(Asked, frozen=True):
    """A question; `right` is the number of the right choice, from 0."""

    text: Sentence
    choices: Annotated[list[Choice], Meta(min_length=CHOICES_MIN, max_length=CHOICES_MAX)]
    right: Number


class QuizRequest(Asked, frozen=True):
    """A quiz of the division's, open on the days from `first_day` to `last_day`.

    Entries with at least `pass_mark` right answers are drawn from: with 0 everyone takes part.
    """

    title: Topic
    division_code: Division
    questions: Annotated[list[QuestionRequest], Meta(min_length=1, max_length=QUESTIONS_MAX)]
    first_day: date
    last_day: date
    prizes: Annotated[int, Meta(ge=1, le=PRIZES_MAX)]
    pass_mark: Annotated[int, Meta(ge=0, le=QUESTIONS_MAX)] = 0


class EntryRequest(Asked, frozen=True):
    """The number of the chosen answer to each question, from 0."""

    answers: Annotated[list[Number], Meta(min_length=1, max_length=QUESTIONS_MAX)]


class QuizAnswer(msgspec.Struct, frozen=True):
    """The quiz that was opened, closed or drawn."""

    quiz_id: str


class EnteredAnswer(msgspec.Struct, frozen=True):
    """The entry of the day."""

    quiz_id: str
    entry_id: str
    day: str


class QuizView(msgspec.Struct, frozen=True):
    """A quiz; the right answers are shown once it is closed, and with `salt` their hashes can be made again."""

    quiz_id: str
    title: str
    questions: tuple[QuizQuestion, ...]
    first_day: str
    last_day: str
    prizes: int
    pass_mark: int
    one_prize_each: bool
    answers: tuple[int, ...]
    salt: str


class QuizLine(msgspec.Struct, frozen=True):
    """A quiz in the list, without its questions; `closed_on` and `drawn_on` are empty until then."""

    quiz_id: str
    title: str
    first_day: str
    last_day: str
    prizes: int
    closed_on: str
    drawn_on: str


class QuizPage(msgspec.Struct, frozen=True):
    """Quizzes by first day; `next_after` continues the list, empty at its end."""

    quizzes: list[QuizLine]
    next_after: str


class EntryView(msgspec.Struct, frozen=True):
    """One's own entry; `right` is -1 until the quiz is closed, then how many answers were right."""

    entry_id: str
    day: str
    right: int
    won: bool


class EntriesView(msgspec.Struct, frozen=True):
    """One's own entries by day."""

    entries: list[EntryView]


class Winner(msgspec.Struct, frozen=True):
    """Who is to have a prize, and for which entry."""

    entry_id: str
    person_id: str
    day: str


class WinnersView(msgspec.Struct, frozen=True):
    """For whoever hands out the prizes."""

    winners: list[Winner]


class QuizFigures(msgspec.Struct, frozen=True):
    """How many entries by how many people."""

    quiz_id: str
    entries: int
    people: int


class DrawView(msgspec.Struct, frozen=True):
    """All that is needed to make the draw again, with the list of entries; empty where it is not said yet.

    `heads` are those of the winners, in their order: from each follow the ids of its entries, a day each, and nobody's
    name. Empty for a quiz that lets each entry win.
    """

    quiz_id: str
    prizes: int
    pass_mark: int
    first_day: str
    last_day: str
    seed_sha256: str
    closed_on: str
    entries: int
    drawn_from: int
    entries_sha256: str
    drawn_on: str
    seed: str
    winners: tuple[str, ...]
    heads: tuple[str, ...]


class DrawnFromPage(msgspec.Struct, frozen=True):
    """Ids of the entries that are drawn from, sorted; `next_after` continues the list."""

    entries: list[str]
    next_after: str
