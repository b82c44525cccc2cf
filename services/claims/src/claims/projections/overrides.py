"""Read model `overrides`: everything decided beyond the rules or against a first decision, for the auditor."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.process import AdvanceGranted, BenefitUpgraded, ObjectionDecided, RecoveryClosed
from contracts.claims.v1 import SpecialDecisionMade
from contracts.envelope import Sealed

NAME = "overrides"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("note", sa.LargeBinary),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.Text, nullable=False),
)
"""`note` is the sealed reason as JSON; `decided_by` are the people, comma-separated."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a decision."""
    match recorded.event:
        case SpecialDecisionMade(benefit_code=code) as event:
            fen = event.line.amount_fen
            yield _row(recorded, event.claim_id, "SPECIAL_DECISION", code, fen, event.note, event.by)
        case BenefitUpgraded(line=line) as event:
            codes = f"{event.from_code}>{line.benefit_code}"
            yield _row(recorded, event.claim_id, "UPGRADE", codes, line.amount_fen, event.note, event.by)
        case AdvanceGranted() as event:
            by = event.reviewed_by[-1]
            yield _row(recorded, event.claim_id, "ADVANCE", event.benefit_code, event.amount_fen, None, by)
        case ObjectionDecided(lines=lines) as event if lines:
            fen = sum(line.amount_fen - line.advanced_fen for line in lines)
            yield _row(recorded, event.claim_id, "OBJECTION", event.outcome, fen, event.note, event.by)
        case RecoveryClosed(written_off_fen=fen) as event if fen:
            by = ",".join(event.decided_by)
            yield _row(recorded, event.claim_id, "WRITE_OFF", event.outcome, fen, None, by)
        case _:
            pass


def _row(recorded: Recorded, claim_id: str, what: str, detail: str, fen: int, note: Sealed | None, by: str) -> Put:
    return Put(
        (recorded.position,),
        claim_id=claim_id,
        what=what,
        detail=detail,
        amount_fen=fen,
        note=msgspec.json.encode(note) if note is not None else None,
        decided_by=by,
        decided_at=recorded.header.time,
    )


PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply)


class Override(msgspec.Struct, frozen=True):
    """One decision beyond the rules; `reason` is what its actor wrote, opened."""

    position: int
    claim_id: str
    what: str
    detail: str
    amount_fen: int
    reason: str
    decided_by: str
    decided_at: str


async def page(
    c: AsyncConnection, claims: sa.Select[tuple[str]], after: int, limit: int
) -> tuple[list[Override], list[Sealed | None]]:
    """The register of the selected claim ids in the order of decisions, after a position; reasons still sealed."""
    query = sa.select(TABLE).where(C.claim_id.in_(claims), C.position > after).order_by(C.position).limit(limit)
    rows = [row._mapping for row in await c.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it
    notes = [msgspec.json.decode(row["note"], type=Sealed) if row["note"] else None for row in rows]
    names = [name for name in Override.__struct_fields__ if name != "reason"]
    return [Override(**{name: row[name] for name in names}, reason="") for row in rows], notes
