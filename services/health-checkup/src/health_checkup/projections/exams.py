"""The health record: every check-up with its sealed values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Actor, Sealed
from contracts.health_checkup.v1 import ResultsRecorded
from health_checkup.projections import stops

NAME = "exams"
FIELD = "health_checkup.results-recorded.v1/measurements"
"""The field the values are sealed in."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("exam_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("stop_id", sa.Text, nullable=False, index=True),
    sa.Column("campaign", sa.Text, nullable=False),
    sa.Column("package", sa.Text, nullable=False),
    sa.Column("examined_on", sa.Text, nullable=False),
    sa.Column("measurements", sa.LargeBinary, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("abnormal", sa.Integer, nullable=False),
)


class ExamRow(msgspec.Struct, frozen=True):
    """One check-up; `measurements` stay sealed here."""

    exam_id: str
    package: str
    examined_on: str
    items: int
    abnormal: int
    measurements: Sealed


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a check-up."""
    match recorded.event:
        case ResultsRecorded() as event:
            yield Put(
                (event.exam_id,),
                person_id=event.person_id,
                stop_id=event.stop_id,
                campaign=event.campaign,
                package=event.package,
                examined_on=event.examined_on,
                measurements=msgspec.json.encode(event.measurements),
                items=event.items,
                abnormal=event.abnormal,
            )
        case _:
            pass


async def of_person(c: AsyncConnection, person_id: str, provider: Actor | None) -> list[ExamRow]:
    """A person's check-ups, oldest first; for a provider only those made in its own subtree."""
    t = TABLE.c
    columns = (t.exam_id, t.package, t.examined_on, t["items"], t.abnormal, t.measurements)
    query = sa.select(*columns).where(t.person_id == person_id).order_by(t.examined_on, t.exam_id)
    if provider is not None:
        query = query.join(stops.TABLE, stops.TABLE.c.stop_id == t.stop_id)
        query = query.where(in_subtree(stops.TABLE.c.org_path, provider))
    rows: Sequence[sa.RowMapping] = (await c.execute(query)).mappings().all()
    return [ExamRow(**{**row, "measurements": msgspec.json.decode(row["measurements"], type=Sealed)}) for row in rows]


async def totals(c: AsyncConnection, campaign: str, actor: Actor) -> tuple[int, int]:
    """How many were examined in the actor's subtree, and how many of them have a value out of range."""
    t, s = TABLE.c, stops.TABLE.c
    query = (
        sa.select(sa.func.count(), sa.func.count().filter(t.abnormal > 0))
        .join_from(TABLE, stops.TABLE, s.stop_id == t.stop_id)
        .where(in_subtree(s.org_path, actor), sa.or_(sa.literal(campaign) == "", t.campaign == campaign))
    )
    done, abnormal = (await c.execute(query)).one()
    return done, abnormal


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
