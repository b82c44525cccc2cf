"""Read model `cover_moves`: where a cover was on which day, so that a count takes the event's day (domain 5.5, 5.6)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from claims.projections import covers
from contracts.enrolment.people import CoverageMoved
from contracts.envelope import Event

NAME = "cover_moves"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("effective_on", sa.Text, primary_key=True),
    sa.Column("occupation", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("left_occupation", sa.Text, nullable=False),
    sa.Column("left_org_path", sa.Text, nullable=False),
)
"""ISO dates. A cover that never moved has no row: it is where `covers` says."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a move; the last of a day counts."""
    match recorded.event:
        case CoverageMoved() as event:
            yield Put(
                (event.person_id, event.plan_code, event.effective_on),
                occupation=event.occupation,
                org_path=event.org_path,
                left_occupation=event.left_occupation,
                left_org_path=event.left_org_path,
            )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageMoved})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Place(msgspec.Struct, frozen=True):
    """As what and through which organisation a person was covered on a day."""

    occupation: str
    org_path: str


async def on_day(c: AsyncConnection, person_id: str, plan_code: str, day: str) -> Place | None:
    """The place of a cover on an ISO date, of the event or of the filing; None without a cover."""
    t = TABLE.c
    mine = (t.person_id == person_id, t.plan_code == plan_code)
    moved = sa.select(t.occupation, t.org_path).where(*mine, t.effective_on <= day)
    if row := (await c.execute(moved.order_by(t.effective_on.desc()).limit(1))).first():
        return Place(*row)
    before = sa.select(t.left_occupation, t.left_org_path).where(*mine)
    if row := (await c.execute(before.order_by(t.effective_on).limit(1))).first():
        return Place(*row)
    k = covers.TABLE.c
    stayed = sa.select(k.occupation, k.org_path).where(k.person_id == person_id, k.plan_code == plan_code)
    row = (await c.execute(stayed)).first()
    return Place(*row) if row else None
