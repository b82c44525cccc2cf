"""The sender's roster again, same columns and order, with what was found on each row (domain 5.2)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import xlsxwriter

from enrolment.domain.row import COLUMNS, PROBLEMS
from enrolment.intake.files import Cells, clipped

HEADING = "校验结果"


def explain(codes: Iterable[str]) -> str:
    """Codes with their sentences, as the added column shows them."""
    return ";".join(f"{code} {PROBLEMS[code]}" for code in codes)


def write(rows: Iterable[Cells], problems: Mapping[int, tuple[str, ...]]) -> bytes:
    """An XLSX of all rows; everything in it is text, so nothing is calculated or rounded."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("名册")
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(COLUMNS) - 1, 18, text)
        sheet.set_column(len(COLUMNS), len(COLUMNS), 60, text)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate((*COLUMNS, HEADING)):
            sheet.write_string(0, column, heading, text)
        for row_no, cells in enumerate(rows, 1):
            for column, cell in enumerate(clipped(cells)):
                sheet.write_string(row_no, column, cell, text)
            codes = problems.get(row_no)
            if codes:
                sheet.write_string(row_no, len(COLUMNS), explain(codes), text)
    return out.getvalue()
