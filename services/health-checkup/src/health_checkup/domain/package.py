"""What is measured at a check-up, and which values are abnormal or urgent: versioned data (domain 8.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import resources

from chassis.decider import Rejected
from contracts.health_checkup.v1 import ItemFlag

VALUE_CHARS_MAX = 12
VALUE_BELOW = 10**7
"""No item is measured in numbers as large: what is larger is a slip, and could not be drawn."""
NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
"""`Decimal` alone would also take blanks, underscores and a sign of nought."""
SEXES = ("F", "M")
CLASSES = ("A", "B")
"""The more urgent first."""
CHECKUP, KIOSK_PLACE = "CHECKUP", "KIOSK"


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
class Age:
    """Completed years on a day: the same twice, or two where only the year of birth is known."""

    least: int
    most: int


@dataclass(frozen=True)
class Range:
    """A reference range: of one sex or of both (""), from an age in years until before another (0: without end)."""

    sex: str
    from_age: int
    to_age: int
    limits: Limits

    def applies(self, sex: str, age: Age | None) -> bool:
        """Whether it may be this person's; a sex or an age that is not on record leaves it possible."""
        if sex in SEXES and self.sex and self.sex != sex:
            return False
        return age is None or (self.from_age <= age.most and (not self.to_age or age.least < self.to_age))


@dataclass(frozen=True)
class Option:
    """One answer of an item that is said in words: `flag` is "" or `abnormal`, `finding_class` A, B or ""."""

    code: str
    name: str
    flag: str
    finding_class: str


@dataclass(frozen=True)
class Item:
    """One item: measured in a unit (`ucum` is its UCUM code), or said by one of its `options`.

    `loinc` is "" where no code could be verified (terminology/loinc.v1.json); then the item's own code stands alone.
    """

    code: str
    group: str
    name: str
    unit: str
    ucum: str
    loinc: str
    ranges: tuple[Range, ...]
    class_a: Limits
    class_b: Limits
    options: tuple[Option, ...]

    def limits_for(self, sex: str, age: Age | None) -> tuple[Limits, ...]:
        """The reference ranges that may be this person's: one, or more while sex or age is not on record."""
        return tuple(one.limits for one in self.ranges if one.applies(sex, age))

    def class_of(self, value: Decimal) -> str:
        """A, B or ""."""
        return next(
            (name for name, by in zip(CLASSES, (self.class_a, self.class_b), strict=True) if by.side(value)), ""
        )


@dataclass(frozen=True)
class Package:
    """A version of a package: `BASIC.v1`; `place` is where it is used: CHECKUP or KIOSK."""

    code: str
    name: str
    place: str
    items: Mapping[str, Item]


@dataclass(frozen=True)
class Judgement:
    """What one value says: `flag` low, high, abnormal or ""; `finding_class` A, B or ""."""

    flag: str
    finding_class: str


@dataclass(frozen=True)
class Assessment:
    """What the values say: flags outside the reference range, and the most urgent class (A, B or "").

    `class_of` is A or B by the item that crossed its limit.
    """

    flags: tuple[ItemFlag, ...]
    finding_class: str
    finding_flags: tuple[ItemFlag, ...]
    class_of: Mapping[str, str] = field(default_factory=dict)


def measured(value: str, item: str) -> Decimal:
    """A decimal number as the provider wrote it. Raises Rejected `value-invalid` without repeating the value."""
    number = Decimal(value) if len(value) <= VALUE_CHARS_MAX and NUMBER.fullmatch(value) else None
    if number is None or number >= VALUE_BELOW:
        raise Rejected("value-invalid", "A value is a decimal number in the item's unit.", item)
    return number


def option_of(item: Item, value: str) -> Option:
    """The answer of that code. Raises Rejected `value-invalid` without repeating the value."""
    found = next((option for option in item.options if option.code == value), None)
    if found is None:
        codes = ", ".join(option.code for option in item.options)
        raise Rejected("value-invalid", f"A value of this item is one of {codes}.", item.code)
    return found


def judge(item: Item, value: str, sex: str, age: Age | None) -> Judgement:
    """One value of a person of that sex (`F`, `M`; any other: not on record) and age (None: likewise).

    Outside the range means outside all that may be the person's, on the same side. Raises Rejected `value-invalid`.
    """
    if item.options:
        option = option_of(item, value)
        return Judgement(option.flag, option.finding_class)
    number = measured(value, item.code)
    sides = {limits.side(number) for limits in item.limits_for(sex, age)}
    return Judgement(sides.pop() if len(sides) == 1 else "", item.class_of(number))


def item_of(package: Package, code: str) -> Item:
    """The item of that code. Raises Rejected `item-invalid`."""
    item = package.items.get(code)
    if item is None:
        raise Rejected("item-invalid", f"The package {package.code} has no such item.", "values")
    return item


def assess(package: Package, values: Mapping[str, str], sex: str, age: Age | None = None) -> Assessment:
    """Judge every value. Raises Rejected `item-invalid`, `value-invalid` or `results-empty`, naming the item."""
    if not values:
        raise Rejected("results-empty", "At least one item was measured.", "values")
    flags: list[ItemFlag] = []
    urgent: dict[str, list[ItemFlag]] = {name: [] for name in CLASSES}
    for code, text in values.items():
        judgement = judge(item_of(package, code), text, sex, age)
        flag = ItemFlag(item=code, flag=judgement.flag)
        if judgement.flag:
            flags.append(flag)
        if judgement.finding_class:
            urgent[judgement.finding_class].append(flag)
    finding_class = next((name for name in CLASSES if urgent[name]), "")
    class_of = {flag.item: name for name in CLASSES for flag in urgent[name]}
    return Assessment(tuple(flags), finding_class, tuple(flag for name in CLASSES for flag in urgent[name]), class_of)


def completed_years(born_on: date, day: date) -> int:
    """The age on a day; a birthday counts (domain 2.6)."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def age_on(birth_year: int, day: str, read: int | None = None) -> Age | None:
    """The age on an ISO date: as it was `read` from the ID card there, else what the year of birth leaves open.

    None where neither is on record.
    """
    if read is not None:
        return Age(read, read)
    if not birth_year:
        return None
    most = int(day[:4]) - birth_year
    # On the last day of the year everybody has had the birthday.
    return Age(most if day.endswith("-12-31") else max(most - 1, 0), most)


def _limits(fields: Mapping[str, str]) -> Limits:
    low, high = (Decimal(fields[side]) if fields[side] else None for side in ("low", "high"))
    return Limits(low, high)


NO_LIMITS = Limits(None, None)


def parse(document: str, known: Mapping[str, Package]) -> Package:
    """One package file, on top of the one it extends. Raises KeyError or InvalidOperation for a file that is none."""
    fields = json.loads(document)
    scales = {
        name: tuple(Option(one["code"], one["name"], one["flag"], one["class"]) for one in options)
        for name, options in fields["scales"].items()
    }
    own = {
        entry["code"]: Item(
            code=entry["code"],
            group=entry["group"],
            name=entry["name"],
            unit=entry.get("unit", ""),
            ucum=entry.get("ucum", ""),
            loinc=entry["loinc"],
            ranges=tuple(
                Range(one["sex"], one["from_age"], one["to_age"], _limits(one)) for one in entry.get("ranges", ())
            ),
            class_a=_limits(entry["class_a"]) if "class_a" in entry else NO_LIMITS,
            class_b=_limits(entry["class_b"]) if "class_b" in entry else NO_LIMITS,
            options=scales[entry["scale"]] if "scale" in entry else (),
        )
        for entry in fields["items"]
    }
    extended = known[fields["extends"]].items if fields["extends"] else {}
    return Package(f"{fields['code']}.v{fields['version']}", fields["name"], fields["place"], {**extended, **own})


def _load() -> dict[str, Package]:
    folder = resources.files("health_checkup").joinpath("packages")
    documents = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".json")]
    packages: dict[str, Package] = {}
    # One package extends another that extends none.
    for document in sorted(documents, key=lambda text: bool(json.loads(text)["extends"])):
        package = parse(document, packages)
        packages[package.code] = package
    return packages


EVERY_PACKAGE = _load()
"""Every version ever used: what was measured is read by the version it was measured with."""
PACKAGES = {code: package for code, package in EVERY_PACKAGE.items() if package.place == CHECKUP}
"""Those of a check-up: a stop keeps the one it was opened with. The limits are plan data."""
KIOSK = EVERY_PACKAGE["KIOSK.v2"]
"""What self-service devices measure (domain 8.3), with the classes of the check-up's items."""
