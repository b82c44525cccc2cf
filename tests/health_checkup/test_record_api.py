"""The health record over the years: as a page, as FHIR, as a PDF; own readings beside it; the own copy deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest

from contracts.health_checkup.records import ReadingTaken, RecordCopyDeleted
from health_checkup.api.reports import FOLDER, vault_of
from tests.health_checkup.lab import PDF, PROVIDER, observed, record_of, send_bundle, stop_with, upload
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck


def kiosk_of(truck: Truck) -> str:
    return f"kiosk-{truck.campaign}"


async def measure(truck: Truck, *readings: dict[str, Any], sub: str = "") -> Any:
    kiosk, body = kiosk_of(truck), {"readings": list(readings)}
    return await truck.post(f"/kiosks/{kiosk}/readings", body, "health_kiosk", CITY, sub or kiosk)


def reading(number: int, member: str, **values: str) -> dict[str, Any]:
    return {
        "reading_id": str(number),
        "person_id": member,
        "measured_at": f"2022-03-{number:02}T08:00:00+08:00",
        "values": values,
    }


async def test_the_timeline_joins_check_ups_and_own_readings(truck: Truck) -> None:
    member, _ = await truck.examined({**NORMAL, "SBP": "150"})
    assert (await measure(truck, reading(8, member, SBP="141", DBP="92", GLU_CAP="6.0"))).json()["kept"] == 1
    record = await record_of(truck, member)
    [own] = record["readings"]
    assert (own["self_measured"], own["measured_at"]) == (True, "2022-03-08T08:00:00+08:00")
    assert {item["item"]: item["flag"] for item in own["items"]} == {"SBP": "high", "DBP": "high", "GLU_CAP": ""}
    [pressure] = [series for series in record["timeline"] if series["item"] == "SBP"]
    assert [(point["on"], point["value"], point["flag"], point["self_measured"]) for point in pressure["points"]] == [
        ("2022-03-08", "141", "high", True), ("2022-03-10", "150", "high", False),
    ]  # fmt: skip
    assert (pressure["points"][1]["low"], pressure["points"][1]["high"]) == ("90", "139")


async def test_a_reading_counts_once_and_a_bad_one_does_not_sink_the_others(truck: Truck) -> None:
    member = await truck.cover()
    truck.go_to_the_day()
    good = reading(8, member, SBP="120")
    wrong = [
        reading(7, member, SBP="hoch"),
        reading(6, member, GLU="5.0"),
        reading(5, "nobody", SBP="120"),
        {**reading(4, member, SBP="120"), "measured_at": "2022-04-01T00:00:00+08:00"},
        {**reading(3, member, SBP="120"), "measured_at": "0001-01-01T00:00:00+08:00"},
        reading(2, member, SBP="1e400"),
    ]
    told = (await measure(truck, good, *wrong)).json()
    assert told["kept"] == 1
    assert [one["code"] for one in told["problems"]] == [
        "value-invalid", "item-invalid", "member-unknown", "reading-in-future", "measured-at-invalid",
        "value-invalid",
    ]  # fmt: skip
    assert (await measure(truck, good)).json() == {"kept": 1, "problems": []}
    other = await measure(truck, {**good, "measured_at": "2022-03-07T08:00:00+08:00"})
    assert other.json()["problems"] == [{"reading_id": "8", "code": "reading-differs"}]
    taken = [one for one in await truck.world.events() if isinstance(one, ReadingTaken) and one.person_id == member]
    assert len(taken) == 1
    bodies = b"".join(stored.body for stored in await truck.world.context.log.read(0, 5000))
    assert b'"SBP"' not in bodies


async def test_only_a_device_hands_in_its_own_readings(truck: Truck) -> None:
    member = await truck.cover()
    truck.go_to_the_day()
    assert (await measure(truck, reading(8, member, SBP="120"), sub="another-kiosk")).status_code == 403
    for role in ("member", PROVIDER, "county_clerk", "office_head", "sys_admin"):
        body = {"readings": [reading(8, member, SBP="1")]}
        answer = await truck.post(f"/kiosks/{kiosk_of(truck)}/readings", body, role, CITY, kiosk_of(truck))
        assert answer.status_code == 403
    many = [reading(8, member, SBP="120")] * 101
    assert (await measure(truck, *many)).status_code == 400
    naive = {**reading(8, member, SBP="120"), "measured_at": "2022-03-08T08:00:00"}
    assert (await measure(truck, naive)).status_code == 400


async def test_a_record_is_a_pdf_with_its_values_and_charts(truck: Truck) -> None:
    member, _ = await truck.examined({**NORMAL, "SBP": "150", "DBP": "95"})
    await measure(truck, reading(7, member, SBP="141", DBP="92"), reading(8, member, SBP="144"))
    answer = await truck.get(f"/members/{member}/record.pdf", "member", sub=member)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(answer.content)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for shown in ("健康档案", member, "收缩压", "150", "偏高", "90 – 139", "多喝水", "自测", "历年变化"):
        assert shown in text
    assert answer.content == (await truck.get(f"/members/{member}/record.pdf", "member", sub=member)).content
    empty = await truck.get("/members/nobody/record.pdf", "member", sub="nobody")
    assert "暂无体检结果" in "".join(
        page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(empty.content)
    )


async def test_a_signed_report_is_kept_sealed_and_comes_back_for_the_member_and_the_provider(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    answer = await upload(truck, "/reports", PDF, person_id=member)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["kept_until"] == "2032-03-10"
    assert (await upload(truck, "/reports", PDF, person_id=member)).json() == told
    [exam] = (await record_of(truck, member))["exams"]
    assert [one["sha256"] for one in exam["reports"]] == [told["sha256"]]
    path = f"/members/{member}/reports/{told['sha256']}"
    for role, org, sub in (("member", "", member), (PROVIDER, CITY, "")):
        assert (await truck.get(path, role, org, sub)).content == PDF
    assert (await truck.get(path, PROVIDER, "620700")).status_code == 404
    assert (await truck.get(path, "member", sub="another")).status_code == 403
    for role in ("county_clerk", "office_head", "supervisor", "auditor", "service"):
        assert (await truck.get(path, role, "620000")).status_code == 403
    with vault_of(truck.world.context)._store.get_object(f"{FOLDER}/{told['sha256']}") as kept:
        assert b"%PDF" not in kept.read()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no paper", "report-not-pdf"),
        (b"%PDF-1.7 cut short", "report-not-pdf"),
        (b"%PDF-1.7\nplain\n%%EOF", "report-not-signed"),
    ],
)
async def test_what_is_not_a_signed_pdf_is_refused(truck: Truck, content: bytes, code: str) -> None:
    member, _ = await truck.examined(NORMAL)
    assert (await upload(truck, "/reports", content, person_id=member)).json()["code"] == code


async def test_a_report_without_results_is_refused_and_not_kept(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    answer = await upload(truck, "/reports", PDF, person_id=member)
    assert (answer.status_code, answer.json()["code"]) == (404, "results-unknown")


async def test_the_member_deletes_the_own_copy_and_the_provider_keeps_its_own(truck: Truck) -> None:
    member, _ = await truck.examined(URGENT)
    await measure(truck, reading(8, member, SBP="120"))
    path = f"/members/{member}/record"
    for role, sub in (("member", "another"), (PROVIDER, "p"), ("office_head", "o")):
        async with truck.world.client(role, CITY, sub) as client:
            assert (await client.delete(path)).status_code == 403
    async with truck.world.client("member", sub=member) as client:
        gone = await client.delete(path)
        assert gone.json() == {"person_id": member, "deleted_on": "2022-03-10", "provider_keeps": True}
        await truck.world.settled()
        assert (await client.delete(path)).json()["deleted_on"] == "2022-03-10"
    record = await record_of(truck, member)
    assert (record["exams"], record["readings"], record["timeline"]) == ([], [], [])
    assert len((await truck.get(path, PROVIDER, CITY)).json()["exams"]) == 1
    deleted = [one for one in await truck.world.events() if isinstance(one, RecordCopyDeleted)]
    assert [one.person_id for one in deleted].count(member) == 1
    await measure(truck, reading(9, member, SBP="121"))
    assert len((await record_of(truck, member))["readings"]) == 1, "a new copy begins"


async def test_restricted_data_shows_nothing(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    await truck.world.context.keyring.restrict(member, ["health"])
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["erased"], exam["items"], exam["history"]) == (True, [], [])
    assert (await truck.get(f"/members/{member}/record.pdf", "member", sub=member)).status_code == 200


async def test_a_provider_sees_own_readings_of_those_it_examined_alone(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    await measure(truck, reading(8, member, SBP="120"))
    stranger = await truck.cover()
    await measure(truck, reading(9, stranger, SBP="120"))
    mine = (await truck.get(f"/members/{member}/record", PROVIDER, CITY)).json()
    other = (await truck.get(f"/members/{stranger}/record", PROVIDER, CITY)).json()
    assert (len(mine["readings"]), other["readings"]) == (1, [])


async def test_several_years_stand_side_by_side(truck: Truck) -> None:
    [member] = await stop_with(truck, 1, born=1980)
    await send_bundle(truck, observed(member, "TG", "1.5"))
    first = truck.campaign
    truck.campaign = f"{first}-next"
    await truck.open(package="BASIC.v2", date="2022-09-01")
    await truck.invite()
    await truck.book(member)
    truck.world.clock.advance(timedelta(days=175))
    assert (await truck.attend(member)).status_code == 201
    await send_bundle(truck, observed(member, "TG", "1.9"))
    record = await record_of(truck, member)
    assert [exam["examined_on"] for exam in record["exams"]] == ["2022-03-10", "2022-09-01"]
    [series] = record["timeline"]
    assert [(point["value"], point["flag"]) for point in series["points"]] == [("1.5", ""), ("1.9", "high")]
