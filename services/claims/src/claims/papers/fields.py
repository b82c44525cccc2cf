"""What stands on a card or a sheet, field by field, found by the labels printed beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from claims.domain.reading import LONG_TERM, has_check_character, passes_luhn
from claims.papers.layout import Level, Line, Page, longest, pages

DIGIT_LOOKALIKES = str.maketrans("OoQDIl|iZzSsB", "0000111122558")
"""Letters that are read where only digits can stand."""
TRADITIONAL = str.maketrans(
    "漢強會國華東馬陳張劉黃趙吳孫許馮鄧蔣鐘馬龍鳳飛雲蘭麗勝軍輝傑濤剛靜紅錦鴻偉寶業榮",
    "汉强会国华东马陈张刘黄赵吴孙许冯邓蒋钟马龙凤飞云兰丽胜军辉杰涛刚静红锦鸿伟宝业荣",
)
"""Identity cards print simplified characters; these were read as their traditional forms."""
MIDDLE_DOTS = str.maketrans("•・.∙⋅", "·····")

ID_NUMBER = re.compile(r"(?<![0-9])([0-9]{17}[0-9X])(?![0-9])")
BIRTH = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
SEX = re.compile(r"性?别?(男|女)")
NATION = re.compile(r"民?族([\u4e00-\u9fff]{1,6})")
NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0002ebef·]{2,20}")
VALIDITY = re.compile(r"(\d{4})[.。]?(\d{2})[.。]?(\d{2})[-—–一~至]+(?:(\d{4})[.。]?(\d{2})[.。]?(\d{2})|(长期))")
EXPIRY = re.compile(r"(?<!\d)(0[1-9]|1[0-2])[/1|](\d{2})(?!\d)")
BANK = re.compile(r"[\u4e00-\u9fff]{2,12}(?:银行|信用社|农商行)")
DATE = re.compile(r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})")
MONEY = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)\.(\d{2})")
HOSPITAL = re.compile(r"[\u4e00-\u9fff]{2,25}(?:医院|卫生院|医疗中心)")
CARD_DIGITS = range(16, 20)

SHEET_LABELS = {
    "hospital": ("医疗机构名称", "定点医疗机构", "医疗机构", "医院名称"),
    "settlement_no": ("结算单号", "结算编号", "结算流水号", "结算id"),
    "name": ("患者姓名", "参保人姓名", "姓名"),
    "id_no": ("公民身份号码", "身份证号码", "身份证号", "证件号码"),
    "admitted_on": ("入院日期", "入院时间"),
    "discharged_on": ("出院日期", "出院时间"),
    "total_fen": ("医疗费用总额", "医疗费总额", "费用总额", "总费用"),
    "fund_fen": ("统筹基金支付", "基金支付总额", "统筹支付"),
    "self_paid_fen": ("个人自付", "个人支付", "个人负担", "现金支付"),
    "diagnosis": ("出院诊断", "主要诊断", "诊断"),
}
OTHER_LABELS = ("结算日期", "住院号", "住院天数", "性别", "年龄", "科室")


@dataclass(frozen=True)
class Found:
    """A field's value as read, and the confidence in percent of the line it stands on."""

    name: str
    value: str
    confidence: int


Extract = Callable[[Page], list[Found]]


def read_fields(kind: str, lines: Sequence[Line]) -> list[Found]:
    """The fields of a paper of this kind, each once; nothing where nothing was found."""
    if not lines:
        return []
    extract = EXTRACTS[kind]
    numbered = [line for line in lines if len(_digits(line.text)) >= 15]
    anchor = longest(numbered or lines)
    return max((extract(page) for page in pages(lines, anchor)), key=len)


def is_sure(kind: str, found: Sequence[Found]) -> bool:
    """Whether the number that the paper is for was read and passes its own check."""
    values = {one.name: one.value for one in found}
    if kind == "BANK_CARD":
        return passes_luhn(values.get("card_no", ""))
    if kind in ("ID_CARD", "CLAIMANT_ID_CARD"):
        front = has_check_character(values.get("id_no", "")) and "name" in values
        return front or ("valid_until" in values and "id_no" not in values)
    return True


def _id_card(page: Page) -> list[Found]:
    found: list[Found] = []
    number = _id_number(page)
    for row in page.rows:
        text, sure = _joined(row)
        if "name" not in _names(found) and (name := _after(text, ("姓名", "姓"))):
            found += _name(name, sure)
        if "sex" not in _names(found) and ("性别" in text or "民族" in text):
            found += [Found("sex", hit[1], sure) for hit in [SEX.search(text)] if hit]
            found += [Found("nation", hit[1].translate(TRADITIONAL), sure) for hit in [NATION.search(text)] if hit]
        if "born" not in _names(found) and (hit := BIRTH.search(text)):
            found.append(Found("born", _iso(*hit.groups()), sure))
        if "issuer" not in _names(found) and (issuer := _after(text, ("签发机关", "发机关"))):
            found.append(Found("issuer", issuer, sure))
        if "valid_until" not in _names(found) and "号码" not in text and (hit := VALIDITY.search(text)):
            found.append(Found("valid_from", _iso(*hit.groups()[:3]), sure))
            until = LONG_TERM if hit[7] else _iso(*hit.groups()[3:6])
            found.append(Found("valid_until", until, sure))
    found += _address(page, number)
    return found + ([Found("id_no", number[0], number[1])] if number else [])


def _id_number(page: Page) -> tuple[str, int, Level] | None:
    """The number, its confidence and the line it ends on; one that passes its check comes first."""
    candidates = []
    for row in page.rows:
        for start in range(len(row)):
            text, sure = _joined(row[start:])
            text = re.sub(r"^.*号码?", "", text).upper()
            digits = text.translate(DIGIT_LOOKALIKES).replace("×", "X")
            candidates += [(hit[1], sure, row[-1]) for hit in ID_NUMBER.finditer(digits)]
    if not candidates:
        return None
    return max(candidates, key=lambda one: (has_check_character(one[0]), one[1]))


def _name(text: str, sure: int) -> list[Found]:
    hit = NAME.match(text.translate(MIDDLE_DOTS))
    return [Found("name", hit[0].translate(TRADITIONAL).strip("·"), sure)] if hit else []


def _address(page: Page, number: tuple[str, int, Level] | None) -> list[Found]:
    """From its label down to the number."""
    parts: list[str] = []
    sure = 100
    for row in page.rows:
        text, confidence = _joined(row)
        if "号码" in text or (number and row[-1] is number[2]):
            break
        if not parts and not (text := _after(text, ("住址", "址"))):
            continue
        parts.append(text)
        sure = min(sure, confidence)
    return [Found("address", "".join(parts), sure)] if parts else []


def _bank_card(page: Page) -> list[Found]:
    found: list[Found] = []
    numbers = []
    for row in page.rows:
        text, sure = _joined(row)
        found += [Found("bank", hit[0], sure) for hit in [BANK.search(text)] if hit and "bank" not in _names(found)]
        if "valid_until" not in _names(found) and (hit := EXPIRY.search(text)):
            found.append(Found("valid_until", f"20{hit[2]}-{hit[1]}", sure))
        for start in range(len(row)):
            part, confidence = _joined(row[start:])
            digits = _digits(part)
            if len(digits) in CARD_DIGITS and len(digits) >= len(part) - 1:
                numbers.append((digits, confidence))
    if numbers:
        number, sure = max(numbers, key=lambda one: (passes_luhn(one[0]), len(one[0])))
        found.append(Found("card_no", number, sure))
    return found


def _sheet(page: Page) -> list[Found]:
    """Labels and what follows each in its row, up to the next label."""
    found: list[Found] = []
    for row in page.rows:
        cells, sure = "|".join(_plain(line.text) for line in row), min(line.confidence for line in row)
        for name, labels in SHEET_LABELS.items():
            if name not in _names(found) and (value := _cell(cells, labels)):
                found += [Found(name, clean, sure) for clean in [_clean(name, value)] if clean]
        if "hospital" not in _names(found) and (hit := HOSPITAL.search(cells)):
            found.append(Found("hospital", hit[0], sure))
    return found


def _cell(cells: str, labels: Sequence[str]) -> str:
    stops = [label for group in SHEET_LABELS.values() for label in group] + list(OTHER_LABELS)
    for label in labels:
        start = cells.find(label)
        if start < 0:
            continue
        rest = cells[start + len(label) :]
        end = min((at for stop in stops if (at := rest.find(stop)) >= 0), default=len(rest))
        return rest[:end].replace("|", "").strip(":")
    return ""


def _clean(name: str, value: str) -> str:
    if name.endswith("_on"):
        hit = DATE.search(value)
        return _iso(*hit.groups()) if hit else ""
    if name.endswith("_fen"):
        hit = MONEY.search(value)
        return hit[1].replace(",", "") + hit[2] if hit else ""
    if name == "name":
        return "".join(one.value for one in _name(value, 0))
    if name == "id_no":
        hit = ID_NUMBER.search(value.upper())
        return hit[1] if hit else ""
    return value


def _joined(row: Sequence[Level]) -> tuple[str, int]:
    return "".join(_plain(line.text) for line in row), min(line.confidence for line in row)


def _plain(text: str) -> str:
    """Without spaces, full-width signs as their usual ones."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", _plain(text))


def _after(text: str, labels: Sequence[str]) -> str:
    """What follows the first of the labels that stands there."""
    for label in labels:
        before, mark, rest = text.partition(label)
        if mark and len(before) <= 1:
            return rest.lstrip(":")
    return ""


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{int(month):02d}-{int(day):02d}"


def _names(found: Iterable[Found]) -> set[str]:
    return {one.name for one in found}


EXTRACTS: dict[str, Extract] = {
    "ID_CARD": _id_card,
    "CLAIMANT_ID_CARD": _id_card,
    "BANK_CARD": _bank_card,
    "SETTLEMENT": _sheet,
    "DISCHARGE_RECORD": _sheet,
}
