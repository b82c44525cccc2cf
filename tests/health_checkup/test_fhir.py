"""FHIR R4, held against `fhir.resources`: what we write validates there, what it writes we read."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Sealed
from contracts.person import Measurements
from health_checkup.api import fhir
from health_checkup.api.intake import Cell
from health_checkup.api.record_views import OpenedExam, OpenedReading, OpenedRecord, bundle
from health_checkup.domain.package import EVERY_PACKAGE, KIOSK, PACKAGES, Item
from health_checkup.projections.exams import ExamRow
from health_checkup.projections.people import Known
from health_checkup.projections.readings import ReadingRow
from tests.health_checkup.lab import bundle as bundle_of
from tests.health_checkup.lab import observed
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck

SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")
PERSON = "0190a1b2-0000-7000-8000-000000000001"
NOW = "2022-07-30T10:00:00+08:00"
NUMBERS = st.decimals(0, 9_999, places=2).map(str)


def value_of(item: Item) -> st.SearchStrategy[str]:
    return st.sampled_from([option.code for option in item.options]) if item.options else NUMBERS


def values_of(package: str) -> st.SearchStrategy[dict[str, str]]:
    items = EVERY_PACKAGE[package].items
    chosen = st.lists(st.sampled_from(sorted(items)), min_size=1, unique=True)
    return chosen.flatmap(lambda codes: st.fixed_dictionaries({code: value_of(items[code]) for code in codes}))


def record(
    package: str, values: dict[str, str], *, version: int = 1, own: dict[str, str] | None = None
) -> OpenedRecord:
    row = ExamRow(
        exam_id=f"2022-{PERSON}", package=package, examined_on="2022-07-15", items=len(values), abnormal=0,
        measurements=SEALED, version=version, recorded_on="2022-07-18",
        amended_on="2022-07-20" if version > 1 else None, stop_id="s",
    )  # fmt: skip
    exam = OpenedExam(row, Measurements(values=values, advice="少吃盐"), (), ())
    measured = ReadingRow("kiosk-1", "7", KIOSK.code, "2022-07-16T00:00:00.000000Z", SEALED)
    readings = (OpenedReading(measured, Measurements(values=own)),) if own else ()
    return OpenedRecord(PERSON, Known("F", 1980), (exam,), readings)


@given(
    package=st.sampled_from(sorted(PACKAGES)).flatmap(lambda code: st.tuples(st.just(code), values_of(code))),
    own=values_of(KIOSK.code),
    version=st.integers(1, 3),
)
def test_what_we_write_validates_and_comes_back_as_it_was(
    package: tuple[str, dict[str, str]], own: dict[str, str], version: int
) -> None:
    code, values = package
    document = fhir.encode(bundle(record(code, values, version=version, own=own), NOW))
    Bundle.model_validate_json(document)
    resources = [entry["resource"] for entry in json.loads(document)["entry"]]
    of_exam = [one for one in resources if one["resourceType"] == "Observation" and "method" not in one]
    again = fhir.read(json.dumps(bundle_of(*of_exam)).encode(), PACKAGES[code])
    assert again.faults == ()
    back = {cell.item: cell.value for cell in again.cells}
    assert back.keys() == values.keys()
    for item, value in values.items():
        same = back[item] == value if EVERY_PACKAGE[code].items[item].options else Decimal(back[item]) == Decimal(value)
        assert same
    assert len({one["id"] for one in resources}) == len(resources)


@given(package=st.sampled_from(sorted(PACKAGES)).flatmap(lambda code: st.tuples(st.just(code), values_of(code))))
def test_what_the_oracle_writes_we_read(package: tuple[str, dict[str, str]]) -> None:
    code, values = package
    sent = bundle_of(*(observed(PERSON, item, value) for item, value in values.items()))
    written = Bundle.model_validate(sent).model_dump_json()
    sheet = fhir.read(written.encode(), PACKAGES[code])
    assert sheet.faults == ()
    assert {cell.item for cell in sheet.cells} == values.keys()
    for cell in sheet.cells:
        if not EVERY_PACKAGE[code].items[cell.item].options:
            assert Decimal(cell.value) == Decimal(values[cell.item])


def test_a_number_keeps_the_digits_it_was_written_with() -> None:
    body = json.dumps(bundle_of(observed(PERSON, "GLU", "5"))).replace('"value": 5', '"value": 5.30')
    [cell] = fhir.read(body.encode(), PACKAGES["BASIC.v2"]).cells
    assert cell == Cell(1, PERSON, "GLU", "5.30", corrects=False)
    assert b'"value":5.30' in fhir.encode(bundle(record("BASIC.v2", {"GLU": "5.30"}), NOW))


def test_a_blood_pressure_may_come_as_two_components() -> None:
    panel: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "subject": {"reference": f"https://lab.test/Patient/{PERSON}"},
        "code": {"coding": [{"system": fhir.LOINC, "code": "85354-9"}]},
        "component": [
            {name: observed(PERSON, item, value)[name] for name in ("code", "valueQuantity")}
            for item, value in (("SBP", "142"), ("DBP", "88"))
        ],
    }  # fmt: skip
    Observation.model_validate(panel)
    sheet = fhir.read(json.dumps(bundle_of(panel)).encode(), PACKAGES["BASIC.v2"])
    assert [(cell.item, cell.value) for cell in sheet.cells] == [("SBP", "142"), ("DBP", "88")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valueQuantity": {"value": 5, "unit": "mg/dL", "system": fhir.UCUM, "code": "mg/dL"}}, "unit-unknown"),
        ({"valueQuantity": {"value": 5, "unit": "mmol/L", "system": fhir.UCUM, "code": "mg/dL"}}, "unit-unknown"),
        ({"valueQuantity": {"value": 5, "system": "urn:other", "code": "mmol/L"}}, "unit-unknown"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mmol/L"}}, "comparator-not-taken"),
        ({"valueQuantity": {"unit": "mmol/L"}}, "value-missing"),
        ({"valueQuantity": None}, "value-missing"),
        ({"code": {"coding": [{"system": fhir.LOINC, "code": "2345-7"}]}}, "code-unknown"),
        ({"code": {"text": "血糖"}}, "code-unknown"),
        (
            {"code": {"coding": [{"system": fhir.LOINC, "code": c} for c in ("14771-0", "14682-9")]}},
            "codes-differ",
        ),
        ({"status": "entered-in-error"}, "status-not-final"),
        ({"subject": {"reference": "Patient/王小明"}}, "subject-missing"),
        ({"subject": None}, "subject-missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_has_a_code(changes: dict[str, Any], code: str) -> None:
    sheet = fhir.read(json.dumps(bundle_of(observed(PERSON, "GLU", "5", **changes))).encode(), PACKAGES["BASIC.v2"])
    assert [fault.code for fault in sheet.faults] == [code]
    assert sheet.cells == ()


@pytest.mark.parametrize(
    ("value", "code"),
    [({"coding": [{"system": "urn:other", "code": "NORMAL"}]}, "answer-unknown"), (None, "value-missing")],
)
def test_an_answer_that_is_none_has_a_code(value: dict[str, Any] | None, code: str) -> None:
    body = bundle_of(observed(PERSON, "ECG", "NORMAL", valueCodeableConcept=value))
    [fault] = fhir.read(json.dumps(body).encode(), PACKAGES["BASIC.v2"]).faults
    assert (fault.item, fault.code) == ("ECG", code)


FIELDS = ["resourceType", "status", "code", "coding", "subject", "reference", "valueQuantity", "value"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=12,
)


@given(body=st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(bundle_of(value)).encode()))
def test_nothing_that_is_sent_breaks_the_reader(body: bytes) -> None:
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
        fhir.read(body, PACKAGES["BASIC.v2"])


async def test_a_record_is_answered_as_fhir_by_query_and_by_header(truck: Truck) -> None:
    member, _ = await truck.examined({**NORMAL, **URGENT})
    by_query = await truck.get(f"/members/{member}/record", "member", sub=member, format="fhir")
    assert by_query.headers["content-type"].startswith(fhir.MEDIA_TYPE)
    found = Bundle.model_validate_json(by_query.content)
    kinds = [entry.resource.get_resource_type() for entry in found.entry or []]
    assert (kinds.count("Observation"), kinds.count("DiagnosticReport"), len(kinds)) == (3, 1, 4)
    assert member.encode() in by_query.content
    async with truck.world.client("health_provider", CITY) as client:
        by_header = await client.get(f"/members/{member}/record", headers={"Accept": fhir.MEDIA_TYPE})
    assert by_header.content == by_query.content
    assert (await truck.get(f"/members/{member}/record", "auditor", "620000", format="fhir")).status_code == 403
