"""The texts: lengths of domain 9.3, the counting of 9.1, and what a message can never say."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from notify.domain.template import (
    PLACE_WITHHELD,
    SIGNATURE,
    TEMPLATES,
    VARIABLE_KINDS,
    is_sendable,
    latest,
    parse,
    place_or_withheld,
    render,
    segments,
    yuan,
)

NAME = "某某某"
TYPICAL = {
    "claim-received": ({"no": "GS2022000123", "n": "20"}, 59),
    "claim-approved": ({"no": "GS2022000123", "amt": "1,640.00", "tail": "1234"}, 63),
    "papers-needed": ({"no": "GS2022000123", "d": "7月15日"}, 66),
    "cover-starts": ({"d1": "2022年1月1日", "d2": "2022年12月31日"}, 96),
    "benefit-paid": ({"amt": "1,640.00", "tail": "1234"}, 45),
    "payment-returned": ({}, 53),
    "claim-refused": ({"no": "GS2022000123"}, 69),
    "checkup-invitation": ({"dt": "7月15日08:30", "place": "凉州区总工会门"}, 70),
    "checkup-report-ready": ({}, 38),
    "checkup-finding": ({}, 49),
}


@pytest.mark.parametrize(("code", "variables", "length"), [(code, *rest) for code, rest in TYPICAL.items()])
def test_the_length_is_that_of_the_message_table(code: str, variables: dict[str, str], length: int) -> None:
    text = render(latest(code), NAME, variables)
    assert len(SIGNATURE) + len(text) == length
    assert segments(text) == (1 if length <= 70 else 2)


BESIDE = {
    "papers-reminder": {"no": "GS2022000123", "d": "12月31日"},
    "claim-closed-incomplete": {"no": "GS2022000123"},
    "claim-withdrawn": {"no": "GS2022000123"},
    "objection-received": {"no": "GS2022000123", "d": "12月31日"},
    "objection-upheld": {"no": "GS2022000123"},
    "objection-upheld-finally": {"no": "GS2022000123"},
    "objection-overturned": {"no": "GS2022000123"},
    "objection-partly": {"no": "GS2022000123"},
    "advance-approved": {"no": "GS2022000123", "amt": "75,000.00", "tail": "1234"},
    "advance-approved-share": {"no": "GS2022000123", "share": "50", "tail": "1234"},
    "claim-approved-rest": {"no": "GS2022000123", "amt": "1,640.00", "tail": "1234"},
    "objection-raises": {"no": "GS2022000123"},
    "claim-raised": {"no": "GS2022000123", "amt": "1,640.00", "tail": "1234"},
    "claim-approved-prepaid": {"no": "GS2022000123"},
    "checkup-lecture-signed-up": {"dt": "7月15日", "time": "14:30", "place": "凉州区总工会"},
    "checkup-lecture-seat": {"dt": "7月15日", "time": "14:30", "place": "凉州区总工会"},
    "checkup-lecture-called-off": {"dt": "7月15日", "place": "凉州区总工会"},
    "checkup-waiting-ended": {"dt": "12月31日"},
    "checkup-seat": {"dt": "7月15日", "time": "08:30", "place": "凉州区总工会门"},
    "quiz-won": {},
    "ticket-answered": {},
    "recovery-asked": {"no": "GS2022000123", "amt": "1,640.00", "d": "12月31日"},
}


@pytest.mark.parametrize("code", BESIDE)
def test_what_happens_beside_the_straight_way_fits_one_message(code: str) -> None:
    assert segments(render(latest(code), NAME, BESIDE[code])) == 1


@pytest.mark.parametrize(("length", "billed"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)])
def test_more_than_seventy_characters_are_counted_in_sixty_sevens(length: int, billed: int) -> None:
    assert segments("字" * (length - len(SIGNATURE))) == billed or length < len(SIGNATURE)


def test_the_signature_is_added_by_the_gateway_alone() -> None:
    assert len(SIGNATURE) == 8
    assert not any("【" in template.text for template in TEMPLATES.values())


def test_no_template_speaks_of_health_or_carries_a_number_of_a_person() -> None:
    for template in TEMPLATES.values():
        assert is_sendable(re.sub(r"\{\w+\}", "", template.text)), template.code


NASTY = st.one_of(
    st.text(max_size=24),
    st.from_regex(r"[0-9]{10,19}[X]?", fullmatch=True),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(
        ["胃癌", "武威肿瘤医院", "右肺恶性肿瘤", "心脏病", "凉州区总工会", "1,640.00", "1234", "GS2022000123"]
    ),
    *[st.from_regex(kind, fullmatch=True) for kind in VARIABLE_KINDS.values()],
)


@given(data=st.data(), name=NASTY)
def test_no_set_of_variables_makes_a_message_say_what_it_must_not(data: st.DataObject, name: str) -> None:
    template = data.draw(st.sampled_from(list(TEMPLATES.values())))
    variables = {variable: data.draw(NASTY) for variable in template.variables}
    try:
        text = render(template, name, variables)
    except Rejected:
        return
    assert not re.search(r"\d{13}", text)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)
    assert not re.search("癌|瘤|医院|病|肺", text)


@pytest.mark.parametrize("place", ["胃癌", "甲状腺瘤", "张掖医院", "职业病院", "右肺", "卫生院", "诊所", "13800000000"])
def test_no_place_brings_an_illness_a_hospital_or_a_number_into_a_message(place: str) -> None:
    with pytest.raises(Rejected, match="variable-invalid"):
        render(latest("checkup-invitation"), NAME, {"dt": "7月15日", "place": place})
    assert place_or_withheld(place) == PLACE_WITHHELD


def test_a_variable_of_another_kind_is_refused() -> None:
    with pytest.raises(Rejected, match="variable-invalid"):
        render(latest("benefit-paid"), NAME, {"amt": "1,640.00", "tail": "6222020200112233"})


def test_a_missing_or_a_foreign_variable_is_refused() -> None:
    with pytest.raises(Rejected, match="variable-invalid"):
        render(latest("benefit-paid"), NAME, {"amt": "1.00"})
    with pytest.raises(Rejected, match="variable-invalid"):
        render(latest("payment-returned"), NAME, {"illness": "x"})


def test_a_name_that_is_none_is_not_greeted() -> None:
    assert render(latest("payment-returned"), "肿瘤医院", {}).startswith("会员您好")
    assert render(latest("payment-returned"), "12345", {}).startswith("会员您好")
    assert render(latest("payment-returned"), "阿卜杜拉·买买提", {}).startswith("阿卜杜拉·买买提您好")


def test_a_hospital_is_withheld_from_an_invitation() -> None:
    assert place_or_withheld("武威肿瘤医院") == PLACE_WITHHELD
    assert place_or_withheld("凉州区总工会广场") == "凉州区总工会广场"


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (72000, "720.00"), (15_000_000, "150,000.00")])
def test_money_is_written_in_yuan_with_thousands(fen: int, text: str) -> None:
    assert yuan(fen) == text


C1 = {"code": "c1", "version": 1, "kind": "notice", "lane": "paper", "channel": "SMS", "variables": {}}


@pytest.mark.parametrize(
    "text",
    ["{name}您好,您的肝癌已确诊。", "{name}{name}您好", "{name}您好,{amt}", "{name}" + "长" * 500],
)
def test_a_text_that_breaks_a_rule_is_not_even_loaded(text: str) -> None:
    with pytest.raises(ValueError, match="c1"):
        parse(json.dumps({**C1, "text": text}))
