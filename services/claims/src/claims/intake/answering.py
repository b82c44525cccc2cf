"""What a person's MATCHED does: the settlement is judged as if the machine had been sure, and its claim opened."""

from __future__ import annotations

from collections.abc import Callable

from chassis.decider import Rejected
from chassis.execute import Session
from claims.domain.bureau import layout_of, stay_of
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import Claim
from claims.domain.entitlement import ENTITLEMENT
from claims.domain.match_task import DISPUTED, Open, match_claim_id
from claims.domain.matching import ALREADY_CLAIMED, EXACT_NEW, NAME_DIFF, PAYABLE, POSSIBLE_DUP, WEAK
from claims.domain.plan import Plan
from claims.domain.settlement import Verdict, judge
from claims.intake import opening
from claims.intake.queueing import ROW_FIELD
from claims.projections import covers
from contracts.claims.matching import SettlementQueued
from contracts.person import BureauRow


async def claim_for(session: Session, task: Open, plan_of: Callable[[str, int], Plan]) -> str:
    """The claim that the settlement belongs to, opened when there is none. Raises Rejected settlement-not-payable."""
    asked = task.asked
    if task.code in {DISPUTED, POSSIBLE_DUP} or not isinstance(asked, SettlementQueued):
        return asked.claim_id
    async with session.reads.connection() as c:
        cover = await covers.of_person(c, asked.person_id, asked.plan_code)
    if cover is None:
        raise Rejected("cover-unknown", "This person is not covered by the plan.", "person_id")
    plan = plan_of(asked.plan_code, cover.plan_version)
    row = await session.keyring.open(asked.row, BureauRow, subject=asked.person_id, field=ROW_FIELD)
    layout = layout_of([*row.values])
    stay = stay_of(layout, [*row.values.values()])
    claim_id = match_claim_id(asked.task_id)
    entitlement = await session.load(ENTITLEMENT, f"{plan.code}-{asked.person_id}")
    claims: dict[str, Claim] = {one: await session.load(CLAIM, one) for _, one in entitlement.incidents}
    known = opening.known_of(entitlement, claims)
    verdict = judge(stay, plan, cover.cover, known, claim_id=claim_id, today=session.today)
    if verdict.code in {ALREADY_CLAIMED, POSSIBLE_DUP}:
        return verdict.claim_id
    if verdict.code not in PAYABLE:
        if task.code in {NAME_DIFF, WEAK}:
            sentence = f"It is the member's, and not payable ({verdict.code}): decide that, and name the rule."
            raise Rejected("settlement-not-payable", sentence, "outcome")
        # The person overrules the machine: the claim is opened for the office to judge.
        verdict = Verdict(EXACT_NEW)
    await session.keyring.ensure([(asked.person_id, "health")])
    await opening.open_claim(
        session,
        claim_id=claim_id,
        person_id=asked.person_id,
        plan=plan,
        org_path=cover.org_path,
        stay=stay,
        row={name: value for name, value in row.values.items() if name not in opening.IDENTIFYING},
        verdict=verdict,
    )
    return claim_id
