"""Reads a roster file: a table with the template's header, exactly, its rows as ten texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from chassis.files import Cell, Extent, Table, Unreadable, open_table, text_of
from chassis.web.problem import Problem
from enrolment.domain.row import COLUMNS, ID_NO_COLUMN

CELL_CHARACTERS_MAX = 500
COLUMNS_READ_MAX = 26
"""Ten are expected; what else stands in a sheet is refused by name up to here, beyond it unread."""

Cells = tuple[str, ...]
Source = Callable[[], BinaryIO]


@dataclass(frozen=True)
class RosterFile:
    """A roster that can be read again and again; `format` is xlsx, utf-8, utf-8-sig or gb18030."""

    table: Table

    @property
    def format(self) -> str:
        """As the file was recognised."""
        return self.table.format

    def rows(self) -> Iterator[Cells]:
        """The ten texts of every row that is not blank, without the header. Raises Problem on a broken file."""
        width = len(COLUMNS)
        blank = ("",) * width
        lines = self.table.lines()
        try:
            _check_header(_texts(next(lines, ())))
            for number, line in enumerate(lines, 2):
                cells = _texts(line)
                if len(cells) != width:
                    cells = _ten(cells, number)
                if cells == blank:
                    continue
                yield cells
        except Unreadable as found:
            raise _problem(found) from None


def open_roster(source: Source, *, unpacked_bytes_max: int, rows_max: int) -> RosterFile:
    """Recognise a file by its content. Raises Problem 4xx; nothing of it is kept then."""
    extent = Extent(COLUMNS_READ_MAX, rows_max + 1, unpacked_bytes_max)
    try:
        return RosterFile(open_table(source, first_column=COLUMNS[0], extent=extent))
    except Unreadable as found:
        raise _problem(found) from None


def count_rows(roster: RosterFile, *, rows_max: int) -> int:
    """Read the whole file once. Raises Problem for anything in it that is not a roster's row, for none, too many."""
    count = 0
    for _ in roster.rows():
        count += 1
        if count > rows_max:
            raise Problem(413, "roster-too-many-rows", f"A roster has at most {rows_max} rows.", "file")
    if not count:
        raise Problem(422, "roster-empty", "The file has a header and no rows.", "file")
    return count


def _problem(found: Unreadable) -> Problem:
    return Problem(found.status, f"roster-{found.code}", found.sentence, "file")


def _check_header(header: Sequence[str]) -> None:
    """The template's header may not be changed: the first column that differs is named."""
    found = [cell.strip() for cell in header]
    while found and not found[-1]:
        found.pop()
    for place, column in enumerate(COLUMNS):
        if place >= len(found) or found[place] != column:
            raise Problem(422, "roster-header-wrong", f"Column {place + 1} must be {column}.", column)
    if len(found) > len(COLUMNS):
        raise Problem(422, "roster-header-wrong", f"There is no column {len(COLUMNS) + 1} in a roster.", "file")


def _texts(line: tuple[Cell, ...]) -> Cells:
    """An identity number stored as a number has lost its last digits, and shows it."""
    return tuple(
        [cell if type(cell) is str else text_of(cell, exact=at == ID_NO_COLUMN) for at, cell in enumerate(line)]
    )


def _ten(cells: Cells, line: int) -> Cells:
    """Short rows lack empty cells at the end; long ones may only have empty cells there."""
    if any(cells[len(COLUMNS) :]):
        raise Problem(422, "roster-file-unreadable", f"Line {line} has more cells than the header.", "file")
    return (*cells[: len(COLUMNS)], *[""] * (len(COLUMNS) - len(cells)))


def clipped(cells: Cells) -> Cells:
    """The cells as they may be shown again: none longer than CELL_CHARACTERS_MAX."""
    return tuple(cell[:CELL_CHARACTERS_MAX] for cell in cells)
