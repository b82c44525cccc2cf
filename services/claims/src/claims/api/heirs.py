"""The heirs of a claim over HTTP: all of them listed, what papers they still owe, and the check before a grant."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import FILERS, OFFICE, reaches, visible
from claims.api.plans import plan_of
from claims.api.shapes import ClaimId, HeirsAsked
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import Absent, Approved, Claim, Paid
from claims.domain.heirs import HEIRS, Heirs, Listed, ListHeirs, Unlisted, as_filed, check_payable, lacking
from claims.domain.plan import Plan
from claims.domain.relief_plan import HeirRules
from claims.papers import kept
from claims.projections import claims
from contracts.claims.heirs import Heir, HeirsListed
from contracts.claims.v1 import ClaimApproved, ClaimFiled, Payee
from contracts.envelope import Actor


class HeirView(msgspec.Struct, frozen=True, kw_only=True):
    """An heir without a name: relation, share, waiver, guardian."""

    heir_id: str
    relation: str
    share_percent: int
    waived: bool
    guarded: bool


class HeirsView(msgspec.Struct, frozen=True, kw_only=True):
    """The heirs of a claim and the claimants' papers that are missing, by the codes of domain 4.7."""

    claim_id: str
    listed: bool
    division: str
    disputed: bool
    heirs: list[HeirView]
    needs: tuple[str, ...]


@post("/claims/{claim_id:str}/heirs", status_code=200)
async def state_heirs(
    claim_id: ClaimId, data: JSONBody[HeirsAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[HeirsView]:
    """The filer or the office lists all heirs of a death; a later list replaces the earlier one."""
    allow(actor, *FILERS, *OFFICE)

    async def work(session: Session) -> HeirsView:
        claim = await session.load(CLAIM, claim_id)
        filed = _open_death(claim, actor)
        rules = plan_of(filed.plan_code, filed.plan_version).heirs
        if rules is None:
            raise Problem(409, "heirs-not-in-plan", "This plan has no rules for heirs.")
        await kept.require(context, filed.person_id, data.documents_named)
        await list_heirs(session, rules, filed, filed.payees, data)
        return _view(claim_id, await session.load(HEIRS, claim_id), rules)

    return await context.command(request, actor, work)


@get("/claims/{claim_id:str}/heirs")
async def heirs_view(claim_id: ClaimId, actor: Actor, context: Context) -> HeirsView:
    """The heirs as listed, for those who see the claim."""
    async with context.reads.connection() as c:
        row = await claims.one(c, claim_id, visible(actor))
    if row is None:
        raise Problem(404, "claim-unknown", "No such claim.")
    heirs: Heirs = Unlisted()
    for recorded in await context.log.load(HEIRS.stream(claim_id)):
        assert isinstance(recorded.event, HeirsListed)
        heirs = HEIRS.evolve(heirs, recorded.event)
    return _view(claim_id, heirs, plan_of(row.plan_code, row.plan_version).heirs, row.total_fen)


async def list_heirs(
    session: Session, rules: HeirRules, filed: ClaimFiled, payees: tuple[Payee, ...], asked: HeirsAsked | None
) -> None:
    """Record the heirs of a claim: as asked, or else its payees; claims without payees have none yet."""
    if asked is None:
        if not payees:
            return
        heirs, division = as_filed(payees)
        disputed, handed = False, frozenset[str]()
    else:
        heirs = tuple(_heir(one.relation, one.payee, payees, guarded=one.guarded) for one in asked.heirs)
        division, disputed = asked.division, asked.disputed
        handed = frozenset(document.kind for document in asked.documents)
    known = await session.load(HEIRS, filed.claim_id)
    before = frozenset(known.listed.documents) if isinstance(known, Listed) else frozenset[str]()
    papers = before | handed | {document.kind for document in filed.documents}
    listed = HeirsListed(
        claim_id=filed.claim_id,
        heirs=heirs,
        division=division,
        disputed=disputed,
        documents=tuple(sorted(papers)),
        by=session.actor.sub,
    )
    await session.decide(HEIRS, filed.claim_id, ListHeirs(listed, payees, rules))


async def check_heirs(session: Session, plan: Plan, approved: ClaimApproved) -> None:
    """Before money is owed: a death is paid to its heirs as listed, with their papers. Raises Rejected."""
    if plan.heirs is not None:
        heirs = await session.load(HEIRS, approved.claim_id)
        check_payable(heirs, plan.heirs, approved.payees, approved.total_fen)


def _heir(relation: str, place: int, payees: tuple[Payee, ...], *, guarded: bool) -> Heir:
    if place < 0:
        return Heir(heir_id=new_id(), relation=relation, payee_id="", share_percent=0, waived=True, guarded=guarded)
    if place >= len(payees):
        raise Rejected("heir-without-payee", "There is no payee at this place.", "heirs")
    payee = payees[place]
    return Heir(
        heir_id=payee.payee_id,
        relation=relation,
        payee_id=payee.payee_id,
        share_percent=payee.share_percent,
        waived=False,
        guarded=guarded,
    )


def _open_death(claim: Claim, actor: Actor) -> ClaimFiled:
    """The filing of an undecided death within reach. Raises Problem claim-unknown, Rejected."""
    match claim:
        case Absent():
            raise Problem(404, "claim-unknown", "No such claim in your organisation.")
        case Approved() | Paid():
            if not reaches(actor, claim):
                raise Problem(404, "claim-unknown", "No such claim in your organisation.")
            raise Rejected("claim-closed", "The claim has been decided.")
        case _:
            filed = claim.filed
            own = actor.sub == filed.by
            if not (own or ("member" not in actor.roles and reaches(actor, claim))):
                raise Problem(404, "claim-unknown", "No such claim in your organisation.")
            if not filed.incident.died_on:
                raise Rejected("no-death", "Heirs are listed when the member has died.")
            return filed


def _view(claim_id: str, heirs: Heirs, rules: HeirRules | None, total_fen: int = 0) -> HeirsView:
    match heirs:
        case Unlisted():
            return HeirsView(claim_id=claim_id, listed=False, division="", disputed=False, heirs=[], needs=())
        case Listed(listed):
            return HeirsView(
                claim_id=claim_id,
                listed=True,
                division=listed.division,
                disputed=listed.disputed,
                heirs=[
                    HeirView(
                        heir_id=one.heir_id,
                        relation=one.relation,
                        share_percent=one.share_percent,
                        waived=one.waived,
                        guarded=one.guarded,
                    )
                    for one in listed.heirs
                ],
                needs=lacking(listed, rules, total_fen) if rules else (),
            )


ROUTES: list[ControllerRouterHandler] = [state_heirs, heirs_view]
