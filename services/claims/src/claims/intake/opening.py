"""Opens the claim of a matched stay: the incident claimed once, the facts sealed, all in the caller's group."""

from __future__ import annotations

from chassis.execute import Session
from claims.domain.benefits import Award
from claims.domain.bureau import IDENTIFYING, Stay
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import FileClaim
from claims.domain.claim_stages import Absent, Claim, Paid, Refused
from claims.domain.entitlement import ENTITLEMENT, ClaimIncident, Entitlement
from claims.domain.incident import incident_key
from claims.domain.numbering import claim_no
from claims.domain.plan import Plan
from claims.domain.reviews import steps_of
from claims.domain.settlement import Known, Verdict, facts_of, incident_of
from claims.intake.working_days import DECISION, due_days
from contracts.claims.v1 import ClaimFiled
from contracts.envelope import SYSTEM

__all__ = ["IDENTIFYING", "is_paid", "is_refused", "known_of", "open_claim"]

CHANNEL = "DATA_MATCH"
FACTS_FIELD = "claims.claim-filed.v1/facts"


async def open_claim(
    session: Session,
    *,
    claim_id: str,
    person_id: str,
    plan: Plan,
    org_path: str,
    stay: Stay,
    row: dict[str, str],
    verdict: Verdict,
) -> None:
    """File the claim as the system: whoever sent the file may review it. Needs the person's `health` key ensured."""
    assert plan.matching is not None
    incident = incident_of(stay)
    expected_fen = {line.benefit_code: line.amount_fen for line in verdict.lines}
    entitlement = await session.load(ENTITLEMENT, f"{plan.code}-{person_id}")
    command = ClaimIncident(plan.code, person_id, incident_key(incident), claim_id, CHANNEL, expected_fen)
    await session.decide(ENTITLEMENT, f"{plan.code}-{person_id}", command)
    facts = session.keyring.seal_now(
        facts_of(stay, row, plan.matching),
        subject=person_id,
        category="health",
        decision_id=session.decision_id,
        field=FACTS_FIELD,
    )
    steps = steps_of(plan, CHANNEL, incident, org_path)
    due = due_days(plan.procedure, session.today)
    filed = ClaimFiled(
        claim_id=claim_id,
        claim_no=claim_no(plan, claim_id),
        person_id=person_id,
        plan_code=plan.code,
        plan_version=plan.version,
        channel=CHANNEL,
        org_path=org_path,
        incident=incident,
        facts=facts,
        documents=(),
        payees=(),
        urgent=False,
        filed_on=session.today.isoformat(),
        steps=steps,
        by=SYSTEM.sub,
        due_on=due.get(steps[0], ""),
        decide_until=due[DECISION],
        corrects=entitlement.granted_before(incident_key(incident)),
    )
    await session.decide(CLAIM, claim_id, FileClaim(filed))


def known_of(entitlement: Entitlement, claims: dict[str, Claim]) -> Known:
    """What counts against a next stay: everything claimed, what is awarded, and what open matches may be awarded."""
    expected: tuple[Award, ...] = tuple(
        award for award in entitlement.expected if not is_refused(claims.get(award.claim_id, Absent()))
    )
    return Known(entitlement.incidents, (*entitlement.awards, *expected), entitlement.barred_until)


def is_refused(claim: Claim) -> bool:
    """Whether the claim has ended without money."""
    return isinstance(claim, Refused)


def is_paid(claim: Claim) -> bool:
    """Whether all of the claim has arrived."""
    return isinstance(claim, Paid)
