"""Pays a matched stay by itself where the plan says so and nothing is in doubt (domain 6.1), in the caller's group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.execute import Session
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import AtOffice, Claim, Paid
from claims.domain.entitlement import ENTITLEMENT, AwardBenefits, Entitlement, limits_of
from claims.domain.flag import FLAG, flag_ids, is_barring
from claims.domain.matching import AUTO_PAY, EXACT_NEW
from claims.domain.payees import SELF
from claims.domain.plan import Plan
from claims.domain.plan_version import PLAN_VERSION, signers_of, version_key
from claims.domain.settlement import Verdict
from claims.domain.side_commands import ApproveAutomatically, ConfirmPayees
from claims.intake.offsetting import had_before, offset
from claims.projections import consents, deceased, held_people
from contracts.claims.v1 import ClaimApproved, Payee
from contracts.envelope import SYSTEM


@dataclass(frozen=True)
class People:
    """Of the people of a chunk: who agrees to be paid automatically, and who is held or has died."""

    agreeing: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grant:
    """What is approved without a person's look: the card it goes to, the two who signed the rules for it."""

    payee: Payee
    signed_by: tuple[str, ...]


async def people_of(session: Session, person_ids: Sequence[str]) -> People:
    """One question a read model for all people of a chunk."""
    async with session.reads.connection() as c:
        agreeing = await consents.among(c, person_ids)
        barred = await held_people.among(c, person_ids) | await deceased.among(c, person_ids)
    return People(agreeing, barred)


async def grant_of(
    session: Session, plan: Plan, rules_sha256: str, person_id: str, verdict: Verdict, people: People
) -> Grant | None:
    """Whether the stay is paid by itself; None leaves it to people. To be asked before the claim is opened."""
    assert plan.matching is not None
    total_fen = sum(line.amount_fen for line in verdict.lines)
    if plan.matching.mode != AUTO_PAY or verdict.code != EXACT_NEW:
        return None
    if not 0 < total_fen <= plan.procedure.auto_pay.amount_fen_max:
        return None
    if person_id not in people.agreeing or person_id in people.barred:
        return None
    entitlement = await session.load(ENTITLEMENT, f"{plan.code}-{person_id}")
    payee = await _verified(session, entitlement)
    signed_by = signers_of(await session.load(PLAN_VERSION, version_key(plan.code, plan.version)), rules_sha256)
    if payee is None or not signed_by or await _flagged(session, entitlement):
        return None
    return Grant(payee, signed_by)


async def pay(session: Session, plan: Plan, claim_id: str, person_id: str, verdict: Verdict, granted: Grant) -> None:
    """Confirm the card and approve the claim that was just opened; payments does the rest."""
    await session.decide(CLAIM, claim_id, ConfirmPayees(SYSTEM.sub, (granted.payee,)))
    opened = await session.load(CLAIM, claim_id)
    assert isinstance(opened, AtOffice)
    rules = plan.procedure.auto_pay
    command = ApproveAutomatically(
        lines=verdict.lines,
        findings=(),
        signed_by=granted.signed_by,
        flagged=False,
        amount_fen_max=rules.amount_fen_max,
        sampling_percent=rules.sampling_percent,
        today=session.today.isoformat(),
        offset_fen=await had_before(session, opened.filed),
    )
    for event in await session.decide(CLAIM, claim_id, command):
        if isinstance(event, ClaimApproved):
            await offset(session, plan, opened.filed, event)
    award = AwardBenefits(plan.code, person_id, claim_id, verdict.lines, limits_of(plan))
    await session.decide(ENTITLEMENT, f"{plan.code}-{person_id}", award)


async def _verified(session: Session, entitlement: Entitlement) -> Payee | None:
    """The member's own card to which money has come last; one that ever sent some back is none."""
    cards: list[tuple[str, Payee]] = []
    for _, claim_id in entitlement.incidents:
        claim: Claim = await session.load(CLAIM, claim_id)
        if isinstance(claim, Paid) and claim.granted.arrived and not claim.granted.failed:
            approved = claim.granted.approved
            own = [one for one in approved.payees if one.relation == SELF and one.name_matches]
            cards += [(approved.approved_on, one) for one in own]
    return max(cards, key=lambda card: card[0])[1] if cards else None


async def _flagged(session: Session, entitlement: Entitlement) -> bool:
    """Whether a signal on any of the person's claims is open or was found right."""
    ids = [flag_id for _, claim_id in entitlement.incidents for flag_id in flag_ids(claim_id)]
    return any(is_barring(flag) for flag in (await session.load_many(FLAG, ids)).values())
