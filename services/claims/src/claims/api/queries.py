"""Questions: one claim, the work list, the register of special decisions, the figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.web import Problem
from claims.api.access import OVERSIGHT, READERS, REVIEWERS, reads_subtree, visible
from claims.api.filing import FACTS_FIELD
from claims.api.notes import open_notes
from claims.api.plans import plan_of
from claims.api.shapes import ClaimId, ClaimPage, ClaimSummary, ClaimView, Summary
from claims.domain.claim import CLAIM
from claims.domain.explanation import for_families
from claims.intake.working_days import is_known
from claims.projections import claim_history, claim_lines, claims, duplicates, overrides, special_decisions
from claims.projections.claims import ClaimRow, PayeeView
from claims.projections.overrides import Override
from claims.projections.special_decisions import SpecialDecision
from contracts.claims.v1 import BenefitLine, ClaimFiled, Document
from contracts.envelope import Actor
from contracts.person import Facts

PAGE_ROWS = 50
FILTER_CHARS = "^[0-9A-Za-z_-]*$"
FILTER_CHARS_MAX = 80
POSITION_MAX = 2**62

After = Annotated[int, QueryParameter(ge=0, le=POSITION_MAX)]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_ROWS * 4)]
Filter = Annotated[str, QueryParameter(max_length=FILTER_CHARS_MAX, pattern=FILTER_CHARS)]
Flag = Annotated[bool, QueryParameter()]


class SpecialDecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """The register in the order of decisions; `next_after` goes on, 0 at the end."""

    special_decisions: list[SpecialDecision]
    next_after: int


class OverridePage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything decided beyond the rules, in order; `next_after` goes on, 0 at the end."""

    overrides: list[Override]
    next_after: int


@get("/claims/{claim_id:str}")
async def claim_view(claim_id: ClaimId, actor: Actor, context: Context) -> ClaimView:
    """One claim: lines with traces, findings, result, history."""
    async with context.reads.connection() as c:
        row = await visible_row(c, claim_id, actor)
        lines = await lines_of(c, row)
        history, notes = await claim_history.of_claim(c, claim_id)
    plan = plan_of(row.plan_code, row.plan_version)
    needs = msgspec.json.decode(row.needs, type=list[str])
    if not reads_subtree(actor):
        lines = [msgspec.structs.replace(line, trace=for_families(line)) for line in lines]
    return ClaimView(
        claim=_summary(row),
        documents=msgspec.json.decode(row.documents, type=list[Document]),
        payees=msgspec.json.decode(row.payees, type=list[PayeeView]),
        lines=lines,
        findings=msgspec.json.decode(row.findings, type=list[str]),
        approved_on=row.approved_on,
        reason=row.reason,
        rule=row.rule,
        explanation=row.explanation,
        rests_on_assumption=row.rests_on_assumption,
        needs={need: plan.procedure.papers.needs.get(need, "") for need in needs},
        round=row.round,
        awaits_card=row.state in claims.UNDECIDED and row.payees == "[]",
        calendar_known=not row.due_on or is_known(date.fromisoformat(row.due_on)),
        history=[
            msgspec.structs.replace(step, note=note)
            for step, note in zip(history, await open_notes(context, notes), strict=True)
        ],
    )


@get("/claims/{claim_id:str}/facts")
async def claim_facts(claim_id: ClaimId, actor: Actor, context: Context) -> Facts:
    """What the papers say, opened for its reviewers."""
    allow(actor, *REVIEWERS)
    async with context.reads.connection() as c:
        row = await visible_row(c, claim_id, actor)
    filed = (await context.log.load(CLAIM.stream(claim_id)))[0].event
    assert isinstance(filed, ClaimFiled)
    return await context.keyring.open(filed.facts, Facts, subject=row.person_id, field=FACTS_FIELD)


@get("/claims")
async def claim_list(
    actor: Actor,
    context: Context,
    step: Filter = "",
    claim_state: Annotated[str, QueryParameter(name="state", max_length=FILTER_CHARS_MAX, pattern=FILTER_CHARS)] = "",
    person_id: Filter = "",
    overdue: Flag = False,
    sampled: Flag = False,
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> ClaimPage:
    """The work list of a step, what is late, what is sampled, or any claims the asker may see."""
    filters = {"step": step, "state": claim_state, "person_id": person_id}
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        asked = {name: value for name, value in filters.items() if value}
        chosen = [visible(actor)]
        chosen += [claims.overdue(context.clock.today().isoformat())] if overdue else []
        chosen += [claims.C.sampled] if sampled else []
        rows = await claims.page(c, sa.and_(*chosen), asked, after, rows_max)
    next_after = rows[-1].position if len(rows) == rows_max else 0
    return ClaimPage(claims=[_summary(row) for row in rows], next_after=next_after)


@get("/special-decisions")
async def special_decision_list(
    actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS
) -> SpecialDecisionPage:
    """The register of special decisions."""
    allow(actor, *OVERSIGHT, "office_head")
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        ids = sa.select(claims.C.claim_id).where(in_subtree(claims.C.org_path, actor))
        rows, notes = await special_decisions.page(c, ids, after, rows_max)
    next_after = rows[-1].position if len(rows) == rows_max else 0
    opened = await open_notes(context, notes)
    shown = [msgspec.structs.replace(row, reason=note or row.reason) for row, note in zip(rows, opened, strict=True)]
    return SpecialDecisionPage(special_decisions=shown, next_after=next_after)


@get("/overrides")
async def override_list(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> OverridePage:
    """Special decisions, upgrades, advances, overturned objections, write-offs: the auditor's register."""
    allow(actor, *OVERSIGHT, "office_head")
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        ids = sa.select(claims.C.claim_id).where(in_subtree(claims.C.org_path, actor))
        rows, notes = await overrides.page(c, ids, after, rows_max)
    next_after = rows[-1].position if len(rows) == rows_max else 0
    opened = await open_notes(context, notes)
    shown = [msgspec.structs.replace(row, reason=note) for row, note in zip(rows, opened, strict=True)]
    return OverridePage(overrides=shown, next_after=next_after)


@get("/summary")
async def claim_figures(actor: Actor, context: Context) -> Summary:
    """People and person-times paid, fen by benefit, refusals, second filings, special decisions."""
    allow(actor, *READERS, "finance")
    mine = in_subtree(claims.C.org_path, actor)
    ids = sa.select(claims.C.claim_id).where(mine)
    async with context.reads.connection() as c:
        paid = await claim_lines.paid(c, actor)
        rejected, on_assumption = await claims.rejected(c, mine)
        return Summary(
            **msgspec.structs.asdict(paid),
            rejected=rejected,
            rejected_on_assumption=on_assumption,
            duplicates=await duplicates.count(c, ids),
            special_decisions=await special_decisions.count(c, ids),
        )


async def visible_row(c: AsyncConnection, claim_id: str, actor: Actor) -> ClaimRow:
    """The claim, if the actor may see it. Raises Problem claim-unknown."""
    row = await claims.one(c, claim_id, visible(actor))
    if row is None:
        raise Problem(404, "claim-unknown", "No such claim.")
    return row


async def lines_of(c: AsyncConnection, row: ClaimRow) -> list[BenefitLine]:
    """A claim's lines, those of special decisions that wait for approval with them."""
    lines = msgspec.json.decode(row.lines, type=list[BenefitLine])
    if row.special and row.state in claims.UNDECIDED:
        lines += await special_decisions.lines_of(c, row.claim_id)
    return lines


def _summary(row: ClaimRow) -> ClaimSummary:
    return ClaimSummary(**{name: getattr(row, name) for name in ClaimSummary.__struct_fields__})


ROUTES: list[ControllerRouterHandler] = [
    claim_view,
    claim_facts,
    claim_list,
    special_decision_list,
    override_list,
    claim_figures,
]
