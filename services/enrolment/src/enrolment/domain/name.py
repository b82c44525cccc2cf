"""Names of people and their mobiles: what is kept of what was typed (domain 5.2)."""

from __future__ import annotations

import re

MIDDLE_DOT = "·"
_DOTS = str.maketrans(dict.fromkeys("\u2022\u30fb\uff0e.", MIDDLE_DOT))
_COMMON = "\u3007\u4e00-\u9fff"
_RARE = "\u3400-\u4dbf\U00020000-\U0002ebef\uf900-\ufaff"
_ALL_COMMON = re.compile(f"[{_COMMON}]{{2,30}}")
_CHINESE = re.compile(f"(?=.{{2,30}}$)[{_COMMON}{_RARE}]+(?:{MIDDLE_DOT}[{_COMMON}{_RARE}]+)*")
_FOREIGN = re.compile(f"(?=.{{2,30}}$)[{_COMMON}{_RARE}A-Z][{_COMMON}{_RARE}A-Z '·-]*")
_RARE_CHARACTER = re.compile(f"[{_RARE}]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY_CODE = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}$)")


def clean_name(typed: str, *, foreign: bool = False) -> str:
    """The name without spaces and with U+00B7 between its parts; "" when it is not a name.

    `foreign` documents may carry Latin letters, kept in capitals with single spaces.
    """
    if _ALL_COMMON.fullmatch(typed):
        return typed
    if foreign:
        name = " ".join(typed.upper().split())
        return name if _FOREIGN.fullmatch(name) else ""
    name = "".join(typed.split()).translate(_DOTS)
    return name if _CHINESE.fullmatch(name) else ""


def is_rare(name: str) -> bool:
    """Whether other systems may lose a character of it: one outside the basic CJK block."""
    return _RARE_CHARACTER.search(name) is not None


def clean_mobile(typed: str) -> str:
    """Eleven digits, or "" when there is no usable mobile: missing and malformed are treated alike."""
    if _MOBILE.fullmatch(typed):
        return typed
    mobile = _COUNTRY_CODE.sub("", typed.replace(" ", "").replace("-", "").strip())
    return mobile if _MOBILE.fullmatch(mobile) else ""


def masked_name(name: str) -> str:
    """The surname alone."""
    return name[:1] + "*" * min(len(name) - 1, 2)


def masked_mobile(mobile: str) -> str:
    """Three and four digits of it."""
    return f"{mobile[:3]}****{mobile[-4:]}" if mobile else ""
