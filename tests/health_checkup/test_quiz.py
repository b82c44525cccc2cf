"""Specifications of quizzes: hidden answers, one entry a day, and a draw that holds to what was promised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.envelope import changed
from contracts.health_checkup.quizzes import QuizClosed, QuizDrawn, QuizEntered, QuizOpened, QuizQuestion
from health_checkup.domain import draw
from health_checkup.domain.quiz import QUIZ, CloseQuiz, DrawQuiz, OpenQuiz
from health_checkup.domain.quiz_entry import QUIZ_ENTRY, EnterQuiz

quiz, entry = Spec(QUIZ), Spec(QUIZ_ENTRY)
SALT, SEED = "5a" * 32, "01" * 32
RIGHT = (1, 0)
QUESTIONS = tuple(
    QuizQuestion(text=f"第{number}题", choices=("甲", "乙", "丙"), answer_sha256=draw.answer_hash(SALT, number, choice))
    for number, choice in enumerate(RIGHT)
)
OPEN = OpenQuiz(
    quiz_id="q", title="健康知识", org_path="620000", questions=QUESTIONS, first_day="2022-03-05",
    last_day="2022-03-07", prizes=2, seed_sha256=draw.seed_hash(SEED), today="2022-03-01", by="opener",
)  # fmt: skip
OPENED = QuizOpened(
    quiz_id="q", title="健康知识", org_path="620000", questions=QUESTIONS, first_day="2022-03-05",
    last_day="2022-03-07", prizes=2, seed_sha256=draw.seed_hash(SEED), by="opener",
)  # fmt: skip
IDS = tuple(sorted(draw.entry_id("q", f"p{number}", "2022-03-05") for number in range(5)))
CLOSE = CloseQuiz(quiz_id="q", salt=SALT, up_to=90, entries=7, right=IDS, today="2022-03-08", by="closer")
CLOSED = QuizClosed(
    quiz_id="q", answers=RIGHT, salt=SALT, up_to=90, entries=7, drawn_from=5, entries_sha256=draw.entries_hash(IDS),
    closed_on="2022-03-08", by="closer",
)  # fmt: skip
DRAW = DrawQuiz(quiz_id="q", seed=SEED, right=IDS, today="2022-03-09", by="drawer")
DRAWN = QuizDrawn(quiz_id="q", seed=SEED, winners=tuple(draw.winners(SEED, IDS, 2)), drawn_on="2022-03-09", by="drawer")


def test_a_quiz_is_opened_once_with_its_promises() -> None:
    quiz.when(OPEN).then(OPENED)
    quiz.given(OPENED).when(OPEN).then_nothing()
    quiz.given(OPENED, CLOSED).when(OPEN).then_nothing()
    quiz.given(OPENED).when(replace(OPEN, prizes=3)).then_rejected("quiz-differs")


def test_what_cannot_be_held_is_not_opened() -> None:
    quiz.when(replace(OPEN, questions=())).then_rejected("questions-invalid")
    twice = changed(QUESTIONS[0], choices=("甲", "甲"))
    quiz.when(replace(OPEN, questions=(twice,))).then_rejected("questions-invalid")
    quiz.when(replace(OPEN, prizes=0)).then_rejected("prizes-invalid")
    quiz.when(replace(OPEN, prizes=501)).then_rejected("prizes-invalid")
    quiz.when(replace(OPEN, today="2022-03-06")).then_rejected("quiz-in-the-past")
    quiz.when(replace(OPEN, last_day="2022-03-04")).then_rejected("days-invalid")
    quiz.when(replace(OPEN, last_day="2023-03-04")).then_rejected("days-invalid")


def test_a_quiz_is_closed_once_after_its_last_day_with_the_answers_behind_the_hashes() -> None:
    quiz.given(OPENED).when(CLOSE).then(CLOSED)
    quiz.given(OPENED, CLOSED).when(CLOSE).then_nothing()
    quiz.given(OPENED).when(replace(CLOSE, today="2022-03-07")).then_rejected("quiz-open")
    quiz.given(OPENED).when(replace(CLOSE, salt="5b" * 32)).then_rejected("salt-differs")
    quiz.when(CLOSE).then_rejected("quiz-unknown")


def test_the_draw_is_made_once_by_another_person_than_who_closed() -> None:
    quiz.given(OPENED, CLOSED).when(DRAW).then(DRAWN)
    quiz.given(OPENED, CLOSED, DRAWN).when(DRAW).then_nothing()
    quiz.given(OPENED, CLOSED, DRAWN).when(replace(DRAW, by="another")).then_nothing()
    quiz.given(OPENED, CLOSED).when(replace(DRAW, by="closer")).then_rejected("same-person")
    quiz.given(OPENED).when(DRAW).then_rejected("quiz-open")


SEEDS = st.binary(min_size=32, max_size=32).map(bytes.hex)
ENTRIES = st.sets(st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=30)


@given(seed=SEEDS)
def test_another_seed_than_the_promised_one_is_refused(seed: str) -> None:
    expected = quiz.given(OPENED, CLOSED).when(replace(DRAW, seed=seed))
    if seed == SEED:
        expected.then(DRAWN)
    else:
        expected.then_rejected("seed-differs")


@given(entries=ENTRIES, gone=st.sets(st.sampled_from(IDS)))
def test_other_entries_than_those_closed_with_are_refused(entries: set[str], gone: set[str]) -> None:
    right = tuple((set(IDS) - gone) | entries)
    expected = quiz.given(OPENED, CLOSED).when(replace(DRAW, right=right))
    if set(right) == set(IDS):
        expected.then(DRAWN)
    else:
        expected.then_rejected("entries-differ")


@given(seed=SEEDS, entries=ENTRIES, prizes=st.integers(1, 40), turned=st.randoms(use_true_random=False))
def test_whoever_draws_again_finds_the_same_winners(seed: str, entries: set[str], prizes: int, turned: object) -> None:
    shuffled = [*entries]
    turned.shuffle(shuffled)  # type: ignore[attr-defined]
    found = draw.winners(seed, shuffled, prizes)
    assert found == draw.winners(seed, sorted(entries), prizes)
    assert len(set(found)) == len(found) == min(prizes, len(entries))
    assert set(found) <= entries


def test_the_draw_is_the_one_that_is_written_down() -> None:
    # Made by hand with `sha256sum`, from the description of `winners` alone.
    ids = ["aa", "bb", "cc"]
    assert draw.entries_hash(ids) == "b10fbc12846fe0fbe282de1892c5a762dd839ff3fb73627a114acbdccdd0696f"
    assert draw.winners("00ff", ids, 3) == ["aa", "cc", "bb"]


def test_nobody_draws_a_quiz_into_another_order_by_one_more_entry_that_loses() -> None:
    """Each rank depends on all entries, so who knows the seed gains nothing from knowing one entry."""
    many = [draw.entry_id("q", f"p{number}", "2022-03-05") for number in range(200)]
    with_one_more = [*many, draw.entry_id("q", "p200", "2022-03-05")]
    before, after = draw.winners(SEED, many, 200), draw.winners(SEED, with_one_more, 201)
    assert [one for one in after if one in set(many)] != list(before)


ENTER = EnterQuiz(
    quiz_id="q", person_id="p1", day="2022-03-05", answers=(1, 2), choices=(3, 3), is_open=True, covered=True
)
ENTERED = QuizEntered(
    quiz_id="q", entry_id=draw.entry_id("q", "p1", "2022-03-05"), person_id="p1", day="2022-03-05", answers=(1, 2)
)


def test_a_member_enters_once_a_day() -> None:
    entry.when(ENTER).then(ENTERED)
    entry.given(ENTERED).when(ENTER).then_nothing()
    entry.given(ENTERED).when(replace(ENTER, is_open=False)).then_nothing()
    entry.given(ENTERED).when(replace(ENTER, answers=(1, 0))).then_rejected("already-entered")
    assert entry.given(ENTERED).when(replace(ENTER, day="2022-03-06")).events[0].entry_id != ENTERED.entry_id


def test_an_entry_needs_an_open_quiz_a_cover_and_an_answer_to_each_question() -> None:
    entry.when(replace(ENTER, is_open=False)).then_rejected("quiz-not-open")
    entry.when(replace(ENTER, covered=False)).then_rejected("not-covered")
    for answers in ((1,), (1, 2, 0), (1, 3), (-1, 0)):
        entry.when(replace(ENTER, answers=answers)).then_rejected("answers-invalid")


@given(salt=SEEDS, choice=st.integers(0, 2), other=SEEDS)
def test_the_answer_behind_a_hash_is_found_with_its_salt_alone(salt: str, choice: int, other: str) -> None:
    hashed = draw.answer_hash(salt, 4, choice)
    assert draw.right_choice(salt, 4, 3, hashed) == choice
    if other != salt:
        with pytest.raises(ValueError):
            draw.right_choice(other, 4, 3, hashed)
        with pytest.raises(Rejected):
            QUIZ.decide(replace(CLOSE, salt=other), QUIZ.evolve(QUIZ.initial, OPENED))
