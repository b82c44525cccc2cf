"""Results recorded for the wrong person: taken back by two people with a reason, and recorded for the right one."""

from __future__ import annotations

from dataclasses import replace

from fhir.resources.R4B.bundle import Bundle

from chassis.testing import Spec
from contracts.health_checkup.records import ResultsRetracted, RetractionProposed
from contracts.health_checkup.v1 import FindingRaised, ResultsRecorded
from health_checkup.domain.exam import EXAM, ConfirmRetraction, ProposeRetraction
from health_checkup.domain.finding import FINDING, WithdrawFinding
from tests.health_checkup import test_finding as finding
from tests.health_checkup.lab import PDF, PROVIDER, record_of, stop_with, upload
from tests.health_checkup.test_exam import AMEND, EXAM_ID, PLAN, PLANNED, RECORD, RECORDED, SEALED, amended
from tests.health_checkup.truck import CITY, NORMAL, URGENT, Truck

spec = Spec(EXAM)
PROPOSE = ProposeRetraction(EXAM_ID, "p1", "OTHER_PERSON", "u1")
PROPOSED = RetractionProposed(exam_id=EXAM_ID, person_id="p1", reason="OTHER_PERSON", version=1, by="u1")
CONFIRM = ConfirmRetraction(EXAM_ID, "p1", "2022", "2022-07-20", "u2")
RETRACTED = ResultsRetracted(
    exam_id=EXAM_ID, person_id="p1", stop_id="stop1", campaign="2022", package="BASIC.v1", reason="OTHER_PERSON",
    version=1, measurements=SEALED, reports=(), retracted_on="2022-07-20", proposed_by="u1", by="u2",
)  # fmt: skip


def test_two_people_take_results_back() -> None:
    spec.given(RECORDED).when(PROPOSE).then(PROPOSED)
    spec.given(RECORDED, PROPOSED).when(CONFIRM).then(RETRACTED)
    spec.given(PLANNED, RECORDED, PROPOSED, RETRACTED).when(RECORD).then(RECORDED)
    spec.given(PLANNED, RECORDED, PROPOSED, RETRACTED).when(replace(PLAN, stop_id="stop2")).then_rejected(
        "booked-elsewhere"
    )


def test_one_person_alone_or_without_a_reason_takes_nothing_back() -> None:
    spec.given(RECORDED, PROPOSED).when(replace(CONFIRM, by="u1")).then_rejected("same-person")
    spec.given(RECORDED).when(CONFIRM).then_rejected("retraction-unknown")
    spec.given(RECORDED).when(replace(PROPOSE, reason="UNWANTED")).then_rejected("reason-invalid")
    spec.given(RECORDED, PROPOSED).when(replace(PROPOSE, by="u3")).then_rejected("retraction-proposed")
    spec.given(PLANNED).when(PROPOSE).then_rejected("results-unknown")
    spec.given(RECORDED, PROPOSED, amended(2)).when(CONFIRM).then_rejected("retraction-unknown")
    spec.given(RECORDED, PROPOSED, RETRACTED).when(AMEND).then_rejected("results-unknown")


def test_proposing_or_agreeing_twice_changes_nothing() -> None:
    spec.given(RECORDED, PROPOSED).when(PROPOSE).then_nothing()
    spec.given(RECORDED, PROPOSED, RETRACTED).when(CONFIRM).then_nothing()


def test_a_finding_of_another_persons_results_is_withdrawn_even_after_its_end() -> None:
    whole, history = WithdrawFinding("2022-p1", whole=True), (finding.RAISED, finding.CONTACTED, finding.REFERRED)
    ended = (*history, finding.CONFIRMED, finding.OFFERED)
    Spec(FINDING).given(*ended).when(whole).then(finding.WITHDRAWN)
    Spec(FINDING).given(*ended, finding.WITHDRAWN).when(whole).then_nothing()
    Spec(FINDING).given(*ended).when(WithdrawFinding("2022-p1")).then_nothing()


async def test_the_wrong_record_loses_the_results_visibly_and_the_right_one_gets_them(truck: Truck) -> None:
    wrong, right = await stop_with(truck, 2)
    assert (await truck.results(wrong, URGENT)).status_code == 201
    assert (await upload(truck, "/reports", PDF, person_id=wrong)).status_code == 201
    for outcome in ("CONTACTED", "REFERRED"):
        assert (await truck.follow_up(f"{truck.campaign}-{wrong}", outcome)).status_code == 201
    confirmed = {"outcome": "CONFIRMED", "note": "x", "illness": "CANCER"}
    path = f"/findings/{truck.campaign}-{wrong}/follow-ups"
    answer = await truck.post(path, confirmed, PROVIDER, CITY)
    assert answer.status_code == 201, answer.text
    path = f"/stops/{truck.stop_id}/results/retractions"
    body = {"person_id": wrong, "reason": "OTHER_PERSON"}
    for role in ("member", "county_clerk", "office_head"):
        assert (await truck.post(path, body, role, CITY, "nurse-1")).status_code == 403
    assert (await truck.post(path, body, PROVIDER, "620700", "nurse-1")).status_code == 404
    assert (await truck.post(path, body, PROVIDER, CITY, "nurse-1")).json()["retracted"] is False
    assert len((await record_of(truck, wrong))["exams"]) == 1, "nothing changes before a second person agrees"
    agree = {"person_id": wrong, "right_person_id": right}
    alone = await truck.post(f"{path}/confirmation", agree, PROVIDER, CITY, "nurse-1")
    assert alone.json()["code"] == "same-person"
    for _ in range(2):
        told = await truck.post(f"{path}/confirmation", agree, PROVIDER, CITY, "doctor-1")
        assert told.status_code == 201, told.text
        assert told.json()["recorded_exam_id"] == f"{truck.campaign}-{right}"
    record = await record_of(truck, wrong)
    assert (record["exams"], record["timeline"]) == ([], [])
    [gone] = record["retracted"]
    assert (gone["examined_on"], gone["reason"], gone["retracted_on"]) == ("2022-03-10", "OTHER_PERSON", "2022-03-10")
    [exam] = (await record_of(truck, right))["exams"]
    assert ({item["item"]: item["value"] for item in exam["items"]}, exam["advice"]) == (URGENT, "多喝水")
    events = await truck.world.events()
    assert [one.person_id for one in events if isinstance(one, ResultsRecorded)][-2:] == [wrong, right]
    assert [one.person_id for one in events if isinstance(one, FindingRaised)][-2:] == [wrong, right]
    listed = (await truck.get("/findings", PROVIDER, CITY)).json()["findings"]
    mine = {one["person_id"] for one in listed} & {wrong, right}
    assert mine == {right}
    assert (await truck.get(f"/members/{wrong}/offers", "member", sub=wrong)).json()["offers"] == []
    [report] = [one for one in events if isinstance(one, ResultsRetracted) and one.person_id == wrong]
    assert len(report.reports) == 1
    paper = await truck.get(f"/members/{wrong}/reports/{report.reports[0]}", "member", sub=wrong)
    assert paper.status_code == 404
    summary = (await truck.get("/summary", PROVIDER, CITY, campaign=truck.campaign)).json()
    assert (summary["done"], summary["findings"]) == (1, {"A": 1})


async def test_fhir_says_entered_in_error_until_the_members_own_results_take_the_place(truck: Truck) -> None:
    [wrong] = await stop_with(truck, 1)
    assert (await truck.results(wrong, NORMAL)).status_code == 201
    assert (await upload(truck, "/reports", PDF, person_id=wrong)).status_code == 201
    path = f"/stops/{truck.stop_id}/results/retractions"
    body = {"person_id": wrong, "reason": "SAMPLES_SWAPPED"}
    assert (await truck.post(path, body, PROVIDER, CITY, "nurse-1")).status_code == 201
    assert (await truck.post(f"{path}/confirmation", {"person_id": wrong}, PROVIDER, CITY, "d")).status_code == 201

    async def shown() -> list[tuple[str, str]]:
        answer = await truck.get(f"/members/{wrong}/record", "member", sub=wrong, format="fhir")
        Bundle.model_validate_json(answer.content)
        found = [one["resource"] for one in answer.json().get("entry", [])]
        return [(one["resourceType"], one["status"]) for one in found if one["resourceType"] == "DiagnosticReport"]

    assert await shown() == [("DiagnosticReport", "entered-in-error")]
    assert (await truck.results(wrong, {"GLU": "5.5"})).status_code == 201
    assert await shown() == [("DiagnosticReport", "final")]
    [exam] = (await record_of(truck, wrong))["exams"]
    assert [one["values"] for one in exam["history"]] == [{"GLU": "5.5"}]
    assert exam["reports"] == []
