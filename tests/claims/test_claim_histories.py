"""Whatever is asked of a claim, in whatever order: no money beyond what was granted, no hand in two reviews."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decider import Rejected
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ClaimCommand,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RecordPaymentFailed,
    RecordPayoutArrived,
    RejectClaim,
)
from claims.domain.claim_stages import Approved, Claim, ClaimEvent, Paid, Withdrawn
from claims.domain.side_commands import (
    ConfirmPayees,
    DecideObjection,
    EscalateContact,
    EscalatePapers,
    EscalateStep,
    FollowUpPapers,
    RaiseGrant,
    RecordContact,
    ReopenClaim,
    ReviewSample,
    SupplyPapers,
    WithdrawClaim,
)
from contracts.claims.process import AdvanceGranted, PapersReminded
from contracts.claims.v1 import ClaimApproved, PaymentFailed, PayoutArrived
from tests.claims.material import PLAN, line, payee
from tests.claims.process_material import (
    ADVANCE,
    ADVANCED,
    ASSESSED,
    BY_UNIT,
    CONFIRMED,
    DUE,
    EXTEND,
    FILED,
    MATCHED,
    NOTE,
    OBJECT,
    PAPER,
    RECHECKED,
    REJECTED,
    TODAY,
    UPGRADE,
    URGENT,
    ask,
    automatic,
    back,
    decide,
    marked,
    objection,
    requested,
)

PEOPLE = ("filer", "reviewer", "rechecker", "head", "p1")
STEPS = ("COUNTY_REVIEW", "CITY_REVIEW", "OFFICE_REVIEW", "OFFICE_RECHECK", "HEAD_APPROVAL")
URGENT_FILED = msgspec.structs.replace(FILED, payees=(), urgent=True)
AUTHORITY = PLAN.authority
LARGE = msgspec.structs.replace(ASSESSED, lines=(line("ACCIDENT_DEATH", 30_000_000),))
OPENINGS: tuple[tuple[ClaimEvent, ...], ...] = (
    (FILED,),
    (BY_UNIT,),
    (URGENT_FILED,),
    (FILED, ASSESSED),
    (FILED, ASSESSED, RECHECKED),
    (FILED, LARGE),
    (FILED, LARGE, RECHECKED),
    (FILED, marked(), ADVANCED, ASSESSED),
    (FILED, REJECTED, objection()),
    (FILED, requested()),
    (MATCHED, CONFIRMED),
)
SPECIAL = line("ACCIDENT_DISABILITY", 7_500_000)
people = st.sampled_from(PEOPLE)
steps = st.sampled_from(STEPS)
lines = st.sampled_from([(), (line(),), (line("INPATIENT_MEDICAL", 72_000),), (line("ACCIDENT_DEATH", 30_000_000),)])
fens = st.sampled_from([2_500_000, 5_000_000])
days = st.sampled_from(["2022-06-03", "2022-06-20", "2022-07-05", "2025-01-01"])


def decide_more(level: int, by: str) -> DecideObjection:
    return replace(decide("OVERTURNED", level, by), lines=(line("ACCIDENT_DEATH", 29_000_000 + level),))


def commands() -> st.SearchStrategy[ClaimCommand]:
    return st.one_of(
        st.builds(ForwardClaim, people, steps, st.just(NOTE), st.just(DUE)),
        st.builds(AssessClaim, people, lines, st.just(()), st.just(AUTHORITY), st.just(TODAY), st.just(20_000_000)),
        st.builds(MakeSpecialDecision, people, st.just(SPECIAL), st.just("RJ"), st.just(NOTE), st.just(("X",))),
        st.builds(RecheckClaim, people, st.just(AUTHORITY), st.just(TODAY)),
        st.builds(ApproveClaim, people, st.just(TODAY)),
        st.builds(RejectClaim, people, st.just("RJ_WAITING"), st.just(""), st.just(""), st.just(TODAY)),
        st.builds(ask, people, steps),
        st.builds(SupplyPapers, people, st.just((PAPER,)), st.just(DUE)),
        st.builds(FollowUpPapers, days),
        st.builds(ReopenClaim, people, st.just((PAPER,)), days, st.just("2024-05-12")),
        st.builds(back, steps, people),
        st.builds(WithdrawClaim, people),
        people.map(lambda by: replace(UPGRADE, by=by)),
        st.builds(ConfirmPayees, people, st.just((payee(),)), st.just(DUE)),
        st.just(automatic()),
        st.builds(ReviewSample, people, st.booleans(), st.none()),
        st.just(URGENT),
        st.builds(RecordContact, people, st.just("2022-06-03T03:00:00.000000Z")),
        people.map(lambda by: replace(ADVANCE, by=by)),
        st.tuples(people, days).map(lambda pair: replace(OBJECT, by=pair[0], today=pair[1])),
        st.builds(decide, st.sampled_from(["UPHELD", "OVERTURNED", "PARTLY"]), st.sampled_from([1, 2]), people),
        st.builds(decide_more, st.sampled_from([1, 2]), people),
        st.builds(RaiseGrant, people, st.just(TODAY)),
        st.builds(EscalateStep, days),
        people.map(lambda by: replace(EXTEND, by=by)),
        st.builds(EscalatePapers, days),
        st.builds(EscalateContact, st.just("2022-07-01T00:00:00.000000Z")),
        st.builds(RecordPayoutArrived, st.sampled_from(["a", "b"]), st.just("CRITICAL_ILLNESS"), st.just("p1"), fens),
        st.builds(RecordPaymentFailed, st.sampled_from(["a", "b"]), st.sampled_from([1, 2]), st.just("AC06")),
    )


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OPENINGS), st.lists(commands(), min_size=10, max_size=40))
def test_no_history_breaks_what_is_promised(opening: tuple[ClaimEvent, ...], asked: list[ClaimCommand]) -> None:
    claim, history = told(opening, asked)
    approvals = [event for event in history if isinstance(event, ClaimApproved)]
    assert len([granted for granted in approvals if not granted.raised]) <= 1
    totals = [granted.total_fen for granted in approvals]
    assert totals == sorted(set(totals))
    for granted in approvals:
        assert granted.payees
        assert sum(payee.share_percent for payee in granted.payees) == 100
        assert granted.total_fen == sum(line.amount_fen for line in granted.lines)
        assert all(0 <= line.advanced_fen <= line.amount_fen for line in granted.lines)
        assert len(set(granted.reviewed_by)) >= people_needed(granted.total_fen)
    closing = [index for index, event in enumerate(history) if isinstance(event, ClaimApproved)]
    if closing:
        after = history[closing[0] + 1 :]
        names = {type(event).__name__ for event in after}
        told_after = {"PayoutArrived", "PaymentFailed", "ClaimPaid", "LargeSumReported", "ReviewSampled"}
        contested = {"ObjectionFiled", "ObjectionDecided", "StepOverdue", "ClaimApproved"}
        assert names <= told_after | {"SampleReviewed"} | contested
    if isinstance(claim, Withdrawn):
        assert not [event for event in history if isinstance(event, AdvanceGranted | ClaimApproved)]
    assert paid_once(claim, history)
    reminders = [event.day for event in history if isinstance(event, PapersReminded)]
    assert len(reminders) <= 3 * len(PLAN.procedure.papers.remind_days)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OPENINGS), st.lists(commands(), min_size=10, max_size=40))
def test_what_was_just_done_is_quiet_or_refused_and_never_done_twice(
    opening: tuple[ClaimEvent, ...], asked: list[ClaimCommand]
) -> None:
    claim, _ = told(opening, asked)
    for command in asked[-3:]:
        first = answer(command, claim)
        if not first:
            continue
        after = fold(claim, first)
        second = answer(command, after)
        assert not [event for event in second if event in first and isinstance(event, ClaimApproved | PayoutArrived)]


def four_eyes(claim: Claim) -> bool:
    """Nobody has passed two different reviews, or one of a claim they filed."""
    hands = getattr(claim, "hands", None)
    if hands is None:
        return True
    passed = dict(hands.reviews[::-1])
    by_person = {by: step for step, by in hands.reviews}
    return hands.filer not in passed.values() and all(by_person[by] == step for step, by in hands.reviews)


def people_needed(total_fen: int) -> int:
    """The filer and as many reviewers as the sum demands (domain 4.3)."""
    if total_fen <= AUTHORITY.reviewer_alone_max_fen:
        return 2
    return 3 if total_fen <= AUTHORITY.without_head_max_fen else 4


def paid_once(claim: Claim, history: list[ClaimEvent]) -> bool:
    """What has arrived, less what came back, is within what was granted."""
    if not isinstance(claim, Approved | Paid):
        return True
    arrived = sum(event.amount_fen for event in history if isinstance(event, PayoutArrived))
    came_back = sum(event.came_back_fen for event in history if isinstance(event, PaymentFailed))
    granted = claim.granted if isinstance(claim, Paid) else claim
    return sum(one.amount_fen for one in granted.arrived) == arrived - came_back


def told(opening: tuple[ClaimEvent, ...], asked: list[ClaimCommand]) -> tuple[Claim, list[ClaimEvent]]:
    history: list[ClaimEvent] = list(opening)
    claim = fold(CLAIM.initial, history)
    for command in asked:
        events = answer(command, claim)
        history += events
        claim = fold(claim, events)
        assert four_eyes(claim), command
    return claim, history


def answer(command: ClaimCommand, claim: Claim) -> list[ClaimEvent]:
    try:
        return list(CLAIM.decide(command, claim))
    except Rejected:
        return []


def fold(claim: Claim, events: list[ClaimEvent]) -> Claim:
    for event in events:
        claim = CLAIM.evolve(claim, event)
    return claim
