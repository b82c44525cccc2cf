"""A claim explained to its member in plain Chinese: each amount with its inputs, rule, version, steps and caps."""

from __future__ import annotations

from litestar import MediaType, get
from litestar.types import ControllerRouterHandler

from chassis.context import Context
from claims.api.access import reads_subtree
from claims.api.plans import plan_of
from claims.api.queries import lines_of, visible_row
from claims.api.shapes import ClaimId
from claims.domain.explanation import explain
from contracts.envelope import Actor


@get("/claims/{claim_id:str}/explanation", media_type=MediaType.TEXT)
async def claim_explanation(claim_id: ClaimId, actor: Actor, context: Context) -> str:
    """The text; how deaths are weighed is in it for the office and the auditor alone."""
    async with context.reads.connection() as c:
        row = await visible_row(c, claim_id, actor)
        lines = await lines_of(c, row)
    plan = plan_of(row.plan_code, row.plan_version)
    refusal = f"{row.rule}:{row.explanation}" if row.reason else ""
    return explain(plan, row.claim_no, row.state, lines, refusal, family=not reads_subtree(actor))


ROUTES: list[ControllerRouterHandler] = [claim_explanation]
