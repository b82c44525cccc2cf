"""FHIR R4, as far as a check-up needs it: Bundle, Observation and DiagnosticReport, in shapes of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from health_checkup.api.intake import ADVICE_CHARS_MAX, PERSON_ID, Advice, Cell, Fault, Sheet
from health_checkup.domain.package import Age, Item, Package

MEDIA_TYPE = "application/fhir+json"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ITEM_SYSTEM = "urn:huzhu:checkup-item"
ANSWER_SYSTEM = "urn:huzhu:checkup-answer"
CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ENTRIES_MAX = 6_000
FINAL = frozenset({"final", "amended", "corrected"})
CORRECTING = frozenset({"amended", "corrected"})
FORMAT = "FHIR"
SUBJECT = re.compile(r"(?:urn:uuid:|Patient/|.*/Patient/)?([0-9A-Za-z-]{1,80})")


class Coding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code of a system."""

    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A concept by its codes."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another resource; of a patient the member id alone."""

    reference: str = ""


class Quantity(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measured value with its unit; `code` is a UCUM code."""

    value: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class ReferenceRange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was normal for this person, in the item's unit."""

    low: Quantity | None = None
    high: Quantity | None = None


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of an observation with a value of its own, as the two of a blood pressure."""

    code: CodeableConcept
    valueQuantity: Quantity | None = None  # noqa: N815 - FHIR names its fields
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815


class Observation(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="resourceType"):
    """One measured or observed item of one member."""

    status: str
    code: CodeableConcept
    id: str = ""
    category: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    effectiveDateTime: str = ""  # noqa: N815
    valueQuantity: Quantity | None = None  # noqa: N815
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815
    interpretation: tuple[CodeableConcept, ...] = ()
    method: CodeableConcept | None = None
    referenceRange: tuple[ReferenceRange, ...] = ()  # noqa: N815
    component: tuple[Component, ...] = ()


class DiagnosticReport(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="resourceType"):
    """One check-up of one member: which observations belong to it, and the doctor's advice as its conclusion."""

    status: str
    code: CodeableConcept
    id: str = ""
    subject: Reference | None = None
    effectiveDateTime: str = ""  # noqa: N815
    issued: str = ""
    result: tuple[Reference, ...] = ()
    conclusion: str = ""


class WrittenEntry(msgspec.Struct, frozen=True):
    """An entry of a bundle that we write."""

    fullUrl: str  # noqa: N815
    resource: Observation | DiagnosticReport


class WrittenBundle(msgspec.Struct, frozen=True, tag_field="resourceType", tag="Bundle"):
    """A bundle that we write."""

    type: str
    timestamp: str
    entry: tuple[WrittenEntry, ...]


class Kind(msgspec.Struct, frozen=True):
    """What a resource says it is."""

    resourceType: str  # noqa: N815


class ReadEntry(msgspec.Struct, frozen=True):
    """An entry of a bundle as it came; each is understood by itself."""

    resource: msgspec.Raw = msgspec.Raw(b"null")


class ReadBundle(msgspec.Struct, frozen=True):
    """A bundle as it came."""

    entry: tuple[ReadEntry, ...] = ()


class Bundle(msgspec.Struct, frozen=True):
    """A FHIR R4 Bundle of Observations and DiagnosticReports; patients are named by member id alone."""

    resourceType: str  # noqa: N815
    entry: tuple[dict[str, Any], ...] = ()


ENCODER = msgspec.json.Encoder(decimal_format="number")
_BUNDLE = msgspec.json.Decoder(ReadBundle)
_KIND = msgspec.json.Decoder(Kind)
_OBSERVATION = msgspec.json.Decoder(Observation)
_REPORT = msgspec.json.Decoder(DiagnosticReport)


def encode(bundle: WrittenBundle) -> bytes:
    """The document; numbers keep the digits that they were measured with."""
    return ENCODER.encode(bundle)


def read(body: bytes, package: Package, asked: str = "") -> Sheet:
    """Every entry by itself: a value that is understood, or a fault with a code; `asked` is the package that was named.

    Raises msgspec.DecodeError.
    """
    cells: list[Cell] = []
    faults: list[Fault] = []
    advice: dict[str, Advice] = {}
    by_code = _by_code(package)
    for number, entry in enumerate(_BUNDLE.decode(body).entry, 1):
        try:
            kind = _KIND.decode(entry.resource).resourceType
            if kind == "DiagnosticReport":
                told = _advised(number, _REPORT.decode(entry.resource))
                if isinstance(told, Fault):
                    faults.append(told)
                elif told is not None:
                    advice[told[0]] = told[1]
            elif kind == "Observation":
                for found in _observed(number, _OBSERVATION.decode(entry.resource), by_code):
                    (cells if isinstance(found, Cell) else faults).append(found)  # type: ignore[arg-type]
            else:
                faults.append(Fault(number, "", "", "resource-not-taken"))
        except msgspec.MsgspecError:
            faults.append(Fault(number, "", "", "entry-unreadable"))
    return Sheet(FORMAT, tuple(cells), tuple(faults), advice, asked)


def _by_code(package: Package) -> dict[tuple[str, str], Item]:
    found = {(ITEM_SYSTEM, item.code): item for item in package.items.values()}
    return {**found, **{(LOINC, item.loinc): item for item in package.items.values() if item.loinc}}


def _advised(number: int, report: DiagnosticReport) -> tuple[str, Advice] | Fault | None:
    """The member and the advice; None for a report that advises nothing."""
    person_id = _person(report.subject)
    if not person_id:
        return Fault(number, "", "", "subject-missing")
    if report.status not in FINAL:
        return Fault(number, person_id, "", "status-not-final")
    if len(report.conclusion) > ADVICE_CHARS_MAX:
        return Fault(number, person_id, "", "advice-too-long")
    return (person_id, Advice(number, report.conclusion)) if report.conclusion.strip() else None


def _person(subject: Reference | None) -> str:
    named = SUBJECT.fullmatch(subject.reference) if subject is not None else None
    return named.group(1) if named and PERSON_ID.fullmatch(named.group(1)) else ""


def _observed(number: int, one: Observation, by_code: dict[tuple[str, str], Item]) -> Iterator[Cell | Fault]:
    person_id = _person(one.subject)
    if not person_id:
        yield Fault(number, "", "", "subject-missing")
        return
    if one.status not in FINAL:
        yield Fault(number, person_id, "", "status-not-final")
        return
    parts: tuple[Observation | Component, ...] = one.component
    if one.valueQuantity is not None or one.valueCodeableConcept is not None or not parts:
        parts = (one, *parts)
    for part in parts:
        yield _value(number, person_id, part, by_code, corrects=one.status in CORRECTING)


def _value(
    number: int,
    person_id: str,
    part: Observation | Component,
    by_code: dict[tuple[str, str], Item],
    *,
    corrects: bool,
) -> Cell | Fault:
    items = [by_code[key] for coding in part.code.coding if (key := (coding.system, coding.code)) in by_code]
    if not items:
        return Fault(number, person_id, "", "code-unknown")
    item = items[0]
    if any(other.code != item.code for other in items):
        return Fault(number, person_id, "", "codes-differ")
    told = _answer(part.valueCodeableConcept) if item.options else _measured(part.valueQuantity, item)
    if told.startswith("!"):
        return Fault(number, person_id, item.code, told[1:])
    return Cell(number, person_id, item.code, told, corrects)


def _answer(value: CodeableConcept | None) -> str:
    """The answer's code, or a fault's with an exclamation mark before it."""
    if value is None:
        return "!value-missing"
    return next((coding.code for coding in value.coding if coding.system == ANSWER_SYSTEM), "!answer-unknown")


def _measured(value: Quantity | None, item: Item) -> str:
    """The number as it was written, or a fault's code with an exclamation mark before it."""
    if value is None or value.value is None:
        return "!value-missing"
    if value.comparator:
        return "!comparator-not-taken"
    coded = value.system == UCUM and value.code == item.ucum
    if not coded and (value.code or value.unit not in {item.unit, item.ucum}):
        return "!unit-unknown"
    return format(value.value, "f")


def observation(
    key: str,
    item: Item,
    value: str,
    *,
    person_id: str,
    at: str,
    flag: str,
    ranges: tuple[ReferenceRange, ...],
    amended: bool = False,
    self_measured: bool = False,
) -> Observation:
    """One value as a resource; `at` is an ISO date or an RFC 3339 text, `flag` low, high, abnormal or ""."""
    codings = (
        *((Coding(LOINC, item.loinc),) if item.loinc else ()),
        Coding(ITEM_SYSTEM, item.code, item.name),
    )
    answer = next((option for option in item.options if option.code == value), None)
    category = "vital-signs" if item.group == "GENERAL" else "imaging" if item.group == "IMAGING" else "laboratory"
    shown = {"low": "L", "high": "H", "abnormal": "A"}.get(flag, "N")
    return Observation(
        id=key,
        status="amended" if amended else "final",
        code=CodeableConcept(codings, item.name),
        category=(CodeableConcept((Coding(CATEGORY_SYSTEM, category),)),),
        subject=Reference(f"Patient/{person_id}"),
        effectiveDateTime=at,
        valueQuantity=quantity(item, Decimal(value)) if answer is None else None,
        valueCodeableConcept=CodeableConcept((Coding(ANSWER_SYSTEM, answer.code, answer.name),)) if answer else None,
        interpretation=(CodeableConcept((Coding(INTERPRETATION_SYSTEM, shown),)),),
        method=CodeableConcept(text="self-measured at a health kiosk") if self_measured else None,
        referenceRange=ranges,
    )


def quantity(item: Item, value: Decimal) -> Quantity:
    """A number in the item's unit."""
    return Quantity(value=value, unit=item.unit or "1", system=UCUM, code=item.ucum)


def ranges_of(item: Item, sex: str, age: Age | None) -> tuple[ReferenceRange, ...]:
    """The reference range that a value was judged by; more while sex or age is not on record."""
    return tuple(
        ReferenceRange(
            None if limits.low is None else quantity(item, limits.low),
            None if limits.high is None else quantity(item, limits.high),
        )
        for limits in item.limits_for(sex, age)
    )


def report(
    key: str,
    *,
    person_id: str,
    examined_on: str,
    issued: str,
    advice: str,
    results: tuple[str, ...],
    amended: bool = False,
    retracted: bool = False,
) -> DiagnosticReport:
    """One check-up as a resource; `results` are the full URLs of its observations, none where it was `retracted`."""
    return DiagnosticReport(
        id=key,
        status="entered-in-error" if retracted else "amended" if amended else "final",
        code=CodeableConcept((Coding("urn:huzhu:report", "CHECKUP", "健康体检报告"),), "健康体检报告"),
        subject=Reference(f"Patient/{person_id}"),
        effectiveDateTime=examined_on,
        issued=issued,
        result=tuple(Reference(url) for url in results),
        conclusion=advice,
    )


def midnight(day: str) -> str:
    """The beginning of a day in Shanghai as FHIR's `instant`."""
    return f"{date.fromisoformat(day).isoformat()}T00:00:00+08:00"
