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
    last_day="2022-03-07", prizes=2, seed_sha256=draw.seed_hash(SEED), pass_mark=1, today="2022-03-01", by="opener",
)  # fmt: skip
OPENED = QuizOpened(
    quiz_id="q", title="健康知识", org_path="620000", questions=QUESTIONS, first_day="2022-03-05",
    last_day="2022-03-07", prizes=2, seed_sha256=draw.seed_hash(SEED), pass_mark=1, one_prize_each=True,
    by="opener",
)  # fmt: skip
OWNERS = {draw.entry_id("q", f"p{number}", "2022-03-05"): f"p{number}" for number in range(5)}
IDS = tuple(sorted(OWNERS))
CLOSE = CloseQuiz(quiz_id="q", salt=SALT, up_to=90, entries=7, passed=IDS, today="2022-03-08", by="closer")
CLOSED = QuizClosed(
    quiz_id="q", answers=RIGHT, salt=SALT, up_to=90, entries=7, drawn_from=5, entries_sha256=draw.entries_hash(IDS),
    closed_on="2022-03-08", by="closer",
)  # fmt: skip
DRAW = DrawQuiz(quiz_id="q", seed=SEED, passed=OWNERS, today="2022-03-09", by="drawer")
WON = tuple(draw.winners(SEED, IDS, 2))
DRAWN = QuizDrawn(
    quiz_id="q", seed=SEED, winners=WON, drawn_on="2022-03-09", by="drawer",
    person_ids=tuple(OWNERS[entry] for entry in WON),
)  # fmt: skip


def test_a_quiz_is_opened_once_with_its_promises() -> None:
    quiz.when(OPEN).then(OPENED)
    quiz.given(OPENED).when(OPEN).then_nothing()
    quiz.given(OPENED, CLOSED).when(OPEN).then_nothing()
    quiz.given(OPENED).when(replace(OPEN, prizes=3)).then_rejected("quiz-differs")
    quiz.given(OPENED).when(replace(OPEN, pass_mark=2)).then_rejected("quiz-differs")


def test_what_cannot_be_held_is_not_opened() -> None:
    quiz.when(replace(OPEN, questions=())).then_rejected("questions-invalid")
    twice = changed(QUESTIONS[0], choices=("甲", "甲"))
    quiz.when(replace(OPEN, questions=(twice,))).then_rejected("questions-invalid")
    quiz.when(replace(OPEN, prizes=0)).then_rejected("prizes-invalid")
    quiz.when(replace(OPEN, prizes=501)).then_rejected("prizes-invalid")
    for mark in (-1, 3):
        quiz.when(replace(OPEN, pass_mark=mark)).then_rejected("pass-mark-invalid")
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
    passed = dict.fromkeys(entries, "someone") | {entry: OWNERS[entry] for entry in set(IDS) - gone}
    expected = quiz.given(OPENED, CLOSED).when(replace(DRAW, passed=passed))
    if set(passed) == set(IDS):
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


def test_an_entry_of_a_head_that_has_won_is_passed_over_as_it_is_written_down() -> None:
    # The hashes again by hand.
    assert draw.winners("00ff", ["aa", "bb", "cc"], 2, {"aa": "h", "cc": "h"}) == ["aa", "bb"]
    assert draw.head("q", "p1") == "c6c6d37f32e91c0f6427ebec4ef1f695ce082e6a55f8d7dcd5ecf1acd46b8a4a"
    assert draw.entry_id("q", "p1", "2022-03-05") == "7e55898fd175e33f37061f7fd16f9dfb2802f10102f5b24ba74a3d79990d6ae2"


DAYS = tuple(f"2022-03-{day:02}" for day in range(1, 6))
DAYS_OF_PEOPLE = st.dictionaries(
    st.uuids().map(str), st.sets(st.sampled_from(DAYS), min_size=1), min_size=1, max_size=12
)


@given(seed=SEEDS, entered=DAYS_OF_PEOPLE, prizes=st.integers(1, 15))
def test_nobody_wins_twice_and_anyone_finds_the_same_winners_by_the_heads_of_the_winners(
    seed: str, entered: dict[str, set[str]], prizes: int
) -> None:
    owners = {draw.entry_id("q", person, day): person for person, days in entered.items() for day in days}
    opened = changed(OPENED, seed_sha256=draw.seed_hash(seed), prizes=prizes)
    closed = changed(CLOSED, entries_sha256=draw.entries_hash(owners))
    [drawn] = quiz.given(opened, closed).when(replace(DRAW, seed=seed, passed=owners)).events
    assert isinstance(drawn, QuizDrawn)
    assert len(set(drawn.person_ids)) == len(drawn.winners) == min(prizes, len(entered))
    assert [owners[entry] for entry in drawn.winners] == [*drawn.person_ids]
    # What a stranger has: the ids, the seed, the days, and the heads of those who won.
    told = draw.heads_by_entry([draw.head("q", person) for person in drawn.person_ids], DAYS)
    assert draw.winners(seed, [*owners], prizes, told) == [*drawn.winners]
    # Nobody is passed over for whoever is first of a head.
    plain = draw.winners(seed, [*owners], len(owners))
    assert [*drawn.person_ids] == [*dict.fromkeys(owners[entry] for entry in plain)][:prizes]


def test_a_quiz_from_before_is_drawn_as_it_was_promised() -> None:
    before = changed(OPENED, pass_mark=-1, one_prize_each=False)
    assert QUIZ.evolve(QUIZ.initial, before).pass_mark == len(RIGHT)  # type: ignore[union-attr]
    same = dict.fromkeys(IDS, "p1")
    [drawn] = quiz.given(before, CLOSED).when(replace(DRAW, passed=same)).events
    assert isinstance(drawn, QuizDrawn)
    assert (drawn.winners, drawn.person_ids) == (WON, ("p1", "p1"))
    [drawn] = quiz.given(OPENED, CLOSED).when(replace(DRAW, passed=same)).events
    assert isinstance(drawn, QuizDrawn)
    assert drawn.winners == WON[:1]


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
