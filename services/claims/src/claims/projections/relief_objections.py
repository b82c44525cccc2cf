"""Read model `relief_objections`: what was said against cases on the public list, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.relief import ReliefObjected, ReliefObjectionSettled

NAME = "relief_objections"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("relief_id", sa.Text, primary_key=True),
    sa.Column("objection_id", sa.Text, primary_key=True),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("objected_on", sa.Text, nullable=False),
    sa.Column("objected_by", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default="OPEN"),
    sa.Column("note", sa.LargeBinary, nullable=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""`text` and `note` are sealed; `outcome` OPEN, UPHELD or DISMISSED."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an objection."""
    match recorded.event:
        case ReliefObjected() as event:
            yield Put(
                (event.relief_id, event.objection_id),
                text=msgspec.json.encode(event.text),
                objected_on=event.objected_on,
                objected_by=event.by,
                position=recorded.position,
            )
        case ReliefObjectionSettled() as event:
            outcome = "UPHELD" if event.upheld else "DISMISSED"
            note = msgspec.json.encode(event.note) if event.note else None
            yield Patch((event.relief_id, event.objection_id), outcome=outcome, note=note)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


async def of_case(c: AsyncConnection, relief_id: str) -> Sequence[sa.RowMapping]:
    """The objections to one case in order."""
    query = sa.select(TABLE).where(C.relief_id == relief_id).order_by(C.position)
    return (await c.execute(query)).mappings().all()
