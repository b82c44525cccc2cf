"""Every command in every stage of a claim has an answer of its own: events, quiet, or a refusal by its code."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from chassis.decider import Rejected
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ClaimCommand,
    FileClaim,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RecordPaymentFailed,
    RecordPayoutArrived,
    RejectClaim,
)
from claims.domain.claim_stages import Claim, ClaimEvent
from claims.domain.side_commands import (
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
from contracts.claims.v1 import ClaimPaid, PayoutArrived
from tests.claims.material import PLAN, filing, line
from tests.claims.process_material import (
    ADVANCE,
    APPROVED,
    ASSESSED,
    BY_UNIT,
    CLOSED,
    CONFIRM,
    EXTEND,
    FILED,
    NOTE,
    OBJECT,
    PAPER,
    RECHECKED,
    REJECTED,
    TODAY,
    UPGRADE,
    URGENT,
    WITHDRAWN,
    ask,
    automatic,
    back,
    decide,
    objection,
    requested,
)

OTHER = line("INPATIENT_MEDICAL", 72_000)
ARRIVED = PayoutArrived(
    claim_id="c1", payout_id="x", benefit_code="CRITICAL_ILLNESS", payee_id="p1", amount_fen=APPROVED.total_fen
)
ALL_PAID = ClaimPaid(claim_id="c1", person_id="p1", total_fen=APPROVED.total_fen)


def after(*history: ClaimEvent) -> Claim:
    state = CLAIM.initial
    for event in history:
        state = CLAIM.evolve(state, event)
    return state


STAGES: dict[str, Claim] = {
    "Absent": CLAIM.initial,
    "AtUnion": after(BY_UNIT),
    "AtOffice": after(FILED),
    "Assessed": after(FILED, ASSESSED),
    "Rechecked": after(FILED, ASSESSED, RECHECKED),
    "AwaitingPapers": after(FILED, requested()),
    "ClosedIncomplete": after(FILED, requested(), CLOSED),
    "Withdrawn": after(FILED, WITHDRAWN),
    "Approved": after(FILED, APPROVED),
    "Paid": after(FILED, APPROVED, ARRIVED, ALL_PAID),
    "Refused": after(FILED, REJECTED),
    "Objected": after(FILED, REJECTED, objection()),
}
COMMANDS: dict[str, ClaimCommand] = {
    "file": FileClaim(msgspec.structs.replace(filing(), person_id="p2")),
    "forward": ForwardClaim(by="other", step="COUNTY_REVIEW", note=NOTE),
    "assess": AssessClaim("other", (OTHER,), (), PLAN.authority, TODAY),
    "special": MakeSpecialDecision("other", OTHER, "u", NOTE, ("EMERGENCY_RECORD",)),
    "recheck": RecheckClaim("other", PLAN.authority, TODAY),
    "approve": ApproveClaim("other", TODAY),
    "reject": RejectClaim(by="other", reason="RJ_LATE", rule="申领期限", explanation=""),
    "arrived": RecordPayoutArrived("y", "CRITICAL_ILLNESS", "p1", 1),
    "failed": RecordPaymentFailed("z", 1, "AC06"),
    "ask": ask("other"),
    "supply": SupplyPapers("p1", (PAPER,)),
    "follow-up": FollowUpPapers("2022-06-10"),
    "reopen": ReopenClaim("p1", (PAPER,), TODAY, "2024-01-01"),
    "return": back("COUNTY_REVIEW", "other"),
    "withdraw": WithdrawClaim("p1"),
    "upgrade": UPGRADE,
    "payees": CONFIRM,
    "automatic": automatic(),
    "sample": ReviewSample("other", correct=True, note=NOTE),
    "urgent": URGENT,
    "contact": RecordContact("other", "2022-06-03T03:00:00.000000Z"),
    "advance": ADVANCE,
    "object": OBJECT,
    "judge": decide(),
    "raise": RaiseGrant("other", TODAY),
    "late-step": EscalateStep("2022-07-30"),
    "complex": EXTEND,
    "late-papers": EscalatePapers("2022-07-30"),
    "late-contact": EscalateContact("2022-07-30T00:00:00.000000Z"),
}
ANSWERS = """
             AtUnion              AtOffice            Assessed            Rechecked
file         claim-exists         claim-exists        claim-exists        claim-exists
forward      does                 step-not-due        step-not-due        step-not-due
assess       step-not-due         does                does                does
special      assessment-first     assessment-first    does                step-not-due
recheck      assessment-first     assessment-first    does                step-not-due
approve      recheck-first        recheck-first       recheck-first       does
reject       only-office-refuses  does                does                does
arrived      claim-not-approved   claim-not-approved  claim-not-approved  claim-not-approved
failed       claim-not-approved   claim-not-approved  claim-not-approved  claim-not-approved
ask          step-not-due         does                step-not-due        step-not-due
supply       papers-not-asked     papers-not-asked    papers-not-asked    papers-not-asked
follow-up    quiet                quiet               quiet               quiet
reopen       claim-not-closed     claim-not-closed    claim-not-closed    claim-not-closed
return       no-step-below        step-not-due        step-not-due        step-not-due
withdraw     does                 does                does                does
upgrade      assessment-first     assessment-first    does                does
payees       quiet                quiet               quiet               quiet
automatic    not-automatic        not-automatic       not-automatic       not-automatic
sample       not-sampled          not-sampled         not-sampled         not-sampled
urgent       does                 does                does                does
contact      claim-not-urgent     claim-not-urgent    claim-not-urgent    claim-not-urgent
advance      claim-not-urgent     claim-not-urgent    claim-not-urgent    claim-not-urgent
object       claim-not-refused    claim-not-refused   claim-not-refused   claim-not-refused
judge        objection-missing    objection-missing   objection-missing   objection-missing
raise        nothing-to-sign  nothing-to-sign  nothing-to-sign  nothing-to-sign
late-step    quiet                does                quiet               quiet
complex      step-not-due  does  step-not-due  step-not-due
late-papers  quiet  quiet  quiet  quiet
late-contact quiet                quiet               quiet               quiet

             Absent         AwaitingPapers      ClosedIncomplete    Withdrawn
file         does           claim-exists        claim-exists        claim-exists
forward      claim-unknown  papers-awaited      claim-closed        claim-closed
assess       claim-unknown  papers-awaited      claim-closed        claim-closed
special      claim-unknown  papers-awaited      claim-closed        claim-closed
recheck      claim-unknown  papers-awaited      claim-closed        claim-closed
approve      claim-unknown  papers-awaited      claim-closed        claim-closed
reject       claim-unknown  papers-awaited      claim-closed        claim-closed
arrived      claim-unknown  claim-not-approved  claim-not-approved  claim-not-approved
failed       claim-unknown  claim-not-approved  claim-not-approved  claim-not-approved
ask          claim-unknown  papers-awaited      claim-closed        claim-closed
supply       claim-unknown  does                reopen-first        claim-closed
follow-up    quiet          does                quiet               quiet
reopen       claim-unknown  claim-not-closed    does                claim-closed
return       claim-unknown  papers-awaited      claim-closed        claim-closed
withdraw     claim-unknown  does                does                quiet
upgrade      claim-unknown  papers-awaited      claim-closed        claim-closed
payees       claim-unknown  quiet               claim-closed        claim-closed
automatic    claim-unknown  not-automatic       not-automatic       not-automatic
sample       claim-unknown  not-sampled         not-sampled         not-sampled
urgent       claim-unknown  does                claim-closed        claim-closed
contact      claim-unknown  claim-not-urgent    claim-closed        claim-closed
advance      claim-unknown  claim-not-urgent    claim-closed        claim-closed
object       claim-unknown  claim-not-refused   claim-closed        claim-closed
judge        claim-unknown  objection-missing   claim-closed        claim-closed
raise        claim-unknown  nothing-to-sign  nothing-to-sign  nothing-to-sign
late-step    quiet          quiet               quiet               quiet
complex      claim-unknown  papers-awaited  claim-closed  claim-closed
late-papers  quiet  quiet  quiet  quiet
late-contact quiet          quiet               quiet               quiet

             Approved      Paid          Refused             Objected
file         claim-exists  claim-exists  claim-exists        claim-exists
forward      claim-closed  claim-closed  claim-closed        claim-closed
assess       claim-closed  claim-closed  claim-closed        claim-closed
special      claim-closed  claim-closed  claim-closed        claim-closed
recheck      claim-closed  claim-closed  claim-closed        claim-closed
approve      claim-closed  claim-closed  claim-closed        claim-closed
reject       claim-closed  claim-closed  claim-closed        claim-closed
arrived      does          quiet         claim-not-approved  claim-not-approved
failed       does          does          claim-not-approved  claim-not-approved
ask          claim-closed  claim-closed  claim-closed        claim-closed
supply       claim-closed  claim-closed  claim-closed        claim-closed
follow-up    quiet         quiet         quiet               quiet
reopen       claim-closed  claim-closed  claim-closed        claim-closed
return       claim-closed  claim-closed  claim-closed        claim-closed
withdraw     claim-closed  claim-closed  claim-closed        claim-closed
upgrade      claim-closed  claim-closed  claim-closed        claim-closed
payees       claim-closed  claim-closed  claim-closed        claim-closed
automatic    claim-closed  claim-closed  not-automatic       not-automatic
sample       not-sampled   not-sampled   not-sampled         not-sampled
urgent       claim-closed  claim-closed  claim-closed        claim-closed
contact      claim-closed  claim-closed  claim-closed        claim-closed
advance      claim-closed  claim-closed  claim-closed        claim-closed
object       does          does          does                quiet
judge        objection-missing objection-missing objection-missing does
raise        nothing-to-sign  nothing-to-sign  nothing-to-sign  nothing-to-sign
late-step    quiet         quiet         quiet               does
complex      claim-closed  claim-closed  claim-closed  claim-closed
late-papers  quiet  quiet  quiet  quiet
late-contact quiet         quiet         quiet               quiet
"""


def expected() -> list[tuple[str, str, str]]:
    """(command, stage, answer) of every cell of the table."""
    rows = []
    for block in ANSWERS.strip("\n").split("\n\n"):
        head, *body = [text.split() for text in block.splitlines()]
        rows += [(name, stage, told) for name, *answers in body for stage, told in zip(head, answers, strict=True)]
    return rows


def told(command: ClaimCommand, claim: Claim) -> str:
    try:
        return "does" if CLAIM.decide(command, claim) else "quiet"
    except Rejected as refused:
        return refused.code


@pytest.mark.parametrize(("name", "stage", "answer"), expected())
def test_every_command_is_answered_in_every_stage(name: str, stage: str, answer: str) -> None:
    assert told(COMMANDS[name], STAGES[stage]) == answer


def test_the_table_is_whole() -> None:
    assert {(name, stage) for name, stage, _ in expected()} == {(name, stage) for name in COMMANDS for stage in STAGES}
    assert {type(command) for command in COMMANDS.values()} == set(get_args(ClaimCommand))
    assert {type(claim) for claim in STAGES.values()} == set(get_args(Claim))
