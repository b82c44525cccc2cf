"""Tables that people send: a CSV in UTF-8 or GB18030, or an XLSX; recognised by content, read row by row."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from chassis.files.workbook import BrokenWorkbook, Extent, open_sheet

XLSX = "xlsx"
XLSX_MAGIC = b"PK\x03\x04"
CHARSETS = ("utf-8", "gb18030")
HEAD_BYTES = 65_536
"""A header line is not longer than this."""
PART_BYTES = 1_048_576

Cell = str | float | int | bool | object


class Unreadable(Exception):
    """Not a table: a code to be prefixed by the kind of file, the status, a sentence."""

    def __init__(self, code: str, status: int, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True)
class Table:
    """A table that can be read again and again; `format` is xlsx, utf-8, utf-8-sig or gb18030."""

    source: Callable[[], BinaryIO]
    format: str
    sheet: Any = None

    def lines(self) -> Iterator[tuple[Cell, ...]]:
        """Every line as it stands, the header first; cells of a CSV are texts. Raises Unreadable."""
        try:
            yield from self._sheet_lines() if self.format == XLSX else self._csv_lines()
        except UnicodeDecodeError:
            raise Unreadable("charset-wrong", 422, f"The file is not all {self.format}.") from None
        except csv.Error:
            raise Unreadable("file-unreadable", 422, "The file is not a readable CSV.") from None

    def _csv_lines(self) -> Iterator[tuple[Cell, ...]]:
        with io.TextIOWrapper(self.source(), encoding=self.format, errors="strict", newline="") as text:
            yield from map(tuple, csv.reader(text, strict=True))

    def _sheet_lines(self) -> Iterator[tuple[Cell, ...]]:
        yield from map(tuple, self.sheet.iter_rows())


def open_table(source: Callable[[], BinaryIO], *, first_column: str, extent: Extent) -> Table:
    """Recognise a table; `source` opens its bytes from the beginning, `first_column` heads a right one.

    A workbook is held whole, a CSV never. Raises Unreadable: empty, format-unknown, charset-unknown,
    file-unreadable, file-too-large, sheet-too-wide.
    """
    with source() as opened:
        head = opened.read(HEAD_BYTES)
        if head.startswith(XLSX_MAGIC):
            return Table(source, XLSX, _sheet(head + opened.read(), extent))
    if not head.strip():
        raise Unreadable("empty", 422, "The file is empty.")
    if b"\0" in head[:4096]:
        raise Unreadable("format-unknown", 415, "The file must be an XLSX or a CSV in UTF-8 or GB18030.")
    if head.startswith(codecs.BOM_UTF8):
        return Table(source, "utf-8-sig")
    first_line = head.split(b"\n", 1)[0]
    for charset in CHARSETS:
        if not first_column.isascii() and first_column.encode(charset) in first_line:
            return Table(source, charset)
    for charset in CHARSETS:
        # A header in ASCII does not tell the charset; the first letter that does may stand far below.
        if _reads(source, charset) if first_column.isascii() else _reads(lambda: io.BytesIO(first_line), charset):
            return Table(source, charset)
    raise Unreadable("charset-unknown", 415, "The file is neither UTF-8 nor GB18030.")


def text_of(cell: Cell, *, exact: bool) -> str:
    """A cell as text. A long number that was stored as a number has lost digits: an `exact` column shows that."""
    if type(cell) is str:
        return cell
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return str(cell)
    if exact:
        return f"{cell:.5E}"
    return str(int(cell)) if float(cell).is_integer() else str(cell)


def _reads(source: Callable[[], BinaryIO], charset: str) -> bool:
    """Whether all of the text is of the charset."""
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        with source() as opened:
            while part := opened.read(PART_BYTES):
                decoder.decode(part)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sheet(content: bytes, extent: Extent) -> Any:
    try:
        return open_sheet(content, extent)
    except BrokenWorkbook as broken:
        status = 413 if broken.code == "file-too-large" else 422
        raise Unreadable(broken.code, status, broken.sentence) from None
