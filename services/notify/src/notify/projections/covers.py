"""Who is covered from when to when, and through whom: whose start and end are to be told, whose unit is to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event

NAME = "covers"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("effective_on", sa.Text, nullable=False),
    sa.Column("ends_on", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False, index=True),
)
"""ISO dates; the cover ends with the day before `ends_on`."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person and plan."""
    match recorded.event:
        case CoverageGranted() as event:
            yield Put(
                (event.person_id, event.plan_code),
                effective_on=event.effective_on,
                ends_on=event.ends_on,
                org_path=event.org_path,
                position=recorded.position,
            )
        case CoverageMoved(person_id=person_id, plan_code=plan_code, org_path=org_path):
            yield Patch((person_id, plan_code), org_path=org_path)
        case CoverageWithdrawn(person_id=person_id, plan_code=plan_code):
            yield Remove((person_id, plan_code))
        case _:
            pass


class Cover(msgspec.Struct, frozen=True):
    """One person's cover by one plan."""

    person_id: str
    plan_code: str
    effective_on: str
    ends_on: str
    org_path: str
    position: int


async def between(c: AsyncConnection, column: str, days: tuple[str, str], after: int, limit: int) -> list[Cover]:
    """Covers whose `column` lies from the first day to the last, both counted, in the order of their granting."""
    t = TABLE.c
    query = sa.select(TABLE).where(t.position > after, TABLE.c[column] >= days[0], TABLE.c[column] <= days[1])
    rows = (await c.execute(query.order_by(t.position).limit(limit))).mappings().all()
    return [Cover(**row) for row in rows]


async def units(c: AsyncConnection, people: Sequence[str]) -> dict[str, str]:
    """The organisation each of the people was covered through last."""
    query = sa.select(TABLE.c.person_id, TABLE.c.org_path).where(TABLE.c.person_id.in_(people))
    return {row[0]: row[1] for row in await c.execute(query.order_by(TABLE.c.position))}


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, CoverageMoved, CoverageWithdrawn})
PROJECTION = Projection(NAME, 1, "enrolment", TABLE, apply, events=EVENTS)
