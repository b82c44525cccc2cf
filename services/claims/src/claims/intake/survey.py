"""One reading of a whole file before anything is decided: how many rows, and which of them cancel each other."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from claims.domain.bureau import REVERSAL, Layout
from claims.intake.files import Cells
from claims.intake.resolving import person_asked
from contracts.resolving import PersonAsked

WORD = (1 << 64) - 1


@dataclass(frozen=True)
class Survey:
    """`reversed_rows` are the numbers of both rows of each pair, and of reversals whose original is not in the file.

    `reversals` are the settlement numbers taken back, and who their rows name: an original may stand in another file.
    """

    rows: int
    reversed_rows: frozenset[int]
    reversals: tuple[tuple[str, PersonAsked], ...]


def survey(layout: Layout, rows: Iterable[tuple[int, Cells]]) -> Survey:
    """Read all rows once; what is kept of each is sixteen bytes.

    A reversal cancels the row with its own settlement number; one with a number of its own cancels one row of the
    same visit and total, the first in the file.
    """
    at = layout.places
    setl, flag, visit, total = (at[name] for name in ("setl_id", "refd_setl_flag", "mdtrt_id", "medfee_sumamt"))
    numbers, visits = array("Q"), array("Q")
    reversals: list[tuple[int, str, int]] = []
    people: list[tuple[str, PersonAsked]] = []
    count = 0
    for count, cells in rows:
        number = cells[setl].strip()
        stay = hash((cells[visit].strip(), cells[total].strip().lstrip("-") if total >= 0 else "")) & WORD
        if cells[flag].strip() == REVERSAL and number:
            reversals.append((count, number, stay))
            people.append((number, person_asked(layout, count, cells)))
            numbers.append(0)
            visits.append(0)
        else:
            numbers.append(hash(number) & WORD if number else 0)
            visits.append(stay)
    return Survey(count, _folded(reversals, numbers, visits), tuple(people))


def _folded(reversals: list[tuple[int, str, int]], numbers: array[int], visits: array[int]) -> frozenset[int]:
    if not reversals:
        return frozenset()
    by_number = {hash(number) & WORD for _, number, _ in reversals}
    carried = {number for number in numbers if number in by_number}
    by_visit = Counter(stay for _, number, stay in reversals if hash(number) & WORD not in carried)
    folded = {row for row, _, _ in reversals}
    for row, (number, stay) in enumerate(zip(numbers, visits, strict=True), 1):
        if number and number in carried:
            folded.add(row)
        elif by_visit.get(stay, 0) > 0 and number:
            by_visit[stay] -= 1
            folded.add(row)
    return frozenset(folded)
