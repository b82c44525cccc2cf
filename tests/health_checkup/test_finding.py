"""Specifications of a finding: its follow-up, its clock, the attempts before anybody is lost, the claim offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.envelope import Sealed
from contracts.health_checkup.records import (
    ClaimOffered,
    ContactAttempted,
    FindingOverdue,
    FindingReclassified,
    FindingWithdrawn,
)
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded
from health_checkup.domain.finding import (
    FINDING,
    Closed,
    ContactRules,
    EscalateFinding,
    RaiseFinding,
    RecordAttempt,
    RecordFollowUp,
    WithdrawFinding,
)

SEALED = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d1", c="AAAA")
NOTE = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d2", c="BBBB")
ILLNESS = Sealed(suite="A256GCM", s="p1", k="health", v=1, e="d3", c="CCCC")
AFTERWARDS = (("CONTACTED", "A", 1), ("CONTACTED", "B", 7), ("REFERRED", "A", 14), ("REFERRED", "B", 30))
RULES = ContactRules((("A", 0), ("B", 7)), 3, 14, AFTERWARDS)
RAISE = RaiseFinding("2022-p1", "2022-p1", "p1", "B", SEALED, "2022-07-22")
RAISED = FindingRaised(
    finding_id="2022-p1", exam_id="2022-p1", person_id="p1", finding_class="B", detail=SEALED, contact_by="2022-07-22"
)
WITHDRAWN = FindingWithdrawn(finding_id="2022-p1", person_id="p1")
OVERDUE = FindingOverdue(
    finding_id="2022-p1", person_id="p1", finding_class="B", contact_by="2022-07-22", overdue_on="2022-07-23",
    stage="TO_CONTACT", due_by="2022-07-22",
)  # fmt: skip
OFFERED = ClaimOffered(finding_id="2022-p1", person_id="p1", illness=ILLNESS, offered_on="2022-07-30")
spec = Spec(FINDING)


def follow_up(outcome: str, today: str = "2022-07-30", illness: Sealed | None = None) -> RecordFollowUp:
    return RecordFollowUp("2022-p1", outcome, NOTE, illness, today, RULES)


def followed_up(outcome: str) -> FollowUpRecorded:
    due_by = {"CONTACTED": "2022-08-06", "REFERRED": "2022-08-29"}.get(outcome, "")
    return FollowUpRecorded(finding_id="2022-p1", person_id="p1", outcome=outcome, note=NOTE, due_by=due_by)


def attempt(today: str, channel: str = "PHONE") -> RecordAttempt:
    return RecordAttempt("2022-p1", channel, today)


def attempted(number: int, day: str, channel: str = "PHONE") -> ContactAttempted:
    return ContactAttempted(finding_id="2022-p1", person_id="p1", attempt=number, channel=channel, attempted_on=day)


CONTACTED, REFERRED, CONFIRMED = followed_up("CONTACTED"), followed_up("REFERRED"), followed_up("CONFIRMED")
TRIED = (attempted(1, "2022-07-16"), attempted(2, "2022-07-20", "SMS"), attempted(3, "2022-07-25", "VISIT"))


def test_a_finding_is_raised_once() -> None:
    spec.when(RAISE).then(RAISED)
    spec.given(RAISED).when(RAISE).then_nothing()
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(RAISE).then_nothing()


def test_amended_results_that_cross_another_limit_raise_it_anew() -> None:
    worse = replace(RAISE, finding_class="A", contact_by="2022-07-30", grown=True)
    anew = FindingRaised(
        finding_id="2022-p1", exam_id="2022-p1", person_id="p1", finding_class="A", detail=SEALED,
        contact_by="2022-07-30",
    )  # fmt: skip
    spec.given(RAISED, CONTACTED).when(worse).then(anew)
    spec.given(RAISED, CONTACTED, anew).when(follow_up("REFERRED")).then_rejected("follow-up-out-of-order")
    spec.given(RAISED, WITHDRAWN).when(worse).then(anew)


LESSER = replace(RAISE, contact_by="2022-08-01", next_by=(("CONTACTED", "2022-08-02"), ("REFERRED", "2022-08-30")))


@pytest.mark.parametrize(("history", "contact_by", "due_by"), [
    ((), "2022-08-01", "2022-08-01"),
    ((CONTACTED,), "2022-07-15", "2022-08-02"),
    ((CONTACTED, REFERRED), "2022-07-15", "2022-08-30"),
])  # fmt: skip
def test_amended_results_of_a_lesser_class_keep_the_step_and_change_its_days_once(
    history: tuple[FollowUpRecorded, ...], contact_by: str, due_by: str
) -> None:
    urgent = FindingRaised(
        finding_id="2022-p1", exam_id="2022-p1", person_id="p1", finding_class="A", detail=NOTE, contact_by="2022-07-15"
    )
    lesser = FindingReclassified(
        finding_id="2022-p1", person_id="p1", finding_class="B", earlier_class="A", detail=SEALED,
        contact_by=contact_by, due_by=due_by,
    )  # fmt: skip
    spec.given(urgent, *history).when(LESSER).then(lesser)
    spec.given(urgent, *history, lesser).when(LESSER).then_nothing()
    spec.given(urgent, *history, lesser).when(EscalateFinding("2022-p1", due_by)).then_nothing()
    spec.given(urgent, CONTACTED, REFERRED, CONFIRMED).when(LESSER).then_nothing()
    graver = replace(RAISE, finding_class="A", detail=NOTE, contact_by="2022-07-15", grown=True)
    spec.given(urgent, *history, lesser).when(graver).then(urgent)


def test_amended_results_without_cause_withdraw_it_once() -> None:
    withdraw = WithdrawFinding("2022-p1")
    spec.given(RAISED, CONTACTED).when(withdraw).then(WITHDRAWN)
    spec.given(RAISED, WITHDRAWN).when(withdraw).then_nothing()
    spec.when(withdraw).then_nothing()
    spec.given(RAISED, WITHDRAWN).when(follow_up("CONTACTED")).then_rejected("follow-up-closed")


def test_class_a_is_reached_within_the_day_and_class_b_within_seven() -> None:
    assert RULES.contact_by("A", date(2022, 7, 15)) == "2022-07-15"
    assert RULES.contact_by("B", date(2022, 7, 15)) == "2022-07-22"


def test_who_was_not_reached_in_time_is_escalated_once() -> None:
    late = EscalateFinding("2022-p1", "2022-07-23")
    spec.given(RAISED).when(late).then(OVERDUE)
    spec.given(RAISED).when(EscalateFinding("2022-p1", "2022-07-22")).then_nothing()
    spec.given(RAISED, OVERDUE).when(late).then_nothing()
    spec.given(RAISED, CONTACTED).when(late).then_nothing()
    spec.given(RAISED, WITHDRAWN).when(late).then_nothing()


@pytest.mark.parametrize(("history", "due_by", "late_on"), [
    ((CONTACTED,), "2022-08-06", "2022-08-07"),
    ((CONTACTED, REFERRED), "2022-08-29", "2022-08-30"),
])  # fmt: skip
def test_every_later_step_has_a_day_and_is_escalated_once_when_it_is_over(
    history: tuple[FollowUpRecorded, ...], due_by: str, late_on: str
) -> None:
    overdue = FindingOverdue(
        finding_id="2022-p1", person_id="p1", finding_class="B", contact_by="2022-07-22", overdue_on=late_on,
        stage=history[-1].outcome, due_by=due_by,
    )  # fmt: skip
    late = EscalateFinding("2022-p1", late_on)
    spec.given(RAISED, *history).when(EscalateFinding("2022-p1", due_by)).then_nothing()
    spec.given(RAISED, *history).when(late).then(overdue)
    spec.given(RAISED, OVERDUE, *history).when(late).then(overdue)
    spec.given(RAISED, *history, overdue).when(late).then_nothing()
    spec.given(RAISED, *history, *TRIED, followed_up("LOST")).when(late).then_nothing()


def test_a_step_from_before_there_were_days_is_as_late_as_the_first_contact() -> None:
    undated = FollowUpRecorded(finding_id="2022-p1", person_id="p1", outcome="CONTACTED", note=NOTE)
    late = EscalateFinding("2022-p1", "2022-07-23")
    overdue = FindingOverdue(
        finding_id="2022-p1", person_id="p1", finding_class="B", contact_by="2022-07-22", overdue_on="2022-07-23",
        stage="CONTACTED", due_by="2022-07-22",
    )  # fmt: skip
    spec.given(RAISED, undated).when(late).then(overdue)


@given(st.sampled_from(["A", "B"]), st.integers(0, 2), st.integers(0, 60))
def test_no_open_finding_stands_beyond_its_days_unescalated(finding_class: str, steps: int, days: int) -> None:
    today = date(2022, 7, 30)
    raised = replace(RAISE, finding_class=finding_class, contact_by=RULES.contact_by(finding_class, today))
    state = FINDING.initial
    for command in (raised, follow_up("CONTACTED"), follow_up("REFERRED"))[: steps + 1]:
        for event in FINDING.decide(command, state):
            state = FINDING.evolve(state, event)
    within = {"A": (0, 1, 14), "B": (7, 7, 30)}[finding_class][steps]
    late = EscalateFinding("2022-p1", (today + timedelta(days=days)).isoformat())
    assert bool(FINDING.decide(late, state)) == (days > within)


@pytest.mark.parametrize("outcome", ["CONFIRMED", "EXCLUDED"])
def test_the_follow_up_goes_from_contact_to_an_end(outcome: str) -> None:
    spec.given(RAISED).when(follow_up("CONTACTED")).then(CONTACTED)
    spec.given(RAISED, CONTACTED).when(follow_up("REFERRED")).then(REFERRED)
    spec.given(RAISED, CONTACTED, REFERRED).when(follow_up(outcome)).then(followed_up(outcome))


def test_what_the_member_was_told_is_put_down_in_writing() -> None:
    spec.given(RAISED).when(replace(follow_up("CONTACTED"), note=None)).then_rejected("note-missing")


def test_an_attempt_is_recorded_and_the_same_one_counts_once() -> None:
    spec.given(RAISED).when(attempt("2022-07-16")).then(TRIED[0])
    spec.given(RAISED, TRIED[0]).when(attempt("2022-07-16")).then_nothing()
    spec.given(RAISED, TRIED[0]).when(attempt("2022-07-16", "SMS")).then(attempted(2, "2022-07-16", "SMS"))
    spec.given(RAISED).when(attempt("2022-07-16", "PIGEON")).then_rejected("channel-invalid")
    spec.when(attempt("2022-07-16")).then_rejected("finding-unknown")
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(attempt("2022-07-16")).then_rejected("follow-up-closed")


@pytest.mark.parametrize("history", [(), (CONTACTED,), (CONTACTED, REFERRED)])
def test_who_cannot_be_found_is_lost_after_enough_attempts(history: tuple[FollowUpRecorded, ...]) -> None:
    spec.given(RAISED, *history, *TRIED).when(follow_up("LOST")).then(followed_up("LOST"))
    spec.given(RAISED, *history, *TRIED[:2]).when(follow_up("LOST")).then_rejected("attempts-missing")
    spec.given(RAISED, *history, *TRIED).when(follow_up("LOST", "2022-07-29")).then_rejected("attempts-missing")


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


def test_a_confirmed_listed_illness_offers_a_claim_once() -> None:
    confirm = follow_up("CONFIRMED", illness=ILLNESS)
    spec.given(RAISED, CONTACTED, REFERRED).when(confirm).then(CONFIRMED, OFFERED)
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED).when(confirm).then(OFFERED)
    spec.given(RAISED, CONTACTED, REFERRED, CONFIRMED, OFFERED).when(confirm).then_nothing()


def test_an_illness_that_is_not_confirmed_is_not_named() -> None:
    spec.given(RAISED).when(follow_up("CONTACTED", illness=ILLNESS)).then_rejected("illness-not-confirmed")
    excluded = follow_up("EXCLUDED", illness=ILLNESS)
    spec.given(RAISED, CONTACTED, REFERRED).when(excluded).then_rejected("illness-not-confirmed")


STEPS = st.one_of(
    st.builds(attempt, st.dates(date(2022, 7, 16), date(2022, 8, 30)).map(str), st.sampled_from(["PHONE", "SMS"])),
    st.builds(follow_up, st.sampled_from(["CONTACTED", "REFERRED", "LOST"]),
              st.dates(date(2022, 7, 16), date(2022, 8, 30)).map(str)),
)  # fmt: skip


@given(steps=st.lists(STEPS, max_size=25))
def test_nobody_is_ever_given_up_before_three_attempts(steps: list[RecordAttempt | RecordFollowUp]) -> None:
    state, tried = FINDING.evolve(FINDING.initial, RAISED), 0
    for step in steps:
        try:
            events = FINDING.decide(step, state)
        except Rejected:
            continue
        for event in events:
            state = FINDING.evolve(state, event)
            tried += isinstance(event, ContactAttempted)
        if isinstance(state, Closed) and state.outcome == "LOST":
            assert tried >= RULES.attempts_min
            return
