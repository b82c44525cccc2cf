"""Whatever is counted, nobody who sees what is told, and reckons, learns of one to four people."""

from __future__ import annotations

from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from health_checkup.domain.small_cells import (
    Part,
    Told,
    protect,
    protect_counts,
    protect_twice,
    steps_told,
    tells_of_few,
    whole_of,
)

LEAST = 5
PARTS = st.integers(0, 14).flatmap(lambda of: st.builds(Part, st.integers(0, of), st.just(of)))
NAMED = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: {f"p{place}": one for place, one in enumerate(parts)})


def possible(parts: dict[str, Part], told: Told, one: str) -> set[int]:
    """What the count of one may be for somebody who sees the sum and the parts that are told."""
    if one in told.parts:
        return {parts[one].count}
    others = [part for key, part in parts.items() if key not in told.parts and key != one]
    together = whole_of([part for key, part in parts.items() if key not in told.parts]).count
    return {count for count in range(parts[one].of + 1) if 0 <= together - count <= whole_of(others).of}


@given(parts=NAMED)
@example(parts={"a": Part(4, 100), "b": Part(1, 2)})
@example(parts={"a": Part(2, 30), "b": Part(20, 40)})
@example(parts={"a": Part(29, 30), "b": Part(20, 40)})
def test_no_cell_of_few_is_told_nor_found_by_subtraction_from_the_sum(parts: dict[str, Part]) -> None:
    told = protect(parts, LEAST)
    if not told.whole:
        assert told.parts == frozenset()
        return
    assert not tells_of_few(whole_of([*parts.values()]), LEAST)
    for key, part in parts.items():
        if part.of and tells_of_few(part, LEAST):
            assert key not in told.parts
            assert len(possible(parts, told, key)) > min(part.of, LEAST)


@given(groups=st.lists(NAMED, min_size=1, max_size=3))
def test_no_stop_of_few_is_found_from_its_prefectures_and_the_whole(groups: list[dict[str, Part]]) -> None:
    named = {f"g{place}": {f"g{place}-{key}": part for key, part in one.items()} for place, one in enumerate(groups)}
    told = protect_twice(named, LEAST)
    if not told.whole:
        assert (told.groups, told.parts) == (frozenset(), frozenset())
        return
    sums = {name: whole_of([*parts.values()]) for name, parts in named.items()}
    for name, parts in named.items():
        may_be = possible(sums, Told(whole=True, parts=told.groups), name)
        if sums[name].of and tells_of_few(sums[name], LEAST):
            assert len(may_be) > min(sums[name].of, LEAST)
        shown = sum(part.count for key, part in parts.items() if key in told.parts)
        rest = {key: part.of for key, part in parts.items() if key not in told.parts}
        for key, part in parts.items():
            if part.of and tells_of_few(part, LEAST):
                assert key not in told.parts
                others = sum(rest.values()) - part.of
                counts = {
                    count
                    for count, whole in product(range(part.of + 1), may_be)
                    if 0 <= whole - shown - count <= others
                }
                assert len(counts) > min(part.of, LEAST)


@given(counts=st.lists(st.integers(0, 12), min_size=1, max_size=5))
@example(counts=[1, 1, 1, 1, 1])
@example(counts=[4, 9])
def test_no_people_count_of_few_is_told_in_public_nor_found_by_subtraction(counts: list[int]) -> None:
    named = {f"c{place}": count for place, count in enumerate(counts)}
    told = protect_counts(named, LEAST)
    hidden = {key: count for key, count in named.items() if key not in told.parts}
    assert all(not 0 < named[key] < LEAST for key in told.parts)
    if told.whole:
        assert not 0 < sum(counts) < LEAST
        spare = sum(hidden.values()) - len(hidden)
        # Each of the hidden is one at least: any of them may be from one up to all that is to spare.
        assert not hidden or 1 + spare >= LEAST
        assert len(hidden) != 1


def test_no_more_is_left_out_than_must_be() -> None:
    assert protect_counts({"a": 4, "b": 9, "c": 30, "d": 0}, LEAST) == Told(whole=True, parts=frozenset("cd"))
    parts = {"a": Part(2, 30), "b": Part(20, 40), "c": Part(30, 60)}
    assert protect(parts, LEAST) == Told(whole=True, parts=frozenset("c"))


def test_what_few_are_the_rest_of_is_not_told_either() -> None:
    assert [tells_of_few(Part(count, 20), LEAST) for count in (0, 4, 5, 15, 16, 20)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip


@given(raised=st.integers(0, 30), followed=st.integers(0, 30), ended=st.integers(0, 30))
def test_the_steps_of_findings_tell_of_no_few_who_wait_or_are_under_way(raised: int, followed: int, ended: int) -> None:
    counts = sorted((raised, followed, ended), reverse=True)
    told = steps_told((counts[0], counts[1], counts[2]), LEAST)
    shown = [counts[0], *(one for one in told if one is not None)]
    assert all(one >= LEAST for one in told if one is not None)
    for first, one in enumerate(shown):
        assert all(not 0 < one - other < LEAST for other in shown[first + 1 :])
