"""What is measured at a check-up, and which values are abnormal or urgent: versioned data (domain 8.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources

from chassis.decider import Rejected
from contracts.health_checkup.v1 import ItemFlag

VALUE_CHARS_MAX = 12
SEXES = ("F", "M")


@dataclass(frozen=True)
class Limits:
    """Lower and upper limit in the item's unit, both still inside; None is no limit."""

    low: Decimal | None
    high: Decimal | None

    def side(self, value: Decimal) -> str:
        """`low`, `high`, or "" when inside."""
        if self.low is not None and value < self.low:
            return "low"
        if self.high is not None and value > self.high:
            return "high"
        return ""


@dataclass(frozen=True)
class Item:
    """One item: its unit, the reference range by sex, and the limits beyond which a finding is class A or B."""

    code: str
    name: str
    unit: str
    ranges: Mapping[str, Limits]
    class_a: Limits
    class_b: Limits


@dataclass(frozen=True)
class Package:
    """A version of a package: `BASIC.v1`."""

    code: str
    items: Mapping[str, Item]


@dataclass(frozen=True)
class Assessment:
    """What the values say: flags outside the reference range, and the most urgent class (A, B or "")."""

    flags: tuple[ItemFlag, ...]
    finding_class: str
    finding_flags: tuple[ItemFlag, ...]


def measured(value: str, item: str) -> Decimal:
    """A decimal number as the provider wrote it. Raises Rejected `value-invalid` without repeating the value."""
    try:
        number = Decimal(value) if len(value) <= VALUE_CHARS_MAX and value.isascii() else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise Rejected("value-invalid", "A value is a decimal number in the item's unit.", item)
    return number


def _out_of_range(item: Item, value: Decimal, sex: str) -> str:
    sides = {item.ranges[one].side(value) for one in ((sex,) if sex in SEXES else SEXES)}
    return sides.pop() if len(sides) == 1 else ""


def assess(package: Package, values: Mapping[str, str], sex: str) -> Assessment:
    """Flag every value by the range of the member's sex (`F`, `M`; any other: out of both ranges).

    Raises Rejected `item-invalid`, `value-invalid` or `results-empty`, naming the item.
    """
    if not values:
        raise Rejected("results-empty", "At least one item was measured.", "values")
    flags: list[ItemFlag] = []
    urgent: dict[str, list[ItemFlag]] = {"A": [], "B": []}
    for code, text in values.items():
        item = package.items.get(code)
        if item is None:
            raise Rejected("item-invalid", f"The package {package.code} has no such item.", "values")
        value = measured(text, code)
        if side := _out_of_range(item, value, sex):
            flags.append(ItemFlag(item=code, flag=side))
        for name, limits in (("A", item.class_a), ("B", item.class_b)):
            if side := limits.side(value):
                urgent[name].append(ItemFlag(item=code, flag=side))
                break
    finding_class = "A" if urgent["A"] else "B" if urgent["B"] else ""
    return Assessment(tuple(flags), finding_class, (*urgent["A"], *urgent["B"]))


def _limits(fields: Mapping[str, str]) -> Limits:
    low, high = (Decimal(fields[side]) if fields[side] else None for side in ("low", "high"))
    return Limits(low, high)


def parse(document: str) -> Package:
    """One package file. Raises KeyError or InvalidOperation for a file that is not one."""
    fields = json.loads(document)
    items = {
        entry["code"]: Item(
            code=entry["code"],
            name=entry["name"],
            unit=entry["unit"],
            ranges={sex: _limits(entry["range"][sex]) for sex in SEXES},
            class_a=_limits(entry["class_a"]),
            class_b=_limits(entry["class_b"]),
        )
        for entry in fields["items"]
    }
    return Package(f"{fields['code']}.v{fields['version']}", items)


def _load() -> dict[str, Package]:
    folder = resources.files("health_checkup").joinpath("packages")
    packages = (parse(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json"))
    return {package.code: package for package in packages}


PACKAGES = _load()
"""Every version ever used: a stop keeps the one it was opened with. The limits are plan data."""
