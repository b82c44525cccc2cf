"""Read model `cover_moves`: since when a cover is where, for covers that have moved (domain 5.5, 5.6)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
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
    sa.Column("division_code", sa.Text, nullable=False),
    sa.Column("left_occupation", sa.Text, nullable=False),
    sa.Column("left_org_path", sa.Text, nullable=False),
    sa.Column("left_division_code", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a move; the last of a day counts."""
    match recorded.event:
        case CoverageMoved() as event:
            yield Put(
                (event.person_id, event.plan_code, event.effective_on),
                occupation=event.occupation,
                org_path=event.org_path,
                division_code=event.division_code,
                left_occupation=event.left_occupation,
                left_org_path=event.left_org_path,
                left_division_code=event.left_division_code,
                source=event.source,
            )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageMoved})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class CoverMove(msgspec.Struct, frozen=True):
    """Where a cover is from an ISO date on, and where it was until then."""

    plan_code: str
    effective_on: str
    occupation: str
    org_path: str
    division_code: str
    left_occupation: str
    left_org_path: str
    left_division_code: str
    source: str


async def of_person(c: AsyncConnection, person_id: str) -> list[CoverMove]:
    """The moves of a person's covers, oldest first."""
    shown = [TABLE.c[name] for name in CoverMove.__struct_fields__]
    query = sa.select(*shown).where(TABLE.c.person_id == person_id)
    return [CoverMove(*row) for row in await c.execute(query.order_by(TABLE.c.plan_code, TABLE.c.effective_on))]
