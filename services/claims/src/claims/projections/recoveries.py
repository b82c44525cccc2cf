"""Read model `recoveries`: money asked back, how much is still owed, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.process import (
    RecoveryClosed,
    RecoveryOffset,
    RecoveryOpened,
    RecoveryReceived,
    RecoveryWriteOffDeclined,
    RecoveryWriteOffProposed,
)
from contracts.envelope import Actor

NAME = "recoveries"
OPEN = "OPEN"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("left_fen", sa.BigInteger, nullable=False),
    sa.Column("written_off_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("proposed_by", sa.Text, nullable=False, server_default=""),
    sa.Index("recoveries_by_position", "position"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim whose money is asked back."""
    match recorded.event:
        case RecoveryOpened() as event:
            yield Put(
                (event.claim_id,),
                claim_no=event.claim_no,
                plan_code=event.plan_code,
                org_path=event.org_path,
                reason=event.reason,
                amount_fen=event.amount_fen,
                due_on=event.due_on,
                opened_by=event.by,
                position=recorded.position,
                state=OPEN,
                left_fen=event.amount_fen,
            )
        case RecoveryReceived() as event:
            yield Patch((event.claim_id,), left_fen=event.left_fen)
        case RecoveryOffset() as event:
            yield Patch((event.claim_id,), left_fen=event.left_fen)
        case RecoveryWriteOffProposed() as event:
            yield Patch((event.claim_id,), proposed_by=event.by)
        case RecoveryWriteOffDeclined() as event:
            yield Patch((event.claim_id,), proposed_by="")
        case RecoveryClosed() as event:
            yield Patch((event.claim_id,), state=event.outcome, left_fen=0, written_off_fen=event.written_off_fen)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply)


class RecoveryRow(msgspec.Struct, frozen=True):
    """Money asked back: `left_fen` of `amount_fen` is still owed."""

    claim_id: str
    claim_no: str
    plan_code: str
    org_path: str
    reason: str
    amount_fen: int
    due_on: str
    opened_by: str
    position: int
    state: str
    left_fen: int
    written_off_fen: int
    proposed_by: str


async def page(c: AsyncConnection, actor: Actor, after: int, limit: int) -> list[RecoveryRow]:
    """What is asked back within the actor's subtree in the order of opening, after a position."""
    columns = [C[name] for name in RecoveryRow.__struct_fields__]
    query = sa.select(*columns).where(in_subtree(C.org_path, actor), C.position > after)
    return [RecoveryRow(*row) for row in await c.execute(query.order_by(C.position).limit(limit))]
