"""Read model `batches`: how far each validated roster has come on its way to cover (domain 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_day
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.enrolment.batches import (
    BatchActivated,
    BatchCancelled,
    BatchConfirmedByCity,
    BatchConfirmedByOffice,
    BatchErrorsSettled,
    BatchExpired,
    BatchFunded,
    BatchOpened,
    RowWithdrawn,
)
from contracts.envelope import Event
from enrolment.domain.batch_stages import (
    STAGES,
    Active,
    Cancelled,
    CityConfirmed,
    Expired,
    Funded,
    HasErrors,
    OfficeConfirmed,
    Ready,
)

NAME = "batches"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("seats", sa.Integer, nullable=False),
    sa.Column("starts_on", sa.Text, nullable=False),
    sa.Column("ends_on", sa.Text, nullable=False),
    sa.Index("batches_stage", "stage", "ends_on"),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a batch; `seats` are its rows that have one."""
    match recorded.event:
        case BatchOpened() as event:
            yield Put(
                (event.batch_id,),
                stage=STAGES[HasErrors] if event.faulty else STAGES[Ready],
                seats=event.valid,
                starts_on=event.starts_on,
                ends_on=event.ends_on,
            )
        case BatchErrorsSettled(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[Ready])
        case BatchConfirmedByCity(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[CityConfirmed])
        case BatchConfirmedByOffice(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[OfficeConfirmed])
        case BatchFunded(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[Funded])
        case BatchActivated(batch_id=batch_id, people=people):
            yield Patch((batch_id,), stage=STAGES[Active], seats=people)
        case BatchExpired(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[Expired])
        case BatchCancelled(batch_id=batch_id):
            yield Patch((batch_id,), stage=STAGES[Cancelled], seats=0)
        case RowWithdrawn(batch_id=batch_id):
            yield Count((batch_id,), seats=-1)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset(
    {
        BatchOpened,
        BatchErrorsSettled,
        BatchConfirmedByCity,
        BatchConfirmedByOffice,
        BatchFunded,
        BatchActivated,
        BatchExpired,
        BatchCancelled,
        RowWithdrawn,
    }
)
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Standing(msgspec.Struct, frozen=True):
    """A batch's stage and how many of its rows have a seat."""

    batch_id: str
    stage: str
    seats: int


async def standing(c: AsyncConnection, batch_ids: Sequence[str]) -> dict[str, Standing]:
    """The batches among these; a roster whose plan asks for no confirmation is none."""
    columns = [TABLE.c[name] for name in Standing.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.batch_id.in_(list(batch_ids)))
    return {row.batch_id: Standing(*row) for row in await c.execute(query)}


async def over(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Active batches whose period has ended."""
    today = local_day(now).isoformat()
    query = sa.select(TABLE.c.batch_id).where(TABLE.c.stage == STAGES[Active], TABLE.c.ends_on <= today).limit(limit)
    return list((await c.execute(query)).scalars())
