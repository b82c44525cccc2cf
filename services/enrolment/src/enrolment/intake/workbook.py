"""Opens the first sheet of an XLSX after its parts were read once: no part lies about its size or its extent."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from chassis.web.problem import Problem

COLUMN_LETTERS_MAX = 1
"""A sheet is read as a full rectangle, so a single far cell costs the memory of all before it: none beyond Z."""
ROW_NO_MAX = 200_001
CHUNK_BYTES = 1_048_576
OVERLAP_BYTES = 64
"""No cell's address is longer, so none is missed between two chunks."""
FAR_COLUMN = re.compile(rb"""\sr\s*=\s*["']\s*[A-Za-z]{%d,}""" % (COLUMN_LETTERS_MAX + 1))
FAR_ROW = re.compile(rb"""\sr\s*=\s*["']\s*[A-Za-z]*(\d{%d,})""" % len(str(ROW_NO_MAX)))
PANIC = "PanicException"
"""What the reader raises on addresses that it cannot hold; it is no Exception."""


def open_sheet(content: bytes, unpacked_bytes_max: int) -> Any:
    """The first sheet. Raises Problem roster-file-too-large, roster-sheet-too-wide, roster-file-unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _check_parts(packed, unpacked_bytes_max)
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


def _check_parts(packed: zipfile.ZipFile, unpacked_bytes_max: int) -> None:
    if sum(part.file_size for part in packed.infolist()) > unpacked_bytes_max:
        raise Problem(413, "roster-file-too-large", "The unpacked workbook is larger than allowed.", "file")
    for part in packed.infolist():
        _check_extent(packed, part)


def _check_extent(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Reading to the end proves the part's size and checksum too."""
    before = b""
    with packed.open(part) as source:
        while chunk := source.read(CHUNK_BYTES):
            text = before + chunk
            far_rows = (int(found) > ROW_NO_MAX for found in FAR_ROW.findall(text))
            if FAR_COLUMN.search(text) or any(far_rows):
                sentence = f"The sheet has a cell beyond column Z or row {ROW_NO_MAX}."
                raise Problem(422, "roster-sheet-too-wide", sentence, "file")
            before = text[-OVERLAP_BYTES:]


def _unreadable() -> Problem:
    return Problem(422, "roster-file-unreadable", "The workbook is damaged or cut short.", "file")
