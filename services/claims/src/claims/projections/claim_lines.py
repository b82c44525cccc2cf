"""Read model `claim_lines`: what was granted, line by line, and how much of it has arrived."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.claims.process import AdvanceGranted
from contracts.claims.v1 import ClaimApproved, PaymentFailed, PayoutArrived
from contracts.envelope import Actor

NAME = "claim_lines"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("benefit_code", sa.Text, primary_key=True),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("computed_fen", sa.BigInteger, nullable=False),
    sa.Column("cap_cut_fen", sa.BigInteger, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("approved_on", sa.Text, nullable=False),
    sa.Column("paid_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("moved_at", sa.Text, nullable=False, server_default=""),
    sa.Index("claim_lines_by_path", "org_path"),
)
"""`moved_at` is the business time in UTC when money last arrived or came back."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a granted line."""
    match recorded.event:
        case ClaimApproved() as event:
            for line in event.lines:
                key = (event.claim_id, line.benefit_code)
                columns = {
                    "line_id": line.line_id,
                    "person_id": event.person_id,
                    "plan_code": event.plan_code,
                    "org_path": event.org_path,
                    "computed_fen": line.computed_fen,
                    "cap_cut_fen": line.cap_cut_fen,
                    "amount_fen": line.amount_fen,
                    "approved_on": event.approved_on,
                }
                # A line granted ahead stands here already, with what has arrived of it; one offset does not.
                stands = line.advanced_fen if event.raised else line.advanced_fen - line.offset_fen - line.replaced_fen
                yield Patch(key, **columns) if stands else Put(key, **columns)
                # What arrives of a benefit that gave way keeps its row, and is granted under the new one.
                yield from (Patch((event.claim_id, code), amount_fen=0) for code in line.advanced_as)
        case AdvanceGranted() as event:
            yield Put(
                (event.claim_id, event.benefit_code),
                line_id=event.line_id,
                person_id=event.person_id,
                plan_code=event.plan_code,
                org_path=event.org_path,
                computed_fen=event.amount_fen,
                cap_cut_fen=0,
                amount_fen=event.amount_fen,
                approved_on=event.granted_on,
            )
        case PayoutArrived() as event:
            yield from _moved(recorded, event.claim_id, event.benefit_code, event.amount_fen)
        case PaymentFailed() as event if event.came_back_fen:
            yield from _moved(recorded, event.claim_id, event.benefit_code, -event.came_back_fen)
        case _:
            pass


def _moved(recorded: Recorded, claim_id: str, benefit_code: str, fen: int) -> Iterable[Write]:
    key = (claim_id, benefit_code)
    return [Patch(key, moved_at=recorded.header.time), Count(key, paid_fen=fen)]


PROJECTION = Projection(name=NAME, version=3, source="claims", table=TABLE, apply=apply)


class Paid(msgspec.Struct, frozen=True):
    """Money that arrived: people, person-times (claims), fen in all and by benefit (domain 12.18)."""

    people: int
    person_times: int
    lines: int
    fen: int
    fen_by_benefit: dict[str, int]


async def paid(c: AsyncConnection, actor: Actor) -> Paid:
    """What has arrived within the actor's subtree."""
    arrived = sa.and_(C.paid_fen > 0, in_subtree(C.org_path, actor))
    counts = sa.select(
        sa.func.count(C.person_id.distinct()),
        sa.func.count(C.claim_id.distinct()),
        sa.func.count(),
    ).where(arrived)
    people, person_times, lines = (await c.execute(counts)).one()
    query = sa.select(C.benefit_code, sa.func.sum(C.paid_fen)).where(arrived)
    by_benefit = {code: int(fen) for code, fen in await c.execute(query.group_by(C.benefit_code))}
    return Paid(people, person_times, lines, sum(by_benefit.values()), dict(sorted(by_benefit.items())))
