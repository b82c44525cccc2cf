"""What is read from a paper and how it is checked: GB 11643 and Luhn, dates, the roster (domain 4.1, 4.10, 5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

ID_KINDS = ("ID_CARD", "CLAIMANT_ID_CARD")
READABLE = frozenset({*ID_KINDS, "BANK_CARD", "SETTLEMENT", "DISCHARGE_RECORD"})
"""The kinds that a machine reads; of all others people read the picture."""
FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ID_KINDS, ("name", "sex", "nation", "born", "address", "id_no", "issuer", "valid_from", "valid_until")
    ),
    "BANK_CARD": ("card_no", "bank", "valid_until"),
    "SETTLEMENT": (
        "hospital", "settlement_no", "name", "id_no", "admitted_on", "discharged_on", "total_fen", "fund_fen",
        "self_paid_fen",
    ),
    "DISCHARGE_RECORD": ("hospital", "name", "id_no", "admitted_on", "discharged_on", "diagnosis"),
}  # fmt: skip
"""Which fields a paper of a kind has; dates are ISO dates, money is in fen."""
LONG_TERM = "LONG_TERM"
CONFIDENCE_LOW_PERCENT = 85
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_CARD = re.compile(r"[0-9]{12,19}", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", re.ASCII)

NUMBER_MISSING = "NUMBER_MISSING"
ID_CHECK_WRONG = "ID_CHECK_WRONG"
ID_BIRTH_DIFFERS = "ID_BIRTH_DIFFERS"
ID_SEX_DIFFERS = "ID_SEX_DIFFERS"
EXPIRED = "EXPIRED"
CARD_LUHN_WRONG = "CARD_LUHN_WRONG"
NAME_NOT_ROSTER = "NAME_NOT_ROSTER"
NUMBER_NOT_ROSTER = "NUMBER_NOT_ROSTER"
CONFIDENCE_LOW = "CONFIDENCE_LOW"


@dataclass(frozen=True)
class Registered:
    """Name and number of the member as the roster has them, opened for this comparison alone."""

    name: str
    id_no: str


def has_check_character(id_no: str) -> bool:
    """Whether 18 characters are a number whose last one is true (GB 11643-1999)."""
    if not _ID_NUMBER.fullmatch(id_no):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, id_no[:17], strict=True))
    return CHECK_CHARACTERS[total % 11] == id_no[17]


def passes_luhn(card_no: str) -> bool:
    """Whether the last digit is true by Luhn; real cards exist where it is not, so it only warns."""
    if not _CARD.fullmatch(card_no):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(card_no)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0


def findings(
    kind: str, fields: Mapping[str, str], *, today: date, registered: Registered | None, confidence_min: int = 100
) -> tuple[str, ...]:
    """What a person should look at, as codes; never a reason to refuse by itself (domain 4.10)."""
    found: list[str] = []
    if kind in ID_KINDS:
        found += _of_id_card(fields, today)
    if kind == "BANK_CARD":
        found += _of_bank_card(fields, today)
    if kind != "CLAIMANT_ID_CARD" and registered is not None:
        found += _against(registered, fields)
    if confidence_min < CONFIDENCE_LOW_PERCENT:
        found.append(CONFIDENCE_LOW)
    return tuple(found)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for spaces and the middle dot's variants."""
    return _folded(one) == _folded(other)


def _of_id_card(fields: Mapping[str, str], today: date) -> list[str]:
    found = []
    number = fields.get("id_no", "").upper()
    front = not ({"issuer", "valid_until"} & {name for name, value in fields.items() if value}) or bool(number)
    if front and not number:
        found.append(NUMBER_MISSING)
    if number and not has_check_character(number):
        found.append(ID_CHECK_WRONG)
    elif number:
        born, sex = fields.get("born", ""), fields.get("sex", "")
        if born.replace("-", "") != number[6:14] or not _is_date(f"{number[6:10]}-{number[10:12]}-{number[12:14]}"):
            found.append(ID_BIRTH_DIFFERS)
        if sex != ("男" if number[16] in "13579" else "女"):
            found.append(ID_SEX_DIFFERS)
    until = fields.get("valid_until", "")
    if until and until != LONG_TERM and until < today.isoformat():
        found.append(EXPIRED)
    return found


def _of_bank_card(fields: Mapping[str, str], today: date) -> list[str]:
    number = fields.get("card_no", "")
    found = [NUMBER_MISSING] if not number else [] if passes_luhn(number) else [CARD_LUHN_WRONG]
    until = fields.get("valid_until", "")
    if _ISO.fullmatch(until) and until < today.isoformat()[:7]:
        found.append(EXPIRED)
    return found


def _against(registered: Registered, fields: Mapping[str, str]) -> list[str]:
    found = []
    name, number = fields.get("name", ""), fields.get("id_no", "").upper()
    if name and not same_name(name, registered.name):
        found.append(NAME_NOT_ROSTER)
    if number and number != registered.id_no.upper():
        found.append(NUMBER_NOT_ROSTER)
    return found


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _folded(name: str) -> str:
    for dot in "•・.∙⋅":
        name = name.replace(dot, "·")
    return "".join(name.split()).upper()
