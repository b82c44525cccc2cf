"""Figures of few people: hidden from the public, also from whoever subtracts one table from another."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chassis.cells import PLACES, Cell, Cells, Question, answer, shown
from chassis.web import Problem
from contracts.envelope import Actor

PEOPLE_MIN = 5
PROVINCE, CITY = "620000", "620000.620700"
UNIONS = (
    "6207022510000",
    "6207022510001",
    "6207222510001",
    "6207252510001",
    "6206022510001",
    "6206222510001",
    "6201022510001",
)
Fact = tuple[int, str]
"""Somebody, at a union; the n-th fact is worth 2^n fen, so that every sum tells what it is of."""
facts = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(UNIONS)), max_size=90)


def table(found: list[Fact], by: tuple[str, ...]) -> Cells:
    """What a report would count."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, (_, union) in enumerate(found):
        value = {"union": union, "county": union[:6], "city": union[:4] + "00"}
        groups[tuple(value[name] for name in by)].append(number)

    def figures(numbers: list[int]) -> dict[str, int]:
        return {"people": len({found[number][0] for number in numbers}), "fen": sum(1 << number for number in numbers)}

    cells = [Cell(dict(zip(by, key, strict=True)), figures(of)) for key, of in sorted(groups.items())]
    return Cells([*by], cells, Cell({}, figures([*range(len(found))])))


def published(found: list[Fact], name: str) -> Cells:
    depth = PLACES.index(name)
    above = [table(found, PLACES[: one + 1]) for one in range(depth)]
    return shown(above, table(found, PLACES[: depth + 1]), PEOPLE_MIN)


def place(union: str, level: int) -> str:
    """Where a union is: the province, its city, its county, itself."""
    return (PROVINCE, union[:4] + "00", union[:6] + "c", union)[level]


def found_out(found: list[Fact], known: dict[str, int]) -> dict[str, int]:
    """What is left of every sum after its known parts, and the parts that follow from it, until nothing new does."""
    unions = sorted({union for _, union in found})
    left: dict[str, int] = {}
    for _ in range(4):
        for high, low in itertools.combinations(range(4), 2):
            for whole in {place(union, high) for union in unions}:
                parts = {place(union, low) for union in unions if place(union, high) == whole}
                unknown = [part for part in parts if part not in known]
                if not unknown:
                    known.setdefault(whole, sum(known[part] for part in parts))
                elif whole in known:
                    rest = known[whole] - sum(known[part] for part in parts if part in known)
                    left[f"{whole} without {sorted(parts - {*unknown})}"] = rest
                    if len(unknown) == 1:
                        known[unknown[0]] = rest
    return known | left


FEW_IN_A_CITY = [(0, UNIONS[0])] + [
    (10 * at + n, union) for at, union in enumerate(UNIONS[1:], 1) for n in range(5 + at)
]


@settings(max_examples=300)
@given(found=facts)
@example([(number, UNIONS[0]) for number in range(3)] + [(number, UNIONS[4]) for number in range(9)])
@example(FEW_IN_A_CITY)
def test_no_subtraction_of_public_tables_leaves_few_people(found: list[Fact]) -> None:
    known: dict[str, int] = {}
    for level, name in enumerate(PLACES, 1):
        public = published(found, name)
        if not public.total.suppressed:
            known[PROVINCE] = public.total.figures["fen"]
        for cell in public.cells:
            if not cell.suppressed:
                known[cell.of[name] + "c" * (level == 2)] = cell.figures["fen"]
    for what, fen in found_out(found, known).items():
        people = {person for number, (person, _) in enumerate(found) if fen >> number & 1}
        assert not fen or len(people) >= PEOPLE_MIN, what


def test_a_table_without_few_people_is_shown_whole() -> None:
    found = [(number, union) for union in UNIONS for number in range(6)]
    for name in PLACES:
        public = published(found, name)
        assert not any(cell.suppressed for cell in public.cells)
        assert [cell.of for cell in public.cells] == [
            {name: place} for place in sorted({cell.of[name] for cell in public.cells})
        ]


async def test_the_public_is_told_of_the_whole_and_by_one_dimension() -> None:
    async def tell(by: object) -> Cells:
        return table([], tuple(by))  # type: ignore[arg-type]

    for days, path, by, code in (
        (("2022-06-01", ""), PROVINCE, ("city",), "public-whole"),
        (("", ""), CITY, ("city",), "public-whole"),
        (("", ""), PROVINCE, ("city", "county"), "public-by-one"),
    ):
        actor = Actor(sub="s", org=path.rpartition(".")[2], org_path=path, roles=("supervisor",))
        with pytest.raises(Problem) as refused:
            await answer(tell, Question(",".join(by), days, public=True), by, actor, PEOPLE_MIN)
        assert refused.value.code == code
        assert await answer(tell, Question(",".join(by), days, public=False), by, actor, PEOPLE_MIN)
