"""Packages as data: ranges by sex, classes A and B, and values that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from contracts.health_checkup.v1 import ItemFlag
from health_checkup.domain.package import PACKAGES, assess

BASIC = PACKAGES["BASIC.v1"]


def test_a_value_on_the_limit_is_normal_and_one_beyond_is_flagged() -> None:
    assert assess(BASIC, {"GLU": "6.1"}, "F").flags == ()
    assert assess(BASIC, {"GLU": "6.11"}, "F").flags == (ItemFlag(item="GLU", flag="high"),)
    assert assess(BASIC, {"GLU": "3.8"}, "F").flags == (ItemFlag(item="GLU", flag="low"),)


def test_the_range_is_that_of_the_members_sex() -> None:
    assert assess(BASIC, {"HGB": "120"}, "F").flags == ()
    assert assess(BASIC, {"HGB": "120"}, "M").flags == (ItemFlag(item="HGB", flag="low"),)
    assert assess(BASIC, {"HGB": "120"}, "").flags == ()
    assert assess(BASIC, {"HGB": "110"}, "").flags == (ItemFlag(item="HGB", flag="low"),)


def test_the_most_urgent_class_counts() -> None:
    assert assess(BASIC, {"GLU": "7.0"}, "F").finding_class == ""
    assert assess(BASIC, {"GLU": "11.2"}, "F").finding_class == "B"
    both = assess(BASIC, {"GLU": "11.2", "SBP": "181"}, "F")
    assert both.finding_class == "A"
    assert both.finding_flags == (ItemFlag(item="SBP", flag="high"), ItemFlag(item="GLU", flag="high"))


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


@pytest.mark.parametrize("package", PACKAGES.values(), ids=lambda package: package.code)
def test_class_a_lies_beyond_class_b_beyond_the_reference_range(package: object) -> None:
    for item in package.items.values():
        for limits in item.ranges.values():
            for inner, outer in ((limits, item.class_b), (item.class_b, item.class_a), (limits, item.class_a)):
                assert inner.high is None or outer.high is None or inner.high < outer.high, item.code
                assert inner.low is None or outer.low is None or inner.low > outer.low, item.code


@given(
    values=st.dictionaries(
        st.sampled_from(list(BASIC.items)), st.decimals(0, 5000, places=2).map(str), min_size=1, max_size=20
    ),
    sex=st.sampled_from(["F", "M", ""]),
)
def test_a_finding_is_always_also_flagged(values: dict[str, str], sex: str) -> None:
    found = assess(BASIC, values, sex)
    assert {flag.item for flag in found.finding_flags} <= {flag.item for flag in found.flags}
    assert bool(found.finding_flags) == (found.finding_class != "")
