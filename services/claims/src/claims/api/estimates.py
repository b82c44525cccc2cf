"""Before filing: what would be paid for these facts, and which papers are needed. Nothing is recorded."""

from __future__ import annotations

import msgspec
from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import CLAIMANTS, REVIEWERS
from claims.api.plans import plan_of
from claims.api.shapes import Asked, Channel, FactsAsked, IncidentAsked, PersonId, PlanCode
from claims.domain.benefits import Application, Assessment, Award, assess, opens
from claims.domain.entitlement import ENTITLEMENT
from claims.domain.explanation import for_families
from claims.domain.plan import Plan
from claims.domain.required_papers import Paper, circumstances_of, papers_for
from claims.domain.trace import yuan
from claims.projections import covers
from claims.projections.covers import CoverRow
from contracts.claims.v1 import Incident
from contracts.envelope import Actor
from contracts.organization import within

ASKERS = (*CLAIMANTS, *REVIEWERS, "hotline_agent")


class EstimateAsked(Asked, frozen=True, kw_only=True):
    """An incident with what is known of it; a member may leave `person_id` out."""

    person_id: PersonId = ""
    plan: PlanCode
    channel: Channel = "MEMBER_MOBILE"
    incident: IncidentAsked
    facts: FactsAsked = FactsAsked()
    traffic: bool = False
    out_of_area: bool = False


class EstimatedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit that would be paid, with the steps to its amount."""

    benefit_code: str
    name: str
    amount_fen: int
    trace: tuple[str, ...]


class EstimatedRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A benefit that would not be paid by the rules; `needs_person`: a person would decide it in any case."""

    benefit_code: str
    name: str
    code: str
    rule: str
    explanation: str
    needs_person: bool


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say of these facts; `sentences` say it in Chinese to the member."""

    plan_code: str
    plan_version: int
    total_fen: int
    lines: list[EstimatedLine]
    refusals: list[EstimatedRefusal]
    papers: list[Paper]
    sentences: list[str]


@post("/claims/estimate", status_code=200)
async def estimate_claim(data: JSONBody[EstimateAsked], actor: Actor, context: Context) -> Estimate:
    """What a claim would come to, and its papers."""
    allow(actor, *ASKERS)
    person_id = data.person_id or actor.sub

    async def work(session: Session) -> Estimate:
        cover = await _cover(session, data.plan, person_id, actor)
        plan = plan_of(data.plan, cover.plan_version)
        incident = data.incident.incident(session.today)
        application = Application(
            claim_id=new_id(),
            plan=plan,
            cover=cover.cover,
            incident=incident,
            facts=data.facts.facts(session.today),
            filed_on=session.today,
            awarded=await _awarded(session, plan, person_id, actor),
        )
        return _told(data, plan, incident, assess(application))

    return (await context.executor.run(work, actor=actor)).value


async def _cover(session: Session, plan_code: str, person_id: str, actor: Actor) -> CoverRow:
    """The person's cover, for the person and for those whose organisation it belongs to; 404 for others."""
    async with session.reads.connection() as c:
        cover = await covers.of_person(c, person_id, plan_code)
    own = "member" in actor.roles and person_id == actor.sub
    clerk = set(actor.roles) & set(ASKERS) - {"member"} and cover and within(cover.org_path, actor.org_path)
    if cover is None or not (own or clerk):
        raise Problem(404, "cover-unknown", "This person is not covered by the plan.", "person_id")
    return cover


async def _awarded(session: Session, plan: Plan, person_id: str, actor: Actor) -> tuple[Award, ...]:
    """What the period has granted; an agent is not told it, not even through what is left of a cap."""
    if not set(actor.roles) - {"agent"}:
        return ()
    return (await session.load(ENTITLEMENT, f"{plan.code}-{person_id}")).awards


def _told(data: EstimateAsked, plan: Plan, incident: Incident, answer: Assessment) -> Estimate:
    total_fen = sum(line.amount_fen for line in answer.lines)
    opened = [code for code, benefit in plan.benefits.items() if benefit.enabled and opens(benefit, incident)]
    circumstances = circumstances_of(incident, traffic=data.traffic, out_of_area=data.out_of_area)
    papers = (
        papers_for(plan.papers, opened, circumstances, channel=data.channel, total_fen=total_fen) if plan.papers else ()
    )
    return Estimate(
        plan_code=plan.code,
        plan_version=plan.version,
        total_fen=total_fen,
        lines=[
            EstimatedLine(
                benefit_code=line.benefit_code,
                name=plan.benefits[line.benefit_code].name,
                amount_fen=line.amount_fen,
                trace=for_families(line),
            )
            for line in answer.lines
        ],
        refusals=[
            EstimatedRefusal(
                benefit_code=one.benefit_code,
                name=plan.benefits[one.benefit_code].name,
                code=one.code,
                rule=one.rule,
                explanation=one.explanation,
                needs_person=one.needs_person,
            )
            for one in answer.refusals
        ],
        papers=list(papers),
        sentences=_sentences(plan, answer, total_fen, papers),
    )


def _sentences(plan: Plan, answer: Assessment, total_fen: int, papers: tuple[Paper, ...]) -> list[str]:
    """What a member reads: the sum, each benefit, what is not payable and why, the papers."""
    if answer.lines:
        said = [f"按所填情况估算,可申领互助金约 {yuan(total_fen)},以审核结果为准。"]
        said += [f"{plan.benefits[line.benefit_code].name}:{yuan(line.amount_fen)}。" for line in answer.lines]
    else:
        said = ["按所填情况估算,暂无可给付的互助金;您仍可提出申领,由工作人员审核。"]
    for one in answer.refusals:
        person = "此项由工作人员确认。" if one.needs_person else ""
        said.append(f"{plan.benefits[one.benefit_code].name}:{one.explanation}{person}")
    if papers:
        said.append("需要准备的材料:" + ";".join(paper.name for paper in papers) + "。")
    return said


ROUTES: list[ControllerRouterHandler] = [estimate_claim]
