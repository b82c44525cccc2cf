"""Reads a file of the bureau: the interface's field names in any order, its rows as texts (domain 6.2)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from chassis.files import XLSX, Cell, Extent, Table, Unreadable, open_table, text_of
from chassis.web.problem import Problem
from claims.domain.bureau import FIELDS, Layout, layout_of, missing_columns

COLUMNS_MAX = 200
"""Twice the interface's fields and more; a wider sheet is none of the bureau's."""
CELL_CHARACTERS_MAX = 2_000
EXACT = frozenset({"psn_no", "certno", "mdtrt_id", "setl_id"})
"""A number stored as a number has lost its last digits in these columns, and shows it."""

Cells = tuple[str, ...]
Source = Callable[[], BinaryIO]


@dataclass(frozen=True)
class SettlementFile:
    """A file of settlements; `format` is xlsx, utf-8, utf-8-sig or gb18030."""

    table: Table

    def open(self) -> tuple[Layout, Iterator[tuple[int, Cells]]]:
        """The header, and the numbered rows that are not blank. Raises Problem on a broken file."""
        lines = self._lines()
        header = [text_of(cell, exact=False) for cell in next(lines, ())]
        layout = layout_of(header)
        if len(layout.header) > COLUMNS_MAX:
            raise Problem(422, "settlements-sheet-too-wide", f"A file has at most {COLUMNS_MAX} columns.", "file")
        if missing := missing_columns(layout):
            sentence = f"The file lacks the column {', '.join(missing)}."
            raise Problem(422, "settlements-column-missing", sentence, missing[0])
        return layout, self._rows(layout, lines)

    def _rows(self, layout: Layout, lines: Iterator[tuple[Cell, ...]]) -> Iterator[tuple[int, Cells]]:
        width = len(layout.header)
        exact = [name in EXACT for name in layout.header]
        number = 0
        for found in lines:
            line = found
            if self.table.format == XLSX:
                line = tuple([text_of(cell, exact=at < width and exact[at]) for at, cell in enumerate(found)])
            if not line or (not line[0] and not any(line)):
                continue
            if len(line) != width:
                if any(line[width:]):
                    sentence = f"Row {number + 1} has more cells than the header."
                    raise Problem(422, "settlements-file-unreadable", sentence, "file")
                line = (*line[:width], *[""] * (width - len(line)))
            number += 1
            yield number, line  # type: ignore[misc]

    def _lines(self) -> Iterator[tuple[Cell, ...]]:
        try:
            yield from self.table.lines()
        except Unreadable as found:
            raise problem_of(found) from None


def open_settlements(source: Source, *, unpacked_bytes_max: int, rows_max: int) -> SettlementFile:
    """Recognise a file by its content. Raises Problem 4xx; nothing of it is kept then."""
    extent = Extent(COLUMNS_MAX, rows_max + 1, unpacked_bytes_max)
    try:
        return SettlementFile(open_table(source, first_column=FIELDS[0], extent=extent))
    except Unreadable as found:
        raise problem_of(found) from None


def reopen(opened: BinaryIO, format_: str, *, unpacked_bytes_max: int, rows_max: int) -> SettlementFile:
    """A kept file whose format is known, for one reading; a CSV is streamed."""
    if format_ != XLSX:
        return SettlementFile(Table(lambda: opened, format_))
    with opened:
        content = opened.read()
    return open_settlements(lambda: io.BytesIO(content), unpacked_bytes_max=unpacked_bytes_max, rows_max=rows_max)


def problem_of(found: Unreadable) -> Problem:
    """As the sender of settlements is told."""
    return Problem(found.status, f"settlements-{found.code}", found.sentence, "file")
