"""A provider's spreadsheet: a template for each package whose header says the units, and each row by itself."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from chassis.files import XLSX, Extent, Table, Unreadable, open_table, text_of
from chassis.files import Cell as FileCell
from chassis.web import Problem
from health_checkup.api.intake import ADVICE_CHARS_MAX, PERSON_ID, Advice, Cell, Fault, Sheet
from health_checkup.domain.package import Item, Package
from health_checkup.settings import Settings

PERSON_COLUMN, ADVICE_COLUMN, FOUND_COLUMN = "会员编号", "医生建议", "核对结果"
COLUMNS_READ_MAX = 64
EXTENT_ROWS_MAX = 50_000
"""How far a sheet may reach at all: writers put numbers up to this into their themes. Filled rows are bounded by the
settings."""
CELL_CHARS_MAX = 2_000
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SENTENCES = {
    "member-unknown": "会员编号不在本站签到名单中",
    "item-invalid": "套餐中没有该项目",
    "value-invalid": "数值不是该项目单位下的数字或选项",
    "value-differs": "与已登记的结果不同;如为更正,请按更正提交",
    "item-twice": "同一会员的该项目出现两次且不一致",
    "package-differs": "该会员已登记的结果属于另一套餐",
    "examined-elsewhere": "该会员在本次活动的另一站已有结果",
    "data-restricted": "该会员的数据暂停使用",
    "data-erased": "该会员的数据已删除",
    "row-empty": "该行没有任何结果",
    "results-missing": "该会员尚无结果,建议无法登记",
    "row-too-long": "该行的单元格多于表头",
    "advice-too-long": f"建议超过{ADVICE_CHARS_MAX}字",
}
"""What the copy says of each code; the codes are those of the answer."""


def heading(item: Item) -> str:
    """The header of an item's column: name, code, unit; a changed unit is another header."""
    unit = "/".join(option.name for option in item.options) if item.options else item.unit or "无单位"
    return f"{item.name} {item.code}({unit})"


def template(package: Package, person_ids: Sequence[str]) -> bytes:
    """An XLSX with the package's header and a row for each member who was there."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": False}) as book:
        sheet = book.add_worksheet("体检结果")
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        items = [*package.items.values()]
        sheet.set_column(0, 0, 38, text)
        sheet.set_column(1, len(items), 14, text)
        sheet.set_column(len(items) + 1, len(items) + 1, 40, text)
        sheet.freeze_panes(1, 1)
        for column, name in enumerate((PERSON_COLUMN, *map(heading, items), ADVICE_COLUMN)):
            sheet.write_string(0, column, name, bold)
        for row, person_id in enumerate(person_ids, 1):
            sheet.write_string(row, 0, person_id, text)
        for column, item in enumerate(items, 1):
            if item.options and person_ids:
                asked = {"validate": "list", "source": [option.name for option in item.options]}
                sheet.data_validation(1, column, len(person_ids), column, asked)
    return out.getvalue()


class Workbook:
    """A spreadsheet that was read: its rows as texts, and the values in them."""

    def __init__(self, content: bytes, package: Package, settings: Settings) -> None:
        """Read the header and the rows. Raises Problem 4xx for a file that is not a filled template."""
        extent = Extent(COLUMNS_READ_MAX, EXTENT_ROWS_MAX, settings.sheet_unpacked_bytes_max)
        try:
            table = open_table(lambda: io.BytesIO(content), first_column=PERSON_COLUMN, extent=extent)
            self.format = "XLSX" if table.format == XLSX else "CSV"
            self.header, self.rows = _rows(table, settings.sheet_rows_max)
        except Unreadable as found:
            raise Problem(found.status, f"results-{found.code}", found.sentence, "file") from None
        self._columns = _columns(self.header, package)

    def sheet(self, *, corrects: bool, package: str) -> Sheet:
        """Every cell that is filled; rows are counted from 1, below the header."""
        cells: list[Cell] = []
        faults: list[Fault] = []
        advice: dict[str, Advice] = {}
        for number, row in enumerate(self.rows, 1):
            person_id = row[0].strip()
            filled = [(item, row[at].strip()) for at, item in self._columns if at < len(row) and row[at].strip()]
            values = [(item, text) for item, text in filled if item is not None]
            told = next((text for item, text in filled if item is None), "")
            if any(cell.strip() for cell in row[len(self.header) :]):
                faults.append(Fault(number, "", "", "row-too-long"))
            elif not PERSON_ID.fullmatch(person_id):
                faults.append(Fault(number, "", "", "member-unknown"))
            elif len(told) > ADVICE_CHARS_MAX:
                faults.append(Fault(number, "", "", "advice-too-long"))
            elif not filled:
                faults.append(Fault(number, "", "", "row-empty"))
            else:
                cells += [Cell(number, person_id, item.code, _answer(item, text), corrects) for item, text in values]
                if told:
                    advice[person_id] = Advice(number, told)
        return Sheet(self.format, tuple(cells), tuple(faults), advice, package)

    def copy(self, faults: Sequence[Fault], package: Package) -> bytes:
        """The sender's rows again, same columns and order, with what was found on each; everything in it is text."""
        found: dict[int, list[Fault]] = {}
        for fault in faults:
            found.setdefault(fault.entry, []).append(fault)
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("体检结果")
            text = book.add_format({"num_format": "@"})
            sheet.set_column(0, len(self.header), 18, text)
            sheet.freeze_panes(1, 0)
            for column, name in enumerate((*self.header, FOUND_COLUMN)):
                sheet.write_string(0, column, name[:CELL_CHARS_MAX], text)
            for number, row in enumerate(self.rows, 1):
                for column, cell in enumerate(row[: len(self.header)]):
                    sheet.write_string(number, column, cell[:CELL_CHARS_MAX], text)
                if number in found:
                    told = ";".join(explain(fault, package.items) for fault in found[number])
                    sheet.write_string(number, len(self.header), told, text)
        return out.getvalue()


def explain(fault: Fault, items: Mapping[str, Item]) -> str:
    """A code with its sentence and its item's name."""
    about = f"{items[fault.item].name}:" if fault.item in items else ""
    return f"{about}{fault.code} {SENTENCES[fault.code]}"


def _answer(item: Item, text: str) -> str:
    """An option by its name or its code; anything else as it stands."""
    return next((option.code for option in item.options if option.name == text), text)


def _rows(table: Table, rows_max: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    lines = table.lines()
    header = tuple(name.strip() for name in _texts(next(lines, ())))
    while header and not header[-1]:
        header = header[:-1]
    rows: list[tuple[str, ...]] = []
    for line in lines:
        texts = _texts(line)
        if not any(cell.strip() for cell in texts):
            continue
        rows.append(texts + ("",) * (len(header) - len(texts)))
        if len(rows) > rows_max:
            raise Unreadable("too-many-rows", 413, f"A file has at most {rows_max} rows.")
    if not rows:
        raise Unreadable("empty", 422, "The file has a header and no rows.")
    return header, rows


def _texts(line: tuple[FileCell, ...]) -> tuple[str, ...]:
    return tuple(text_of(cell, exact=False) for cell in line)


def _columns(header: Sequence[str], package: Package) -> list[tuple[int, Item | None]]:
    """Which item each column holds; None is the advice. Raises Problem for a header that is not the template's."""
    known: dict[str, Item | None] = {heading(item): item for item in package.items.values()}
    known[ADVICE_COLUMN] = None
    if not header or header[0] != PERSON_COLUMN:
        raise Problem(422, "results-header-wrong", f"Column 1 must be {PERSON_COLUMN}.", "file")
    if len(set(header)) != len(header):
        raise Problem(422, "results-header-wrong", "No two columns have one header.", "file")
    columns: list[tuple[int, Item | None]] = []
    for at, name in enumerate(header[1:], 1):
        if name not in known:
            sentence = f"The header of column {at + 1} is not one of the template of {package.code}, units included."
            raise Problem(422, "results-header-wrong", sentence, "file")
        columns.append((at, known[name]))
    return columns
