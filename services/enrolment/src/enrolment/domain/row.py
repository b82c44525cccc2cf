"""One row of a roster: what was typed, what is kept of it, and its error and warning codes (domain 5.2, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from contracts.organization import UNION_CODE_LENGTH, path_of, within
from enrolment.domain import id_number
from enrolment.domain.division import DIVISIONS, WORKPLACES
from enrolment.domain.name import clean_mobile, clean_name, is_rare
from enrolment.domain.occupation import BY_NAME
from enrolment.domain.plan import Plan

COLUMNS = (
    "姓名",
    "证件类型",
    "证件号码",
    "手机号码",
    "职业",
    "用工平台或单位",
    "所属工会",
    "工会编码",
    "工作所在县区代码",
    "备注",
)
"""The template's columns, in this order; no other header is taken."""
ID_NO_COLUMN = 2

PROBLEMS = {
    "E_NAME": "姓名须为2至30个汉字,可含间隔号“·”",
    "E_ID_FORMAT": "证件类型或证件号码的格式不对(号码须以文本格式填写,不能是6.2E+17一类的数值)",
    "E_ID_CHECK": "身份证号码的校验位不对",
    "E_ID_DATE": "身份证号码中的出生日期不存在或晚于今天",
    "E_AGE": "保障期首日的年龄不在本计划的范围内",
    "E_OCC": "职业不在本计划的范围内",
    "E_DIVISION": "工作所在县区代码不存在,或不属于报送单位",
    "E_UNION": "工会编码不对,或不属于报送单位",
    "E_DUP_IN_FILE": "本名册前面已有同一证件号码",
    "E_DUP_ACTIVE": "该职工在本计划本期已有保障",
    "E_DECEASED": "该职工已登记身故",
    "E_NAME_CONFLICT": "同一证件号码有两个姓名,待县区工会核对身份证",
    "E_QUOTA": "名额已用完",
    "W_MOBILE_MISSING": "没有可用的手机号码(未填或格式不对)",
    "W_MOBILE_SHARED": "同一手机号码由多人使用",
    "W_NAME_RARE": "姓名含生僻字,请核对",
    "W_ID_OTHER_PROVINCE": "身份证号码首次签发地在外省",
    "W_SAME_NAME_BIRTH": "与另一行姓名、出生日期相同而证件号码不同,请核对",
    "W_OTHER_PLAN": "该职工同时参加其他计划(允许)",
}
"""Every code of domain 5.4 with its sentence for the error copy; E_NAME_CONFLICT is its "same ID with two names"."""

REMARKS_CHARACTERS_MAX = 200
ORGANIZATIONS_CACHED_MAX = 65_536


class Checked(NamedTuple):
    """A row after its own checks; texts are normalised. `errors` empty means it may be covered.

    `org_path` is the union's, or the federation's of the work county when 工会编码 is empty.
    """

    row_no: int
    name: str
    id_type: str
    id_no: str
    born: str
    sex: str
    mobile: str
    occupation: str
    employer: str
    org_path: str
    division_code: str
    remarks: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What rows of one roster are held against: the plan, the sender's path and the business date."""

    plan: Plan
    sender_path: str
    today: str
    born_from: str
    born_until: str

    @classmethod
    def of(cls, plan: Plan, sender: str, today: date) -> Rules:
        """The rules of a roster sent by the organisation with code `sender`."""
        return cls(plan, path_of(sender), f"{today:%Y%m%d}", plan.born_from(), plan.born_until())


def identify(cells: Sequence[str], rules: Rules) -> id_number.IdNumber:
    """The identity number of a row, normalised and checked."""
    id_type = id_number.ID_TYPES.get(cells[1].strip(), "")
    return id_number.read(id_type, cells[ID_NO_COLUMN], rules.today)


def check(row_no: int, cells: Sequence[str], rules: Rules) -> Checked:
    """Everything that a row shows by itself; `cells` are the ten texts of COLUMNS."""
    errors: list[str] = []
    warnings: list[str] = []
    number = identify(cells, rules)
    name = clean_name(cells[0], foreign=number.id_type in id_number.FOREIGN)
    if not name:
        errors.append("E_NAME")
    elif is_rare(name):
        warnings.append("W_NAME_RARE")
    if number.errors:
        errors += number.errors
    else:
        # A passport shows no birth date, so the age limits cannot be held against it.
        if number.born and not rules.born_from < number.born <= rules.born_until:
            errors.append("E_AGE")
        if number.id_type == id_number.RESIDENT_ID and number.id_no[:2] != rules.plan.home_province:
            warnings.append("W_ID_OTHER_PROVINCE")
    mobile = clean_mobile(cells[3])
    if not mobile:
        warnings.append("W_MOBILE_MISSING")
    occupation = BY_NAME.get(cells[4].strip(), "")
    if occupation not in rules.plan.occupations:
        errors.append("E_OCC")
    division = cells[8].strip()
    org_path, refused = _organization(cells[7].strip(), division, rules.sender_path)
    errors += refused
    return Checked(
        row_no,
        name,
        number.id_type,
        number.id_no,
        number.born,
        number.sex,
        mobile,
        occupation,
        cells[5].strip(),
        org_path,
        division,
        cells[9].strip()[:REMARKS_CHARACTERS_MAX],
        tuple(errors),
        tuple(warnings),
    )


@lru_cache(maxsize=ORGANIZATIONS_CACHED_MAX)
def _organization(union_code: str, division: str, sender_path: str) -> tuple[str, tuple[str, ...]]:
    """The path of the row's union and the error codes of the two columns that name it."""
    errors = () if division in WORKPLACES else ("E_DIVISION",)
    if not union_code:
        if errors:
            return "", errors
        path = path_of(division)
        if within(path, sender_path):
            return path, errors
        # A single union must name itself: the county's federation stands above it.
        return "", ("E_UNION" if within(sender_path, path) else "E_DIVISION",)
    if is_union(union_code):
        path = path_of(union_code)
        if within(path, sender_path):
            return path, errors
    return "", (*errors, "E_UNION")


def is_union(code: str) -> bool:
    """Whether the code is a union's: a known division, a level and a serial (domain 5.6)."""
    if len(code) != UNION_CODE_LENGTH or not code.isascii() or not code.isdigit():
        return False
    return code[:6] in DIVISIONS
