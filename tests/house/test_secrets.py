"""Nothing of a real person and nothing of a machine is committed."""

from __future__ import annotations

import re

from tests.house.tree import committed, text

ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
"""Division, a birth date that can be, serial, check digit."""
CARD_NUMBER = re.compile(r"(?<![0-9A-Za-z.])[0-9]{16,19}(?![0-9A-Za-z])")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
MACHINE_PATH = re.compile(r"(?<![\w.}$])/(?:work|root|tmp|home)/\w")


def is_id_number(digits: str) -> bool:
    """Whether the check digit of GB 11643 is right."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], WEIGHTS, strict=True))
    return CHECKS[total % 11] == digits[17].upper()


def is_card_number(digits: str) -> bool:
    """Whether the check digit of ISO/IEC 7812 is right, and the number is not one digit over and over."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0 and len(set(digits)) > 2


def test_the_check_digits_are_known_here() -> None:
    made = "620725" + "19900101" + "001"
    assert all(ID_NUMBER.fullmatch(made + check) for check in "0123456789X")
    assert sum(is_id_number(made + check) for check in "0123456789X") == 1
    assert sum(is_card_number("622202" + "1" * 12 + str(check)) for check in range(10)) == 1


def test_no_plausible_id_number_is_committed() -> None:
    found = [
        f"{path}:{text(path)[: hit.start()].count(chr(10)) + 1}"
        for path in committed()
        for hit in ID_NUMBER.finditer(text(path))
        if is_id_number(hit.group())
    ]
    assert found == []


def test_no_plausible_card_number_is_committed() -> None:
    found = [
        f"{path}:{text(path)[: hit.start()].count(chr(10)) + 1}"
        for path in committed()
        for hit in CARD_NUMBER.finditer(text(path))
        if is_card_number(hit.group())
    ]
    assert found == []


def test_no_path_of_a_machine_is_committed() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in committed()
        if path.parts[0] != "tests" and path.suffix != ".lock"
        for number, line in enumerate(text(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []
