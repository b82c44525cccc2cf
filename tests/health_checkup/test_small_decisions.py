"""Specifications of hand-ins with their problems, readings of kiosks, own copies, and the union's numbers."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.records import (
    CollectiveReportIssued,
    ItemCount,
    ReadingTaken,
    RecordCopyDeleted,
    ResultProblemFound,
    ResultProblemSettled,
)
from health_checkup.domain.collective import COLLECTIVE, WITHHELD, IssueReport, counted, shown
from health_checkup.domain.handin import HANDIN, DismissProblem, RecordProblems
from health_checkup.domain.reading import READING, TakeReading
from health_checkup.domain.record import RECORD, DeleteCopy

SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")
handin, reading, copy, collective = Spec(HANDIN), Spec(READING), Spec(RECORD), Spec(COLLECTIVE)


def problem(number: int, person: str = "p1", item: str = "GLU") -> ResultProblemFound:
    return ResultProblemFound(
        problem_id=f"x{number}", stop_id="s", format="FHIR", entry=number, person_id=person, item=item,
        code="unit-unknown",
    )  # fmt: skip


def settled(number: int, how: str) -> ResultProblemSettled:
    return ResultProblemSettled(problem_id=f"x{number}", stop_id="s", how=how, by="u")


def found(*problems: ResultProblemFound, recorded: frozenset[tuple[str, str]] = frozenset()) -> RecordProblems:
    return RecordProblems("s", problems, recorded, "u")


def test_a_problem_waits_once_however_often_its_file_comes() -> None:
    handin.when(found(problem(1), problem(2))).then(problem(1), problem(2))
    handin.given(problem(1)).when(found(problem(1), problem(2))).then(problem(2))
    handin.given(problem(1)).when(found(problem(1))).then_nothing()


def test_the_item_that_was_missing_settles_its_problem() -> None:
    came = found(recorded=frozenset({("p1", "GLU"), ("p2", "GLU")}))
    handin.given(problem(1), problem(2, item="ALT")).when(came).then(settled(1, "RECORDED"))
    handin.given(problem(1), settled(1, "RECORDED")).when(came).then_nothing()


def test_a_problem_is_dismissed_once_and_may_come_again() -> None:
    dismiss = DismissProblem("s", "x1", "u")
    handin.given(problem(1)).when(dismiss).then(settled(1, "DISMISSED"))
    handin.given(problem(1), settled(1, "DISMISSED")).when(dismiss).then_nothing()
    handin.when(dismiss).then_rejected("problem-unknown")
    handin.given(problem(1), settled(1, "DISMISSED")).when(found(problem(1))).then(problem(1))


def test_so_many_problems_wait_at_most() -> None:
    handin.when(found(*(problem(number) for number in range(5_001)))).then_rejected("problems-too-many")


TAKE = TakeReading("k1", "7", "p1", "620000.620600", "KIOSK.v1", "2022-03-10T01:00:00Z", SEALED, "2022-03-10T02:00:00Z")
TAKEN = ReadingTaken(
    kiosk_id="k1", reading_id="7", person_id="p1", org_path="620000.620600", package="KIOSK.v1",
    measured_at="2022-03-10T01:00:00Z", measurements=SEALED,
)  # fmt: skip


def test_a_reading_is_taken_once() -> None:
    reading.when(TAKE).then(TAKEN)
    reading.given(TAKEN).when(TAKE).then_nothing()


def test_another_reading_under_the_same_number_is_refused() -> None:
    reading.given(TAKEN).when(replace(TAKE, person_id="p2")).then_rejected("reading-differs")
    reading.when(replace(TAKE, measured_at="2022-03-10T02:00:01Z")).then_rejected("reading-in-future")


def test_a_copy_that_holds_something_is_deleted() -> None:
    deleted = RecordCopyDeleted(person_id="p1", deleted_on="2022-07-30")
    copy.when(DeleteCopy("p1", "2022-07-30", holds=True)).then(deleted)
    copy.given(deleted).when(DeleteCopy("p1", "2022-07-30", holds=False)).then_nothing()


ITEMS = (ItemCount(item="GLU", measured=30, abnormal=7),)
ISSUE = IssueReport("s", "2022", "620000.620600", 30, 5, ITEMS, (), "2022-07-30", "u")


def issued(issue: int, examined: int) -> CollectiveReportIssued:
    return CollectiveReportIssued(
        stop_id="s", campaign="2022", org_path="620000.620600", issue=issue, examined=examined, small_cell=5,
        items=ITEMS, findings=(), issued_on="2022-07-30", by="u",
    )  # fmt: skip


def test_the_numbers_of_a_stop_are_issued_and_the_same_are_none_new() -> None:
    collective.when(ISSUE).then(issued(1, 30))
    collective.given(issued(1, 30)).when(ISSUE).then_nothing()


def test_another_issue_rests_on_enough_more_people_to_tell_of_none() -> None:
    collective.given(issued(1, 30)).when(replace(ISSUE, examined=34)).then_rejected("too-few-more")
    collective.given(issued(1, 30)).when(replace(ISSUE, examined=35)).then(issued(2, 35))
    collective.when(replace(ISSUE, examined=4)).then_rejected("too-few-examined")


@given(measured=st.integers(0, 200), abnormal=st.integers(0, 200), small_cell=st.integers(2, 20))
def test_no_number_that_is_shown_tells_of_a_few(measured: int, abnormal: int, small_cell: int) -> None:
    abnormal = min(abnormal, measured)
    told = shown(measured, abnormal, small_cell)
    if told != WITHHELD:
        assert told == abnormal
        assert told == 0 or (told >= small_cell and measured - told >= small_cell)


def test_an_item_that_few_were_measured_for_is_left_out() -> None:
    assert counted({"GLU": 4, "ALT": 12}, {"GLU": 4, "ALT": 3}, 5) == (
        ItemCount(item="ALT", measured=12, abnormal=WITHHELD),
    )
