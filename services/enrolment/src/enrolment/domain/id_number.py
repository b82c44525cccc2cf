"""Identity numbers: GB 11643-1999 and the documents that share or replace its form (domain 5.3)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from operator import mul
from typing import NamedTuple

RESIDENT_ID = "RESIDENT_ID"
HKMT_RESIDENCE = "HKMT_RESIDENCE"
FOREIGN_PR = "FOREIGN_PR"
PASSPORT = "PASSPORT"
FOREIGN = frozenset({FOREIGN_PR, PASSPORT})
"""Documents whose names may be in Latin letters."""
ID_TYPES = {
    "": RESIDENT_ID,
    "居民身份证": RESIDENT_ID,
    "身份证": RESIDENT_ID,
    "港澳台居民居住证": HKMT_RESIDENCE,
    "外国人永久居留身份证": FOREIGN_PR,
    "护照": PASSPORT,
    RESIDENT_ID: RESIDENT_ID,
    HKMT_RESIDENCE: HKMT_RESIDENCE,
    FOREIGN_PR: FOREIGN_PR,
    PASSPORT: PASSPORT,
}
"""What may stand in 证件类型; empty means 居民身份证."""

E_ID_FORMAT = "E_ID_FORMAT"
E_ID_CHECK = "E_ID_CHECK"
E_ID_DATE = "E_ID_DATE"

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
_ASCII_ZERO_SHARE = 48 * sum(WEIGHTS)
"""Digits are weighed as ASCII codes, each 48 too heavy; this much is taken off again."""

_PROVINCE_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
PROVINCES = frozenset(str(code) for first, last in _PROVINCE_RANGES for code in range(first, last + 1))
RESIDENCE_PREFIXES = frozenset({"810000", "820000", "830000"})
BIRTH_DATES_CACHED_MAX = 65_536

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_FOREIGN_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")
_PASSPORT = re.compile(r"[A-Z0-9]{5,17}")


class IdNumber(NamedTuple):
    """A number as it is kept: upper-case, 18 digits where the form has them.

    `born` is YYYYMMDD, `sex` "M" or "F"; both are "" for a passport, which shows neither. `errors` is empty
    when the number stands; otherwise the other fields must not be relied on.
    """

    id_type: str
    id_no: str
    born: str
    sex: str
    errors: tuple[str, ...]


def check_character(seventeen: str) -> str:
    """The 18th character of a number whose first 17 digits are given."""
    return CHECK_CHARACTERS[(sum(map(mul, WEIGHTS, seventeen.encode())) - _ASCII_ZERO_SHARE) % 11]


@lru_cache(maxsize=BIRTH_DATES_CACHED_MAX)
def is_date(text: str) -> bool:
    """Whether YYYYMMDD names a day of the calendar."""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def read(id_type: str, typed: str, today: str) -> IdNumber:
    """Normalise and check a number as it was typed; `today` is YYYYMMDD.

    The county code is where the number was first issued, so only its two province digits are checked.
    """
    number = typed.strip().upper()
    if not number.isascii():
        number = unicodedata.normalize("NFKC", number)
    if id_type in (RESIDENT_ID, HKMT_RESIDENCE):
        return _mainland_form(id_type, number, today)
    if id_type == FOREIGN_PR:
        return _foreign_permanent(number, today)
    if id_type == PASSPORT and _PASSPORT.fullmatch(number):
        return IdNumber(PASSPORT, number, "", "", ())
    return _refused(id_type, number)


def _refused(id_type: str, number: str) -> IdNumber:
    return IdNumber(id_type, number, "", "", (E_ID_FORMAT,))


def _mainland_form(id_type: str, number: str, today: str) -> IdNumber:
    if len(number) == 15 and _FIFTEEN.fullmatch(number):
        number = f"{number[:6]}19{number[6:]}"
        number += check_character(number)
    if not _EIGHTEEN.fullmatch(number) or number[:2] not in PROVINCES:
        return _refused(id_type, number)
    residence = number[:6] in RESIDENCE_PREFIXES
    if id_type == HKMT_RESIDENCE and not residence:
        return _refused(id_type, number)
    # One person must have one key, whichever of the two names the clerk gave the document.
    return _dated(HKMT_RESIDENCE if residence else RESIDENT_ID, number, today)


def _foreign_permanent(number: str, today: str) -> IdNumber:
    if _EIGHTEEN.fullmatch(number) and number[0] == "9":
        return _dated(FOREIGN_PR, number, today)
    if not _FOREIGN_OLD.fullmatch(number):
        return _refused(FOREIGN_PR, number)
    century = "20" if number[7:9] <= today[2:4] else "19"
    born = century + number[7:13]
    return IdNumber(FOREIGN_PR, number, born, "", () if is_date(born) and born <= today else (E_ID_DATE,))


def _dated(id_type: str, number: str, today: str) -> IdNumber:
    born = number[6:14]
    errors: tuple[str, ...] = ()
    if check_character(number[:17]) != number[17]:
        errors = (E_ID_CHECK,)
    if born > today or not is_date(born):
        errors = (*errors, E_ID_DATE)
    return IdNumber(id_type, number, born, "M" if number[16] in "13579" else "F", errors)


def masked(id_no: str) -> str:
    """The number as officers see it: six and four characters of it, or less of a short one (domain 11.1)."""
    if len(id_no) < 15:
        return id_no[:1] + "*" * (len(id_no) - 3) + id_no[-2:]
    return id_no[:4] + "*" * (len(id_no) - 8) + id_no[-4:]
