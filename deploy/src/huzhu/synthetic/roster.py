"""Synthetic rosters with the dirt of real ones, equal for equal seeds (shares of domain 5.2)."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import xlsxwriter

from enrolment.domain.id_number import CHECK_CHARACTERS, check_character
from enrolment.domain.row import COLUMNS
from huzhu.synthetic.people import Person, id_number, mobile, person

PERIOD_START = date(2022, 1, 1)
"""Ages are drawn for this day; the reference plan starts then."""
RECENT_ROWS_MAX = 200
"""A duplicate repeats one of this many rows before it, as pasted blocks do."""
SHARED_MOBILES_MAX = 6


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How dirty a roster is: shares of rows in parts per 100,000."""

    mobile_missing: int = 0
    mobile_malformed: int = 0
    mobile_shared: int = 0
    duplicate: int = 0
    check_digit: int = 0
    mangled: int = 0
    short_number: int = 0
    no_such_date: int = 0
    age: int = 0
    name: int = 0
    occupation: int = 0
    division: int = 0
    union: int = 0

    def scaled(self, factor: int) -> Mix:
        """The errors `factor` times as frequent; what is only a warning stays."""
        fields = {name: share * factor for name, share in vars(self).items() if not name.startswith("mobile")}
        kept = {name: share for name, share in vars(self).items() if name.startswith("mobile")}
        return Mix(**fields, **kept)


_LIGHT = Mix(
    mobile_missing=20_200,
    mobile_malformed=260,
    mobile_shared=300,
    duplicate=825,
    check_digit=200,
    mangled=100,
    age=150,
    name=30,
    occupation=50,
    division=50,
    union=30,
)
_REAL = Mix(
    mobile_missing=20_200,
    mobile_malformed=260,
    mobile_shared=300,
    duplicate=1_650,
    check_digit=1_000,
    mangled=500,
    short_number=200,
    no_such_date=150,
    age=800,
    name=150,
    occupation=200,
    division=150,
    union=150,
)
MIXES = {"none": Mix(), "light": _LIGHT, "real": _REAL, "heavy": _REAL.scaled(6)}
"""`real` puts about one row in twenty in error, as collected rosters do."""


def generate(
    rows: int, seed: int, errors: str = "real", people: Mapping[int, Person] | None = None, on: date = PERIOD_START
) -> Iterator[list[str]]:
    """Rows of the template's ten texts, without the header; `people` stand, faultless, at their row (from 1).

    Equal arguments give equal rows. Raises KeyError for an unknown mix.
    """
    mix = MIXES[errors]
    draw = random.Random(f"roster-{seed}")
    given = dict(people or {})
    faults = _faults(mix)
    shared = [mobile(draw) for _ in range(SHARED_MOBILES_MAX)]
    recent: list[list[str]] = []
    for row_no in range(1, rows + 1):
        if row_no in given:
            yield given[row_no].cells()
            continue
        cells = person(draw, on).cells()
        dice = draw.randrange(100_000)
        if dice < mix.mobile_missing:
            cells[3] = ""
        elif dice < mix.mobile_missing + mix.mobile_malformed:
            cells[3] = draw.choice((cells[3][:10], cells[3] + "0", "12" + cells[3][2:], "无"))
        elif dice < mix.mobile_missing + mix.mobile_malformed + mix.mobile_shared:
            cells[3] = draw.choice(shared)
        dice = draw.randrange(100_000)
        for below, fault in faults:
            if dice < below:
                cells = _spoil(fault, cells, recent, draw, on)
                break
        if len(recent) == RECENT_ROWS_MAX:
            recent[row_no % RECENT_ROWS_MAX] = cells
        else:
            recent.append(cells)
        yield list(cells)


def _faults(mix: Mix) -> list[tuple[int, str]]:
    """Upper bounds of a die of 100,000 and the fault below each."""
    bounds: list[tuple[int, str]] = []
    total = 0
    for fault, share in vars(mix).items():
        if share and not fault.startswith("mobile"):
            total += share
            bounds.append((total, fault))
    return bounds


def _spoil(fault: str, cells: list[str], recent: list[list[str]], draw: random.Random, on: date) -> list[str]:
    """The row with one fault in it; a duplicate is an earlier row again."""
    if fault == "duplicate":
        return list(draw.choice(recent)) if recent else cells
    number = cells[2]
    match fault:
        case "check_digit":
            cells[2] = number[:17] + draw.choice([c for c in CHECK_CHARACTERS if c != number[17]])
        case "mangled":
            cells[2] = f"{float(number[:17]) * 10:.{draw.choice((1, 5))}E}"
        case "short_number":
            cells[2] = draw.choice((number[:17], number[:12], "", number + "1"))
        case "no_such_date":
            seventeen = f"{number[:10]}0230{number[14:17]}"
            cells[2] = seventeen + check_character(seventeen)
        case "age":
            years = draw.choice((14, 15, 62, 66, 70))
            cells[2] = id_number(draw, date(on.year - years, 6, 15), region=number[:6])
        case "name":
            cells[0] = draw.choice(("", "张", "王先生1", "测试*", "李" * 31))
        case "occupation":
            cells[4] = draw.choice(("", "教师", "其他", "货车"))
        case "division":
            cells[7], cells[8] = "", draw.choice(("", "621300", "110101", "62", "620722x"))
        case _:
            cells[7] = draw.choice(("62072510", "1101051000001", "62130010000A1", "999999"))
    return cells


def write(path: Path, rows: Iterable[Iterable[str]], *, encoding: str = "utf-8") -> int:
    """Write a roster with its header, by the file's extension; the number of rows. `encoding` is for CSV only.

    Encodings: utf-8, utf-8-sig (with a byte order mark), gb18030. Raises ValueError for another extension.
    """
    if path.suffix == ".csv":
        with path.open("w", encoding=encoding, newline="") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            return sum(1 for row in rows if writer.writerow(list(row)))
    if path.suffix == ".xlsx":
        return _write_xlsx(path, rows)
    raise ValueError(f"{path.name}: a roster is .csv or .xlsx")


def _write_xlsx(path: Path, rows: Iterable[Iterable[str]]) -> int:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("名册")
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(COLUMNS) - 1, 18, text)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, COLUMNS)
        count = 0
        for count, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(count, column, cell, text)
    return count
