"""Reads a roster file: its format by content, its charset strictly, its header exactly, its rows as texts."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.web.problem import Problem
from enrolment.domain.row import COLUMNS, ID_NO_COLUMN
from enrolment.intake.workbook import open_sheet

XLSX = "xlsx"
XLSX_MAGIC = b"PK\x03\x04"
_FIRST_COLUMN = COLUMNS[0]
CELL_CHARACTERS_MAX = 500
CHARSETS = ("utf-8", "gb18030")

Cells = tuple[str, ...]


@dataclass(frozen=True)
class RosterFile:
    """A roster that can be read again and again; `format` is xlsx, utf-8, utf-8-sig or gb18030."""

    content: bytes
    format: str
    sheet: Any = None

    def rows(self) -> Iterator[Cells]:
        """The ten texts of every row that is not blank, without the header. Raises Problem on a broken file."""
        source = self._sheet_rows() if self.format == XLSX else self._csv_rows()
        width = len(COLUMNS)
        blank = ("",) * width
        try:
            _check_header(next(source, ()))
            for line, cells in enumerate(source, 2):
                if len(cells) != width:
                    cells = _ten(cells, line)  # noqa: PLW2901 - the same row, made whole
                if cells == blank:
                    continue
                yield cells
        except UnicodeDecodeError:
            raise Problem(422, "roster-charset-wrong", f"The file is not all {self.format}.", "file") from None
        except csv.Error:
            raise Problem(422, "roster-file-unreadable", "The file is not a readable CSV.", "file") from None

    def _csv_rows(self) -> Iterator[Cells]:
        text = io.TextIOWrapper(io.BytesIO(self.content), encoding=self.format, errors="strict", newline="")
        return map(tuple, csv.reader(text, strict=True))

    def _sheet_rows(self) -> Iterator[Cells]:
        for row in self.sheet.iter_rows():
            yield tuple(
                cell if type(cell) is str else _text(cell, column == ID_NO_COLUMN) for column, cell in enumerate(row)
            )


def open_roster(content: bytes, *, unpacked_bytes_max: int) -> RosterFile:
    """Recognise a file by its content. Raises Problem 4xx; nothing of it is kept then."""
    if not content.strip():
        raise Problem(422, "roster-empty", "The file is empty.", "file")
    if content.startswith(XLSX_MAGIC):
        return RosterFile(content, XLSX, open_sheet(content, unpacked_bytes_max))
    if b"\0" in content[:4096]:
        raise Problem(415, "roster-format-unknown", "A roster is an XLSX or a CSV in UTF-8 or GB18030.", "file")
    if content.startswith(codecs.BOM_UTF8):
        return RosterFile(content, "utf-8-sig")
    first_line = content.split(b"\n", 1)[0]
    for charset in CHARSETS:
        if _FIRST_COLUMN.encode(charset) in first_line:
            return RosterFile(content, charset)
    for charset in CHARSETS:
        try:
            first_line.decode(charset)
        except UnicodeDecodeError:
            continue
        return RosterFile(content, charset)
    raise Problem(415, "roster-charset-unknown", "The file is neither UTF-8 nor GB18030.", "file")


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


def _ten(cells: Cells, line: int) -> Cells:
    """Short rows lack empty cells at the end; long ones may only have empty cells there."""
    if any(cells[len(COLUMNS) :]):
        raise Problem(422, "roster-file-unreadable", f"Line {line} has more cells than the header.", "file")
    return (*cells[: len(COLUMNS)], *[""] * (len(COLUMNS) - len(cells)))


def _text(cell: Any, id_no: bool) -> str:
    """A cell that is not text; an identity number stored as a number has lost its last digits and shows it."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return str(cell)
    if id_no:
        return f"{cell:.5E}"
    return str(int(cell)) if float(cell).is_integer() else str(cell)


def clipped(cells: Cells) -> Cells:
    """The cells as they may be shown again: none longer than CELL_CHARACTERS_MAX."""
    return tuple(cell[:CELL_CHARACTERS_MAX] for cell in cells)
