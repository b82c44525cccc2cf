"""A finished day of the bank account is taken in whole, in order, and once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.envelope import changed
from contracts.payments.bank import BankDayTaken, BankEntry
from payments.domain.bank_day import BANK_DAY, PAGE_ENTRIES_MAX, TakeDay

day = Spec(BANK_DAY)


def entry(number: int, amount_fen: int = -5) -> BankEntry:
    kind = "paid" if amount_fen < 0 else "received"
    return BankEntry(entry_no=number, end_to_end_id=f"e-{number}", kind=kind, amount_fen=amount_fen, reference="r")


def take(*entries: BankEntry, opening_fen: int = 100, expected_fen: int | None = 100) -> TakeDay:
    closing_fen = opening_fen + sum(one.amount_fen for one in entries)
    return TakeDay("main", "2022-06-01", opening_fen, closing_fen, entries, expected_fen)


def taken(*entries: BankEntry, closing_fen: int, page: int = 1, last: bool = True) -> BankDayTaken:
    return BankDayTaken(
        bank_account="main", day="2022-06-01", page=page, last=last, opening_fen=100, closing_fen=closing_fen,
        entries=entries,
    )  # fmt: skip


def test_a_day_is_taken_in_and_a_repeat_is_quiet() -> None:
    day.when(take(entry(1), entry(2, 7))).then(taken(entry(1), entry(2, 7), closing_fen=102))
    day.given(taken(entry(1), closing_fen=95)).when(take(entry(1))).then_nothing()


def test_the_first_day_opens_where_it_opens_and_may_be_empty() -> None:
    day.when(take(expected_fen=None)).then(taken(closing_fen=100))


def test_a_day_that_does_not_add_up_is_refused() -> None:
    wrong = TakeDay("main", "2022-06-01", 100, 96, (entry(1),), 100)
    day.when(wrong).then_rejected("statement-does-not-add-up")


def test_a_day_that_does_not_open_where_the_last_one_closed_is_refused() -> None:
    day.when(take(entry(1), expected_fen=99)).then_rejected("statement-hole")


def test_another_statement_of_a_day_that_was_taken_in_changes_nothing() -> None:
    day.given(taken(entry(1), closing_fen=95)).when(take(entry(9), expected_fen=1)).then_nothing()


def test_a_long_day_comes_in_pages_of_which_the_last_ends_it() -> None:
    entries = tuple(entry(number) for number in range(1, PAGE_ENTRIES_MAX + 2))
    closing_fen = 100 - 5 * len(entries)
    first = taken(*entries[:PAGE_ENTRIES_MAX], closing_fen=closing_fen, last=False)
    second = changed(first, page=2, last=True, entries=entries[PAGE_ENTRIES_MAX:])
    day.when(take(*entries)).then(first, second)
    day.given(first, second).when(take(*entries)).then_nothing()


amounts = st.integers(-50, 50).filter(bool)


@given(st.lists(amounts, max_size=3 * PAGE_ENTRIES_MAX), st.integers(-3, 3), st.sampled_from([None, 100, 101]))
def test_what_is_taken_in_adds_up_and_leaves_no_entry_out(
    fens: list[int], wrong_fen: int, expected_fen: int | None
) -> None:
    entries = tuple(entry(number, fen) for number, fen in enumerate(fens, start=1))
    command = TakeDay("main", "2022-06-01", 100, 100 + sum(fens) + wrong_fen, entries, expected_fen)
    if wrong_fen or expected_fen == 101:
        with pytest.raises(Rejected):
            BANK_DAY.decide(command, BANK_DAY.initial)
        return
    pages = BANK_DAY.decide(command, BANK_DAY.initial)
    assert tuple(one for page in pages for one in page.entries) == entries
    assert [page.page for page in pages] == list(range(1, len(pages) + 1))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    state = BANK_DAY.initial
    for page in pages:
        state = BANK_DAY.evolve(state, page)
    assert BANK_DAY.decide(command, state) == []
