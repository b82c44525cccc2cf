"""Roster files: equal rows from every format, and a clear refusal of everything else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from chassis.web import Problem
from enrolment.domain.row import COLUMNS
from enrolment.intake import error_copy
from enrolment.intake.files import RosterFile, count_rows, open_roster
from enrolment.projections.roster_problems import Found
from huzhu.synthetic.roster import generate, write
from tests.enrolment.material import worker

UNPACKED_BYTES_MAX = 50_000_000
ROWS_MAX = 200_000
HEADER = ",".join(COLUMNS)


def opened(content: bytes) -> RosterFile:
    return open_roster(lambda: io.BytesIO(content), unpacked_bytes_max=UNPACKED_BYTES_MAX, rows_max=ROWS_MAX)


def refused(content: bytes, rows_max: int = 100) -> Problem:
    with pytest.raises(Problem) as caught:
        count_rows(opened(content), rows_max=rows_max)
    assert 400 <= caught.value.status < 500
    return caught.value


def workbook(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for row_no, row in enumerate(rows):
            sheet.write_row(row_no, 0, row)
    return out.getvalue()


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows = list(generate(400, 11, "heavy"))
    found = []
    for name, encoding in [("a.csv", "utf-8"), ("b.csv", "utf-8-sig"), ("c.csv", "gb18030"), ("d.xlsx", "")]:
        write(tmp_path / name, rows, encoding=encoding)
        roster = opened((tmp_path / name).read_bytes())
        assert roster.format == (encoding or "xlsx")
        assert count_rows(roster, rows_max=400) == 400
        found.append(list(roster.rows()))
    assert found == [[tuple(row) for row in rows]] * 4


def test_a_roster_can_be_read_again() -> None:
    roster = opened(f"{HEADER}\r\n{','.join(worker().cells())}\r\n".encode())
    assert list(roster.rows()) == list(roster.rows()) == [tuple(worker().cells())]


def test_blank_rows_are_not_rows_and_short_rows_are_filled() -> None:
    roster = opened(f"{HEADER}\n\n,,,,,,,,,\n张三,,x\n".encode())
    assert list(roster.rows()) == [("张三", "", "x", "", "", "", "", "", "", "")]


def test_a_number_typed_as_a_number_in_a_workbook_shows_what_was_lost() -> None:
    cells: list[object] = [*worker().cells()]
    cells[2], cells[3], cells[8] = float(worker().id_no[:17]) * 10, 13812345678, 620725
    (row,) = opened(workbook([[*COLUMNS], cells])).rows()
    assert row[2].startswith("6.20725E+17")
    assert (row[3], row[8]) == ("13812345678", "620725")


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"", "roster-empty", "file"),
        (b" \r\n", "roster-empty", "file"),
        (HEADER.encode(), "roster-empty", "file"),
        (HEADER.replace("手机号码", "手机").encode() + b"\na", "roster-header-wrong", "手机号码"),
        (HEADER.replace("姓名,", "").encode() + b"\na", "roster-header-wrong", "姓名"),
        ((HEADER + ",年龄").encode() + b"\na", "roster-header-wrong", "file"),
        (",".join(COLUMNS[:9]).encode() + b"\na", "roster-header-wrong", "备注"),
        (HEADER.encode("gb18030")[:-1] + b"\xff\n", "roster-charset-wrong", "file"),
        (HEADER.encode() + "\n张三".encode("gb18030"), "roster-charset-wrong", "file"),
        (HEADER.encode("utf-16"), "roster-format-unknown", "file"),
        (b"\xff\xfe\xff", "roster-charset-unknown", "file"),
        (b"%PDF-1.7\0\0", "roster-format-unknown", "file"),
        ((HEADER + '\n"张三').encode(), "roster-file-unreadable", "file"),
        ((HEADER + "\n1,2,3,4,5,6,7,8,9,10,11").encode(), "roster-file-unreadable", "file"),
        ((HEADER + "\n1" * 101).encode(), "roster-too-many-rows", "file"),
        (b"PK\x03\x04", "roster-file-unreadable", "file"),
    ],
)
def test_what_is_no_roster_is_refused_by_name(content: bytes, code: str, field: str) -> None:
    problem = refused(content)
    assert (problem.code, problem.field) == (code, field)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_workbook_is_unreadable(share: float) -> None:
    whole = workbook([[*COLUMNS], *([*worker(n).cells()] for n in range(50))])
    assert refused(whole[: int(len(whole) * share)]).code == "roster-file-unreadable"


def test_a_workbook_with_another_header_names_the_column() -> None:
    assert refused(workbook([["名字", *COLUMNS[1:]], ["a"] * 10])).field == "姓名"
    assert refused(workbook([])).field == "姓名"


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    content = workbook([[*COLUMNS], ["a" * 1000] * 10])
    with pytest.raises(Problem) as caught:
        open_roster(lambda: io.BytesIO(content), unpacked_bytes_max=500, rows_max=ROWS_MAX)
    assert caught.value.code == "roster-file-too-large"


def rewritten(content: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook whose first sheet says something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part.replace(old, new) if name.endswith("sheet1.xml") else part)
    return out.getvalue()


@pytest.mark.parametrize("address", [b"XFD2", b"A1048576", b"AA2", b"B9999999"])
def test_one_far_cell_is_refused_before_the_sheet_is_unfolded(address: bytes) -> None:
    sheet = rewritten(workbook([list(COLUMNS), [*worker().cells()]]), b'r="A2"', b'r="' + address + b'"')
    assert refused(sheet).code == "roster-sheet-too-wide"


def test_an_address_that_no_sheet_has_is_unreadable() -> None:
    sheet = rewritten(workbook([list(COLUMNS), [*worker().cells()]]), b'r="A2"', b'r="2A"')
    assert refused(sheet).code == "roster-file-unreadable"


def test_a_part_that_lies_about_its_size_is_unreadable() -> None:
    honest = workbook([list(COLUMNS), [*worker().cells()]])
    size = zipfile.ZipFile(io.BytesIO(honest)).getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    assert refused(lying).code == "roster-file-unreadable"


@pytest.mark.parametrize("name", ["r.csv", "r.xlsx"])
def test_the_error_copy_keeps_columns_order_and_rows(name: str, tmp_path: Path) -> None:
    rows = list(generate(30, 2, "heavy"))
    write(tmp_path / name, rows)
    original = opened((tmp_path / name).read_bytes())
    found = {3: Found(("E_NAME", "E_DUP_ACTIVE"), ("W_MOBILE_MISSING",), "620725")}
    copy = open_copy(error_copy.write(original.rows(), found))
    assert copy[0] == [*COLUMNS, "校验结果"]
    assert [row[:10] for row in copy[1:]] == rows
    assert copy[3][10].startswith("E_NAME 姓名须为")
    assert "E_DUP_ACTIVE 该职工在本计划本期已有保障(保障单位:张掖市山丹总工会)" in copy[3][10]
    assert "W_MOBILE_MISSING" in copy[3][10]
    assert [row[10] for row in copy[1:3]] == ["", ""]


def open_copy(content: bytes) -> list[list[str]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[*map(str, row)] for row in sheet.to_python()]
