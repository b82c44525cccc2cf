"""Read model `match_tasks`: settlements that a named person has to look at (domain 6.3, 6.5)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from claims.domain.match_task import DISPUTED
from contracts.claims.matching import (
    MatchDisputed,
    SettlementAssigned,
    SettlementDecided,
    SettlementQueued,
    SettlementReversed,
)
from contracts.envelope import Event

NAME = "match_tasks"
OPEN, DECIDED, REVERSED = "OPEN", "DECIDED", "REVERSED"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("setl_id", sa.Text, nullable=False),
    sa.Column("import_id", sa.Text, nullable=False, server_default=""),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("assigned_to", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("decided_by", sa.Text, nullable=False, server_default=""),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("match_tasks_by_settlement", "plan_code", "setl_id"),
    sa.Index("match_tasks_by_state", "state", "position"),
    sa.Index("match_tasks_by_claim", "claim_id"),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a settlement that was asked about."""
    match recorded.event:
        case SettlementQueued() as event:
            yield _asked(event, recorded.position, event.code, import_id=event.import_id, detail=event.detail)
        case MatchDisputed() as event:
            yield _asked(event, recorded.position, DISPUTED)
        case SettlementAssigned(task_id=task_id, assigned_to=assigned_to):
            yield Patch((task_id,), assigned_to=assigned_to)
        case SettlementDecided() as event:
            yield Patch(
                (event.task_id,),
                state=DECIDED,
                outcome=event.outcome,
                note=msgspec.json.encode(event.note).decode() if event.note else "",
                decided_by=event.by,
                claim_id=event.claim_id,
            )
        case SettlementReversed():
            yield Patch((recorded.header.subject.removeprefix("settlement-"),), state=REVERSED)
        case _:
            pass


def _asked(event: SettlementQueued | MatchDisputed, position: int, code: str, **more: str) -> Put:
    return Put(
        (event.task_id,),
        plan_code=event.plan_code,
        setl_id=event.setl_id,
        code=code,
        person_id=event.person_id,
        org_path=event.org_path,
        claim_id=event.claim_id,
        assigned_to=event.assigned_to,
        state=OPEN,
        position=position,
        **more,
    )


EVENTS: frozenset[type[Event]] = frozenset(
    {SettlementQueued, MatchDisputed, SettlementAssigned, SettlementDecided, SettlementReversed}
)
PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply, events=EVENTS)


class TaskRow(msgspec.Struct, frozen=True):
    """A settlement that waits for its person, or has been decided; `note` is the sealed reason as JSON, or ""."""

    task_id: str
    plan_code: str
    setl_id: str
    import_id: str
    code: str
    detail: str
    person_id: str
    org_path: str
    claim_id: str
    assigned_to: str
    state: str
    outcome: str
    note: str
    decided_by: str
    position: int


_COLUMNS = [C[name] for name in TaskRow.__struct_fields__]


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], filters: dict[str, str], after: int, limit: int
) -> list[TaskRow]:
    """In the order in which they were asked, after a position; `filters` by column."""
    query = sa.select(*_COLUMNS).where(visible, C.position > after, *(C[name] == one for name, one in filters.items()))
    return [TaskRow(*row) for row in await c.execute(query.order_by(C.position).limit(limit))]


async def is_disputed(c: AsyncConnection, claim_id: str) -> bool:
    """Whether the member has said that the claim's stay is another's, and nobody has decided so far."""
    query = sa.select(C.task_id).where(C.claim_id == claim_id, C.code == DISPUTED, C.state == OPEN)
    return (await c.execute(query.limit(1))).first() is not None


async def find(c: AsyncConnection, task_id: str, visible: sa.ColumnElement[bool]) -> TaskRow | None:
    """One of them, if it is visible."""
    row = (await c.execute(sa.select(*_COLUMNS).where(C.task_id == task_id, visible))).first()
    return TaskRow(*row) if row else None
