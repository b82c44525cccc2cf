"""Bank batches: how far each has come and who moved it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.payments.bank import BatchCancelled, BatchPartlyDone, BatchReconciled, BatchRefused
from contracts.payments.owing import BatchApproved
from contracts.payments.v1 import BatchChecked, BatchDrafted, BatchSent, BatchSigned

NAME = "batches"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("payouts", sa.Integer, nullable=False),
    sa.Column("total_fen", sa.BigInteger, nullable=False),
    sa.Column("drafted_by", sa.Text, nullable=False),
    sa.Column("checked_by", sa.Text, nullable=False),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("file_sha256", sa.Text, nullable=False),
    sa.Column("bank_reference", sa.Text, nullable=False),
    sa.Column("ended", sa.Integer, nullable=False),
    sa.Column("end_reason", sa.Text, nullable=False),
    sa.Column("cancelled_by", sa.Text, nullable=False),
    sa.Column("warnings", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("batches_in_order", "position"),
)
"""`org_path` is where its maker sat; `ended` counts payments with an end; `warnings` is JSON text;
`end_reason` says why it was cancelled or refused."""
C = TABLE.c
SIGNED = ("signed", "sent", "partly_done", "reconciled")
"""States in which a batch's payments are, or may be, with the bank."""
OVER = ("cancelled", "refused")
"""States in which no bank should have them; what it says of them nevertheless is for people."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a batch."""
    match recorded.event:
        case BatchDrafted() as event:
            return [
                Put(
                    (event.batch_id,),
                    plan_code=event.plan_code,
                    org_path=recorded.header.actorpath,
                    state="drafted",
                    payouts=len(event.payout_ids),
                    total_fen=event.total_fen,
                    drafted_by=event.by,
                    checked_by="",
                    signed_by="",
                    approved_by="",
                    file_sha256="",
                    bank_reference="",
                    ended=0,
                    end_reason="",
                    cancelled_by="",
                    warnings=msgspec.json.encode(event.warnings).decode(),
                    position=recorded.position,
                )
            ]
        case BatchApproved(batch_id=batch_id, by=by):
            return [Patch((batch_id,), approved_by=by)]
        case BatchChecked(batch_id=batch_id, by=by):
            return [Patch((batch_id,), state="checked", checked_by=by)]
        case BatchSigned(batch_id=batch_id, by=by, file_sha256=digest):
            return [Patch((batch_id,), state="signed", signed_by=by, file_sha256=digest)]
        case BatchSent(batch_id=batch_id, bank_reference=reference):
            return [Patch((batch_id,), state="sent", bank_reference=reference)]
        case BatchPartlyDone(batch_id=batch_id, ended=ended):
            return [Patch((batch_id,), state="partly_done", ended=ended)]
        case BatchReconciled(batch_id=batch_id, ended=ended):
            return [Patch((batch_id,), state="reconciled", ended=ended)]
        case BatchCancelled(batch_id=batch_id, by=by, reason=reason):
            return [Patch((batch_id,), state="cancelled", cancelled_by=by, end_reason=reason)]
        case BatchRefused(batch_id=batch_id, reason=reason):
            return [Patch((batch_id,), state="refused", end_reason=reason)]
        case _:
            return []


PROJECTION = Projection(NAME, version=4, source="payments", table=TABLE, apply=apply)


async def one(c: AsyncConnection, batch_id: str) -> sa.RowMapping | None:
    """A batch's row."""
    return (await c.execute(sa.select(TABLE).where(C.batch_id == batch_id))).mappings().one_or_none()


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], state: str, after: int, limit: int
) -> Sequence[sa.RowMapping]:
    """Batches in the order they were drafted, of one state if named."""
    query = sa.select(TABLE).where(visible, C.position > after).order_by(C.position).limit(limit)
    if state:
        query = query.where(C.state == state)
    return (await c.execute(query)).mappings().all()


async def refused(c: AsyncConnection, visible: sa.ColumnElement[bool]) -> int:
    """How many batches the bank has refused as a whole."""
    query = sa.select(sa.func.count()).select_from(TABLE).where(visible, C.state == "refused")
    return int((await c.execute(query)).scalar_one())


async def to_approve(
    c: AsyncConnection, visible: sa.ColumnElement[bool], limit_fen: int, limit: int
) -> Sequence[sa.RowMapping]:
    """Batches above the limit that wait for one further person, in the order they were drafted."""
    unsigned = (C.state.in_(("drafted", "checked")), C.approved_by == "", C.total_fen > limit_fen)
    query = sa.select(TABLE).where(visible, *unsigned).order_by(C.position).limit(limit)
    return (await c.execute(query)).mappings().all()
