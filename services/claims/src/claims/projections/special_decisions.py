"""Read model `special_decisions`: the register of 特事特办, for the auditor and the supervising committee."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.v1 import BenefitLine, ClaimApproved, SpecialDecisionMade
from contracts.envelope import Sealed

NAME = "special_decisions"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("benefit_code", sa.Text, primary_key=True),
    sa.Column("unmet", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.LargeBinary),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.Text, nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("special_decisions_by_position", "position"),
)
"""`line` and `evidence` are JSON, `note` the sealed reason as JSON; `granted` once the claim was approved with it."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a decision."""
    match recorded.event:
        case SpecialDecisionMade() as event:
            yield Put(
                (event.claim_id, event.benefit_code),
                unmet=event.unmet,
                reason=event.reason,
                note=msgspec.json.encode(event.note) if event.note is not None else None,
                evidence=msgspec.json.encode(event.evidence).decode(),
                line=msgspec.json.encode(event.line).decode(),
                amount_fen=event.line.amount_fen,
                decided_by=event.by,
                decided_at=recorded.header.time,
                position=recorded.position,
            )
        case ClaimApproved() as event:
            for line in event.lines:
                yield Patch((event.claim_id, line.benefit_code), granted=True)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply)


class SpecialDecision(msgspec.Struct, frozen=True):
    """One decision against an unmet definition."""

    claim_id: str
    benefit_code: str
    unmet: str
    reason: str
    evidence: list[str]
    amount_fen: int
    decided_by: str
    decided_at: str
    granted: bool
    position: int


async def page(
    c: AsyncConnection, claims: sa.Select[tuple[str]], after: int, limit: int
) -> tuple[list[SpecialDecision], list[Sealed | None]]:
    """The register of the selected claim ids in the order of decisions, after a position; reasons still sealed."""
    columns = [*(C[name] for name in SpecialDecision.__struct_fields__), C.note]
    chosen = sa.and_(C.claim_id.in_(claims), C.position > after)
    query = sa.select(*columns).where(chosen).order_by(C.position).limit(limit)
    rows = [row._mapping for row in await c.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it
    notes = [msgspec.json.decode(row["note"], type=Sealed) if row["note"] else None for row in rows]
    shown = [{name: row[name] for name in SpecialDecision.__struct_fields__} for row in rows]
    return [SpecialDecision(**{**row, "evidence": msgspec.json.decode(row["evidence"])}) for row in shown], notes


async def lines_of(c: AsyncConnection, claim_id: str) -> list[BenefitLine]:
    """The lines that special decisions added to a claim."""
    query = sa.select(C.line).where(C.claim_id == claim_id).order_by(C.position)
    return [msgspec.json.decode(text, type=BenefitLine) for (text,) in await c.execute(query)]


async def count(c: AsyncConnection, claims: sa.Select[tuple[str]]) -> int:
    """How many decisions there are for the selected claim ids."""
    query = sa.select(sa.func.count()).select_from(TABLE).where(C.claim_id.in_(claims))
    return int((await c.execute(query)).scalar_one())
