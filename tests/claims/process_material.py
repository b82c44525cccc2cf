"""What the specifications of papers, returns, urgency and objections are told with."""

from __future__ import annotations

import msgspec

from chassis.testing import Spec
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import ClaimCommand
from claims.domain.side_commands import (
    ApproveAutomatically,
    AskForPapers,
    ConfirmPayees,
    DecideObjection,
    ExtendDecision,
    FileObjection,
    GrantAdvance,
    MarkUrgent,
    RecordContact,
    ReopenClaim,
    ReturnClaim,
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
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    ObjectionDecided,
    ObjectionFiled,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
)
from contracts.claims.v1 import (
    ClaimApproved,
    ClaimAssessed,
    ClaimForwarded,
    ClaimRechecked,
    ClaimRejected,
    Document,
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
        claim_id="c1",
        step=step,
        documents=(PAPER,),
        documents_now=(*FILED.documents, PAPER),
        by="p1",
        due_on=DUE.get(step, ""),
        decide_until="",
    )


CLOSED = ClaimClosedIncomplete(
    claim_id="c1", claim_no="GS22-1", person_id="p1", payee_ids=("p1",), closed_on="2022-07-04"
)


def back(step: str, by: str, reason: str = "RT_FACTS") -> ReturnClaim:
    return ReturnClaim(by, step, reason, frozenset(RULES.return_reasons), NOTE, DUE)


def returned(step: str, below: str, by: str) -> ClaimReturned:
    return ClaimReturned(
        claim_id="c1", step=step, next_step=below, reason="RT_FACTS", note=NOTE, by=by, due_on=DUE.get(below, "")
    )


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

CONFIRM = ConfirmPayees("p1", (payee(),), DUE)

CONFIRMED = PayeesConfirmed(claim_id="c1", payees=(payee(),), next_step="OFFICE_REVIEW", by="p1", due_on="2022-06-07")


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

EXTEND = ExtendDecision("reviewer", "OFFICE_REVIEW", "2022-07-12", "2022-06-30", NOTE)

EXTENDED = DecisionTimeExtended(
    claim_id="c1", step="OFFICE_REVIEW", decide_until="2022-07-12", due_on="2022-06-30", note=NOTE, by="reviewer"
)

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


COMMANDS: tuple[ClaimCommand, ...] = (
    ask(),
    SupplyPapers("p1", (PAPER,)),
    ReopenClaim("p1", (PAPER,), TODAY, "2024-01-01"),
    back("OFFICE_REVIEW", "reviewer"),
    WithdrawClaim("p1"),
    UPGRADE,
    CONFIRM,
    URGENT,
    EXTEND,
    RecordContact("county", ""),
    ADVANCE,
    OBJECT,
    decide(),
)
