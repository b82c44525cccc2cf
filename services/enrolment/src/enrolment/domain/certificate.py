"""The number of a cover's certificate (保障确认书): the same for ever, checkable by its last character, tells nothing.

Twelve characters of a digest of plan and person (whose id is random), and a check character by ISO/IEC 7064
MOD 37,36, which finds every single wrong character and nearly every two that have changed places.
"""

from __future__ import annotations

import base64
import hashlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODY_LENGTH = 12
LENGTH = BODY_LENGTH + 1
_NEXT = [
    {character: ((product + value) % 36 or 36) * 2 % 37 for value, character in enumerate(ALPHABET)}
    for product in range(37)
]
"""The standard's running product, by the product before and the character."""
_WELL_READ = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
"""Base 32 without I, L, O and U, which are misread."""


def certificate_no(plan_code: str, person_id: str) -> str:
    """The number of a person's certificate in a plan: 13 capital letters and digits."""
    digest = hashlib.sha256(f"certificate|{plan_code}|{person_id}".encode()).digest()
    body = base64.b32encode(digest[:10])[:BODY_LENGTH].translate(_WELL_READ).decode()
    return body + check_character(body)


def check_character(body: str) -> str:
    """The check character of a body of ALPHABET."""
    product = 36
    for character in body:
        product = _NEXT[product][character]
    return ALPHABET[(37 - product) % 36]


def normalised(typed: str) -> str:
    """A number as it was typed or scanned, in capitals without spaces and hyphens; "" when it cannot be one."""
    number = typed.upper().replace(" ", "").replace("-", "")
    if len(number) != LENGTH or not all(character in ALPHABET for character in number):
        return ""
    return number if check_character(number[:-1]) == number[-1] else ""


def grouped(number: str) -> str:
    """As it is printed: in groups of four and the check character."""
    return f"{number[:4]}-{number[4:8]}-{number[8:12]}-{number[12:]}"
