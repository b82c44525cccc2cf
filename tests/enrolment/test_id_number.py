"""Identity numbers as GB 11643-1999 writes them (domain 5.3, invariant 12.12)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.domain import id_number

TODAY = "20220101"


def made(region: str, born: date, serial: int) -> str:
    seventeen = f"{region}{born:%Y%m%d}{serial:03d}"
    return seventeen + id_number.check_character(seventeen)


PUBLISHED = (made("110105", date(1949, 12, 31), 2), made("440524", date(1880, 1, 1), 1))
"""The examples of the standard; their last characters are published as X and 4."""

numbers = st.builds(
    made,
    st.sampled_from(["620102", "620725", "620824", "110199", "659999", "429001"]),
    st.dates(date(1900, 1, 1), date(2021, 12, 31)),
    st.integers(0, 999),
)


def test_the_standards_own_numbers_stand() -> None:
    assert [number[17] for number in PUBLISHED] == ["X", "4"]
    assert [id_number.read("RESIDENT_ID", number, TODAY).errors for number in PUBLISHED] == [(), ()]


def test_a_wrong_last_character_is_a_check_error() -> None:
    assert id_number.read("RESIDENT_ID", PUBLISHED[0][:17] + "1", TODAY).errors == ("E_ID_CHECK",)


def test_lower_case_x_is_kept_as_upper_case() -> None:
    assert id_number.read("RESIDENT_ID", PUBLISHED[0].lower(), TODAY).id_no == PUBLISHED[0]


@given(numbers)
def test_a_number_with_its_check_character_stands_whatever_its_county(number: str) -> None:
    read = id_number.read("RESIDENT_ID", number, TODAY)
    assert read.errors == ()
    assert (read.id_no, read.born) == (number, number[6:14])
    assert read.sex == ("M" if int(number[16]) % 2 else "F")


@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_changed_digit_never_stands(number: str, place: int, by: int) -> None:
    changed = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert id_number.read("RESIDENT_ID", changed, TODAY).errors != ()


@given(numbers.filter(lambda number: number[6:8] == "19"))
def test_fifteen_digits_are_the_same_person_as_eighteen(number: str) -> None:
    old = number[:6] + number[8:17]
    assert id_number.read("RESIDENT_ID", old, TODAY).id_no == number


@given(st.text(max_size=25))
def test_any_text_is_answered_without_failing(text: str) -> None:
    for id_type in set(id_number.ID_TYPES.values()):
        assert isinstance(id_number.read(id_type, text, TODAY).errors, tuple)


@pytest.mark.parametrize("typed", ["6.2E+17", "6.20102E+17", "62010219900101", "", "62010219900101A010", "０"])
def test_what_a_spreadsheet_leaves_of_a_number_is_a_format_error(typed: str) -> None:
    assert id_number.read("RESIDENT_ID", typed, TODAY).errors == ("E_ID_FORMAT",)


def test_a_province_that_does_not_exist_is_a_format_error() -> None:
    assert id_number.read("RESIDENT_ID", made("990102", date(1990, 1, 1), 10), TODAY).errors == ("E_ID_FORMAT",)


def test_a_day_that_is_in_no_calendar_is_a_date_error() -> None:
    seventeen = "62010219900230010"
    number = seventeen + id_number.check_character(seventeen)
    assert id_number.read("RESIDENT_ID", number, TODAY).errors == ("E_ID_DATE",)


def test_a_birth_after_today_is_a_date_error() -> None:
    tomorrow = date(2022, 1, 1) + timedelta(days=1)
    assert id_number.read("RESIDENT_ID", made("620102", tomorrow, 10), TODAY).errors == ("E_ID_DATE",)


def test_a_residence_permit_has_one_key_under_either_name() -> None:
    number = made("810000", date(1990, 1, 1), 10)
    assert id_number.read("RESIDENT_ID", number, TODAY) == id_number.read("HKMT_RESIDENCE", number, TODAY)


def test_full_width_digits_are_read_as_digits() -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in PUBLISHED[1])
    assert id_number.read("RESIDENT_ID", wide, TODAY).id_no == PUBLISHED[1]


@pytest.mark.parametrize(
    ("id_type", "typed", "errors"),
    [
        ("FOREIGN_PR", "USA110080010101", ()),
        ("FOREIGN_PR", "USA110080130101", ("E_ID_DATE",)),
        ("FOREIGN_PR", "USA1100800101", ("E_ID_FORMAT",)),
        ("PASSPORT", "e12345678", ()),
        ("PASSPORT", "E1", ("E_ID_FORMAT",)),
        ("", "E12345678", ("E_ID_FORMAT",)),
    ],
)
def test_other_documents_have_their_own_form(id_type: str, typed: str, errors: tuple[str, ...]) -> None:
    assert id_number.read(id_type, typed, TODAY).errors == errors


def test_a_shown_number_hides_the_birth_date() -> None:
    assert id_number.masked(PUBLISHED[0]) == "1101**********002X"
