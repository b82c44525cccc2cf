"""The sender's roster again, same columns and order, with what was found on each row (domain 5.2)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import xlsxwriter

from enrolment.domain.division import organization_name
from enrolment.domain.row import COLUMNS, PROBLEMS
from enrolment.intake.files import Cells, clipped
from enrolment.projections.roster_problems import Found

HEADING = "校验结果"


def explain(found: Found) -> str:
    """Codes with their sentences, as the added column shows them; who covers already is named, and nobody else."""
    holder = f"(保障单位:{organization_name(found.holder)})" if found.holder else ""
    told = [f"{code} {PROBLEMS[code]}{holder if code == 'E_DUP_ACTIVE' else ''}" for code in found.errors]
    return ";".join([*told, *(f"{code} {PROBLEMS[code]}" for code in found.warnings)])


def write(rows: Iterable[Cells], problems: Mapping[int, Found]) -> bytes:
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
            found = problems.get(row_no)
            if found:
                sheet.write_string(row_no, len(COLUMNS), explain(found), text)
    return out.getvalue()
