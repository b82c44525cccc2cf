"""Relief over HTTP: asking for it, the work lists, the public list that everyone may read (domain 4.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.web import Problem
from claims.api.access import CLAIMANTS, FILERS, READERS, check_filer, reads_subtree
from claims.api.acting import refuse_deceased
from claims.api.filing import cover_of, keys_of, sealed_payee
from claims.api.plans import plan_of
from claims.api.queries import FILTER_CHARS, FILTER_CHARS_MAX, PAGE_ROWS, After, Filter, Limit
from claims.api.relief_shapes import (
    FiledRelief,
    NoticePage,
    NoticeView,
    ReliefAsked,
    ReliefId,
    ReliefPage,
    ReliefStep,
    ReliefSummary,
    ReliefView,
)
from claims.domain.numbering import letters_of
from claims.domain.plan import Plan
from claims.domain.relief import RELIEF
from claims.domain.relief_allowance import CHILD_SCOPE, RELIEF_ALLOWANCE, ClaimMatter, matter_of
from claims.domain.relief_commands import FileRelief
from claims.domain.relief_plan import ReliefRules, needs_of
from claims.papers import kept
from claims.projections import deceased, relief_cases
from claims.projections.covers import CoverRow
from claims.projections.relief_cases import C, NoticeRow, ReliefRow
from contracts.claims.relief import ReliefFiled
from contracts.claims.v1 import Document
from contracts.envelope import Actor
from contracts.person import Contact, Household, ReliefFacts

RELIEF_FACTS_FIELD = "claims.relief-filed.v1/facts"
RELIEF_CONTACT_FIELD = "claims.relief-filed.v1/contact"
COUNTY_LEVEL = 2
ERASED_NAME = "***"


@post("/relief/cases", status_code=201)
async def file_relief(
    data: JSONBody[ReliefAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[FiledRelief]:
    """A new relief case (201), or the one that this matter already is (200, `duplicate`)."""
    allow(actor, *FILERS)
    person_id = data.person_id or actor.sub
    relief_id = new_id()
    payee_ids = [person_id if payee.relation == "SELF" else new_id() for payee in data.payees]

    async def work(session: Session) -> FiledRelief:
        cover = await cover_of(session, data.plan, person_id)
        check_filer(actor, data.channel, person_id, cover.org_path)
        await refuse_deceased(session)
        plan = plan_of(data.plan, cover.plan_version)
        rules = relief_rules(plan)
        kind = rules.kinds[data.kind]
        async with session.reads.connection() as c:
            died = bool(await deceased.died_on(c, person_id))
        child_id = await _child_id(session, data.child_id_no)
        matter = matter_of(data.kind, kind, data.reason, data.happened_on.isoformat(), child_id)
        subjects = [person_id, *([child_id] if child_id else [])]
        held = (await session.load(RELIEF_ALLOWANCE, f"{plan.code}-{person_id}")).holders.get(matter)
        documents = tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents)
        await kept.require(context, person_id, documents)
        needs = needs_of(kind.papers, frozenset(one.kind for one in data.documents))
        if held is not None:
            return FiledRelief(relief_id=held, relief_no=relief_no(plan, held), duplicate=True, needs=())
        for subject_id in subjects:
            command = ClaimMatter(plan.code, subject_id, matter, relief_id)
            await session.decide(RELIEF_ALLOWANCE, f"{plan.code}-{subject_id}", command)
        filed = await _sealed(session, data, plan, cover, (relief_id, person_id, child_id, matter), payee_ids)
        last_day = data.happened_on + timedelta(days=rules.run_off_days)
        days = (cover.effective_on, cover.ends_on)
        await session.decide(RELIEF, relief_id, FileRelief(filed, kind, days, last_day.isoformat(), died))
        return FiledRelief(relief_id=relief_id, relief_no=filed.relief_no, duplicate=False, needs=needs)

    return await context.command(request, actor, work, status=201)


def relief_no(plan: Plan, relief_id: str) -> str:
    """The number people use."""
    return f"RL{plan.period_start[2:4]}-{letters_of(relief_id)}"


def relief_rules(plan: Plan) -> ReliefRules:
    """The plan's rules of relief. Raises Problem relief-not-in-plan."""
    if plan.relief is None:
        raise Problem(409, "relief-not-in-plan", "This plan has no relief fund.", "plan")
    return plan.relief


async def _child_id(session: Session, child_id_no: str) -> str:
    """The child's random id, found or made by the keyed index of the number; the number itself is kept nowhere."""
    if not child_id_no:
        return ""
    key = await session.keyring.blind_index(CHILD_SCOPE, child_id_no.upper())
    known = (await session.reserved(CHILD_SCOPE, [key])).get(key)
    if known is None:
        known = new_id()
        session.reserve(CHILD_SCOPE, key, known)
    return known


async def _sealed(
    session: Session,
    data: ReliefAsked,
    plan: Plan,
    cover: CoverRow,
    ids: tuple[str, str, str, str],
    payee_ids: list[str],
) -> ReliefFiled:
    """The request as an event: facts, contact and accounts sealed for this decision."""
    relief_id, person_id, child_id, matter = ids
    pairs = [(person_id, "health"), (person_id, "contact"), *keys_of(payee_ids, data.payees)]
    await session.keyring.ensure(list(dict.fromkeys(pairs)))
    seal, decision_id = session.keyring.seal_now, session.decision_id
    household = Household(**msgspec.structs.asdict(data.household))
    facts = ReliefFacts(narrative=data.narrative, household=household)
    contact = Contact(name=data.contact.name, mobile=data.contact.mobile)
    return ReliefFiled(
        relief_id=relief_id,
        relief_no=relief_no(plan, relief_id),
        person_id=person_id,
        plan_code=plan.code,
        plan_version=plan.version,
        kind=data.kind,
        reason=data.reason,
        happened_on=data.happened_on.isoformat(),
        matter=matter,
        child_id=child_id,
        channel=data.channel,
        org_path=cover.org_path,
        facts=seal(facts, subject=person_id, category="health", decision_id=decision_id, field=RELIEF_FACTS_FIELD),
        contact=seal(
            contact, subject=person_id, category="contact", decision_id=decision_id, field=RELIEF_CONTACT_FIELD
        ),
        documents=tuple(Document(kind=one.kind, sha256=one.sha256) for one in data.documents),
        payees=tuple(sealed_payee(session, *pair) for pair in zip(payee_ids, data.payees, strict=True)),
        filed_on=session.today.isoformat(),
        by=session.actor.sub,
    )


def visible_relief(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition on `relief_cases` rows. Raises Forbidden for roles that see no cases."""
    allow(actor, *READERS, *CLAIMANTS)
    if reads_subtree(actor):
        return in_subtree(C.org_path, actor)
    if "member" in actor.roles:
        return sa.or_(C.person_id == actor.sub, C.filed_by == actor.sub)
    return C.filed_by == actor.sub


@get("/relief/cases")
async def relief_list(
    actor: Actor,
    context: Context,
    case_state: Annotated[str, QueryParameter(name="state", max_length=FILTER_CHARS_MAX, pattern=FILTER_CHARS)] = "",
    kind: Filter = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> ReliefPage:
    """The cases that the asker may see; the work list of a step by its state."""
    rows_max = min(limit, context.settings.page_rows_max)
    filters = {name: value for name, value in {"state": case_state, "kind": kind}.items() if value}
    async with context.reads.connection() as c:
        rows = await relief_cases.page(c, visible_relief(actor), filters, after, rows_max)
    next_after = rows[-1].position if len(rows) == rows_max else 0
    return ReliefPage(cases=[summary_of(row) for row in rows], next_after=next_after)


@get("/relief/cases/{relief_id:str}")
async def relief_view(relief_id: ReliefId, actor: Actor, context: Context) -> ReliefView:
    """One case with its way so far."""
    async with context.reads.connection() as c:
        row = await relief_cases.one(c, relief_id, visible_relief(actor))
    if row is None:
        raise Problem(404, "relief-unknown", "No such relief case.")
    way = await context.log.load(RELIEF.stream(relief_id))
    history = [
        ReliefStep(
            what=type(one.event).__name__, actor=one.header.actorsub, org=one.header.actororg, at=one.header.time
        )
        for one in way
    ]
    return ReliefView(case=summary_of(row), needs=msgspec.json.decode(row.needs, type=list[str]), history=history)


@get("/relief/notices")
async def notice_list(context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> NoticePage:
    """Today's public list, for everyone with a token: masked names, counties, kinds; no reason and no amount."""
    rows_max = min(limit, context.settings.page_rows_max)
    async with context.reads.connection() as c:
        rows = await relief_cases.on_notice(c, context.clock.today().isoformat(), after, rows_max)
    names = await context.keyring.open_many(
        [(row.contact, Contact, row.person_id, RELIEF_CONTACT_FIELD) for row in rows]
    )
    notices = [
        _notice(row, ERASED_NAME if isinstance(one, Erased) else one.name) for row, one in zip(rows, names, strict=True)
    ]
    return NoticePage(notices=notices, next_after=rows[-1].position if len(rows) == rows_max else 0)


def _notice(row: NoticeRow, name: str) -> NoticeView:
    kind = relief_rules(plan_of(row.plan_code, row.plan_version)).kinds[row.kind]
    codes = row.org_path.split(".")
    return NoticeView(
        relief_id=row.relief_id,
        name=masked(name),
        county=codes[min(COUNTY_LEVEL, len(codes) - 1)][:6],
        kind=kind.name,
        starts_on=row.notice_starts_on,
        ends_on=row.notice_ends_on,
    )


def masked(name: str) -> str:
    """A name as the public may read it: its first character, then two stars whatever its length."""
    return f"{name[:1]}**"


def summary_of(row: ReliefRow) -> ReliefSummary:
    """A case as a list shows it."""
    return ReliefSummary(**{name: getattr(row, name) for name in ReliefSummary.__struct_fields__})


ROUTES: list[ControllerRouterHandler] = [file_relief, relief_list, relief_view, notice_list]
