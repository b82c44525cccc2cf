"""What happens to a claim beside the straight way, command by command: it does, it refuses by code, it stays quiet."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import ApproveClaim, AssessClaim, ClaimCommand, RecheckClaim, RecordPayoutArrived
from claims.domain.claim_stages import ClaimEvent
from claims.domain.side_commands import (
    ApproveAutomatically,
    AskForPapers,
    ConfirmPayees,
    DecideObjection,
    EscalateContact,
    EscalateStep,
    FileObjection,
    FollowUpPapers,
    GrantAdvance,
    MarkUrgent,
    RecordContact,
    ReopenClaim,
    ReturnClaim,
    ReviewSample,
    SupplyPapers,
    UpgradeBenefit,
    WithdrawClaim,
)
from contracts.claims.process import (
    AdvanceGranted,
    BenefitUpgraded,
    ClaimantContacted,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    LargeSumReported,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    ReviewSampled,
    SampleReviewed,
    StepOverdue,
)
from contracts.claims.v1 import (
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    Document,
    PayoutArrived,
)
from tests.claims.material import PLAN, filing, line, payee, sealed

SPEC = Spec(CLAIM)
TODAY = "2022-06-03"
RULES = PLAN.procedure
NOTE = sealed("p1", "health")
PAPER = Document(kind="DISCHARGE", sha256="1" * 64)
DUE = {"OFFICE_REVIEW": "2022-06-07", "OFFICE_RECHECK": "2022-06-07", "COUNTY_REVIEW": "2022-06-07"}
FILED = msgspec.structs.replace(filing(), due_on="2022-06-02")
BY_UNIT = filing(steps=("COUNTY_REVIEW", "CITY_REVIEW", "OFFICE_REVIEW"))
MATCHED = msgspec.structs.replace(filing(payees=(), by="system"), channel="DATA_MATCH")
SMALL = (line("INPATIENT_MEDICAL", 72_000),)
LINES = (line(),)
ASSESSED = ClaimAssessed(claim_id="c1", lines=LINES, findings=(), next_step="OFFICE_RECHECK", by="reviewer")
RECHECKED = ClaimRechecked(claim_id="c1", next_step="HEAD_APPROVAL", by="rechecker")
FORWARDED = ClaimForwarded(claim_id="c1", step="COUNTY_REVIEW", next_step="CITY_REVIEW", opinion="", by="county")
REJECTED = ClaimRejected(
    claim_id="c1",
    claim_no="GS22-1",
    person_id="p1",
    reason="RJ_WAITING",
    rule="等待期",
    explanation="",
    payees=FILED.payees,
    by="reviewer",
    decided_on="2022-06-01",
)
WITHDRAWN = ClaimWithdrawn(claim_id="c1", claim_no="GS22-1", person_id="p1", by="p1")


def approved(*hands: str, lines: tuple[object, ...] = LINES) -> ClaimApproved:
    return ClaimApproved(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        plan_code=PLAN.code,
        plan_version=1,
        org_path=FILED.org_path,
        lines=lines,  # type: ignore[arg-type]
        payees=FILED.payees,
        total_fen=sum(one.amount_fen for one in lines),  # type: ignore[attr-defined]
        approved_on=TODAY,
        reviewed_by=hands,
    )


APPROVED = approved("filer", "reviewer", "rechecker")

# Papers


def ask(
    by: str = "reviewer", step: str = "OFFICE_REVIEW", needs: tuple[str, ...] = ("NEED_DISCHARGE",)
) -> AskForPapers:
    return AskForPapers(by, step, needs, NOTE, RULES.papers, TODAY, "2022-07-03")


def requested(by: str = "reviewer", step: str = "OFFICE_REVIEW", number: int = 1) -> PapersRequested:
    return PapersRequested(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        payee_ids=("p1",),
        step=step,
        needs=("NEED_DISCHARGE",),
        round=number,
        asked_on=TODAY,
        remind_days=(7, 20, 27),
        next_on="2022-06-10",
        due_on="2022-07-03",
        note=NOTE,
        by=by,
    )


def supplied(step: str = "OFFICE_REVIEW") -> PapersSupplied:
    return PapersSupplied(
        claim_id="c1", step=step, documents=(PAPER,), by="p1", due_on=DUE.get(step, ""), decide_until=""
    )


CLOSED = ClaimClosedIncomplete(
    claim_id="c1", claim_no="GS22-1", person_id="p1", payee_ids=("p1",), closed_on="2022-07-04"
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
        claim_id="c1", step="OFFICE_REVIEW", documents=(PAPER,), by="p1", due_on="2022-06-07", decide_until=""
    )
    closed.when(command).then(reopened)
    closed.given(reopened).when(command).then_nothing()
    closed.when(replace(command, today="2024-05-13")).then_rejected("hard-limit-passed")
    SPEC.given(FILED).when(command).then_rejected("claim-not-closed")


# Return, withdrawal, upgrade


def back(step: str, by: str, reason: str = "RT_FACTS") -> ReturnClaim:
    return ReturnClaim(by, step, reason, frozenset(RULES.return_reasons), NOTE, DUE)


def returned(step: str, below: str, by: str) -> ClaimReturned:
    return ClaimReturned(
        claim_id="c1", step=step, next_step=below, reason="RT_FACTS", note=NOTE, by=by, due_on=DUE.get(below, "")
    )


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


UPGRADE = UpgradeBenefit("rechecker", "", line("ACCIDENT_DISABILITY", 7_500_000), NOTE, DUE)
UPGRADED = BenefitUpgraded(
    claim_id="c1",
    from_code="",
    line=UPGRADE.line,
    lines=(*LINES, UPGRADE.line),
    next_step="OFFICE_RECHECK",
    note=NOTE,
    by="rechecker",
    due_on="2022-06-07",
)


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


# Accounts named later, automatic approval, samples

CONFIRM = ConfirmPayees("p1", (payee(),), DUE)
CONFIRMED = PayeesConfirmed(claim_id="c1", payees=(payee(),), next_step="OFFICE_REVIEW", by="p1", due_on="2022-06-07")


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


def automatic(**others: object) -> ApproveAutomatically:
    asked = {
        "lines": SMALL,
        "findings": (),
        "signed_by": ("signer", "cosigner"),
        "flagged": False,
        "amount_fen_max": RULES.auto_pay.amount_fen_max,
        "sampling_percent": 0,
        "today": TODAY,
    }
    return ApproveAutomatically(**{**asked, **others})  # type: ignore[arg-type]


AUTO = approved("signer", "cosigner", lines=SMALL)


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
    granted.when(ReviewSample("auditor", True, None)).then_rejected("not-sampled")
    sampled.when(ReviewSample("signer", True, None)).then_rejected("same-reviewer")
    sampled.when(ReviewSample("auditor", True, None)).then(reviewed)
    sampled.given(reviewed).when(ReviewSample("auditor", True, None)).then_nothing()


# Urgent path

URGENT = MarkUrgent("county", "DEATH", RULES.urgency, "2022-06-04T02:00:00.000000Z", "2022-06-08", "2022-07-03", NOTE)


def marked(step: str = "OFFICE_REVIEW") -> ClaimMarkedUrgent:
    return ClaimMarkedUrgent(
        claim_id="c1",
        trigger="DEATH",
        next_step=step,
        contact_until=URGENT.contact_until,
        decide_until="2022-06-08",
        papers_until="2022-07-03",
        note=NOTE,
        by="county",
    )


CONTACTED = ClaimantContacted(claim_id="c1", contacted_at="2022-06-03T03:00:00.000000Z", by="county")
ADVANCE = GrantAdvance("head", LINES[0], 2_500_000, 50, TODAY)
ADVANCED = AdvanceGranted(
    claim_id="c1",
    claim_no="GS22-1",
    person_id="p1",
    plan_code=PLAN.code,
    plan_version=1,
    org_path=FILED.org_path,
    line_id="c1.CRITICAL_ILLNESS",
    benefit_code="CRITICAL_ILLNESS",
    amount_fen=2_500_000,
    payees=FILED.payees,
    granted_on=TODAY,
    reviewed_by=("filer", "head"),
)


def test_an_urgent_claim_is_the_offices_first() -> None:
    SPEC.given(BY_UNIT).when(URGENT).then(marked())
    SPEC.given(BY_UNIT, marked()).when(URGENT).then_nothing()
    assess = AssessClaim("reviewer", LINES, (), PLAN.authority, TODAY)
    SPEC.given(BY_UNIT, marked()).when(assess).then(ASSESSED)
    SPEC.given(FILED).when(replace(URGENT, trigger="HURRY")).then_rejected("trigger-unknown")


def test_the_family_is_spoken_with_in_time_or_the_head_sees_it() -> None:
    urgent = SPEC.given(FILED, marked())
    command = RecordContact("county", CONTACTED.contacted_at)
    urgent.when(command).then(CONTACTED)
    urgent.given(CONTACTED).when(command).then_nothing()
    SPEC.given(FILED).when(command).then_rejected("claim-not-urgent")
    late = StepOverdue(claim_id="c1", step="FIRST_CONTACT", due_on=URGENT.contact_until, escalated_to="office_head")
    after = EscalateContact("2022-06-04T02:00:00.000001Z")
    urgent.when(after).then(late)
    urgent.given(late).when(after).then_nothing()
    urgent.given(CONTACTED).when(after).then_nothing()


def test_a_bounded_part_is_paid_ahead_and_settled_at_the_decision() -> None:
    urgent = SPEC.given(FILED, marked())
    urgent.when(ADVANCE).then(ADVANCED)
    urgent.given(ADVANCED).when(ADVANCE).then_nothing()
    arrived = PayoutArrived(
        claim_id="c1", payout_id="a", benefit_code="CRITICAL_ILLNESS", payee_id="p1", amount_fen=2_500_000
    )
    early = RecordPayoutArrived("a", "CRITICAL_ILLNESS", "p1", 2_500_000)
    urgent.given(ADVANCED).when(early).then(arrived)
    decided = urgent.given(ADVANCED, arrived, ASSESSED).when(RecheckClaim("rechecker", PLAN.authority, TODAY)).events
    granted = decided[-1]
    assert [(one.amount_fen, one.advanced_fen) for one in granted.lines] == [(5_000_000, 2_500_000)]
    assert granted.reviewed_by == ("filer", "head", "reviewer", "rechecker")
    rest = RecordPayoutArrived("b", "CRITICAL_ILLNESS", "p1", 2_500_000)
    paid = urgent.given(ADVANCED, arrived, ASSESSED, *decided).when(rest).events
    assert isinstance(paid[-1], ClaimPaid)


@pytest.mark.parametrize(
    ("history", "command", "code"),
    [
        ((FILED,), ADVANCE, "claim-not-urgent"),
        ((MATCHED, marked()), ADVANCE, "payees-unconfirmed"),
        ((FILED, marked()), replace(ADVANCE, amount_fen=2_500_001), "advance-too-large"),
        ((FILED, marked()), replace(ADVANCE, by="filer"), "filer-reviews"),
        ((FILED, marked(), ASSESSED), replace(ADVANCE, by="reviewer"), "same-reviewer"),
        ((FILED, marked(), ADVANCED), replace(ADVANCE, amount_fen=1), "advance-granted"),
        ((FILED, marked(), ADVANCED), WithdrawClaim("p1"), "advance-granted"),
        ((FILED, marked(), ADVANCED), AssessClaim("head", LINES, (), PLAN.authority, TODAY), "same-reviewer"),
        ((FILED, marked(), ADVANCED, ASSESSED), RecheckClaim("head", PLAN.authority, TODAY), "same-reviewer"),
    ],
)
def test_an_advance_has_its_bounds_and_its_own_hands(
    history: tuple[ClaimEvent, ...], command: ClaimCommand, code: str
) -> None:
    SPEC.given(*history).when(command).then_rejected(code)


# Objections

OBJECT = FileObjection("p1", NOTE, "2022-06-20", "2022-07-01", "2022-07-04")


def objection(level: int = 1) -> ObjectionFiled:
    return ObjectionFiled(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        payee_ids=("p1",),
        level=level,
        note=NOTE,
        filed_on="2022-06-20",
        due_on="2022-07-04",
        by="p1",
    )


def decide(outcome: str = "UPHELD", level: int = 1, by: str = "judge") -> DecideObjection:
    lines = () if outcome == "UPHELD" else LINES
    return DecideObjection(by, level, outcome, lines, NOTE, TODAY, DUE)


def decided(outcome: str = "UPHELD", level: int = 1, by: str = "judge") -> ObjectionDecided:
    lines = () if outcome == "UPHELD" else LINES
    step = "OFFICE_RECHECK" if lines else ""
    return ObjectionDecided(
        claim_id="c1",
        claim_no="GS22-1",
        person_id="p1",
        payee_ids=("p1",),
        level=level,
        outcome=outcome,
        lines=lines,
        next_step=step,
        note=NOTE,
        decided_on=TODAY,
        by=by,
        due_on=DUE.get(step, ""),
    )


def test_a_refusal_is_objected_to_in_time_and_at_two_levels() -> None:
    refused = SPEC.given(FILED, REJECTED)
    refused.when(OBJECT).then(objection())
    refused.given(objection()).when(OBJECT).then_nothing()
    refused.given(objection()).when(replace(OBJECT, by="filer")).then_rejected("objection-open")
    refused.when(replace(OBJECT, today="2022-07-02")).then_rejected("objection-late")
    refused.when(replace(OBJECT, note=None)).then_rejected("reason-missing")
    upheld = refused.given(objection(), decided())
    upheld.when(OBJECT).then(objection(2))
    last = upheld.given(objection(2), decided(level=2, by="committee"))
    last.when(OBJECT).then_rejected("objections-spent")


@pytest.mark.parametrize("history", [(FILED,), (BY_UNIT,), (FILED, ASSESSED), (FILED, requested())])
def test_only_a_refusal_is_objected_to(history: tuple[ClaimEvent, ...]) -> None:
    SPEC.given(*history).when(OBJECT).then_rejected("claim-not-refused")
    SPEC.given(*history).when(decide()).then_rejected("objection-missing")


def test_an_objection_is_decided_by_somebody_without_part_in_the_refusal() -> None:
    open_one = SPEC.given(FILED, REJECTED, objection())
    open_one.when(decide()).then(decided())
    open_one.given(decided()).when(decide()).then_nothing()
    for by in ("filer", "reviewer", "p1"):
        open_one.when(decide(by=by)).then_rejected("objection-own-decision")
    second = open_one.given(decided(), objection(2))
    second.when(decide(level=2)).then_rejected("objection-own-decision")
    open_one.when(decide(level=2)).then_rejected("objection-level")
    open_one.when(replace(decide(), note=None)).then_rejected("reason-missing")
    open_one.when(replace(decide("OVERTURNED"), lines=())).then_rejected("outcome-without-lines")
    open_one.when(replace(decide(), lines=LINES)).then_rejected("outcome-with-lines")
    open_one.when(replace(decide(), outcome="MAYBE")).then_rejected("outcome-unknown")


@pytest.mark.parametrize("outcome", ["OVERTURNED", "PARTLY"])
def test_an_overturned_refusal_is_rechecked_by_other_hands(outcome: str) -> None:
    open_one = SPEC.given(FILED, REJECTED, objection())
    open_one.when(decide(outcome)).then(decided(outcome))
    overturned = open_one.given(decided(outcome))
    overturned.when(RecheckClaim("judge", PLAN.authority, TODAY)).then_rejected("same-reviewer")
    events = overturned.when(RecheckClaim("rechecker", PLAN.authority, TODAY)).events
    assert events[-1].reviewed_by == ("filer", "reviewer", "judge", "rechecker")


# Time and size


def test_a_late_step_is_told_once_to_the_next_level() -> None:
    late = StepOverdue(claim_id="c1", step="OFFICE_REVIEW", due_on="2022-06-02", escalated_to="OFFICE_RECHECK")
    SPEC.given(FILED).when(EscalateStep("2022-06-02")).then_nothing()
    SPEC.given(FILED).when(EscalateStep(TODAY)).then(late)
    SPEC.given(FILED, late).when(EscalateStep(TODAY)).then_nothing()
    SPEC.given(FILED, requested()).when(EscalateStep("2023-01-01")).then_nothing()
    event = SPEC.given(FILED, REJECTED, objection()).when(EscalateStep("2022-07-05")).events
    assert [(one.step, one.escalated_to) for one in event] == [("OBJECTION_1", "office_head")]
    SPEC.given(FILED, REJECTED, objection(), *event).when(EscalateStep("2022-07-06")).then_nothing()


def test_a_large_sum_is_reported_to_the_committee() -> None:
    large = (line("ACCIDENT_DEATH", 30_000_000),)
    history = (FILED, msgspec.structs.replace(ASSESSED, lines=large), RECHECKED)
    events = SPEC.given(*history).when(ApproveClaim("head", TODAY, RULES.report_above_fen)).events
    assert events[1:] == [LargeSumReported(claim_id="c1", claim_no="GS22-1", total_fen=30_000_000)]
    SPEC.given(FILED, ASSESSED, RECHECKED).when(ApproveClaim("head", TODAY, RULES.report_above_fen)).then(
        approved("filer", "reviewer", "rechecker", "head")
    )


# Where they have no place

COMMANDS: tuple[ClaimCommand, ...] = (
    ask(),
    SupplyPapers("p1", (PAPER,)),
    ReopenClaim("p1", (PAPER,), TODAY, "2024-01-01"),
    back("OFFICE_REVIEW", "reviewer"),
    WithdrawClaim("p1"),
    UPGRADE,
    CONFIRM,
    URGENT,
    RecordContact("county", ""),
    ADVANCE,
    OBJECT,
    decide(),
)


@pytest.mark.parametrize("command", [*COMMANDS, automatic(), ReviewSample("auditor", True, None)])
def test_nothing_happens_to_a_claim_that_was_never_filed(command: ClaimCommand) -> None:
    SPEC.when(command).then_rejected("claim-unknown")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("history", [(FILED, ASSESSED, APPROVED), (FILED, WITHDRAWN)])
def test_what_is_granted_or_withdrawn_is_closed(command: ClaimCommand, history: tuple[ClaimEvent, ...]) -> None:
    if isinstance(command, WithdrawClaim) and WITHDRAWN in history:
        return
    SPEC.given(*history).when(command).then_rejected("claim-closed")


@pytest.mark.parametrize("command", [FollowUpPapers("2030-01-01"), EscalateStep("2030-01-01"), EscalateContact("2030")])
@pytest.mark.parametrize("history", [(), (FILED, ASSESSED, APPROVED), (FILED, WITHDRAWN), (FILED, REJECTED)])
def test_deadlines_of_what_is_over_are_quiet(command: ClaimCommand, history: tuple[ClaimFiled, ...]) -> None:
    SPEC.given(*history).when(command).then_nothing()


@pytest.mark.parametrize("command", [AssessClaim("r", LINES, (), PLAN.authority, TODAY), ApproveClaim("h", TODAY)])
def test_no_review_is_passed_while_papers_are_awaited(command: ClaimCommand) -> None:
    SPEC.given(FILED, requested()).when(command).then_rejected("papers-awaited")
