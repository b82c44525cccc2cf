"""Specifications of a check-up: one plan, one set of results, corrections and reports as facts of their own."""

from __future__ import annotations

from dataclasses import replace

from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.records import ReportAttached, ResultsAmended
from contracts.health_checkup.v1 import ExamPlanned, ResultsRecorded
from health_checkup.domain.exam import EXAM, AmendResults, AttachReport, PlanExam, RecordResults, exam_id

EXAM_ID = exam_id("2022", "p1")
SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")
PLAN = PlanExam(EXAM_ID, "p1", "stop1", "2022")
PLANNED = ExamPlanned(exam_id=EXAM_ID, person_id="p1", stop_id="stop1", campaign="2022")
RECORD = RecordResults(
    exam_id=EXAM_ID,
    person_id="p1",
    stop_id="stop1",
    campaign="2022",
    package="BASIC.v1",
    examined_on="2022-07-15",
    measurements=SEALED,
    items=20,
    abnormal=2,
    attended=True,
    same_values=False,
)
RECORDED = ResultsRecorded(
    exam_id=EXAM_ID,
    person_id="p1",
    stop_id="stop1",
    campaign="2022",
    package="BASIC.v1",
    examined_on="2022-07-15",
    measurements=SEALED,
    items=20,
    abnormal=2,
)
spec = Spec(EXAM)


def test_a_check_up_is_planned_at_one_stop() -> None:
    spec.when(PLAN).then(PLANNED)


def test_a_second_stop_of_the_campaign_is_refused() -> None:
    spec.given(PLANNED).when(replace(PLAN, stop_id="stop2")).then_rejected("booked-elsewhere")
    spec.given(PLANNED, RECORDED).when(PLAN).then_rejected("already-examined")


def test_planning_twice_changes_nothing() -> None:
    spec.given(PLANNED).when(PLAN).then_nothing()


def test_results_are_recorded_for_the_booked_and_for_walk_ins() -> None:
    spec.given(PLANNED).when(RECORD).then(RECORDED)
    spec.when(RECORD).then(RECORDED)


def test_results_of_someone_who_was_not_there_are_refused() -> None:
    spec.given(PLANNED).when(replace(RECORD, attended=False)).then_rejected("not-attended")


def test_other_results_for_the_same_check_up_are_refused() -> None:
    spec.given(PLANNED, RECORDED).when(RECORD).then_rejected("results-recorded")


def test_the_same_results_twice_change_nothing() -> None:
    spec.given(PLANNED, RECORDED).when(replace(RECORD, same_values=True)).then_nothing()


AMEND = AmendResults(EXAM_ID, "p1", "2022", "BASIC.v1", "2022-07-15", "CORRECTED", SEALED, 21, 1, same_values=False)


def amended(version: int) -> ResultsAmended:
    return ResultsAmended(
        exam_id=EXAM_ID,
        person_id="p1",
        stop_id="stop1",
        campaign="2022",
        package="BASIC.v1",
        examined_on="2022-07-15",
        version=version,
        reason="CORRECTED",
        measurements=SEALED,
        items=21,
        abnormal=1,
    )


ATTACH = AttachReport(EXAM_ID, "p1", "2022", "ab12", 900, "2022-07-18", "2032-07-18", "provider")
ATTACHED = ReportAttached(
    exam_id=EXAM_ID,
    person_id="p1",
    stop_id="stop1",
    campaign="2022",
    sha256="ab12",
    size_bytes=900,
    attached_on="2022-07-18",
    kept_until="2032-07-18",
    by="provider",
)


def test_a_correction_is_a_version_of_its_own() -> None:
    spec.given(RECORDED).when(AMEND).then(amended(2))
    spec.given(RECORDED, amended(2)).when(AMEND).then(amended(3))


def test_there_is_nothing_to_correct_before_the_results() -> None:
    spec.given(PLANNED).when(AMEND).then_rejected("results-unknown")
    spec.given(RECORDED).when(replace(AMEND, reason="BECAUSE")).then_rejected("reason-invalid")
    many = [amended(version) for version in range(2, 51)]
    spec.given(RECORDED, *many).when(AMEND).then_rejected("amended-too-often")


def test_a_correction_that_changes_nothing_is_none() -> None:
    spec.given(RECORDED).when(replace(AMEND, same_values=True)).then_nothing()


def test_a_signed_report_belongs_to_results_and_is_attached_once() -> None:
    spec.given(RECORDED).when(ATTACH).then(ATTACHED)
    spec.given(RECORDED, ATTACHED).when(ATTACH).then_nothing()
    spec.given(RECORDED, ATTACHED, amended(2)).when(ATTACH).then_nothing()
    spec.given(PLANNED).when(ATTACH).then_rejected("results-unknown")


def test_a_check_up_has_so_many_reports_at_most() -> None:
    many = [ReportAttached(**{**_fields(ATTACHED), "sha256": str(number)}) for number in range(20)]
    spec.given(RECORDED, *many).when(ATTACH).then_rejected("reports-too-many")


def _fields(event: ReportAttached) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
