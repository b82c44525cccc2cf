"""Rows of a roster and their codes (domain 5.2, 5.4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment.domain.division import COUNTIES, PREFECTURES, WORKPLACES
from enrolment.domain.id_number import check_character
from enrolment.domain.row import PROBLEMS, Rules, check
from enrolment.domain.survey import Survey
from huzhu.synthetic.roster import MIXES, generate
from tests.enrolment.material import judged, rules, worker


def test_a_faultless_row_has_no_code_and_the_countys_federation_as_its_union() -> None:
    (row,) = judged(worker())
    assert (row.errors, row.warnings) == ((), ())
    assert row.org_path == "620000.620700.620725"
    assert row.born == "19850520"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "E_NAME"),
        ({"name": "张"}, "E_NAME"),
        ({"name": "王先生1"}, "E_NAME"),
        ({"name": "李" * 31}, "E_NAME"),
        ({"id_no": "6.2E+17"}, "E_ID_FORMAT"),
        ({"id_type": "军官证"}, "E_ID_FORMAT"),
        ({"occupation": "教师"}, "E_OCC"),
        ({"occupation": "其他新就业形态"}, "E_OCC"),
        ({"division_code": "621300"}, "E_DIVISION"),
        ({"division_code": "620700"}, "E_DIVISION"),
        ({"division_code": "620171"}, "E_DIVISION"),
        ({"union_code": "6207251"}, "E_UNION"),
        ({"union_code": "6213001000001"}, "E_UNION"),
    ],
)
def test_each_fault_has_its_code(fields: dict[str, str], code: str) -> None:
    (row,) = judged(worker(**fields))
    assert row.errors == (code,)


@pytest.mark.parametrize(
    ("born", "errors"),
    [
        (date(2006, 1, 1), ()),  # 16 on the first day: the birthday counts
        (date(2006, 1, 2), ("E_AGE",)),
        (date(1961, 1, 2), ()),  # 60, turning 61 on the second day
        (date(1961, 1, 1), ("E_AGE",)),
    ],
)
def test_age_is_counted_on_the_first_day_of_the_period(born: date, errors: tuple[str, ...]) -> None:
    (row,) = judged(worker(born=born))
    assert row.errors == errors


@given(st.dates(date(1950, 1, 1), date(2021, 12, 31)))
def test_age_is_full_years_on_the_first_day(born: date) -> None:
    plan = rules().plan
    start = plan.period_start
    age = start.year - born.year - ((start.month, start.day) < (born.month, born.day))
    assert plan.age_fits(f"{born:%Y%m%d}") == (plan.age_min <= age <= plan.age_max)


@pytest.mark.parametrize("mobile", ["", "无", "1381234567", "138123456789", "12812345678"])
def test_a_missing_or_malformed_mobile_is_one_warning_and_nothing_is_kept_of_it(mobile: str) -> None:
    (row,) = judged(worker(mobile=mobile))
    assert (row.mobile, row.errors, row.warnings) == ("", (), ("W_MOBILE_MISSING",))


@pytest.mark.parametrize("typed", ["138 1234 5678", "138-1234-5678", "+8613812345678", "8613812345678"])
def test_a_mobile_is_kept_as_eleven_digits(typed: str) -> None:
    assert judged(worker(mobile=typed))[0].mobile == "13812345678"


@pytest.mark.parametrize("typed", ["买买提.阿里", "买买提•阿里", "买买提・阿里", "买买提．阿里", "买买提 · 阿里"])
def test_every_dot_in_a_name_becomes_the_middle_dot(typed: str) -> None:
    assert judged(worker(name=typed))[0].name == "买买提·阿里"


def test_a_rare_character_is_kept_and_warned_of() -> None:
    (row,) = judged(worker(name="王𠅤"))
    assert (row.name, row.errors, row.warnings) == ("王𠅤", (), ("W_NAME_RARE",))


def test_a_number_of_another_province_is_a_warning() -> None:
    number = worker(2).id_no
    other = "51" + number[2:17]
    assert judged(worker(id_no=other + check_character(other)))[0].warnings == ("W_ID_OTHER_PROVINCE",)


def test_the_second_row_of_a_number_is_the_duplicate() -> None:
    first, second = judged(worker(1), worker(1, name="李四"))
    assert (first.errors, second.errors) == ((), ("E_DUP_IN_FILE", "E_NAME_CONFLICT"))


def test_a_mobile_of_four_people_is_shared_and_of_three_is_not() -> None:
    three = judged(*(worker(n, mobile="13812345678") for n in range(3)))
    four = judged(*(worker(n, mobile="13812345678") for n in range(4)))
    assert all("W_MOBILE_SHARED" not in row.warnings for row in three)
    assert all("W_MOBILE_SHARED" in row.warnings for row in four)


def test_a_repeated_row_does_not_make_a_mobile_shared() -> None:
    rows = judged(*(worker(1, mobile="13812345678") for _ in range(5)))
    assert all("W_MOBILE_SHARED" not in row.warnings for row in rows)


def test_same_name_and_birth_with_two_numbers_is_a_warning_on_both() -> None:
    rows = judged(worker(1), worker(2))
    assert {row.warnings for row in rows} == {("W_SAME_NAME_BIRTH",)}


def test_a_row_outside_the_senders_subtree_is_refused() -> None:
    (by_division,) = judged(worker(), sender="620722")
    (by_union,) = judged(worker(union_code="6207251000001"), sender="620722")
    (within,) = judged(worker(union_code="6207251000001"), sender="620700")
    assert (by_division.errors, by_union.errors, within.errors) == (("E_DIVISION",), ("E_UNION",), ())


def test_a_single_union_must_name_itself() -> None:
    (unnamed,) = judged(worker(), sender="6207251000001")
    (named,) = judged(worker(union_code="6207251000001"), sender="6207251000001")
    assert (unnamed.errors, named.errors) == (("E_UNION",), ())
    assert named.org_path == "620000.620700.620725.6207251000001"


def test_a_prefecture_without_counties_is_a_workplace() -> None:
    (row,) = judged(worker(division_code="620200"))
    assert (row.errors, row.org_path) == ((), "620000.620200")


def test_the_province_has_fourteen_prefectures_and_eighty_six_counties() -> None:
    assert (len(PREFECTURES), len(COUNTIES), len(WORKPLACES)) == (14, 86, 87)


@given(st.lists(st.text(max_size=40), min_size=10, max_size=10))
def test_any_ten_texts_are_judged_with_known_codes(cells: list[str]) -> None:
    row = check(1, cells, rules())
    assert set(row.errors) | set(row.warnings) <= set(PROBLEMS)


def test_equal_seeds_make_equal_rosters_and_other_seeds_others() -> None:
    assert list(generate(300, 7)) == list(generate(300, 7))
    assert list(generate(300, 7)) != list(generate(300, 8))


def test_given_people_stand_faultless_at_their_rows() -> None:
    rows = list(generate(50, 3, "heavy", {7: worker(1), 50: worker(2)}))
    assert rows[6] == worker(1).cells()
    assert rows[49] == worker(2).cells()


@pytest.mark.parametrize(("mix", "low", "high"), [("none", 0, 0), ("light", 1, 2), ("real", 4, 6), ("heavy", 25, 35)])
def test_a_mix_puts_its_share_of_rows_in_error(mix: str, low: int, high: int) -> None:
    assert mix in MIXES
    rows = list(generate(20_000, 5, mix))
    survey = Survey.of(rows, Rules.of(rules().plan, "620000", date(2021, 12, 31)))
    codes = [survey.judge(row_no, cells) for row_no, cells in enumerate(rows, 1)]
    refused = sum(1 for row in codes if row.errors)
    assert low * 200 <= refused <= high * 200
    if mix == "real":
        numbers = {"E_ID_FORMAT", "E_ID_CHECK", "E_ID_DATE", "E_AGE", "E_DUP_IN_FILE"}
        others = {"E_NAME", "E_OCC", "E_DIVISION", "E_UNION"}
        assert {code for row in codes for code in row.errors} == numbers | others
        missing = sum(1 for row in codes if "W_MOBILE_MISSING" in row.warnings)
        assert 3_800 <= missing <= 4_400
