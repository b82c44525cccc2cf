"""What a provider hands in for a truck's stop: members who were there, bundles, spreadsheets, papers."""

from __future__ import annotations

import io
from typing import Any

import httpx
import xlsxwriter

from health_checkup.api.fhir import ANSWER_SYSTEM, ITEM_SYSTEM, LOINC, UCUM
from health_checkup.api.spreadsheets import PERSON_COLUMN, heading
from health_checkup.domain.package import PACKAGES
from tests.health_checkup.truck import CITY, Truck

PROVIDER = "health_provider"
PDF = b"%PDF-1.7\n1 0 obj << /Type /Sig /ByteRange [0 10 20 30] >> endobj\ntrailer\n%%EOF\n"


async def stop_with(truck: Truck, count: int, package: str = "BASIC.v2", **person: Any) -> list[str]:
    """So many members, booked and checked in; none of them has results yet."""
    members = [await truck.cover(**person) for _ in range(count)]
    await truck.open(package=package, slots=1, slot_capacity=max(count, 1))
    invited = (await truck.invite()).json()["invited"]
    assert invited >= count
    for member in members:
        assert (await truck.book(member)).status_code == 201
    truck.go_to_the_day()
    for member in members:
        assert (await truck.attend(member)).status_code == 201
    return members


def observed(person: str, item: str, value: str, status: str = "final", **changes: Any) -> dict[str, Any]:
    """An Observation as a provider sends it: LOINC where there is a code."""
    known = next(one.items[item] for one in PACKAGES.values() if item in one.items)
    code = {"system": LOINC, "code": known.loinc} if known.loinc else {"system": ITEM_SYSTEM, "code": item}
    told: dict[str, Any] = (
        {"valueCodeableConcept": {"coding": [{"system": ANSWER_SYSTEM, "code": value}]}}
        if known.options
        else {
            "valueQuantity": {
                "value": int(value) if value.isdigit() else float(value),
                **({"unit": known.unit} if known.unit else {}),
                "system": UCUM,
                "code": known.ucum,
            }
        }
    )
    return {
        "resourceType": "Observation",
        "status": status,
        "code": {"coding": [code]},
        "subject": {"reference": f"Patient/{person}"},
        **told,
        **changes,
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


async def send_bundle(
    truck: Truck, *resources: dict[str, Any], role: str = PROVIDER, org: str = CITY
) -> httpx.Response:
    return await truck.post(f"/stops/{truck.stop_id}/results/fhir", bundle(*resources), role, org)


def workbook(rows: list[dict[str, str]], items: list[str], package: str = "BASIC.v2", headings: Any = None) -> bytes:
    """A filled template: each row has `person` and values by item."""
    out = io.BytesIO()
    known = PACKAGES[package].items
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for column, name in enumerate((PERSON_COLUMN, *(headings or [heading(known[item]) for item in items]))):
            sheet.write_string(0, column, name)
        for number, row in enumerate(rows, 1):
            sheet.write_string(number, 0, row["person"])
            for column, item in enumerate(items, 1):
                sheet.write_string(number, column, row.get(item, ""))
    return out.getvalue()


async def upload(
    truck: Truck, path: str, content: bytes, role: str = PROVIDER, org: str = CITY, **fields: str
) -> httpx.Response:
    async with truck.world.client(role, org) as client:
        answer = await client.post(f"/stops/{truck.stop_id}{path}", files={"file": ("file", content)}, data=fields)
    await truck.world.settled()
    return answer


async def record_of(truck: Truck, member: str) -> dict[str, Any]:
    answer = await truck.get(f"/members/{member}/record", "member", sub=member)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
