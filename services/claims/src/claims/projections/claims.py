"""Read model `claims`: every claim as it stands: whose, where in the ladder, with what result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    PaymentFailed,
    SpecialDecisionMade,
)

NAME = "claims"
IN_REVIEW, APPROVED, PAYMENT_FAILED, PAID, REJECTED = "IN_REVIEW", "APPROVED", "PAYMENT_FAILED", "PAID", "REJECTED"

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
    sa.Index("claims_by_step", "step", "position"),
    sa.Index("claims_by_path", "org_path"),
    sa.Index("claims_by_person", "person_id"),
)
"""`lines`, `findings`, `documents`, `payees` are JSON; `position` is that of the filing."""
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
            return [Patch((event.claim_id,), step=event.next_step)]
        case ClaimAssessed() as event:
            findings = _json(event.findings)
            columns = {"step": event.next_step, "findings": findings, "special": False, **_lines(event.lines)}
            return [Patch((event.claim_id,), **columns)]
        case SpecialDecisionMade() as event:
            key = (event.claim_id,)
            return [Patch(key, step=event.next_step, special=True), Count(key, total_fen=event.line.amount_fen)]
        case ClaimApproved() as event:
            key = (event.claim_id,)
            return [Patch(key, state=APPROVED, step="", approved_on=event.approved_on, **_lines(event.lines))]
        case ClaimRejected() as event:
            names = ("reason", "rule", "explanation", "rests_on_assumption")
            reason = {name: getattr(event, name) for name in names}
            return [Patch((event.claim_id,), state=REJECTED, step="", **reason)]
        case PaymentFailed() as event:
            return [Patch((event.claim_id,), state=PAYMENT_FAILED)]
        case ClaimPaid() as event:
            return [Patch((event.claim_id,), state=PAID)]
        case _:
            return []


def _row(event: ClaimFiled, position: int) -> Put:
    fields = PayeeView.__struct_fields__
    payees = [PayeeView(*(getattr(payee, name) for name in fields)) for payee in event.payees]
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
        payees=_json(payees),
        position=position,
        state=IN_REVIEW,
        step=event.steps[0],
    )


def _lines(lines: Sequence[BenefitLine]) -> dict[str, Any]:
    return {"lines": _json(lines), "total_fen": sum(line.amount_fen for line in lines)}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply)


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
