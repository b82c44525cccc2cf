"""Puts a settlement before a named person, with its row sealed (domain 6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.execute import Session
from claims.domain.bureau import kept_values
from claims.domain.match_task import MATCH_TASK, QueueSettlement
from claims.domain.settlement import Verdict
from contracts.claims.matching import SettlementQueued
from contracts.person import BureauRow

if TYPE_CHECKING:
    from claims.intake.chunk import Chunk, Line

ROW_FIELD = "claims.settlement-queued.v1/row"


async def queue(session: Session, chunk: Chunk, line: Line, verdict: Verdict) -> None:
    """Ask the import's named person. The row is sealed for the member it may belong to: their erasure ends it."""
    row = session.keyring.seal_now(
        BureauRow(values=kept_values(chunk.layout, line.cells, identifying=True)),
        subject=line.match.person_id,
        category="health",
        decision_id=session.decision_id,
        field=ROW_FIELD,
    )
    queued = SettlementQueued(
        task_id=line.key,
        plan_code=chunk.plan_code,
        import_id=chunk.import_id,
        setl_id=line.stay.setl_id,
        code=verdict.code,
        detail=verdict.detail,
        person_id=line.match.person_id,
        org_path=line.match.cover.org_path,
        claim_id=verdict.claim_id,
        row=row,
        assigned_to=chunk.assigned_to,
    )
    await session.decide(MATCH_TASK, line.key, QueueSettlement(queued))
