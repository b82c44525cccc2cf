"""Deadlines of claims and relief: late steps are escalated, missing papers reminded of, what lacks them is closed."""

from __future__ import annotations

from chassis.clock import utc_text
from chassis.execute import Session
from chassis.sweep import Sweep
from claims.domain.claim import CLAIM
from claims.domain.relief import RELIEF
from claims.domain.relief_commands import FollowUpReliefPapers
from claims.domain.side_commands import EscalateContact, EscalatePapers, EscalateStep, FollowUpPapers
from claims.projections import deadlines as falling_due
from claims.projections import relief_cases

INTERVAL_MS = 60_000


async def escalate_step(claim_id: str, session: Session) -> None:
    """A step or an objection is late: the next level sees it."""
    await session.decide(CLAIM, claim_id, EscalateStep(session.today.isoformat()))


async def follow_up_papers(claim_id: str, session: Session) -> None:
    """A reminder is due, or the claim is closed."""
    await session.decide(CLAIM, claim_id, FollowUpPapers(session.today.isoformat()))


async def escalate_contact(claim_id: str, session: Session) -> None:
    """Nobody has spoken with the family of an urgent claim in time."""
    await session.decide(CLAIM, claim_id, EscalateContact(utc_text(session.now)))


async def escalate_papers(claim_id: str, session: Session) -> None:
    """The papers of an urgent or phoned claim have not followed in time."""
    await session.decide(CLAIM, claim_id, EscalatePapers(session.today.isoformat()))


async def follow_up_relief_papers(relief_id: str, session: Session) -> None:
    """A reminder of a relief case's papers is due, or the case is closed."""
    await session.decide(RELIEF, relief_id, FollowUpReliefPapers(session.today.isoformat()))


SWEEPS: tuple[Sweep, ...] = (
    Sweep(name="claim-steps", due=falling_due.steps_due, act=escalate_step, interval_ms=INTERVAL_MS),
    Sweep(name="claim-papers", due=falling_due.papers_due, act=follow_up_papers, interval_ms=INTERVAL_MS),
    Sweep(name="claim-contacts", due=falling_due.contacts_due, act=escalate_contact, interval_ms=INTERVAL_MS),
    Sweep(name="claim-following", due=falling_due.following_due, act=escalate_papers, interval_ms=INTERVAL_MS),
    Sweep(name="relief-papers", due=relief_cases.papers_due, act=follow_up_relief_papers, interval_ms=INTERVAL_MS),
)
