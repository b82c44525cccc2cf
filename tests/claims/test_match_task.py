"""A settlement before a named person: every command in every stage."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.match_task import (
    DISPUTED,
    MATCH_TASK,
    AnswerItself,
    AssignSettlement,
    DecideSettlement,
    DisputeMatch,
    QueueSettlement,
    ReverseSettlement,
    match_claim_id,
    settlement_key,
)
from contracts.claims.matching import (
    MatchDisputed,
    SettlementAssigned,
    SettlementDecided,
    SettlementQueued,
    SettlementReversed,
)
from tests.claims.material import sealed

KEY = settlement_key("GS", "S1")
NOTE = sealed("p1", "health")
QUEUED = SettlementQueued(
    task_id=KEY,
    plan_code="GS",
    import_id="i",
    setl_id="S1",
    code="NAME_DIFF",
    detail="",
    person_id="p1",
    org_path="620000",
    claim_id="",
    row=sealed("p1", "health"),
    assigned_to="anna",
)
DISPUTE = MatchDisputed(
    task_id=KEY,
    plan_code="GS",
    setl_id="S1",
    person_id="p1",
    org_path="620000",
    claim_id="c1",
    assigned_to="anna",
    by="p1",
)
DECIDED = SettlementDecided(
    task_id=KEY,
    plan_code="GS",
    setl_id="S1",
    person_id="p1",
    outcome="NOT_MATCHED",
    rule_code="",
    claim_id="",
    note=NOTE,
    by="anna",
)
TAKEN_BACK = SettlementReversed(plan_code="GS", setl_id="S1", import_id="i", person_id="p1", claim_id="", paid=False)
task = Spec(MATCH_TASK)
queue = QueueSettlement(QUEUED)
dispute = DisputeMatch(DISPUTE)
assign = AssignSettlement(KEY, "bert", "anna")
reverse = ReverseSettlement(TAKEN_BACK)
answer = AnswerItself(KEY, "c1")


def decision(**columns: Any) -> DecideSettlement:
    columns = {"outcome": "NOT_MATCHED", "rule_code": "", "claim_id": "", "note": NOTE, "by": "anna", **columns}
    return DecideSettlement(KEY, **columns)


def changed(event: Any, **columns: Any) -> Any:
    return msgspec.structs.replace(event, **columns)


def test_a_settlement_is_asked_about_once_and_anew_when_the_question_is_another() -> None:
    task.given().when(queue).then(QUEUED)
    task.given(QUEUED).when(queue).then_nothing()
    other = changed(QUEUED, code="WEAK")
    task.given(QUEUED).when(QueueSettlement(other)).then(other)
    task.given(DISPUTE).when(queue).then_nothing()
    task.given(QUEUED, DECIDED).when(queue).then_nothing()
    task.given(TAKEN_BACK).when(queue).then_nothing()


def test_only_the_named_person_decides_with_a_reason_what_is_possible() -> None:
    task.given(QUEUED).when(decision()).then(DECIDED)
    task.given(QUEUED).when(decision(by="bert")).then_rejected("not-assigned")
    task.given(QUEUED).when(decision(outcome="DONE")).then_rejected("outcome-not-possible")
    task.given(QUEUED).when(decision(note=None)).then_rejected("reason-missing")
    task.given(changed(QUEUED, code="LEAD_CI")).when(decision()).then_rejected("outcome-not-possible")
    task.given(changed(QUEUED, code="LEAD_CI")).when(decision(outcome="DONE")).then(changed(DECIDED, outcome="DONE"))
    task.given(QUEUED, DECIDED).when(decision()).then_nothing()
    task.given(QUEUED, DECIDED).when(decision(outcome="MATCHED")).then_rejected("task-closed")
    task.given().when(decision()).then_rejected("task-unknown")
    task.given(QUEUED, TAKEN_BACK).when(decision()).then_rejected("task-closed")


def test_it_always_waits_for_a_named_person() -> None:
    handed = SettlementAssigned(task_id=KEY, assigned_to="bert", by="anna")
    task.given(QUEUED).when(assign).then(handed)
    task.given(QUEUED, handed).when(assign).then_nothing()
    task.given(QUEUED, handed).when(decision()).then_rejected("not-assigned")
    task.given(QUEUED).when(AssignSettlement(KEY, " ", "anna")).then_rejected("assignee-missing")
    task.given().when(assign).then_rejected("task-unknown")
    task.given(QUEUED, DECIDED).when(assign).then_rejected("task-closed")
    task.given(TAKEN_BACK).when(assign).then_rejected("task-closed")


def test_a_member_may_say_not_me_of_any_match_that_stands() -> None:
    task.given().when(dispute).then(DISPUTE)
    task.given(QUEUED).when(dispute).then(DISPUTE)
    task.given(QUEUED, DECIDED).when(dispute).then(DISPUTE)
    task.given(DISPUTE).when(dispute).then_nothing()
    task.given(TAKEN_BACK).when(dispute).then_rejected("task-closed")
    assert MATCH_TASK.evolve(MATCH_TASK.initial, DISPUTE).code == DISPUTED  # type: ignore[union-attr]


def test_a_later_look_may_answer_but_no_dispute_and_no_lead() -> None:
    settled = changed(DECIDED, outcome="MATCHED", claim_id="c1", note=None, by="system")
    task.given(QUEUED).when(answer).then(settled)
    done = changed(settled, outcome="DONE", claim_id="")
    task.given(QUEUED).when(AnswerItself(KEY, "")).then(done)
    task.given(DISPUTE).when(answer).then_nothing()
    task.given(changed(QUEUED, code="LEAD_DEATH")).when(answer).then_nothing()
    task.given().when(answer).then_nothing()
    task.given(QUEUED, DECIDED).when(answer).then_nothing()
    task.given(TAKEN_BACK).when(answer).then_nothing()


@pytest.mark.parametrize("before", [(), (QUEUED,), (DISPUTE,), (QUEUED, DECIDED)])
def test_the_bureau_may_take_back_whatever_stands_once(before: tuple[Any, ...]) -> None:
    task.given(*before).when(reverse).then(TAKEN_BACK)
    task.given(*before, TAKEN_BACK).when(reverse).then_nothing()


def test_a_settlement_has_one_claim_for_ever() -> None:
    assert match_claim_id(KEY) == match_claim_id(settlement_key("GS", "S1"))
    assert match_claim_id(KEY) != match_claim_id(settlement_key("GS2", "S1"))
    assert len(match_claim_id(KEY)) == 36
