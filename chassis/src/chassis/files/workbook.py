"""Opens the first sheet of an XLSX after its parts were read once: no part lies about its size or its extent."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

CHUNK_BYTES = 1_048_576
OVERLAP_BYTES = 64
"""No cell's address is longer, so none is missed between two chunks."""
ADDRESS = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)(\d*)""")
"""A cell's or a row's own address."""
LETTERS_MAX = 3
"""No spreadsheet has columns beyond three letters."""
PANIC = "PanicException"
"""What the reader raises on addresses that it cannot hold; it is no Exception."""


class BrokenWorkbook(Exception):
    """Not a workbook that can be read: file-too-large, sheet-too-wide or file-unreadable, and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Extent:
    """How far a sheet may reach: it is read as a full rectangle, so one far cell costs the memory of all before it."""

    columns_max: int
    rows_max: int
    unpacked_bytes_max: int

    @cached_property
    def far(self) -> re.Pattern[bytes]:
        """An address that is worth a look: as many letters or digits as the first that lies outside, or more."""
        letters, digits = len(_letters(self.columns_max)), len(str(self.rows_max + 1))
        pattern = rb"""\sr\s*=\s*["']\s*(?:[A-Za-z]{%d,}\d*|[A-Za-z]*\d{%d,})"""
        return re.compile(pattern % (letters, digits))


def open_sheet(content: bytes, extent: Extent) -> Any:
    """The first sheet. Raises BrokenWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _check_parts(packed, extent)
        return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    except (
        zipfile.BadZipFile,
        zlib.error,
        CalamineError,
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ):
        raise _unreadable() from None
    except BaseException as error:
        if type(error).__name__ == PANIC:
            raise _unreadable() from None
        raise


def _check_parts(packed: zipfile.ZipFile, extent: Extent) -> None:
    if sum(part.file_size for part in packed.infolist()) > extent.unpacked_bytes_max:
        raise BrokenWorkbook("file-too-large", "The unpacked workbook is larger than allowed.")
    for part in packed.infolist():
        _check_extent(packed, part, extent)


def _check_extent(packed: zipfile.ZipFile, part: zipfile.ZipInfo, extent: Extent) -> None:
    """Reading to the end proves the part's size and checksum too."""
    before = b""
    with packed.open(part) as source:
        while chunk := source.read(CHUNK_BYTES):
            text = before + chunk
            if any(_outside(found, extent) for found in extent.far.findall(text)):
                last = f"column {_letters(extent.columns_max - 1)} or row {extent.rows_max}"
                raise BrokenWorkbook("sheet-too-wide", f"The sheet has a cell beyond {last}.")
            before = text[-OVERLAP_BYTES:]


def _outside(address: bytes, extent: Extent) -> bool:
    found = ADDRESS.match(address)
    assert found is not None, "it was found by a narrower pattern"
    letters, digits = found.groups()
    if len(letters) > LETTERS_MAX or int(digits or b"1") > extent.rows_max:
        return True
    column = 0
    for letter in letters.upper():
        column = column * 26 + letter - ord("A") + 1
    return column > extent.columns_max


def _letters(column: int) -> str:
    """The name of a column counted from 0: A, Z, AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _unreadable() -> BrokenWorkbook:
    return BrokenWorkbook("file-unreadable", "The workbook is damaged or cut short.")
