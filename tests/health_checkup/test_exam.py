"""Specifications of a check-up: one plan, one set of results."""

from __future__ import annotations

from dataclasses import replace

from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import ExamPlanned, ResultsRecorded
from health_checkup.domain.exam import EXAM, PlanExam, RecordResults, exam_id

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
