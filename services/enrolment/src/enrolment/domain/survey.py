"""What only a whole roster shows: numbers that repeat, mobiles that are shared, likely typing errors (domain 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enrolment.domain.id_number import E_ID_CHECK, E_ID_DATE, E_ID_FORMAT, FOREIGN
from enrolment.domain.name import clean_mobile, clean_name
from enrolment.domain.row import Checked, Rules, check, identify

_NO_NUMBER = frozenset({E_ID_FORMAT, E_ID_CHECK, E_ID_DATE})


class Shared(NamedTuple):
    """Rows by number, mobiles, and hashes of (name as typed, birth date): what `judge` looks up, nothing more.

    `renamed_rows` are those of the repeated that bear another name than the first.
    """

    repeated_rows: frozenset[int]
    renamed_rows: frozenset[int]
    mobiles: frozenset[str]
    doubtful: frozenset[int]


@dataclass(frozen=True)
class Survey:
    """The rules and what a first reading of the file showed; rows can then be judged in any order, from anywhere.

    A row is a repetition when an earlier row bears the same well-formed number, whatever else is wrong with
    either, so the answer depends on the file alone.
    """

    rules: Rules
    shared: Shared

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]], rules: Rules) -> Survey:
        """Read all rows once; `rows` are the file's, from the first."""
        return cls(rules, _read(rows, rules))

    def judge(self, row_no: int, cells: Sequence[str]) -> Checked:
        """The row with all codes that the file alone can show."""
        row = check(row_no, cells, self.rules)
        errors, warnings = row.errors, row.warnings
        if row_no in self.shared.repeated_rows:
            errors = (*errors, "E_DUP_IN_FILE")
            if row_no in self.shared.renamed_rows:
                errors = (*errors, "E_NAME_CONFLICT")
        if row.mobile in self.shared.mobiles:
            warnings = (*warnings, "W_MOBILE_SHARED")
        if hash((cells[0], row.born)) in self.shared.doubtful and _NO_NUMBER.isdisjoint(errors):
            warnings = (*warnings, "W_SAME_NAME_BIRTH")
        if errors is row.errors and warnings is row.warnings:
            return row
        return row._replace(errors=errors, warnings=warnings)


def _read(rows: Iterable[Sequence[str]], rules: Rules) -> Shared:
    repeated: set[int] = set()
    doubtful: set[int] = set()
    renamed: set[int] = set()
    seen: dict[str, str] = {}
    by_mobile: dict[str, int | set[int]] = {}
    by_birth: dict[int, int] = {}
    for row_no, cells in enumerate(rows, 1):
        number = identify(cells, rules)
        if number.errors:
            continue
        if number.id_no in seen:
            repeated.add(row_no)
            if _renamed(seen[number.id_no], cells[0], number.id_type):
                renamed.add(row_no)
            continue
        seen[number.id_no] = cells[0]
        person = hash(number.id_no)
        mobile = clean_mobile(cells[3])
        if mobile:
            known = by_mobile.setdefault(mobile, person)
            if isinstance(known, set):
                known.add(person)
            elif known != person:
                by_mobile[mobile] = {known, person}
        if number.born and by_birth.setdefault(hash((cells[0], number.born)), person) != person:
            doubtful.add(hash((cells[0], number.born)))
    most = rules.plan.people_per_mobile_max
    crowded = {mobile for mobile, people in by_mobile.items() if isinstance(people, set) and len(people) > most}
    return Shared(frozenset(repeated), frozenset(renamed), frozenset(crowded), frozenset(doubtful))


def _renamed(first: str, second: str, id_type: str) -> bool:
    """Whether both are names, and not the same one."""
    foreign = id_type in FOREIGN
    one, other = clean_name(first, foreign=foreign), clean_name(second, foreign=foreign)
    return bool(one and other) and one != other
