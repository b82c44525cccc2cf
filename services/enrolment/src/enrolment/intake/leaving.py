"""Whether a person may be erased today: what the plans and the claims oblige to keep (PIPL 47, domain 6.5)."""

from __future__ import annotations

from datetime import date

from chassis.execute import Session
from enrolment.domain.coverage import COVERAGE, Uncovered, coverage_id
from enrolment.domain.person import PERSON
from enrolment.domain.person_commands import RequestErasure
from enrolment.domain.plan import plans
from enrolment.projections import person_claims

COVER_KEPT, CLAIM_KEPT = "COVER_KEPT", "CLAIM_KEPT"


async def retention(session: Session, person_id: str) -> tuple[str, str]:
    """What has to be kept of a person today and until which ISO date: COVER_KEPT, CLAIM_KEPT, or both ""."""
    async with session.reads.connection() as c:
        claimed = await person_claims.plans_claimed(c, person_id)
    covered = await session.load_many(COVERAGE, [coverage_id(plan, person_id) for plan in plans()])
    kept: list[tuple[date, str]] = [
        (plan.kept_until(claimed=code in claimed), CLAIM_KEPT if code in claimed else COVER_KEPT)
        for code, plan in plans().items()
        if code in claimed or not isinstance(covered[coverage_id(code, person_id)], Uncovered)
    ]
    until, reason = max(kept, default=(date.min, ""))
    return (reason, until.isoformat()) if until > session.today else ("", "")


async def request_erasure(person_id: str, session: Session) -> None:
    """Ask for an erasure, or again for one that has waited: it begins when nothing has to be kept any more."""
    kept_for, kept_until = await retention(session, person_id)
    command = RequestErasure(
        person_id=person_id,
        kept_for=kept_for,
        kept_until=kept_until,
        today=session.today.isoformat(),
        by=session.actor.sub,
    )
    await session.decide(PERSON, person_id, command)
