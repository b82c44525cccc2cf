"""What a claim's payees have already of earlier claims for the same stay counts towards it (domain 6.5)."""

from __future__ import annotations

from chassis.execute import Session
from claims.domain.plan import Plan
from claims.domain.recovery import RECOVERY, OffsetRecovery, kept_fen
from contracts.claims.v1 import ClaimApproved, ClaimFiled


async def had_before(session: Session, filed: ClaimFiled) -> int:
    """Fen that the claim's payees still have of claims that it corrects."""
    payees = [payee.payee_id for payee in filed.payees]
    return sum([kept_fen(await session.load(RECOVERY, claim_id), payees) for claim_id in filed.corrects])


async def offset(session: Session, plan: Plan, filed: ClaimFiled, approved: ClaimApproved) -> None:
    """Ask for no more of those claims than the difference, in the group of the approval."""
    payees = [payee.payee_id for payee in filed.payees]
    left_fen = sum(line.offset_fen for line in approved.lines)
    for claim_id in filed.corrects:
        part_fen = min(left_fen, kept_fen(await session.load(RECOVERY, claim_id), payees))
        if part_fen:
            limit_fen = plan.procedure.recovering.write_off_alone_max_fen
            await session.decide(RECOVERY, claim_id, OffsetRecovery(approved.claim_id, part_fen, limit_fen))
            left_fen -= part_fen
