"""Specifications of a paper, and of the checks on what stands on it."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import Spec
from claims.domain.document import (
    DOCUMENT,
    GAVE_UP,
    ConfirmReading,
    RecordReading,
    RecordUnreadable,
    StoreDocument,
    category_of,
)
from claims.domain.reading import CHECK_CHARACTERS, Registered, findings, has_check_character, passes_luhn, same_name
from contracts.claims.papers import DocumentRead, DocumentStored, FieldRead, ReadingConfirmed, ReadingUnavailable
from huzhu.synthetic.cards import luhn_number
from tests.claims.material import sealed

document = Spec(DOCUMENT)
TODAY = date(2022, 6, 30)
COUNTY = "620102"
CARD_NO = luhn_number(random.Random("card"))
WRONG_CARD_NO = CARD_NO[:-1] + str((int(CARD_NO[-1]) + 1) % 10)
STORED = DocumentStored(
    document_id="d1",
    person_id="p1",
    org_path="620000",
    kind="ID_CARD",
    category="identity",
    sha256="a" * 64,
    format="JPEG",
    pages=1,
    size_bytes=10,
    kept_until="2052-06-30",
    claim_id="",
    same_image_as="",
    by="p1",
)
LETTER = msgspec.structs.replace(STORED, kind="KINSHIP_LETTER")
FIELD = FieldRead(name="name", confidence=99)
READ = DocumentRead(
    document_id="d1", person_id="p1", reading=sealed("p1", "identity"), fields=(FIELD,), findings=("EXPIRED",)
)
UNREAD = ReadingUnavailable(document_id="d1", person_id="p1", reason=GAVE_UP)
CONFIRMED = ReadingConfirmed(
    document_id="d1", person_id="p1", reading=sealed("p1", "identity"), edited=("name",), findings=(), by="p1"
)
store = StoreDocument(STORED)
record = RecordReading(READ.reading, (FIELD,), ("EXPIRED",))
unreadable = RecordUnreadable(GAVE_UP)
confirm = ConfirmReading(CONFIRMED.reading, ("name",), (), unchanged=False, by="p1")


def test_a_paper_is_stored_once() -> None:
    document.given().when(store).then(STORED)
    for history in ([STORED], [STORED, READ], [STORED, UNREAD], [STORED, READ, CONFIRMED]):
        document.given(*history).when(store).then_nothing()
        other = StoreDocument(msgspec.structs.replace(STORED, sha256="b" * 64))
        document.given(*history).when(other).then_rejected("document-exists")


@pytest.mark.parametrize("command", [record, unreadable, confirm])
def test_nothing_is_said_of_a_paper_that_was_not_stored(command: Any) -> None:
    document.given().when(command).then_rejected("document-unknown")


def test_one_proposal_is_taken_and_none_after_people_have_spoken() -> None:
    document.given(STORED).when(record).then(READ)
    document.given(STORED, READ).when(record).then_nothing()
    document.given(STORED, UNREAD).when(record).then_nothing()
    document.given(STORED, READ, CONFIRMED).when(record).then_nothing()


def test_that_it_cannot_be_read_is_recorded_once_and_never_over_a_reading() -> None:
    document.given(STORED).when(unreadable).then(UNREAD)
    document.given(STORED, UNREAD).when(unreadable).then_nothing()
    document.given(STORED, READ).when(unreadable).then_nothing()
    document.given(STORED, READ, CONFIRMED).when(unreadable).then_nothing()


def test_people_confirm_what_was_read_or_type_what_could_not_be_read() -> None:
    document.given(STORED, READ).when(confirm).then(CONFIRMED)
    document.given(STORED, UNREAD).when(confirm).then(CONFIRMED)
    document.given(STORED).when(confirm).then_rejected("reading-not-ready")
    document.given(LETTER).when(confirm).then_rejected("nothing-to-confirm")


def test_the_same_confirmation_is_quiet_and_another_one_replaces_it() -> None:
    again = ConfirmReading(CONFIRMED.reading, ("name",), (), unchanged=True, by="p1")
    document.given(STORED, READ, CONFIRMED).when(again).then_nothing()
    document.given(STORED, READ, CONFIRMED).when(confirm).then(CONFIRMED)


def test_a_paper_is_sealed_by_what_it_tells_of() -> None:
    kinds = ("ID_CARD", "CLAIMANT_ID_CARD", "BANK_CARD", "SETTLEMENT", "WHATEVER_COMES")
    assert [category_of(kind) for kind in kinds] == ["identity", "identity", "bank", "health", "health"]


numbers = st.builds(
    lambda born, serial: _with_check(f"620102{born:%Y%m%d}{serial:03d}"),
    st.dates(date(1940, 1, 1), date(2006, 12, 31)),
    st.integers(0, 999),
)


def _with_check(seventeen: str) -> str:
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    return seventeen + CHECK_CHARACTERS[sum(w * int(d) for w, d in zip(weights, seventeen, strict=True)) % 11]


@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes_the_check_character(number: str, place: int, more: int) -> None:
    assert has_check_character(number)
    wrong = str((int(number[place]) + more) % 10)
    assert not has_check_character(number[:place] + wrong + number[place + 1 :])


@given(numbers, st.integers(0, 15))
def test_two_digits_in_the_wrong_order_never_pass_the_check_character(number: str, place: int) -> None:
    turned = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert has_check_character(turned) == (turned == number)


@given(st.text(alphabet="0123456789", min_size=15, max_size=18), st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_never_passes_luhn(body: str, place: int, more: int) -> None:
    number = next(body + last for last in "0123456789" if passes_luhn(body + last))
    wrong = str((int(number[place]) + more) % 10)
    assert not passes_luhn(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "x", "６" * 18, "1" * 17, "1" * 19, "12345678901234567Y"])
def test_what_is_no_number_passes_nothing(text: str) -> None:
    assert not has_check_character(text)


NUMBER = _with_check(f"{COUNTY}19850517123")
FRONT = {"name": "甲·乙", "sex": "男", "born": "1985-05-17", "id_no": NUMBER}


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("ID_CARD", {}, ()),
        ("ID_CARD", {"id_no": NUMBER[:-1] + "0" if NUMBER[-1] != "0" else NUMBER[:-1] + "1"}, ("ID_CHECK_WRONG",)),
        ("ID_CARD", {"born": "1985-05-18"}, ("ID_BIRTH_DIFFERS",)),
        ("ID_CARD", {"sex": "女"}, ("ID_SEX_DIFFERS",)),
        ("ID_CARD", {"id_no": ""}, ("NUMBER_MISSING",)),
        ("ID_CARD", {"valid_until": "2022-06-29"}, ("EXPIRED",)),
        ("ID_CARD", {"valid_until": "2022-06-30"}, ()),
        ("ID_CARD", {"valid_until": "LONG_TERM"}, ()),
        ("ID_CARD", {"name": "丙丁"}, ("NAME_NOT_ROSTER",)),
        ("CLAIMANT_ID_CARD", {"name": "丙丁"}, ()),
        ("BANK_CARD", {"card_no": CARD_NO}, ()),
        ("BANK_CARD", {"card_no": WRONG_CARD_NO}, ("CARD_LUHN_WRONG",)),
        ("BANK_CARD", {"card_no": CARD_NO, "valid_until": "2022-05"}, ("EXPIRED",)),
        ("BANK_CARD", {"card_no": CARD_NO, "valid_until": "2022-06"}, ()),
    ],
)
def test_a_person_is_told_what_to_look_at(kind: str, change: dict[str, str], expected: tuple[str, ...]) -> None:
    fields = {**FRONT, **change} if kind != "BANK_CARD" else change
    known = Registered("甲•乙", NUMBER)
    told = findings(kind, fields, today=TODAY, registered=known)
    assert tuple(code for code in told if code != "NUMBER_NOT_ROSTER") == expected


def test_a_card_of_somebody_else_and_an_unsure_reading_are_told() -> None:
    other = Registered("甲·乙", _with_check(f"{COUNTY}19850517125"))
    assert findings("ID_CARD", FRONT, today=TODAY, registered=other) == ("NUMBER_NOT_ROSTER",)
    assert findings("ID_CARD", FRONT, today=TODAY, registered=None) == ()
    assert findings("ID_CARD", FRONT, today=TODAY, registered=None, confidence_min=60) == ("CONFIDENCE_LOW",)


def test_the_back_of_a_card_needs_no_number() -> None:
    back = {"issuer": "某公安局", "valid_until": "2030-01-01"}
    assert findings("ID_CARD", back, today=TODAY, registered=None) == ()


def test_names_are_compared_without_spaces_and_by_any_middle_dot() -> None:
    assert same_name("阿卜杜・热合曼", " 阿卜杜·热合曼")
    assert not same_name("王芳", "王方")
