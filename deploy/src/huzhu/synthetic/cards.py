"""Synthetic papers of nobody as a telephone sees them: identity and bank cards, sheets of a hospital."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import sans_path, serif_path

from enrolment.domain.division import COUNTIES
from huzhu.synthetic.people import id_number, name
from huzhu.synthetic.photographs import CLEAN, Conditions, photograph

CARD_SIZE = (1012, 638)
"""An ID-1 card at about 300 dots an inch."""
SHEET_SIZE = (1240, 900)
SANS, SERIF = sans_path(), serif_path()
INK, PALE, BLUE = (24, 24, 28), (70, 100, 150), (222, 232, 240)
ADDRESS_CHARS_IN_A_LINE = 11
BORN_FROM, BORN_DAYS = date(1963, 1, 1), 42 * 365
NATIONS = ("汉", "汉", "汉", "汉", "汉", "回", "藏", "东乡", "土", "裕固", "保安", "蒙古", "撒拉", "满")
STREETS = ("东岗西路", "南昌路", "定西路", "张掖路", "西津东路", "庆阳路", "民主东路", "建设街", "文化巷", "新华街")
VILLAGES = ("柳树村", "大滩村", "河湾村", "新城村", "上川村", "红旗村")
BANKS = ("中国工商银行", "中国农业银行", "中国建设银行", "中国银行", "交通银行", "甘肃银行", "兰州银行")
BINS = ("621700", "622202", "622848", "621661", "622262", "623193", "621433")
HOSPITALS = ("甘肃省人民医院", "兰州大学第一医院", "兰州大学第二医院", "武威市人民医院", "天水市第一人民医院")
ILLNESSES = ("急性阑尾炎", "社区获得性肺炎", "腰椎间盘突出", "右侧桡骨远端骨折", "胆囊结石伴胆囊炎")


@dataclass(frozen=True)
class Holder:
    """Whose card it is."""

    name: str
    id_no: str


@dataclass(frozen=True)
class Card:
    """A picture of a paper as JPEG, its kind (domain 4.1), and what stands on it, field by field."""

    kind: str
    fields: dict[str, str]
    picture: bytes


def holder(draw: random.Random) -> Holder:
    """Somebody who does not exist."""
    return Holder(name(draw), id_number(draw, BORN_FROM + timedelta(days=draw.randrange(BORN_DAYS))))


def id_card_front(draw: random.Random, of: Holder, conditions: Conditions = CLEAN) -> Card:
    """The side with name, sex, ethnic group, birth, address and number."""
    born = date(int(of.id_no[6:10]), int(of.id_no[10:12]), int(of.id_no[12:14]))
    sex = "男" if of.id_no[16] in "13579" else "女"
    nation, address = draw.choice(NATIONS), _address(draw)
    picture, pen = _blank(CARD_SIZE, BLUE)
    face = _face(draw)
    _label(pen, (60, 66), "姓名", face)
    pen.text((170, 60), of.name, INK, _font(face, 44))
    _label(pen, (60, 150), "性别", face)
    pen.text((170, 146), sex, INK, _font(face, 38))
    _label(pen, (290, 150), "民族", face)
    pen.text((390, 146), nation, INK, _font(face, 38))
    _label(pen, (60, 232), "出生", face)
    for x, value, unit in ((170, born.year, "年"), (312, born.month, "月"), (408, born.day, "日")):
        pen.text((x, 228), str(value), INK, _font(face, 38))
        _label(pen, (x + (96 if unit == "年" else 52), 232), unit, face)
    _label(pen, (60, 316), "住址", face)
    for row in range(0, len(address), ADDRESS_CHARS_IN_A_LINE):
        line = address[row : row + ADDRESS_CHARS_IN_A_LINE]
        pen.text((170, 312 + row // ADDRESS_CHARS_IN_A_LINE * 54), line, INK, _font(face, 38))
    _label(pen, (60, 546), "公民身份号码", face)
    _spaced(pen, (330, 538), of.id_no, _font(SANS, 46), 34)
    pen.ellipse((745, 130, 905, 320), fill=(196, 188, 180))
    pen.rounded_rectangle((700, 300, 950, 480), 60, fill=(120, 130, 150))
    fields = {
        "name": of.name,
        "sex": sex,
        "nation": nation,
        "born": born.isoformat(),
        "address": address,
        "id_no": of.id_no,
    }
    return Card("ID_CARD", fields, photograph(draw, picture, conditions))


def id_card_back(draw: random.Random, conditions: Conditions = CLEAN, *, until: date | None = None) -> Card:
    """The side with issuer and validity; `until` makes it end on a day."""
    years = draw.choice((10, 20))
    ends = until or date(draw.randint(2023, 2040), draw.randint(1, 12), draw.randint(1, 28))
    starts = ends.replace(year=ends.year - years)
    issuer = f"{COUNTIES[draw.choice(tuple(COUNTIES))]}公安局"
    picture, pen = _blank(CARD_SIZE, BLUE)
    face = _face(draw)
    pen.ellipse((70, 70, 230, 230), fill=(190, 60, 50))
    pen.text((330, 70), "中华人民共和国", INK, _font(face, 56))
    pen.text((330, 170), "居民身份证", INK, _font(face, 80))
    _label(pen, (210, 440), "签发机关", face)
    pen.text((380, 434), issuer, INK, _font(face, 38))
    _label(pen, (210, 530), "有效期限", face)
    pen.text((380, 524), f"{starts:%Y.%m.%d}-{ends:%Y.%m.%d}", INK, _font(face, 38))
    fields = {"issuer": issuer, "valid_from": starts.isoformat(), "valid_until": ends.isoformat()}
    return Card("ID_CARD", fields, photograph(draw, picture, conditions))


def bank_card(draw: random.Random, conditions: Conditions = CLEAN, *, card_no: str = "") -> Card:
    """A debit card; its number passes Luhn unless another is given."""
    number = card_no or luhn_number(draw)
    bank = draw.choice(BANKS)
    month, year = draw.randint(1, 12), draw.randint(24, 39)
    ground = draw.choice(((186, 54, 52), (40, 96, 150), (30, 120, 100), (200, 170, 96), (90, 96, 110)))
    picture, pen = _blank(CARD_SIZE, ground)
    for stripe in range(0, CARD_SIZE[0], 90):
        shade = tuple(max(part - 14, 0) for part in ground)
        pen.line((stripe, 0, stripe + 260, CARD_SIZE[1]), fill=shade, width=26)
    white = (250, 250, 246)
    pen.text((70, 56), bank, white, _font(_face(draw), 56))
    pen.text((740, 66), "借记卡", white, _font(SANS, 40))
    pen.rounded_rectangle((80, 190, 210, 290), 16, fill=(214, 190, 120))
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    pen.text((83, 343), grouped, (40, 40, 40), _font(SANS, 66))
    pen.text((80, 340), grouped, white, _font(SANS, 66))
    pen.text((360, 466), "VALID THRU", white, _font(SANS, 24))
    pen.text((510, 454), f"{month:02d}/{year}", white, _font(SANS, 40))
    pen.text((800, 540), "UnionPay", white, _font(SANS, 40))
    fields = {"card_no": number, "bank": bank, "valid_until": f"20{year}-{month:02d}"}
    return Card("BANK_CARD", fields, photograph(draw, picture, conditions))


def settlement_sheet(draw: random.Random, of: Holder, conditions: Conditions = CLEAN) -> Card:
    """A medical-insurance settlement sheet: fees in yuan as printed; fields in fen."""
    admitted = date(2022, draw.randint(1, 11), draw.randint(1, 28))
    discharged = admitted + timedelta(days=draw.randint(3, 18))
    total = draw.randrange(300_000, 3_000_000)
    fund = total * draw.randint(40, 75) // 100
    hospital = draw.choice(HOSPITALS)
    settled = f"{draw.randrange(10**14):015d}"
    picture, pen = _blank(SHEET_SIZE, (250, 250, 247))
    pen.text((300, 40), "基本医疗保险住院费用结算单", INK, _font(SERIF, 46))
    rows = (
        (("医疗机构", hospital), ("结算单号", settled)),
        (("姓名", of.name), ("身份证号", of.id_no)),
        (("入院日期", admitted.isoformat()), ("出院日期", discharged.isoformat())),
        (("医疗费总额", _yuan(total)), ("统筹基金支付", _yuan(fund))),
        (("个人自付", _yuan(total - fund)), ("结算日期", discharged.isoformat())),
    )
    _table(pen, rows, draw)
    fields = {
        "hospital": hospital,
        "settlement_no": settled,
        "name": of.name,
        "admitted_on": admitted.isoformat(),
        "discharged_on": discharged.isoformat(),
        "total_fen": str(total),
        "fund_fen": str(fund),
        "self_paid_fen": str(total - fund),
    }
    return Card("SETTLEMENT", fields, photograph(draw, picture, conditions))


def discharge_record(draw: random.Random, of: Holder, conditions: Conditions = CLEAN) -> Card:
    """The hospital's record of a stay."""
    admitted = date(2022, draw.randint(1, 11), draw.randint(1, 28))
    discharged = admitted + timedelta(days=draw.randint(3, 18))
    hospital, illness = draw.choice(HOSPITALS), draw.choice(ILLNESSES)
    picture, pen = _blank(SHEET_SIZE, (250, 250, 247))
    pen.text((380, 30), hospital, INK, _font(SERIF, 40))
    pen.text((480, 90), "出院记录", INK, _font(SERIF, 46))
    rows = (
        (("姓名", of.name), ("住院号", f"{draw.randrange(10**8):08d}")),
        (("入院日期", admitted.isoformat()), ("出院日期", discharged.isoformat())),
        (("出院诊断", illness), ("住院天数", f"{(discharged - admitted).days}天")),
    )
    _table(pen, rows, draw)
    fields = {
        "hospital": hospital,
        "name": of.name,
        "admitted_on": admitted.isoformat(),
        "discharged_on": discharged.isoformat(),
        "diagnosis": illness,
    }
    return Card("DISCHARGE_RECORD", fields, photograph(draw, picture, conditions))


def plain_paper(draw: random.Random, title: str) -> Card:
    """Any other paper: its title and a line that makes no two alike."""
    picture, pen = _blank((720, 480), (250, 250, 247))
    pen.text((60, 60), title, INK, _font(SERIF, 40))
    pen.text((60, 200), f"No. {draw.randrange(10**12):012d}", INK, _font(SANS, 30))
    return Card(title, {}, photograph(draw, picture, CLEAN))


def luhn_number(draw: random.Random) -> str:
    """Nineteen digits of a debit card with a true check digit."""
    body = draw.choice(BINS) + "".join(str(draw.randrange(10)) for _ in range(12))
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def _address(draw: random.Random) -> str:
    county = COUNTIES[draw.choice(tuple(COUNTIES))]
    if draw.random() < 0.5:
        house = f"{draw.randint(1, 899)}号{draw.randint(1, 30)}栋{draw.randint(101, 1904)}室"
        return f"甘肃省{county}{draw.choice(STREETS)}{house}"
    return f"甘肃省{county}{draw.choice(VILLAGES)}{draw.randint(1, 12)}组{draw.randint(1, 120)}号"


def _blank(size: tuple[int, int], ground: tuple[int, int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", size, ground)
    return picture, ImageDraw.Draw(picture)


def _face(draw: random.Random) -> Path:
    return SERIF if draw.random() < 0.25 else SANS


@lru_cache(maxsize=64)
def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(file), size)


def _label(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, face: Path) -> None:
    pen.text(at, text, PALE, _font(face, 32))


def _spaced(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: ImageFont.FreeTypeFont, advance: int
) -> None:
    for place, character in enumerate(text):
        pen.text((at[0] + place * advance, at[1]), character, INK, font)


def _table(
    pen: ImageDraw.ImageDraw, rows: tuple[tuple[tuple[str, str], tuple[str, str]], ...], draw: random.Random
) -> None:
    face = _face(draw)
    for number, row in enumerate(rows):
        top = 170 + number * 110
        pen.rectangle((60, top, SHEET_SIZE[0] - 60, top + 110), outline=INK, width=2)
        for column, (label, value) in enumerate(row):
            pen.text((80 + column * 580, top + 34), f"{label}:", INK, _font(face, 30))
            pen.text((280 + column * 580, top + 34), value, INK, _font(face, 30))


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


MAKERS: dict[str, Callable[[random.Random, Holder, Conditions], Card]] = {
    "front": id_card_front,
    "back": lambda draw, _, conditions: id_card_back(draw, conditions),
    "bank": lambda draw, _, conditions: bank_card(draw, conditions),
    "settlement": settlement_sheet,
    "discharge": discharge_record,
}


def make(kind: str, seed: str, conditions: Conditions = CLEAN) -> Card:
    """A card of a kind of MAKERS; the same seed gives the same bytes."""
    draw = random.Random(f"{kind}/{seed}")
    return MAKERS[kind](draw, holder(draw), conditions)
