"""Packages as data: ranges by sex and age, classes A and B, words as values, and values that are none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.decider import Rejected
from claims.api.plans import PLANS
from claims.domain.plan import ListedIllness
from contracts.health_checkup.v1 import ItemFlag
from health_checkup.domain.package import (
    CLASSES,
    EVERY_PACKAGE,
    KIOSK,
    PACKAGES,
    SEXES,
    Age,
    Item,
    Package,
    age_on,
    assess,
    completed_years,
    judge,
)
from health_checkup.domain.terminology import ILLNESSES, LOINC_NAMES

BASIC = PACKAGES["BASIC.v1"]
NEW = PACKAGES["BASIC.v2"]
ITEMS = [(package.code, item) for package in EVERY_PACKAGE.values() for item in package.items.values()]
MEASURED = [item for _, item in ITEMS if not item.options]
LAST_AGE = 110
VALUES = st.decimals(0, 5000, places=2)


def test_a_value_on_the_limit_is_normal_and_one_beyond_is_flagged() -> None:
    assert assess(BASIC, {"GLU": "6.1"}, "F").flags == ()
    assert assess(BASIC, {"GLU": "6.11"}, "F").flags == (ItemFlag(item="GLU", flag="high"),)
    assert assess(BASIC, {"GLU": "3.8"}, "F").flags == (ItemFlag(item="GLU", flag="low"),)


def test_the_range_is_that_of_the_members_sex() -> None:
    assert assess(BASIC, {"HGB": "120"}, "F").flags == ()
    assert assess(BASIC, {"HGB": "120"}, "M").flags == (ItemFlag(item="HGB", flag="low"),)
    assert assess(BASIC, {"HGB": "120"}, "").flags == ()
    assert assess(BASIC, {"HGB": "110"}, "").flags == (ItemFlag(item="HGB", flag="low"),)


def test_the_range_is_that_of_the_members_age() -> None:
    older = PACKAGES["OLDER.v1"].items["PSA"]
    assert judge(older, "4.0", "M", Age(59, 59)).flag == "high"
    assert judge(older, "4.0", "M", Age(60, 60)).flag == ""
    assert judge(older, "4.0", "M", None).flag == "", "an age that is not on record flags only beyond every range"
    assert judge(older, "7.0", "M", None).flag == "high"
    assert judge(older, "7.0", "F", Age(60, 60)).flag == "", "there is no range for women"
    assert judge(NEW.items["CREA"], "105", "M", Age(59, 59)).flag == "high"
    assert judge(NEW.items["CREA"], "105", "M", Age(60, 60)).flag == ""


DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))


@given(born_on=st.dates(date(1930, 1, 1), date(2010, 12, 31)), day=DAYS)
@example(born_on=date(1962, 3, 10), day=date(2022, 3, 9))
@example(born_on=date(1962, 3, 10), day=date(2022, 3, 10))
@example(born_on=date(1964, 2, 29), day=date(2022, 2, 28))
@example(born_on=date(1964, 2, 29), day=date(2022, 3, 1))
def test_an_age_is_in_completed_years_and_a_year_of_birth_leaves_at_most_two_open(born_on: date, day: date) -> None:
    years = completed_years(born_on, day)
    birthdays = [one for one in range(born_on.year + 1, day.year + 1) if (one, born_on.month, born_on.day) <= (
        day.year, day.month, day.day)]  # fmt: skip
    assert years == len(birthdays)
    open_still = age_on(born_on.year, day.isoformat())
    assert open_still is not None
    assert open_still.least <= years <= open_still.most <= open_still.least + 1
    assert age_on(born_on.year, day.isoformat(), years) == Age(years, years)


@given(item=st.sampled_from(MEASURED), value=VALUES, sex=st.sampled_from(SEXES), born=st.integers(1930, 2005), day=DAYS)
def test_a_year_of_birth_flags_only_what_every_age_it_leaves_open_would(
    item: Item, value: Decimal, sex: str, born: int, day: date
) -> None:
    age = age_on(born, day.isoformat())
    assert age is not None
    each = {judge(item, str(value), sex, Age(years, years)).flag for years in (age.least, age.most)}
    assert judge(item, str(value), sex, age).flag == (each.pop() if len(each) == 1 else "")


def test_an_age_that_is_not_on_record_is_none() -> None:
    assert age_on(0, "2022-03-10") is None
    assert age_on(1970, "2022-12-31") == Age(52, 52)
    assert age_on(1970, "2022-12-30") == Age(51, 52)


def test_the_most_urgent_class_counts() -> None:
    assert assess(BASIC, {"GLU": "7.0"}, "F").finding_class == ""
    assert assess(BASIC, {"GLU": "11.2"}, "F").finding_class == "B"
    both = assess(BASIC, {"GLU": "11.2", "SBP": "181"}, "F")
    assert both.finding_class == "A"
    assert both.finding_flags == (ItemFlag(item="SBP", flag="high"), ItemFlag(item="GLU", flag="high"))


def test_what_is_said_in_words_has_its_flag_and_class() -> None:
    ecg = NEW.items["ECG"]
    answers, age = ("NORMAL", "ABNORMAL", "REVIEW", "URGENT"), Age(40, 40)
    assert [judge(ecg, code, "F", age).finding_class for code in answers] == ["", "", "B", "A"]
    assert assess(NEW, {"ECG": "ABNORMAL"}, "F").flags == (ItemFlag(item="ECG", flag="abnormal"),)
    with pytest.raises(Rejected) as refused:
        assess(NEW, {"ECG": "房颤"}, "F")
    assert (refused.value.code, refused.value.field) == ("value-invalid", "ECG")
    assert "房颤" not in refused.value.sentence


@pytest.mark.parametrize("value", ["", "NaN", "Infinity", "-1", "1e999999999999", "六", "1,5", "x" * 13])
def test_a_value_that_is_no_number_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(Rejected) as refused:
        assess(BASIC, {"GLU": value}, "F")
    assert refused.value.code == "value-invalid"
    assert refused.value.field == "GLU"
    assert not value or value not in refused.value.sentence


def test_an_item_that_is_not_in_the_package_is_refused() -> None:
    with pytest.raises(Rejected, match="item-invalid"):
        assess(BASIC, {"HIV": "1"}, "F")
    with pytest.raises(Rejected, match="results-empty"):
        assess(BASIC, {}, "F")


def test_the_packages_hold_what_the_programme_names() -> None:
    assert set(BASIC.items) <= set(NEW.items)
    for code, more in {
        "DRIVER.v1": {"VISION_R", "VISION_L", "HEARING_R", "HEARING_L", "LUMBAR_DR"},
        "FEMALE.v1": {"BREAST_US", "THYROID_US", "HPV"},
        "OLDER.v1": {"PSA", "PROSTATE_US"},
    }.items():
        assert set(PACKAGES[code].items) >= {*NEW.items, *more}
    assert KIOSK.code not in PACKAGES


@pytest.mark.parametrize(("package", "item"), ITEMS, ids=lambda one: one if isinstance(one, str) else one.code)
def test_an_item_has_a_unit_or_words_and_a_code_that_was_verified(package: str, item: Item) -> None:
    assert bool(item.options) != bool(item.ucum), package
    assert item.name
    assert item.loinc == "" or item.loinc in LOINC_NAMES
    assert len({option.code for option in item.options}) == len(item.options)


@pytest.mark.parametrize("package", EVERY_PACKAGE.values(), ids=lambda package: package.code)
def test_class_a_lies_beyond_class_b_beyond_the_reference_range(package: Package) -> None:
    for item in package.items.values():
        for one in item.ranges:
            for inner, outer in ((one.limits, item.class_b), (item.class_b, item.class_a), (one.limits, item.class_a)):
                assert inner.high is None or outer.high is None or inner.high < outer.high, item.code
                assert inner.low is None or outer.low is None or inner.low > outer.low, item.code


@pytest.mark.parametrize("item", MEASURED, ids=lambda item: item.code)
def test_every_sex_and_age_has_one_range_of_an_item_or_none_at_any_age(item: Item) -> None:
    for sex in SEXES:
        counts = {len(item.limits_for(sex, Age(age, age))) for age in range(LAST_AGE)}
        assert counts in ({0}, {1})


@given(item=st.sampled_from(MEASURED), value=VALUES, sex=st.sampled_from(SEXES), age=st.integers(0, LAST_AGE))
def test_every_value_falls_in_exactly_one_class(item: Item, value: Decimal, sex: str, age: int) -> None:
    by_limits = {name for name, limits in zip(CLASSES, (item.class_a, item.class_b), strict=True) if limits.side(value)}
    found = judge(item, str(value), sex, Age(age, age))
    assert found.finding_class == ("A" if "A" in by_limits else "B" if by_limits else "")
    inside = all(not limits.side(value) for limits in item.limits_for(sex, Age(age, age)))
    assert inside == (found.flag == "")


@given(item=st.sampled_from(MEASURED), values=st.tuples(VALUES, VALUES), sex=st.sampled_from(SEXES))
def test_a_value_further_out_is_never_less_urgent(item: Item, values: tuple[Decimal, Decimal], sex: str) -> None:
    nearer, further = sorted(values)
    urgency = {"": 0, "B": 1, "A": 2}
    first, second = judge(item, str(nearer), sex, Age(40, 40)), judge(item, str(further), sex, Age(40, 40))
    if first.flag == "high":
        assert urgency[second.finding_class] >= urgency[first.finding_class]
    if second.flag == "low":
        assert urgency[first.finding_class] >= urgency[second.finding_class]


@given(
    values=st.dictionaries(st.sampled_from(list(BASIC.items)), VALUES.map(str), min_size=1, max_size=20),
    sex=st.sampled_from(["F", "M", ""]),
)
def test_a_finding_is_always_also_flagged(values: dict[str, str], sex: str) -> None:
    found = assess(BASIC, values, sex)
    assert {flag.item for flag in found.finding_flags} <= {flag.item for flag in found.flags}
    assert bool(found.finding_flags) == (found.finding_class != "")


def test_the_listed_illnesses_are_those_of_the_plan() -> None:
    formula = PLANS["GS-NEF-2022", 1].benefits["CRITICAL_ILLNESS"].formula
    assert isinstance(formula, ListedIllness)
    assert {one.code: one.name for one in formula.illnesses} == ILLNESSES
