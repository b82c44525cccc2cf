"""One reading of a whole file before anything is decided: how many rows, and which of them cancel each other."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from claims.domain.bureau import REVERSAL, Layout, visit_key
from claims.intake.files import Cells
from claims.intake.resolving import person_asked
from contracts.resolving import PersonAsked

WORD = (1 << 64) - 1


class Reversal(NamedTuple):
    """A row that takes a settlement back: which number it carries, of which visit, and whom it names.

    `visit` is the digest of visit and total within this reading, 0 for none, `visit_key` that of all readings.
    """

    row_no: int
    setl_id: str
    visit: int
    visit_key: str
    person: PersonAsked


@dataclass(frozen=True)
class Survey:
    """Rows and reversals of a file; an original may stand in another file.

    `numbers` and `visits` are digests of each row's settlement number and of its visit with its total, 0 for none.
    """

    rows: int
    reversals: tuple[Reversal, ...]
    numbers: array[int]
    visits: array[int]

    @cached_property
    def own(self) -> frozenset[str]:
        """The numbers of reversals that no other row of the file carries: their own, or of another file's row."""
        by_number = {hash(one.setl_id) & WORD: one.setl_id for one in self.reversals}
        carried = {number for number in self.numbers if number in by_number}
        return frozenset(setl_id for number, setl_id in by_number.items() if number not in carried)

    @cached_property
    def alone(self) -> frozenset[str]:
        """The numbers of reversals with numbers of their own that find no row of their visit and total here."""
        by_number = {hash(one.setl_id) & WORD for one in self.reversals if one.setl_id not in self.own}
        rows = Counter(
            visit for number, visit in zip(self.numbers, self.visits, strict=True) if visit and number not in by_number
        )
        alone = set()
        for one in self.reversals:
            if one.setl_id in self.own and one.visit:
                rows[one.visit] -= 1
                if rows[one.visit] < 0:
                    alone.add(one.setl_id)
        return frozenset(alone)

    def folded(self, elsewhere: Collection[str]) -> frozenset[int]:
        """The rows that cancel each other, by number, and all reversals.

        A reversal cancels the row with its own settlement number; one with a number of its own cancels one row of
        the same visit and total, the first in the file, unless it is of `elsewhere`: those have cancelled a
        settlement of another file, and the row of the same visit here is the corrected one.
        """
        if not self.reversals:
            return frozenset()
        carried = {hash(one.setl_id) & WORD for one in self.reversals if one.setl_id not in self.own}
        here = [one for one in self.reversals if one.setl_id in self.own and one.setl_id not in elsewhere]
        by_visit = Counter(one.visit for one in here if one.visit)
        folded = {one.row_no for one in self.reversals}
        for row, (number, visit) in enumerate(zip(self.numbers, self.visits, strict=True), 1):
            if number and number in carried:
                folded.add(row)
            elif number and by_visit.get(visit, 0) > 0:
                by_visit[visit] -= 1
                folded.add(row)
        return frozenset(folded)


def survey(layout: Layout, rows: Iterable[tuple[int, Cells]]) -> Survey:
    """Read all rows once; what is kept of each is sixteen bytes."""
    at = layout.places
    setl, flag, stay, total = (at[name] for name in ("setl_id", "refd_setl_flag", "mdtrt_id", "medfee_sumamt"))
    numbers, visits = array("Q"), array("Q")
    reversals: list[Reversal] = []
    count = 0
    for count, cells in rows:
        number, stay_no = cells[setl].strip(), cells[stay].strip()
        visit = hash((stay_no, cells[total].strip().lstrip("-") if total >= 0 else "")) & WORD if stay_no else 0
        if cells[flag].strip() == REVERSAL and number:
            person = person_asked(layout, count, cells)
            reversals.append(Reversal(count, number, visit, visit_key(layout, cells), person))
            numbers.append(0)
            visits.append(0)
        else:
            numbers.append(hash(number) & WORD if number else 0)
            visits.append(visit)
    return Survey(count, tuple(reversals), numbers, visits)
