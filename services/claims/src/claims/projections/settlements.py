"""Read model `settlements`: every imported settlement of a covered person; the ledger's left side (domain 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.claims.matching import SettlementReversed, SettlementsImported
from contracts.envelope import Event

NAME = "settlements"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("setl_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("insutype", sa.Text, nullable=False),
    sa.Column("admitted_on", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("visit_key", sa.Text, nullable=False, server_default=""),
    sa.Index("settlements_by_person", "person_id"),
    sa.Index("settlements_by_visit", "visit_key"),
)
"""What the bureau took back is no settlement any more."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a settlement."""
    match recorded.event:
        case SettlementsImported(plan_code=plan_code, settlements=found):
            for one in found:
                yield Put(
                    (plan_code, one.setl_id),
                    person_id=one.person_id,
                    insutype=one.insutype,
                    admitted_on=one.admitted_on,
                    org_path=one.org_path,
                    visit_key=one.visit_key,
                )
        case SettlementReversed(plan_code=plan_code, setl_id=setl_id):
            yield Remove((plan_code, setl_id))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({SettlementsImported, SettlementReversed})
PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def owners(c: AsyncConnection, plan_code: str, setl_ids: Sequence[str]) -> dict[str, str]:
    """Which of the settlements have been imported, and for whom."""
    query = sa.select(C.setl_id, C.person_id).where(C.plan_code == plan_code, C.setl_id.in_(setl_ids))
    return {setl_id: person_id for setl_id, person_id in await c.execute(query)}  # noqa: C416 - rows are no pairs


async def of_visits(c: AsyncConnection, plan_code: str, visit_keys: Sequence[str]) -> list[tuple[str, str, str]]:
    """Imported settlements of the visits, as (visit key, settlement number, person), in the numbers' order."""
    wanted = [key for key in visit_keys if key]
    if not wanted:
        return []
    query = sa.select(C.visit_key, C.setl_id, C.person_id).where(C.plan_code == plan_code, C.visit_key.in_(wanted))
    return [(key, setl_id, person) for key, setl_id, person in await c.execute(query.order_by(C.setl_id))]
