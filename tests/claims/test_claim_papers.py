"""Papers, returns, withdrawals, upgrades, accounts named later: it does, it refuses by code, it stays quiet."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from claims.domain.claim_commands import AssessClaim, RecheckClaim
from claims.domain.claim_stages import ClaimEvent
from claims.domain.side_commands import (
    FollowUpPapers,
    ReopenClaim,
    ReviewSample,
    SupplyPapers,
    WithdrawClaim,
)
from contracts.claims.process import (
    ClaimReopened,
    PapersReminded,
    ReviewSampled,
    SampleReviewed,
)
from tests.claims.material import PLAN, line, payee
from tests.claims.process_material import (
    ASSESSED,
    AUTO,
    BY_UNIT,
    CLOSED,
    CONFIRM,
    CONFIRMED,
    DUE,
    FILED,
    FORWARDED,
    LINES,
    MATCHED,
    PAPER,
    RECHECKED,
    SMALL,
    SPEC,
    TODAY,
    UPGRADE,
    UPGRADED,
    WITHDRAWN,
    ask,
    automatic,
    back,
    requested,
    returned,
    supplied,
)


@pytest.mark.parametrize(
    ("history", "step", "by"),
    [
        ((BY_UNIT,), "COUNTY_REVIEW", "county"),
        ((FILED,), "OFFICE_REVIEW", "reviewer"),
        ((FILED, ASSESSED), "OFFICE_RECHECK", "rechecker"),
        ((FILED, ASSESSED, RECHECKED), "HEAD_APPROVAL", "head"),
    ],
)
def test_any_review_may_ask_for_papers_and_gets_the_claim_back(
    history: tuple[ClaimEvent, ...], step: str, by: str
) -> None:
    asked = requested(by, step)
    SPEC.given(*history).when(ask(by, step)).then(asked)
    SPEC.given(*history, asked).when(ask(by, step)).then_nothing()
    back = SPEC.given(*history, asked).when(SupplyPapers("p1", (PAPER,), DUE)).events
    assert [one.step for one in back] == [step]
    again = SPEC.given(*history, asked, *back)
    again.when(SupplyPapers("p1", (PAPER,))).then_nothing()
    again.when(ask("someone", step)).then(
        msgspec.structs.replace(requested("someone", step, 2), payee_ids=asked.payee_ids)
    )


def test_asking_for_papers_has_its_bounds() -> None:
    SPEC.given(FILED).when(ask(needs=())).then_rejected("needs-missing")
    SPEC.given(FILED).when(ask(needs=("NEED_GOLD",))).then_rejected("need-unknown")
    SPEC.given(FILED).when(ask(step="CITY_REVIEW")).then_rejected("step-not-due")
    SPEC.given(FILED).when(ask("filer")).then_rejected("filer-reviews")
    rounds = [one for number in (1, 2, 3) for one in (requested(number=number), supplied())]
    SPEC.given(FILED, *rounds).when(ask()).then_rejected("rounds-spent")


def test_papers_come_only_when_asked_for_and_not_empty() -> None:
    SPEC.given(FILED).when(SupplyPapers("p1", (PAPER,))).then_rejected("papers-not-asked")
    SPEC.given(FILED, requested()).when(SupplyPapers("p1", ())).then_rejected("papers-missing")
    SPEC.given(FILED, requested(), CLOSED).when(SupplyPapers("p1", (PAPER,))).then_rejected("reopen-first")


def test_missing_papers_are_reminded_of_once_a_day_of_the_plan_and_then_the_claim_is_closed() -> None:
    waiting = SPEC.given(FILED, requested())
    waiting.when(FollowUpPapers("2022-06-09")).then_nothing()
    first = PapersReminded(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        payee_ids=("p1",),
        day=7,
        next_on="2022-06-23",
        due_on="2022-07-03",
    )
    waiting.when(FollowUpPapers("2022-06-10")).then(first)
    waiting.given(first).when(FollowUpPapers("2022-06-10")).then_nothing()
    late = waiting.given(first).when(FollowUpPapers("2022-07-02")).events[0]
    assert (late.day, late.next_on) == (27, "2022-07-04")
    waiting.given(first).when(FollowUpPapers("2022-07-03")).then(late)
    waiting.when(FollowUpPapers("2022-07-04")).then(CLOSED)
    SPEC.given(FILED, requested(), CLOSED).when(FollowUpPapers("2022-07-05")).then_nothing()


def test_a_closed_claim_is_reopened_with_papers_until_the_hard_limit() -> None:
    closed = SPEC.given(FILED, requested(), CLOSED)
    command = ReopenClaim("p1", (PAPER,), "2022-08-01", "2024-05-12", DUE)
    reopened = ClaimReopened(
        claim_id="c1",
        step="OFFICE_REVIEW",
        documents=(PAPER,),
        documents_now=(*FILED.documents, PAPER),
        by="p1",
        due_on="2022-06-07",
        decide_until="",
    )
    closed.when(command).then(reopened)
    closed.given(reopened).when(command).then_nothing()
    closed.when(replace(command, today="2024-05-13")).then_rejected("hard-limit-passed")
    SPEC.given(FILED).when(command).then_rejected("claim-not-closed")


@pytest.mark.parametrize(
    ("history", "step", "below", "by"),
    [
        ((BY_UNIT, FORWARDED), "CITY_REVIEW", "COUNTY_REVIEW", "city"),
        ((FILED, ASSESSED), "OFFICE_RECHECK", "OFFICE_REVIEW", "rechecker"),
        ((FILED, ASSESSED, RECHECKED), "HEAD_APPROVAL", "OFFICE_RECHECK", "head"),
    ],
)
def test_a_review_returns_the_claim_to_the_one_below(
    history: tuple[ClaimEvent, ...], step: str, below: str, by: str
) -> None:
    event = returned(step, below, by)
    SPEC.given(*history).when(back(step, by)).then(event)
    SPEC.given(*history, event).when(back(step, by)).then_rejected("step-not-due")


def test_a_returned_review_is_passed_again_by_its_own_people_only() -> None:
    history = (FILED, ASSESSED, returned("OFFICE_RECHECK", "OFFICE_REVIEW", "rechecker"))
    command = AssessClaim("reviewer", LINES, (), PLAN.authority, TODAY)
    SPEC.given(*history).when(command).then(ASSESSED)
    SPEC.given(*history).when(replace(command, by="rechecker")).then_rejected("same-reviewer")


def test_a_return_has_a_step_below_and_a_reason_of_the_plan() -> None:
    SPEC.given(FILED).when(back("OFFICE_REVIEW", "reviewer")).then_rejected("no-step-below")
    SPEC.given(FILED, ASSESSED).when(back("OFFICE_RECHECK", "rechecker", "RT_X")).then_rejected("reason-unknown")
    SPEC.given(FILED, ASSESSED).when(back("OFFICE_RECHECK", "reviewer")).then_rejected("same-reviewer")


@pytest.mark.parametrize(
    "history", [(FILED,), (BY_UNIT,), (FILED, ASSESSED), (FILED, requested()), (FILED, requested(), CLOSED)]
)
def test_the_member_or_the_filer_takes_an_undecided_claim_back(history: tuple[ClaimEvent, ...]) -> None:
    SPEC.given(*history).when(WithdrawClaim("p1")).then(WITHDRAWN)
    SPEC.given(*history, WITHDRAWN).when(WithdrawClaim("p1")).then_nothing()
    SPEC.given(*history).when(WithdrawClaim("stranger")).then_rejected("not-your-claim")


def test_an_upgrade_is_in_the_members_favour_and_seen_by_other_hands_and_the_head() -> None:
    SPEC.given(FILED, ASSESSED).when(UPGRADE).then(UPGRADED)
    SPEC.given(FILED, ASSESSED, RECHECKED).when(UPGRADE).then(UPGRADED)
    after = SPEC.given(FILED, ASSESSED, UPGRADED)
    after.when(UPGRADE).then_nothing()
    after.when(RecheckClaim("rechecker", PLAN.authority, TODAY)).then_rejected("same-reviewer")
    after.when(RecheckClaim("another", PLAN.authority, TODAY)).then(msgspec.structs.replace(RECHECKED, by="another"))


def test_an_upgrade_is_refused_when_it_is_none() -> None:
    SPEC.given(FILED).when(UPGRADE).then_rejected("assessment-first")
    SPEC.given(FILED, ASSESSED).when(replace(UPGRADE, note=None)).then_rejected("reason-missing")
    SPEC.given(FILED, ASSESSED).when(replace(UPGRADE, by="filer")).then_rejected("filer-reviews")
    SPEC.given(FILED, ASSESSED).when(replace(UPGRADE, from_code="SUDDEN_DEATH")).then_rejected("benefit-not-granted")
    less = replace(UPGRADE, from_code="CRITICAL_ILLNESS", line=line("ACCIDENT_DISABILITY", 100))
    SPEC.given(FILED, ASSESSED).when(less).then_rejected("not-in-favour")


def test_a_matched_claim_names_its_account_later_and_is_not_approved_before() -> None:
    SPEC.given(MATCHED).when(CONFIRM).then(CONFIRMED)
    SPEC.given(MATCHED, CONFIRMED).when(CONFIRM).then_nothing()
    other = replace(CONFIRM, payees=(msgspec.structs.replace(payee(), account_tail="1111"),))
    SPEC.given(MATCHED, CONFIRMED).when(other).then_rejected("payees-confirmed")
    SPEC.given(MATCHED).when(replace(CONFIRM, payees=())).then_rejected("payees-missing")
    unsampled = msgspec.structs.replace(PLAN.authority, sampling_percent=0)
    waits = SPEC.given(MATCHED).when(AssessClaim("reviewer", SMALL, (), unsampled, TODAY)).events
    assert [one.next_step for one in waits] == ["AWAITING_CARD"]
    SPEC.given(MATCHED, *waits).when(RecheckClaim("rechecker", unsampled, TODAY)).then_rejected("payees-unconfirmed")
    confirmed = msgspec.structs.replace(CONFIRMED, next_step="OFFICE_RECHECK")
    SPEC.given(MATCHED, *waits).when(CONFIRM).then(confirmed)


def test_who_names_the_accounts_for_heirs_does_not_review() -> None:
    by_office = replace(CONFIRM, by="reviewer")
    event = SPEC.given(MATCHED).when(by_office).events
    assess = AssessClaim("reviewer", LINES, (), PLAN.authority, TODAY)
    SPEC.given(MATCHED, *event).when(assess).then_rejected("same-reviewer")
    SPEC.given(MATCHED, ASSESSED).when(by_office).then_rejected("same-reviewer")


def test_a_matched_claim_is_granted_automatically_on_two_signatures() -> None:
    ready = SPEC.given(MATCHED, CONFIRMED)
    assessed = msgspec.structs.replace(ASSESSED, lines=SMALL, next_step="", by="signer")
    ready.when(automatic()).then(assessed, AUTO)
    sampled = ReviewSampled(claim_id="c1", person_id="p1")
    ready.when(automatic(sampling_percent=100)).then(assessed, AUTO, sampled)
    ready.given(assessed, AUTO).when(automatic()).then_nothing()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"flagged": True}, "not-automatic"),
        ({"signed_by": ("one",)}, "two-signatures"),
        ({"signed_by": ("one", "one")}, "two-signatures"),
        ({"signed_by": ("one", "system")}, "filer-reviews"),
        ({"lines": LINES}, "sum-not-automatic"),
        ({"lines": ()}, "sum-not-automatic"),
    ],
)
def test_nothing_else_is_granted_automatically(change: dict[str, object], code: str) -> None:
    SPEC.given(MATCHED, CONFIRMED).when(automatic(**change)).then_rejected(code)
    SPEC.given(FILED).when(automatic()).then_rejected("not-automatic")
    SPEC.given(MATCHED).when(automatic()).then_rejected("payees-unconfirmed")


def test_a_sample_is_reviewed_once_by_a_person_without_part_in_it() -> None:
    assessed = msgspec.structs.replace(ASSESSED, lines=SMALL, next_step="", by="signer")
    granted = SPEC.given(MATCHED, CONFIRMED, assessed, AUTO)
    sampled = granted.given(ReviewSampled(claim_id="c1", person_id="p1"))
    reviewed = SampleReviewed(claim_id="c1", correct=True, note=None, by="auditor")
    granted.when(ReviewSample("auditor", correct=True, note=None)).then_rejected("not-sampled")
    sampled.when(ReviewSample("signer", correct=True, note=None)).then_rejected("same-reviewer")
    sampled.when(ReviewSample("auditor", correct=True, note=None)).then(reviewed)
    sampled.given(reviewed).when(ReviewSample("auditor", correct=True, note=None)).then_nothing()
