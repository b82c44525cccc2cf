"""Specifications of a finding and its follow-up."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded
from health_checkup.domain.finding import FINDING, RaiseFinding, RecordFollowUp

SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")
RAISE = RaiseFinding("2022-p1", "2022-p1", "p1", "B", SEALED, "2022-07-22")
RAISED = FindingRaised(
    finding_id="2022-p1", exam_id="2022-p1", person_id="p1", finding_class="B", detail=SEALED, contact_by="2022-07-22"
)
spec = Spec(FINDING)


def follow_up(outcome: str) -> RecordFollowUp:
    return RecordFollowUp("2022-p1", outcome, None)


def followed_up(outcome: str) -> FollowUpRecorded:
    return FollowUpRecorded(finding_id="2022-p1", person_id="p1", outcome=outcome, note=None)


CONTACTED, REFERRED, CONFIRMED = followed_up("CONTACTED"), followed_up("REFERRED"), followed_up("CONFIRMED")


def test_a_finding_is_raised_once() -> None:
    spec.when(RAISE).then(RAISED)
    spec.given(RAISED).when(RAISE).then_nothing()
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(RAISE).then_nothing()


@pytest.mark.parametrize("outcome", ["CONFIRMED", "EXCLUDED", "LOST"])
def test_the_follow_up_goes_from_contact_to_an_end(outcome: str) -> None:
    spec.given(RAISED).when(follow_up("CONTACTED")).then(CONTACTED)
    spec.given(RAISED, CONTACTED).when(follow_up("REFERRED")).then(REFERRED)
    spec.given(RAISED, CONTACTED, REFERRED).when(follow_up(outcome)).then(followed_up(outcome))


def test_who_cannot_be_found_is_lost_at_any_step() -> None:
    for history in ([], [CONTACTED], [CONTACTED, REFERRED]):
        spec.given(RAISED, *history).when(follow_up("LOST")).then(followed_up("LOST"))


def test_steps_are_not_skipped_nor_taken_backwards() -> None:
    spec.given(RAISED).when(follow_up("REFERRED")).then_rejected("follow-up-out-of-order")
    spec.given(RAISED, CONTACTED).when(follow_up("CONFIRMED")).then_rejected("follow-up-out-of-order")
    spec.given(RAISED, CONTACTED, REFERRED).when(follow_up("CONTACTED")).then_rejected("follow-up-out-of-order")


def test_an_ended_follow_up_stays_ended() -> None:
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(follow_up("EXCLUDED")).then_rejected("follow-up-closed")
    spec.when(follow_up("CONTACTED")).then_rejected("finding-unknown")


def test_the_same_step_twice_changes_nothing() -> None:
    spec.given(RAISED, CONTACTED).when(follow_up("CONTACTED")).then_nothing()
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(follow_up("CONFIRMED")).then_nothing()
