"""Lists for those concerned: the member's own claims and relief, and what unit and county are told of (domain 4.4)."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.context import Context
from claims.api import wording
from claims.api.plans import PLANS, plan_of
from claims.api.queries import PAGE_ROWS, After, Limit
from claims.domain.reviews import COUNTY_REVIEW, UNIT_REVIEW
from claims.domain.settlement import reason_of
from claims.projections import (
    acting_relatives,
    claims,
    claims_for_information,
    covers,
    match_results,
    phone_calls,
    relief_cases,
)
from claims.projections.acting_relatives import ActingRelative
from claims.projections.claims import ClaimRow
from claims.projections.claims_for_information import ForInformation
from claims.projections.relief_cases import ReliefRow
from contracts.envelope import Actor

CLAIM, RELIEF = "CLAIM", "RELIEF"


class OwnCase(msgspec.Struct, frozen=True, kw_only=True):
    """A claim (CLAIM) or relief case (RELIEF) as its member reads it; `due_on` is the day of what is asked, or ""."""

    case_id: str
    case_no: str
    what: str
    name: str
    filed_on: str
    state: str
    sentence: str
    asked: list[str]
    due_on: str
    amount_fen: int
    reason: str
    acts: str
    acting_proof: str


class OwnCases(msgspec.Struct, frozen=True, kw_only=True):
    """A member's cases in the order of their filing; `next_after` goes on, 0 at the end."""

    cases: list[OwnCase]
    next_after: int


class InformationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Filings that a level is told of, in their order; `next_after` goes on, 0 at the end."""

    filings: list[ForInformation]
    next_after: int


class OwnRefusedStay(msgspec.Struct, frozen=True, kw_only=True):
    """A stay in the bureau's data that opened no claim: the rule, why, and how to object. Never what it was for."""

    plan_code: str
    admitted_on: str
    reason: str
    rule: str
    explanation: str


class OwnRefusedStays(msgspec.Struct, frozen=True, kw_only=True):
    """A member's stays that are not payable, the latest first."""

    stays: list[OwnRefusedStay]


@get("/claims/mine")
async def own_cases(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> OwnCases:
    """The member's own claims and relief cases, with what is asked of them."""
    allow(actor, "member")
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        filed = await claims.page(c, claims.C.person_id == actor.sub, {}, after, rows_max)
        helped = await relief_cases.page(c, relief_cases.C.person_id == actor.sub, {}, after, rows_max)
        ids = [row.claim_id for row in filed]
        calls = await phone_calls.followed_by(c, ids)
        relatives = await acting_relatives.of_claims(c, ids)
    numbered = [
        (row.position, _own_claim(row, calls.get(row.claim_id, ([], "")), relatives.get(row.claim_id))) for row in filed
    ]
    numbered += [(row.position, _own_relief(row)) for row in helped]
    page = sorted(numbered, key=lambda one: one[0])[:rows_max]
    next_after = page[-1][0] if len(page) == rows_max else 0
    return OwnCases(cases=[case for _, case in page], next_after=next_after)


@get("/claims/mine/refused-stays")
async def own_refused_stays(actor: Actor, context: Context, limit: Limit = PAGE_ROWS) -> OwnRefusedStays:
    """What the bureau's data told of the member that is not payable; what still waits for a person is not among it."""
    allow(actor, "member")
    codes = tuple(sorted({code for plan in PLANS.values() if plan.matching for code in plan.matching.told}))
    async with context.reads.connection() as c:
        rows = await match_results.refused_of(c, actor.sub, codes, min(limit, context.settings.page_rows_max))
        found = {code: await covers.of_person(c, actor.sub, code) for code in sorted({row.plan_code for row in rows})}
    stays = []
    for row in rows:
        cover = found[row.plan_code]
        reason = row.rule_code or reason_of(row.code, row.detail)
        if cover is not None and reason:
            plan = plan_of(row.plan_code, cover.plan_version)
            text = plan.refusals[reason]
            stays.append(
                OwnRefusedStay(
                    plan_code=row.plan_code,
                    admitted_on=row.admitted_on,
                    reason=reason,
                    rule=text.rule,
                    explanation=text.text + wording.objection(plan.objection_days),
                )
            )
    return OwnRefusedStays(stays=stays)


@get("/claims/for-information")
async def for_information(
    actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS
) -> InformationPage:
    """Mobile and telephone filings of the asker's organisation, told at once; some of them want its step as well."""
    allow(actor, "unit_clerk", "county_clerk")
    level = UNIT_REVIEW if "unit_clerk" in actor.roles else COUNTY_REVIEW
    rows_max = min(limit, context.settings.page_rows_max)
    mine = in_subtree(claims_for_information.C.org_path, actor)
    async with context.reads.connection() as c:
        rows = await claims_for_information.page(c, mine, level, after, rows_max)
    return InformationPage(filings=rows, next_after=rows[-1].position if len(rows) == rows_max else 0)


def _own_claim(row: ClaimRow, call: tuple[list[str], str], relative: ActingRelative | None) -> OwnCase:
    open_now = row.state in claims.UNDECIDED
    needs, due_on = call if open_now else ([], "")
    if row.state == claims.SUPPLEMENT_REQUIRED:
        needs, due_on = [*needs, *msgspec.json.decode(row.needs, type=list[str])], row.due_on
    return OwnCase(
        case_id=row.claim_id,
        case_no=row.claim_no,
        what=CLAIM,
        name=wording.CLAIM_KINDS.get(row.kind, row.kind),
        filed_on=row.filed_on,
        state=row.state,
        sentence=wording.claim_sentence(row.state, row.step),
        asked=wording.asked(needs),
        due_on=due_on,
        amount_fen=row.total_fen,
        reason=row.explanation,
        acts=wording.acts(relative.relation) if relative else "",
        acting_proof=relative.proof if relative else "",
    )


def _own_relief(row: ReliefRow) -> OwnCase:
    relief = plan_of(row.plan_code, row.plan_version).relief
    return OwnCase(
        case_id=row.relief_id,
        case_no=row.relief_no,
        what=RELIEF,
        name=relief.kinds[row.kind].name if relief else row.kind,
        filed_on=row.filed_on,
        state=row.state,
        sentence=wording.relief_sentence(row.state),
        asked=wording.asked(msgspec.json.decode(row.needs, type=list[str])),
        due_on=row.due_on,
        amount_fen=row.amount_fen,
        reason=row.explanation,
        acts="",
        acting_proof="",
    )


ROUTES: list[ControllerRouterHandler] = [own_cases, own_refused_stays, for_information]
