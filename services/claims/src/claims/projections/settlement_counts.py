"""Read model `settlement_counts`: rows of a file per result code, run by run, while it is gone through."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from contracts.claims.matching import SettlementRowsMatched
from contracts.envelope import Event

NAME = "settlement_counts"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("run", sa.Integer, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False, server_default="0"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a file, run and code."""
    match recorded.event:
        case SettlementRowsMatched(import_id=import_id, run=run, counts=counts):
            for code, rows in counts.items():
                yield Count((import_id, run, code), rows=rows)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({SettlementRowsMatched})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def of_run(c: AsyncConnection, import_id: str, run: int) -> dict[str, int]:
    """Rows per code so far."""
    query = sa.select(C.code, C.rows).where(C.import_id == import_id, C.run == run).order_by(C.code)
    return {code: int(rows) for code, rows in await c.execute(query)}
