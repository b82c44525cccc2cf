"""Read model `claims`: every claim as it stands: whose, where in the ladder, with what result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.claims.process import (
    BenefitUpgraded,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    ObjectionDecided,
    ObjectionFiled,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    RecoveryClosed,
    RecoveryOpened,
    ReviewSampled,
    SampleReviewed,
    StepOverdue,
)
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    Payee,
    PaymentFailed,
    SpecialDecisionMade,
)

NAME = "claims"
IN_REVIEW, APPROVED, PAYMENT_FAILED, PAID, REJECTED = "IN_REVIEW", "APPROVED", "PAYMENT_FAILED", "PAID", "REJECTED"
SUPPLEMENT_REQUIRED, CLOSED_INCOMPLETE, RETURNED = "SUPPLEMENT_REQUIRED", "CLOSED_INCOMPLETE", "RETURNED"
WITHDRAWN, APPEAL_REVIEW, RECOVERY = "WITHDRAWN", "APPEAL_REVIEW", "RECOVERY"
GRANT = "GRANT"
UNDECIDED = (IN_REVIEW, RETURNED, SUPPLEMENT_REQUIRED)

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("decisive_on", sa.Text, nullable=False),
    sa.Column("died", sa.Boolean, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("filed_on", sa.Text, nullable=False),
    sa.Column("filed_by", sa.Text, nullable=False),
    sa.Column("documents", sa.Text, nullable=False),
    sa.Column("payees", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("lines", sa.Text, nullable=False, server_default="[]"),
    sa.Column("special", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("findings", sa.Text, nullable=False, server_default="[]"),
    sa.Column("total_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("approved_on", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("rule", sa.Text, nullable=False, server_default=""),
    sa.Column("explanation", sa.Text, nullable=False, server_default=""),
    sa.Column("rests_on_assumption", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("due_on", sa.Text, nullable=False, server_default=""),
    sa.Column("decide_until", sa.Text, nullable=False, server_default=""),
    sa.Column("escalated_to", sa.Text, nullable=False, server_default=""),
    sa.Column("needs", sa.Text, nullable=False, server_default="[]"),
    sa.Column("round", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sampled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("objection_level", sa.Integer, nullable=False, server_default="0"),
    sa.Index("claims_by_due", "due_on"),
    sa.Index("claims_by_step", "step", "position"),
    sa.Index("claims_by_path", "org_path"),
    sa.Index("claims_by_person", "person_id"),
)
"""`lines`, `findings`, `documents`, `payees`, `needs` are JSON; `position` is that of the filing.

`due_on` is the day until which the step, the papers or the objection are due, "" where no time runs.
"""
C = TABLE.c


class PayeeView(msgspec.Struct, frozen=True):
    """A payee without account and name."""

    payee_id: str
    relation: str
    share_percent: int
    account_tail: str
    name_matches: bool


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim."""
    match recorded.event:
        case ClaimFiled() as event:
            return [_row(event, recorded.position)]
        case ClaimForwarded() | ClaimRechecked() as event:
            return [Patch((event.claim_id,), **_step(event.next_step, event.due_on))]
        case ClaimAssessed() as event:
            findings = _json(event.findings)
            columns = {"findings": findings, "special": False, **_lines(event.lines)}
            return [Patch((event.claim_id,), **_step(event.next_step, event.due_on), **columns)]
        case SpecialDecisionMade() as event:
            key = (event.claim_id,)
            step = _step(event.next_step, event.due_on)
            return [Patch(key, special=True, **step), Count(key, total_fen=event.line.amount_fen)]
        case ClaimApproved() as event:
            key = (event.claim_id,)
            return [Patch(key, state=APPROVED, approved_on=event.approved_on, **_lines(event.lines), **_NO_STEP)]
        case ClaimRejected() as event:
            names = ("reason", "rule", "explanation", "rests_on_assumption")
            reason = {name: getattr(event, name) for name in names}
            return [Patch((event.claim_id,), state=REJECTED, **reason, **_NO_STEP)]
        case PaymentFailed(ahead=False) as event:
            return [Patch((event.claim_id,), state=PAYMENT_FAILED)]
        case ClaimPaid() as event:
            return [Patch((event.claim_id,), state=PAID)]
        case _:
            return _beside(recorded)


def _beside(recorded: Recorded) -> Iterable[Write]:
    """What happens beside the straight way."""
    match recorded.event:
        case PapersRequested() as event:
            asked = {"needs": _json(event.needs), "round": event.round, "due_on": event.due_on, "escalated_to": ""}
            return [Patch((event.claim_id,), state=SUPPLEMENT_REQUIRED, **asked)]
        case PapersSupplied() | ClaimReopened() as event:
            back = _step(event.step, event.due_on)
            papers = {"needs": "[]", "documents": _json(event.documents_now)}
            return [Patch((event.claim_id,), decide_until=event.decide_until, **papers, **back)]
        case ClaimClosedIncomplete() as event:
            return [Patch((event.claim_id,), state=CLOSED_INCOMPLETE, due_on="")]
        case ClaimReturned() as event:
            return [Patch((event.claim_id,), **{**_step(event.next_step, event.due_on), "state": RETURNED})]
        case ClaimWithdrawn() as event:
            return [Patch((event.claim_id,), state=WITHDRAWN, needs="[]", **_NO_STEP)]
        case BenefitUpgraded() as event:
            step = _step(event.next_step, event.due_on)
            return [Patch((event.claim_id,), special=False, **step, **_lines(event.lines))]
        case PayeesConfirmed() as event:
            due = {"due_on": event.due_on} if event.due_on else {}
            return [Patch((event.claim_id,), payees=_payees(event.payees), step=event.next_step, **due)]
        case ClaimMarkedUrgent() as event:
            due = {"due_on": event.decide_until, "decide_until": event.decide_until}
            return [Patch((event.claim_id,), urgent=True, step=event.next_step, **due)]
        case DecisionTimeExtended() as event:
            due = {"due_on": event.due_on} if event.due_on else {}
            return [Patch((event.claim_id,), decide_until=event.decide_until, **due)]
        case ObjectionFiled() as event:
            waits_at = f"OBJECTION_{event.level}"
            level: dict[str, Any] = {"objection_level": event.level, "due_on": event.due_on, "escalated_to": ""}
            # A grant stands and is paid on while something is said against it.
            state = {} if event.against == GRANT else {"state": APPEAL_REVIEW}
            return [Patch((event.claim_id,), step=waits_at, **level, **state)]
        case ObjectionDecided(against="GRANT") as event:
            return [Patch((event.claim_id,), step=event.next_step, due_on=event.due_on, escalated_to="")]
        case ObjectionDecided(lines=()) as event:
            return [Patch((event.claim_id,), state=REJECTED, **_NO_STEP)]
        case ObjectionDecided() as event:
            lines = {**_step(event.next_step, event.due_on), **_lines(event.lines), "special": False}
            return [Patch((event.claim_id,), reason="", rule="", explanation="", **lines)]
        case StepOverdue() as event:
            return [Patch((event.claim_id,), escalated_to=event.escalated_to)]
        case ReviewSampled() as event:
            return [Patch((event.claim_id,), sampled=True)]
        case SampleReviewed() as event:
            return [Patch((event.claim_id,), sampled=False)]
        case RecoveryOpened() as event:
            return [Patch((event.claim_id,), state=RECOVERY)]
        case RecoveryClosed() as event:
            return [Patch((event.claim_id,), state=event.outcome)]
        case _:
            return []


_NO_STEP: dict[str, Any] = {"step": "", "due_on": "", "escalated_to": ""}


def _step(step: str, due_on: str) -> dict[str, Any]:
    return {"state": IN_REVIEW, "step": step, "due_on": due_on, "escalated_to": ""}


def _payees(payees: Sequence[Payee]) -> str:
    fields = PayeeView.__struct_fields__
    return _json([PayeeView(*(getattr(payee, name) for name in fields)) for payee in payees])


def _row(event: ClaimFiled, position: int) -> Put:
    return Put(
        (event.claim_id,),
        claim_no=event.claim_no,
        person_id=event.person_id,
        plan_code=event.plan_code,
        plan_version=event.plan_version,
        channel=event.channel,
        org_path=event.org_path,
        kind=event.incident.kind,
        decisive_on=event.incident.decisive_on,
        died=bool(event.incident.died_on),
        urgent=event.urgent,
        filed_on=event.filed_on,
        filed_by=event.by,
        documents=_json(event.documents),
        payees=_payees(event.payees),
        position=position,
        state=IN_REVIEW,
        step=event.steps[0],
        due_on=event.due_on,
        decide_until=event.decide_until,
    )


def _lines(lines: Sequence[BenefitLine]) -> dict[str, Any]:
    return {"lines": _json(lines), "total_fen": sum(line.amount_fen for line in lines)}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


PROJECTION = Projection(name=NAME, version=5, source="claims", table=TABLE, apply=apply)


class ClaimRow(msgspec.Struct, frozen=True):
    """A claim as it stands; the JSON columns are still text."""

    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    plan_version: int
    channel: str
    org_path: str
    kind: str
    decisive_on: str
    died: bool
    urgent: bool
    filed_on: str
    filed_by: str
    documents: str
    payees: str
    position: int
    state: str
    step: str
    lines: str
    special: bool
    findings: str
    total_fen: int
    approved_on: str
    reason: str
    rule: str
    explanation: str
    rests_on_assumption: bool
    due_on: str
    decide_until: str
    escalated_to: str
    needs: str
    round: int
    sampled: bool
    objection_level: int


_COLUMNS = [C[name] for name in ClaimRow.__struct_fields__]


async def one(c: AsyncConnection, claim_id: str, visible: sa.ColumnElement[bool]) -> ClaimRow | None:
    """The claim, if there is one that is visible."""
    row = (await c.execute(sa.select(*_COLUMNS).where(C.claim_id == claim_id, visible))).first()
    return ClaimRow(*row) if row else None


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], filters: dict[str, str], after: int, limit: int
) -> list[ClaimRow]:
    """Claims in the order of their filing, after a position; `filters` by column."""
    query = sa.select(*_COLUMNS).where(visible, C.position > after)
    for name, value in filters.items():
        query = query.where(C[name] == value)
    return [ClaimRow(*row) for row in await c.execute(query.order_by(C.position).limit(limit))]


def overdue(today: str) -> sa.ColumnElement[bool]:
    """The condition that a step's, papers' or objection's time is over."""
    return sa.and_(C.due_on != "", C.due_on < today)


async def rejected(c: AsyncConnection, visible: sa.ColumnElement[bool]) -> tuple[int, int]:
    """How many claims were refused, and how many of them by a rule that was not published."""
    assumed = sa.func.count().filter(C.rests_on_assumption)
    query = sa.select(sa.func.count(), assumed).select_from(TABLE).where(C.state == REJECTED, visible)
    refused, on_assumption = (await c.execute(query)).one()
    return int(refused), int(on_assumption)


async def of_year(c: AsyncConnection, visible: sa.ColumnElement[bool], plan: str, year: int) -> list[tuple[str, str]]:
    """Person and claim of every incident of a plan in a year, a person's claims together."""
    inside = sa.and_(C.decisive_on >= f"{year:04d}-01-01", C.decisive_on <= f"{year:04d}-12-31")
    query = sa.select(C.person_id, C.claim_id).where(visible, C.plan_code == plan, inside)
    return [(person, claim) for person, claim in await c.execute(query.order_by(C.person_id, C.position))]
