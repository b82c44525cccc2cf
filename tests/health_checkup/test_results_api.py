"""Results as a provider hands them in: FHIR and spreadsheets entry by entry, corrections, and what waits."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from contracts.envelope import Actor
from contracts.health_checkup.records import ResultProblemFound, ResultProblemSettled, ResultsAmended
from contracts.health_checkup.v1 import FindingRaised, ResultsRecorded
from contracts.organization import path_of
from health_checkup.api.fhir import LOINC, UCUM
from health_checkup.api.spreadsheets import FOUND_COLUMN
from health_checkup.domain.package import PACKAGES
from health_checkup.domain.stop import STOP, CheckIn
from health_checkup.projections import exams
from tests.health_checkup.lab import PROVIDER, bundle, observed, record_of, send_bundle, stop_with, upload, workbook
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck


async def events_of(truck: Truck, kind: type, **fields: str) -> list[Any]:
    return [
        event
        for event in await truck.world.events()
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
    ]


async def waiting(truck: Truck) -> list[dict[str, Any]]:
    answer = await truck.get(f"/stops/{truck.stop_id}/results/problems", PROVIDER, CITY)
    problems: list[dict[str, Any]] = answer.json()["problems"]
    return problems


async def test_a_bundle_becomes_part_of_the_record_with_words_and_numbers(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    report = {
        "resourceType": "DiagnosticReport", "status": "final", "code": {"text": "体检"},
        "subject": {"reference": f"Patient/{member}"}, "conclusion": "少吃盐",
    }  # fmt: skip
    answer = await send_bundle(
        truck,
        observed(member, "GLU", "5.30"),
        observed(member, "ECG", "ABNORMAL"),
        observed(member, "SBP", "142"),
        report,
    )
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"values_taken": 3, "records_changed": 1, "problems": []}
    [exam] = (await record_of(truck, member))["exams"]
    assert {item["item"]: (item["value"], item["flag"]) for item in exam["items"]} == {
        "GLU": ("5.3", ""), "ECG": ("ABNORMAL", "abnormal"), "SBP": ("142", "high"),
    }  # fmt: skip
    assert exam["advice"] == "少吃盐"
    assert exam["abnormal"] == 2


async def test_advice_may_come_after_the_values_and_never_before_them(truck: Truck) -> None:
    member, other = await stop_with(truck, 2)
    await send_bundle(truck, observed(member, "GLU", "5.1"))

    def advice(person: str, text: str, status: str = "final") -> dict[str, Any]:
        subject = {"reference": f"Patient/{person}"}
        code = {"text": "体检"}
        return {
            "resourceType": "DiagnosticReport",
            "status": status,
            "code": code,
            "subject": subject,
            "conclusion": text,
        }

    told = (
        await send_bundle(
            truck,
            advice(member, "少吃盐"),
            advice(other, "少吃盐"),
            advice("nobody", "少吃盐"),
            advice(other, "x" * 2_001),
            advice(other, "x", status="partial"),
        )
    ).json()
    assert told["records_changed"] == 1
    assert [(one["entry"], one["person_id"], one["code"]) for one in told["problems"]] == [
        (2, other, "results-missing"), (3, "", "member-unknown"), (4, other, "advice-too-long"),
        (5, other, "status-not-final"),
    ]  # fmt: skip
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["advice"], exam["version"]) == ("少吃盐", 2)
    csv = f"会员编号,医生建议\n{member},多运动\n".encode()
    assert (await upload(truck, "/results/spreadsheet", csv)).json()["records_changed"] == 1
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["advice"], exam["history"][-1]["reason"]) == ("多运动", "CORRECTED")


async def test_one_bad_observation_is_answered_and_does_not_sink_the_bundle(truck: Truck) -> None:
    first, second = await stop_with(truck, 2)
    wrong_unit = observed(first, "CREA", "1.1")
    wrong_unit["valueQuantity"] = {"value": 1.1, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}
    unknown = observed(second, "GLU", "5.1", code={"coding": [{"system": LOINC, "code": "99999-9"}]})
    answer = await send_bundle(
        truck,
        observed(first, "GLU", "5.1"),
        wrong_unit,
        unknown,
        observed("王小明", "GLU", "5.0"),
        observed("0190-nobody", "GLU", "5.0"),
        observed(second, "ALT", "22", status="preliminary"),
        {"resourceType": "Observation", "status": 7},
        {"resourceType": "Patient", "name": [{"text": "王小明"}]},
        observed(second, "HGB", "140"),
    )
    told = answer.json()
    assert (told["values_taken"], told["records_changed"]) == (2, 2)
    assert [(one["entry"], one["person_id"], one["item"], one["code"]) for one in told["problems"]] == [
        (2, first, "CREA", "unit-unknown"),
        (3, second, "", "code-unknown"),
        (4, "", "", "subject-missing"),
        (5, "", "GLU", "member-unknown"),
        (6, second, "", "status-not-final"),
        (7, "", "", "entry-unreadable"),
        (8, "", "", "resource-not-taken"),
    ]
    assert {one["code"] for one in await waiting(truck)} == {one["code"] for one in told["problems"]}
    bodies = b"".join(stored.body for stored in await truck.world.context.log.read(0, 5000))
    assert "王小明".encode() not in bodies


async def test_what_was_wrong_is_corrected_and_waits_no_longer(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    wrong = observed(member, "CREA", "1.1")
    wrong["valueQuantity"]["code"] = "mg/dL"
    await send_bundle(truck, observed(member, "GLU", "5.1"), wrong)
    [problem] = await waiting(truck)
    again = (await send_bundle(truck, observed(member, "GLU", "5.1"), wrong)).json()
    assert (again["records_changed"], [one["problem_id"] for one in again["problems"]]) == (0, [problem["problem_id"]])
    assert len(await events_of(truck, ResultProblemFound, stop_id=truck.stop_id)) == 1
    assert (await send_bundle(truck, observed(member, "CREA", "88"))).json()["records_changed"] == 1
    assert await waiting(truck) == []
    [settled] = await events_of(truck, ResultProblemSettled, stop_id=truck.stop_id)
    assert settled.how == "RECORDED"
    [amended] = await events_of(truck, ResultsAmended, person_id=member)
    assert (amended.version, amended.reason, amended.items) == (2, "ADDED", 2)


async def test_a_problem_that_nothing_comes_of_is_dismissed(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    await send_bundle(truck, observed(member, "GLU", "5.1", status="preliminary"))
    [problem] = await waiting(truck)
    path = f"/stops/{truck.stop_id}/results/problems/{problem['problem_id']}/dismissal"
    assert (await truck.post(path, None, PROVIDER, CITY)).status_code == 201
    assert (await truck.post(path, None, PROVIDER, CITY)).status_code == 201
    assert await waiting(truck) == []
    missing = await truck.post(f"/stops/{truck.stop_id}/results/problems/none/dismissal", None, PROVIDER, CITY)
    assert (missing.status_code, missing.json()["code"]) == (404, "problem-unknown")


async def test_a_value_that_differs_needs_a_correcting_status_and_the_old_one_stays(
    truck: Truck,
) -> None:
    [member] = await stop_with(truck, 1)
    await send_bundle(truck, observed(member, "GLU", "17.0"), observed(member, "HGB", "140"))
    [raised] = await events_of(truck, FindingRaised, person_id=member)
    differs = await send_bundle(truck, observed(member, "GLU", "7.0"))
    assert [one["code"] for one in differs.json()["problems"]] == ["value-differs"]
    corrected = await send_bundle(truck, observed(member, "GLU", "7.0", status="corrected"))
    assert corrected.json()["problems"] == []
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["version"], exam["amended_on"] != "") == (2, True)
    assert [(one["version"], one["reason"], one["values"]["GLU"]) for one in exam["history"]] == [
        (1, "", "17.0"), (2, "CORRECTED", "7.0"),
    ]  # fmt: skip
    listed = (await truck.get("/findings", PROVIDER, CITY, stage="WITHDRAWN")).json()["findings"]
    assert raised.finding_id in {one["finding_id"] for one in listed}, "its cause was a wrong value"


async def test_results_are_amended_one_by_one_and_a_worse_value_raises_the_finding_anew(truck: Truck) -> None:
    member, _ = await truck.examined(NORMAL)
    path = f"/stops/{truck.stop_id}/results/amendments"
    answer = await truck.post(path, {"person_id": member, "values": {"SBP": "165"}}, PROVIDER, CITY)
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    again = await truck.post(path, {"person_id": member, "values": {"SBP": "165"}}, PROVIDER, CITY)
    assert again.json() == answer.json()
    worse = await truck.post(path, {"person_id": member, "values": {"SBP": "185"}}, PROVIDER, CITY)
    assert worse.json()["version"] == 3
    assert [one.finding_class for one in await events_of(truck, FindingRaised, person_id=member)] == ["B", "A"]
    assert len(await events_of(truck, ResultsRecorded, person_id=member)) == 1
    nobody = await truck.post(path, {"person_id": "nobody", "values": {"SBP": "1"}}, PROVIDER, CITY)
    assert nobody.json()["code"] == "person-unknown"
    wrong = await truck.post(path, {"person_id": member, "values": {"SBP": "hoch"}}, PROVIDER, CITY)
    assert (wrong.json()["code"], wrong.json()["field"]) == ("value-invalid", "SBP")


async def test_a_spreadsheet_is_taken_row_by_row(truck: Truck) -> None:
    first, second, third = await stop_with(truck, 3)
    rows = [
        {"person": first, "GLU": "5.1", "ECG": "未见明显异常"},
        {"person": "王小明", "GLU": "5.2"},
        {"person": second, "GLU": "五点一", "HGB": "141"},
        {"person": third},
    ]
    items = ["GLU", "HGB", "ECG"]
    answer = await upload(truck, "/results/spreadsheet", workbook(rows, items))
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert (told["values_taken"], told["records_changed"]) == (3, 2)
    assert [(one["entry"], one["person_id"], one["item"], one["code"]) for one in told["problems"]] == [
        (2, "", "", "member-unknown"), (3, second, "GLU", "value-invalid"), (4, "", "", "row-empty"),
    ]  # fmt: skip
    again = (await upload(truck, "/results/spreadsheet", workbook(rows, items))).json()
    assert again["records_changed"] == 0
    corrected = [{"person": first, "GLU": "6.6"}]
    refused = (await upload(truck, "/results/spreadsheet", workbook(corrected, ["GLU"]))).json()
    assert [one["code"] for one in refused["problems"]] == ["value-differs"]
    taken = await upload(truck, "/results/spreadsheet", workbook(corrected, ["GLU"]), corrects="true")
    assert taken.json()["records_changed"] == 1
    [exam] = (await record_of(truck, first))["exams"]
    assert {item["item"]: item["value"] for item in exam["items"]} == {"GLU": "6.6", "ECG": "NORMAL"}


async def test_the_copy_says_what_is_wrong_with_each_row_and_records_nothing(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    rows = [{"person": member, "GLU": "x", "HGB": "140"}, {"person": "someone", "HGB": "140"}]
    before = await truck.world.context.log.head()
    answer = await upload(truck, "/results/spreadsheet/errors.xlsx", workbook(rows, ["GLU", "HGB"]))
    assert answer.status_code == 200, answer.text
    assert await truck.world.context.log.head() == before
    lines = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert lines[0][-1] == FOUND_COLUMN
    assert lines[1][:3] == [member, "x", "140"]
    assert lines[1][3].startswith("空腹血糖:value-invalid")
    assert "member-unknown" in lines[2][3]


async def test_the_template_names_units_and_members_and_comes_back_as_it_is(truck: Truck) -> None:
    members = await stop_with(truck, 2, package="DRIVER.v1")
    answer = await truck.get(f"/stops/{truck.stop_id}/results/template.xlsx", PROVIDER, CITY)
    lines = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert "空腹血糖 GLU(mmol/L)" in lines[0]
    assert len(lines[0]) == len(PACKAGES["DRIVER.v1"].items) + 2
    assert [line[0] for line in lines[1:]] == sorted(members)
    empty = await upload(truck, "/results/spreadsheet", answer.content)
    assert [one["code"] for one in empty.json()["problems"]] == ["row-empty", "row-empty"]


@pytest.mark.parametrize(
    "headings", [["空腹血糖 GLU(mg/dL)"], ["血糖"], ["空腹血糖 GLU(mmol/L)", "空腹血糖 GLU(mmol/L)"]]
)
async def test_a_changed_header_is_refused_units_included(truck: Truck, headings: list[str]) -> None:
    [member] = await stop_with(truck, 1)
    content = workbook([{"person": member, "GLU": "5"}], ["GLU"] * len(headings), headings=headings)
    answer = await upload(truck, "/results/spreadsheet", content)
    assert (answer.status_code, answer.json()["code"]) == (422, "results-header-wrong")


async def test_a_file_that_is_no_template_is_refused(truck: Truck) -> None:
    await stop_with(truck, 1)
    assert (await upload(truck, "/results/spreadsheet", b"\x00\x01")).json()["code"] == "results-format-unknown"
    csv = "会员编号,空腹血糖 GLU(mmol/L)\n".encode()
    assert (await upload(truck, "/results/spreadsheet", csv)).json()["code"] == "results-empty"
    large = await upload(truck, "/results/spreadsheet", b"x" * (4 * 1024 * 1024 + 1))
    assert large.status_code == 413


async def test_a_csv_is_taken_too(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    csv = f"会员编号,空腹血糖 GLU(mmol/L),医生建议\n{member},5.4,多运动\n".encode("gb18030")
    assert (await upload(truck, "/results/spreadsheet", csv)).json()["records_changed"] == 1
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["items"][0]["value"], exam["advice"]) == ("5.4", "多运动")


async def test_erased_and_restricted_members_do_not_sink_the_file(truck: Truck) -> None:
    first, gone, kept = await stop_with(truck, 3)
    await truck.world.context.keyring.destroy(gone, ["health"])
    await truck.world.context.keyring.ensure([(kept, "health")])
    await truck.world.context.keyring.restrict(kept, ["health"])
    answer = await send_bundle(truck, *(observed(member, "GLU", "5.1") for member in (first, gone, kept)))
    told = answer.json()
    assert told["records_changed"] == 1
    assert {(one["person_id"], one["code"]) for one in told["problems"]} == {
        (gone, "data-erased"), (kept, "data-restricted"),
    }  # fmt: skip


async def test_results_of_another_stop_of_the_campaign_are_left_alone(truck: Truck) -> None:
    first, second = await stop_with(truck, 2)
    await send_bundle(truck, observed(first, "GLU", "5.1"))
    stop_id = await truck.open(package="FEMALE.v1")
    assert (await truck.attend(second)).json()["code"] == "booked-elsewhere"
    for member in (first, second):
        # As a truck without network may have taken them in.
        check_in = CheckIn(stop_id, member, covered=True, decided_at="2022-03-10T09:00")
        await truck.world.context.executor.execute(STOP, stop_id, check_in)
    told = (await send_bundle(truck, observed(first, "TSH", "2.0"), observed(second, "TSH", "2.0"))).json()
    assert told["records_changed"] == 1
    assert [(one["person_id"], one["code"]) for one in told["problems"]] == [(first, "examined-elsewhere")]
    one = await truck.results(first, {"GLU": "5.1"})
    assert one.json()["code"] == "examined-elsewhere"


async def test_a_member_is_examined_by_another_package_than_the_stops(truck: Truck) -> None:
    woman, man = await stop_with(truck, 2, package="DRIVER.v1")
    body = {"person_id": woman, "values": {"GLU": "5.1"}, "package": "FEMALE.v1"}
    path = f"/stops/{truck.stop_id}/results"
    assert (await truck.post(path, body, PROVIDER, CITY)).status_code == 201
    template = await truck.get(f"{path}/template.xlsx", PROVIDER, CITY, package="FEMALE.v1")
    lines = CalamineWorkbook.from_filelike(io.BytesIO(template.content)).get_sheet_by_index(0).to_python()
    assert "促甲状腺激素 TSH(mIU/L)" in lines[0]
    content = workbook([{"person": woman, "TSH": "2.0"}, {"person": man, "TSH": "2.0"}], ["TSH"], "FEMALE.v1")
    refused = await upload(truck, "/results/spreadsheet", content)
    assert refused.json()["code"] == "results-header-wrong", "the stop's own has no such column"
    told = (await upload(truck, "/results/spreadsheet", content, package="FEMALE.v1")).json()
    assert (told["records_changed"], told["problems"]) == (2, [])
    assert [exam["package"] for exam in (await record_of(truck, woman))["exams"]] == ["FEMALE.v1"]
    vision = {"person_id": woman, "values": {"VISION_L": "1.0"}}
    other = await truck.post(f"{path}/amendments", {**vision, "package": "DRIVER.v1"}, PROVIDER, CITY)
    assert other.json()["code"] == "package-differs"
    assert (await truck.post(f"{path}/amendments", vision, PROVIDER, CITY)).json()["code"] == "item-invalid"
    unknown = await truck.post(path, {**body, "package": "NONE.v1"}, PROVIDER, CITY)
    assert unknown.json()["code"] == "package-invalid"


async def test_results_move_to_a_package_with_more_items(truck: Truck) -> None:
    [member] = await stop_with(truck, 1, born=1960)
    await send_bundle(truck, observed(member, "GLU", "5.1"))
    path = f"/stops/{truck.stop_id}/results/fhir?package=OLDER.v1"
    answer = await truck.post(path, bundle(observed(member, "PSA", "5.0")), PROVIDER, CITY)
    assert answer.json()["records_changed"] == 1, answer.text
    [exam] = (await record_of(truck, member))["exams"]
    assert (exam["package"], exam["version"], len(exam["items"])) == ("OLDER.v1", 2, 2)


async def test_it_is_counted_how_many_results_came_within_seven_days(truck: Truck) -> None:
    early, late, exact = await stop_with(truck, 3)
    actor = Actor(sub="s", org=CITY, org_path=path_of(CITY), roles=("supervisor",))
    await send_bundle(truck, observed(early, "GLU", "5.1"))
    truck.world.clock.advance(timedelta(days=7))
    await send_bundle(truck, observed(exact, "GLU", "5.1"))
    truck.world.clock.advance(timedelta(days=1))
    await send_bundle(truck, observed(late, "GLU", "5.1"))
    await send_bundle(truck, observed(early, "ALT", "22"))
    async with truck.world.context.reads.connection() as c:
        assert await exams.reported(c, truck.campaign, actor, 7) == (3, 2)


async def test_a_bundle_may_call_itself_fhir_json(truck: Truck) -> None:
    [member] = await stop_with(truck, 1)
    async with truck.world.client(PROVIDER, CITY) as client:
        answer = await client.post(
            f"/stops/{truck.stop_id}/results/fhir",
            content=json.dumps(bundle(observed(member, "GLU", "5.1"))),
            headers={"Content-Type": "application/fhir+json"},
        )
        other = await client.post(
            f"/stops/{truck.stop_id}/results", content="{}", headers={"Content-Type": "application/fhir+json"}
        )
    assert answer.json()["records_changed"] == 1
    assert other.status_code == 415


async def test_results_through_any_door_are_the_providers_in_reach(truck: Truck) -> None:
    member, _ = await truck.examined(URGENT)
    stop = f"/stops/{truck.stop_id}/results"
    roles = ("member", "unit_clerk", "county_clerk", "city_clerk", "office_head", "supervisor", "auditor", "service")
    for role in (*roles, "finance", "health_kiosk", "sys_admin"):
        assert (await send_bundle(truck, role=role)).status_code == 403
        amend = {"person_id": member, "values": {"SBP": "120"}}
        assert (await truck.post(f"{stop}/amendments", amend, role, CITY)).status_code == 403
        assert (await upload(truck, "/results/spreadsheet", b"x", role)).status_code == 403
        assert (await upload(truck, "/results/spreadsheet/errors.xlsx", b"x", role)).status_code == 403
        for path in (f"{stop}/template.xlsx", f"{stop}/problems"):
            assert (await truck.get(path, role, CITY)).status_code == 403
    elsewhere = await send_bundle(truck, observed(member, "GLU", "5"), org="620700")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "stop-unknown")
    assert (await truck.get(f"{stop}/problems", PROVIDER, "620700")).status_code == 404


async def test_a_bundle_that_is_none_is_refused(truck: Truck) -> None:
    await stop_with(truck, 1)
    path = f"/stops/{truck.stop_id}/results/fhir"
    assert (await truck.post(path, {"resourceType": "Patient"}, PROVIDER, CITY)).json()["code"] == "bundle-missing"
    assert (await truck.post(path, {}, PROVIDER, CITY)).status_code == 400
