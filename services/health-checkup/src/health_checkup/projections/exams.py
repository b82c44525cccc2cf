"""The health record: every check-up with its sealed values, as its newest version has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.envelope import Actor, Sealed
from contracts.health_checkup.records import ResultsAmended, ResultsRetracted
from contracts.health_checkup.v1 import ResultsRecorded
from health_checkup.domain.exam import AMENDED_FIELD, FIRST_FIELD
from health_checkup.projections import stops

NAME = "exams"
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
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("recorded_on", sa.Text, nullable=False),
    sa.Column("amended_on", sa.Text, nullable=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("age", sa.Integer, nullable=True),
)
"""`recorded_on` is the day of the first results and `amended_on` that of the newest version, ISO dates in Shanghai;
`position` is where the newest version stands in the log."""


class ExamRow(msgspec.Struct, frozen=True):
    """One check-up; `measurements` stay sealed here."""

    exam_id: str
    package: str
    examined_on: str
    items: int
    abnormal: int
    measurements: Sealed
    version: int
    recorded_on: str
    amended_on: str | None
    stop_id: str
    age: int | None = None

    @property
    def field(self) -> str:
        """The field that the values are sealed in."""
        return FIRST_FIELD if self.version == 1 else AMENDED_FIELD


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
                version=1,
                recorded_on=local_day(from_text(recorded.header.time)).isoformat(),
                position=recorded.position,
                age=event.age,
            )
        case ResultsAmended() as event:
            yield Patch(
                (event.exam_id,),
                package=event.package,
                measurements=msgspec.json.encode(event.measurements),
                items=event.items,
                abnormal=event.abnormal,
                version=event.version,
                amended_on=local_day(from_text(recorded.header.time)).isoformat(),
                position=recorded.position,
                age=event.age,
            )
        case ResultsRetracted(exam_id=exam_id):
            yield Remove((exam_id,))
        case _:
            pass


COLUMNS = tuple(TABLE.c[name] for name in ExamRow.__struct_fields__)


async def of_person(c: AsyncConnection, person_id: str, provider: Actor | None, after: int = 0) -> list[ExamRow]:
    """A person's check-ups that stand after a position, oldest first; a provider's only from its own subtree."""
    t = TABLE.c
    query = sa.select(*COLUMNS).where(t.person_id == person_id, t.position > after)
    if provider is not None:
        query = query.join(stops.TABLE, stops.TABLE.c.stop_id == t.stop_id)
        query = query.where(in_subtree(stops.TABLE.c.org_path, provider))
    return _rows((await c.execute(query.order_by(t.examined_on, t.exam_id))).mappings().all())


async def of_stop(c: AsyncConnection, stop_id: str) -> list[tuple[str, ExamRow]]:
    """Everyone's check-up at a stop with whose it is, in the order of the people's ids."""
    query = sa.select(TABLE.c.person_id, *COLUMNS).where(TABLE.c.stop_id == stop_id).order_by(TABLE.c.person_id)
    rows = (await c.execute(query)).mappings().all()
    people = [row["person_id"] for row in rows]
    return [*zip(people, _rows([{name: row[name] for name in ExamRow.__struct_fields__} for row in rows]), strict=True)]


def _rows(rows: Sequence[Any]) -> list[ExamRow]:
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


async def campaigns(c: AsyncConnection, actor: Actor) -> list[str]:
    """The campaigns with results in the actor's subtree, in their order."""
    t, s = TABLE.c, stops.TABLE.c
    query = sa.select(t.campaign).join(stops.TABLE, s.stop_id == t.stop_id).where(in_subtree(s.org_path, actor))
    return [*(await c.scalars(query.distinct().order_by(t.campaign)))]


async def reported(c: AsyncConnection, campaign: str, actor: Actor, within_days: int) -> tuple[int, int]:
    """How many results there are in the actor's subtree, and how many came within so many days (domain 8.2)."""
    t, s = TABLE.c, stops.TABLE.c
    taken = sa.cast(t.recorded_on, sa.Date) - sa.cast(t.examined_on, sa.Date)
    query = (
        sa.select(sa.func.count(), sa.func.count().filter(taken <= within_days))
        .join_from(TABLE, stops.TABLE, s.stop_id == t.stop_id)
        .where(in_subtree(s.org_path, actor), sa.or_(sa.literal(campaign) == "", t.campaign == campaign))
    )
    done, in_time = (await c.execute(query)).one()
    return done, in_time


PROJECTION = Projection(NAME, 5, "health_checkup", TABLE, apply)
