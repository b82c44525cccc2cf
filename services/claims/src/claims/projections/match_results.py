"""Read model `match_results`: what became of each imported settlement; the ledger's right side (domain 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from claims.domain.match_task import DONE, NOT_PAYABLE, match_claim_id, settlement_key
from claims.domain.matching import PAYABLE
from claims.projections import settlement_imports, settlements
from contracts.claims.matching import SettlementDecided, SettlementReversed, SettlementsJudged
from contracts.envelope import Event

NAME = "match_results"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("setl_id", sa.Text, primary_key=True),
    sa.Column("import_id", sa.Text, nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("computed_fen", sa.BigInteger, nullable=False),
    sa.Column("waits", sa.Boolean, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("rule_code", sa.Text, nullable=False, server_default=""),
    sa.Index("match_results_by_claim", "claim_id"),
)
"""`outcome` is a person's decision; `waits` whether one is still owed."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a settlement."""
    match recorded.event:
        case SettlementsJudged(plan_code=plan_code, import_id=import_id, results=results):
            for one in results:
                yield Put(
                    (plan_code, one.setl_id),
                    import_id=import_id,
                    code=one.code,
                    detail=one.detail,
                    claim_id=one.claim_id,
                    computed_fen=one.computed_fen,
                    waits=one.waits,
                )
        case SettlementDecided(outcome=outcome) as event if outcome != DONE:
            key = (event.plan_code, event.setl_id)
            yield Patch(key, waits=False, outcome=outcome, rule_code=event.rule_code, claim_id=event.claim_id)
        case SettlementReversed(plan_code=plan_code, setl_id=setl_id):
            yield Remove((plan_code, setl_id))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({SettlementsJudged, SettlementDecided, SettlementReversed})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def opened_by(c: AsyncConnection, import_id: str) -> list[tuple[str, str, int]]:
    """The settlements that a file opened claims for: number, code, fen computed."""
    query = sa.select(C.setl_id, C.code, C.computed_fen).where(
        C.import_id == import_id, C.code.in_(PAYABLE), C.claim_id != ""
    )
    return [(setl_id, code, int(fen)) for setl_id, code, fen in await c.execute(query)]


class RefusedStay(msgspec.Struct, frozen=True):
    """A settlement that opened no claim: by the machine's result, or by a person's reason code."""

    plan_code: str
    admitted_on: str
    code: str
    detail: str
    rule_code: str


async def refused_of(c: AsyncConnection, person_id: str, codes: Sequence[str], limit: int) -> list[RefusedStay]:
    """The person's settlements that were answered by one of the codes, or refused by a person; the latest first."""
    s = settlements.C
    query = (
        sa.select(C.plan_code, s.admitted_on, C.code, C.detail, C.rule_code)
        .join_from(TABLE, settlements.TABLE, sa.and_(s.plan_code == C.plan_code, s.setl_id == C.setl_id))
        .where(s.person_id == person_id, ~C.waits, C.claim_id == "")
        .where(sa.or_(C.outcome == NOT_PAYABLE, sa.and_(C.outcome == "", C.code.in_(codes))))
        .order_by(s.admitted_on.desc(), C.setl_id)
        .limit(limit)
    )
    return [RefusedStay(*row) for row in await c.execute(query)]


class Opener(msgspec.Struct, frozen=True):
    """The settlement that a claim was opened for; `asked_of` whom questions about its file are put to."""

    setl_id: str
    task_id: str
    asked_of: str


async def of_claim(c: AsyncConnection, claim_id: str) -> Opener | None:
    """The settlement of a claim that data opened; None for a claim that was filed."""
    query = (
        sa.select(C.plan_code, C.setl_id, settlement_imports.C.received_by)
        .join_from(TABLE, settlement_imports.TABLE, settlement_imports.C.import_id == C.import_id)
        .where(C.claim_id == claim_id)
    )
    for plan_code, setl_id, received_by in await c.execute(query):
        key = settlement_key(plan_code, setl_id)
        if match_claim_id(key) == claim_id:
            return Opener(setl_id, key, received_by)
    return None
