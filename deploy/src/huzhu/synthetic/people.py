"""Synthetic people: names, identity numbers and mobiles of nobody, drawn from a seed and never stored."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from enrolment.domain.division import COUNTIES, PREFECTURES, WORKPLACES
from enrolment.domain.id_number import check_character
from enrolment.domain.occupation import OCCUPATIONS

SURNAMES = (
    "王王王李李李张张张刘刘陈陈杨杨赵黄周吴徐孙马马马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国红梅春生海燕志东文斌晓鹏飞云龙凤山林佳琪子轩浩宇梓涵"
    "雨欣俊豪雪松柏荣福贵祥瑞祯宏亮辉光永成德胜利民安宁康健乐和顺义仁礼智信孝廉"
)
RARE = "䶮㛃㸌𠅤𬱖𫍯"
MINORITY_PARTS = ("买买提", "阿卜杜", "古丽", "热合曼", "才让", "卓玛", "扎西", "索南", "多杰", "拉姆", "尔萨", "哈桑")
RARE_NAMES_IN_1000 = 3
DOTTED_NAMES_IN_1000 = 8
OTHER_PROVINCES = (
    "11",
    "13",
    "14",
    "15",
    "21",
    "23",
    "32",
    "34",
    "36",
    "37",
    "41",
    "42",
    "43",
    "50",
    "51",
    "61",
    "63",
    "64",
)
OTHER_PROVINCE_IN_1000 = 120
MOBILE_PREFIXES = ("130", "135", "136", "138", "139", "150", "152", "158", "159", "177", "181", "187", "189", "199")
PLATFORMS = (
    "陇原配送平台", "丝路快运", "河西货运平台", "金城出行", "黄河速递", "安居经纪", "惠家家政",
    "平安守护保安服务公司", "康宁护理中心", "兴隆商城",
)  # fmt: skip
NINE_OCCUPATIONS = tuple(names[0] for code, names in OCCUPATIONS.items() if code != "OTHER_NEF")
PLACES = tuple(sorted(WORKPLACES))
AGE_YEARS_FROM, AGE_YEARS_UNTIL = 18, 59


@dataclass(frozen=True, kw_only=True)
class Person:
    """A synthetic worker, or a given one; the fields are a roster's columns."""

    name: str
    id_no: str
    mobile: str
    occupation: str
    employer: str = ""
    union: str = ""
    union_code: str = ""
    division_code: str
    id_type: str = "居民身份证"
    remarks: str = ""

    def cells(self) -> list[str]:
        """The person as a row of the template."""
        return [
            self.name, self.id_type, self.id_no, self.mobile, self.occupation, self.employer, self.union,
            self.union_code, self.division_code, self.remarks,
        ]  # fmt: skip


def name(draw: random.Random) -> str:
    """A Chinese name; a few carry a middle dot or a character outside the basic block."""
    kind = draw.randrange(1000)
    if kind < DOTTED_NAMES_IN_1000:
        return "·".join(draw.sample(MINORITY_PARTS, 2))
    surname = draw.choice(SURNAMES)
    if kind < DOTTED_NAMES_IN_1000 + RARE_NAMES_IN_1000:
        return surname + draw.choice(RARE)
    return surname + "".join(draw.choices(GIVEN, k=2 if draw.random() < 0.8 else 1))


def id_number(draw: random.Random, born: date, *, sex: str = "", region: str = "") -> str:
    """A number with a true check digit; sequence numbers above 900 are rarely issued to anyone.

    `sex` "M" or "F"; `region` six digits of first issue; both drawn when empty.
    """
    if not region:
        other = draw.randrange(1000) < OTHER_PROVINCE_IN_1000
        region = (
            f"{draw.choice(OTHER_PROVINCES)}{draw.randint(1, 12):02d}{draw.randint(21, 31)}"
            if other
            else draw.choice(PLACES)
        )
    serial = draw.randrange(1000)
    if sex:
        serial = serial - serial % 2 + (1 if sex == "M" else 0)
    seventeen = f"{region}{born:%Y%m%d}{serial:03d}"
    return seventeen + check_character(seventeen)


def mobile(draw: random.Random) -> str:
    """Eleven digits of a mobile."""
    return f"{draw.choice(MOBILE_PREFIXES)}{draw.randrange(100_000_000):08d}"


def person(draw: random.Random, on: date) -> Person:
    """A worker between 18 and 59 years old on the given day."""
    age_days = draw.randrange(AGE_YEARS_FROM * 366, AGE_YEARS_UNTIL * 365)
    division = draw.choice(PLACES)
    place = COUNTIES.get(division) or PREFECTURES[division]
    return Person(
        name=name(draw),
        id_no=id_number(draw, on - timedelta(days=age_days)),
        mobile=mobile(draw),
        occupation=draw.choice(NINE_OCCUPATIONS),
        employer=draw.choice(PLATFORMS),
        union=f"{place}新就业形态工会联合会",
        union_code=f"{division}{1}{draw.randint(1, 40):06d}" if draw.random() < 0.6 else "",
        division_code=division,
        id_type="" if draw.random() < 0.1 else "居民身份证",
    )
