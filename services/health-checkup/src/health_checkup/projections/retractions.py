"""Results that were recorded for the wrong person and taken back: what of them a record still says."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.records import ResultsRetracted
from health_checkup.projections import stops

NAME = "retractions"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("exam_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("stop_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("retracted_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)


class RetractionRow(msgspec.Struct, frozen=True):
    """One check-up whose results were another person's; `retracted_on` is an ISO date. No value is kept here."""

    exam_id: str
    examined_on: str
    reason: str
    retracted_on: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a check-up."""
    match recorded.event:
        case ResultsRetracted() as event:
            yield Put(
                (event.exam_id,),
                person_id=event.person_id,
                stop_id=event.stop_id,
                reason=event.reason,
                retracted_on=event.retracted_on,
                position=recorded.position,
            )
        case _:
            pass


async def of_person(c: AsyncConnection, person_id: str, provider: Actor | None, after: int = 0) -> list[RetractionRow]:
    """A person's that stand after a position, oldest first; a provider's only from its own subtree."""
    t, s = TABLE.c, stops.TABLE.c
    query = (
        sa.select(t.exam_id, s.date, t.reason, t.retracted_on)
        .join_from(TABLE, stops.TABLE, s.stop_id == t.stop_id)
        .where(t.person_id == person_id, t.position > after)
    )
    if provider is not None:
        query = query.where(in_subtree(s.org_path, provider))
    return [RetractionRow(*row) for row in await c.execute(query.order_by(t.position))]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
