"""Papers asked for and handed in, returns, withdrawals, upgrades, accounts named later, samples looked at."""

from __future__ import annotations

from datetime import date, timedelta

from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import Forbidden, allow
from chassis.clock import new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from claims.api import signals
from claims.api.access import CLAIMANTS, FILERS, OFFICE, OVERSIGHT, REVIEWERS, UNION_STEPS
from claims.api.filing import keys_of, sealed_payee
from claims.api.heirs import list_heirs
from claims.api.notes import seal_note
from claims.api.process_shapes import (
    ExtensionAsked,
    PapersAsked,
    PapersHandedIn,
    PayeesAsked,
    ReturnAsked,
    SampleAsked,
    UpgradeAsked,
)
from claims.api.reviews import After, AnyRequest, Told, application_of, due_of, filed_of, person_of, take
from claims.api.shapes import ClaimId, DocumentAsked
from claims.domain.benefits import Refusal, grant
from claims.domain.claim_commands import ClaimCommand
from claims.domain.claim_stages import Assessed, AtOffice, AtUnion, AwaitingPapers, Claim, Rechecked
from claims.domain.plan import Plan
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW
from claims.domain.side_commands import (
    AskForPapers,
    ConfirmPayees,
    ExtendDecision,
    ReopenClaim,
    ReturnClaim,
    ReviewSample,
    SupplyPapers,
    UpgradeBenefit,
    WithdrawClaim,
)
from claims.domain.standing import step_of, undecided
from claims.intake.working_days import after_working_days
from claims.papers import kept
from contracts.claims.v1 import BenefitLine, Document
from contracts.envelope import Actor

STEP_ROLES = {
    **{step: role for role, step in UNION_STEPS.items()},
    OFFICE_REVIEW: "office_reviewer",
    OFFICE_RECHECK: "office_rechecker",
    HEAD_APPROVAL: "office_head",
}
SUPPLIERS = (*FILERS, *REVIEWERS)


@post("/claims/{claim_id:str}/ask-papers", status_code=200)
async def ask_for_papers(
    claim_id: ClaimId, data: JSONBody[PapersAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The review that the claim waits at asks the member for papers; the clock stops."""
    allow(actor, *REVIEWERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        step = claim.asked.step if isinstance(claim, AwaitingPapers) else own_step(actor, claim)
        rules = plan.procedure.papers
        note = await seal_note(session, person_of(claim), data.text)
        due_on = (session.today + timedelta(days=rules.due_days)).isoformat()
        return AskForPapers(actor.sub, step, data.needs, note, rules, session.today.isoformat(), due_on)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/supply-papers", status_code=200)
async def supply_papers(
    claim_id: ClaimId, data: JSONBody[PapersHandedIn], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The claim goes back to the review that had asked."""
    allow(actor, *SUPPLIERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        documents = _documents(data.documents)
        await kept.require(context, person_of(claim), documents)
        return SupplyPapers(actor.sub, documents, due_of(claim, plan, session))

    return await take(claim_id, request, actor, context, command, _look_at(data))


@post("/claims/{claim_id:str}/reopen", status_code=200)
async def reopen_claim(
    claim_id: ClaimId, data: JSONBody[PapersHandedIn], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """A claim closed for want of papers goes on with them, within the hard limit."""
    allow(actor, *SUPPLIERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        person_of(claim)
        until = ""
        if not isinstance(claim, AtUnion | AtOffice | Assessed | Rechecked):
            until = _hard_limit(claim, plan)
        today = session.today.isoformat()
        documents = _documents(data.documents)
        await kept.require(context, person_of(claim), documents)
        return ReopenClaim(actor.sub, documents, today, until, due_of(claim, plan, session))

    return await take(claim_id, request, actor, context, command, _look_at(data))


@post("/claims/{claim_id:str}/return", status_code=200)
async def return_claim(
    claim_id: ClaimId, data: JSONBody[ReturnAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The review sends the claim back to the one below."""
    allow(actor, *REVIEWERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        step = own_step(actor, claim)
        note = await seal_note(session, person_of(claim), data.text)
        reasons = frozenset(plan.procedure.return_reasons)
        return ReturnClaim(actor.sub, step, data.reason, reasons, note, due_of(claim, plan, session))

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/complex", status_code=200)
async def extend_decision(
    claim_id: ClaimId, data: JSONBody[ExtensionAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The review finds the claim complex: the whole decision and the running step have the plan's longer time."""
    allow(actor, *REVIEWERS)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        step = own_step(actor, claim)
        note = await seal_note(session, person_of(claim), data.reason)
        beside = undecided(claim).beside
        rules = plan.procedure
        more = rules.complex_workdays - rules.decision_workdays
        due_on = after_working_days(date.fromisoformat(beside.due_on), more).isoformat() if beside.due_on else ""
        if more <= 0:
            return ExtendDecision(actor.sub, step, "", due_on, note)
        # Working days add up: the longer time counts from the complete file, as the shorter one does.
        until = after_working_days(
            date.fromisoformat(beside.decide_until or session.today.isoformat()), more
        ).isoformat()
        return ExtendDecision(actor.sub, step, until, due_on, note)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/withdraw", status_code=200)
async def withdraw_claim(claim_id: ClaimId, request: AnyRequest, actor: Actor, context: Context) -> Told:
    """The member or the filer takes the claim back."""
    allow(actor, *FILERS, *CLAIMANTS)

    async def command(_session: Session, _claim: Claim, _plan: Plan) -> ClaimCommand:
        return WithdrawClaim(actor.sub)

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/upgrade", status_code=200)
async def upgrade_benefit(
    claim_id: ClaimId, data: JSONBody[UpgradeAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """A benefit is changed or added in the member's favour; a recheck and the head follow."""
    allow(actor, *OFFICE)

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        note = await seal_note(session, person_of(claim), data.reason)
        if not isinstance(claim, Assessed | Rechecked):
            nothing = BenefitLine(
                line_id="", benefit_code=data.benefit_code, computed_fen=0, cap_cut_fen=0, amount_fen=0, trace=()
            )
            return UpgradeBenefit(actor.sub, data.from_code, nothing, note)
        gone = (data.from_code, data.benefit_code)
        kept = [line for line in claim.assessed.lines + claim.special if line.benefit_code not in gone]
        line = grant(await application_of(session, claim, plan), data.benefit_code, kept)
        if isinstance(line, Refusal):
            raise Rejected("upgrade-not-payable", line.explanation, "benefit_code")
        return UpgradeBenefit(actor.sub, data.from_code, line, note, due_of(claim, plan, session))

    return await take(claim_id, request, actor, context, command)


@post("/claims/{claim_id:str}/payees", status_code=200)
async def confirm_payees(
    claim_id: ClaimId, data: JSONBody[PayeesAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """The member, or the office for heirs, names the accounts of a claim that was filed without."""
    allow(actor, "member", *OFFICE)
    ids = {number: new_id() for number in range(len(data.payees))}

    async def command(session: Session, claim: Claim, plan: Plan) -> ClaimCommand:
        person_id = person_of(claim)
        if "member" in actor.roles and person_id != actor.sub:
            raise Forbidden("not-your-own")
        pairs = enumerate(data.payees)
        payee_ids = [person_id if payee.relation == "SELF" else ids[number] for number, payee in pairs]
        await session.keyring.ensure(list(dict.fromkeys(keys_of(payee_ids, data.payees))))
        member = await kept.registered(session, person_id)
        payees = tuple(sealed_payee(session, *pair, member) for pair in zip(payee_ids, data.payees, strict=True))
        if data.heirs is not None:
            await kept.require(context, person_id, data.heirs.documents_named)
        return ConfirmPayees(actor.sub, payees, due_of(claim, plan, session))

    async def after(session: Session, claim: Claim, plan: Plan) -> None:
        filed = filed_of(claim)
        if filed.incident.died_on and plan.heirs is not None:
            await list_heirs(session, plan.heirs, filed, filed.payees, data.heirs)
        if plan.signals is not None:
            cards = [payee.account.card_no for payee in data.payees]
            await signals.note_payees(session, plan.signals, filed, filed.payees, cards)

    return await take(claim_id, request, actor, context, command, after)


@post("/claims/{claim_id:str}/sample-review", status_code=200)
async def review_sample(
    claim_id: ClaimId, data: JSONBody[SampleAsked], request: AnyRequest, actor: Actor, context: Context
) -> Told:
    """A person looks at a sampled automatic approval afterwards."""
    allow(actor, "office_rechecker", *OVERSIGHT)

    async def command(session: Session, claim: Claim, _plan: Plan) -> ClaimCommand:
        return ReviewSample(actor.sub, data.correct, await seal_note(session, person_of(claim), data.text))

    return await take(claim_id, request, actor, context, command)


def own_step(actor: Actor, claim: Claim) -> str:
    """The step that the claim waits at, when it is the actor's. Raises Rejected step-not-due."""
    step = step_of(undecided(claim))
    if STEP_ROLES.get(step) not in actor.roles:
        raise Rejected("step-not-due", f"The claim waits at {step}.")
    return step


def _look_at(data: PapersHandedIn) -> After:
    """What the papers that came later show."""

    async def after(session: Session, claim: Claim, plan: Plan) -> None:
        if plan.signals is not None:
            await signals.note_papers(session, filed_of(claim), [one.sha256 for one in data.documents])

    return after


def _documents(asked: tuple[DocumentAsked, ...]) -> tuple[Document, ...]:
    return tuple(Document(kind=one.kind, sha256=one.sha256) for one in asked)


def _hard_limit(claim: Claim, plan: Plan) -> str:
    """The last day on which the incident can be claimed (domain 4.2)."""
    decisive_on = date.fromisoformat(filed_of(claim).incident.decisive_on)
    # 29 February has no anniversary: the day before ends the year.
    day = min(decisive_on.day, 28) if decisive_on.month == 2 else decisive_on.day
    return decisive_on.replace(year=decisive_on.year + plan.procedure.hard_limit_years, day=day).isoformat()


ROUTES: list[ControllerRouterHandler] = [
    ask_for_papers,
    supply_papers,
    reopen_claim,
    return_claim,
    extend_decision,
    withdraw_claim,
    upgrade_benefit,
    confirm_payees,
    review_sample,
]
