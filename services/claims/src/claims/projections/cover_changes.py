"""Read model `cover_changes`: where enrolment's log last changed who may be matched (domain 6)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.enrolment.people import IdentityNumberCorrected, NameCorrected
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event

NAME = "cover_changes"
LAST = "LAST"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row in all: a roster of a hundred thousand covers moves it a few times."""
    match recorded.event:
        case CoverageGranted() | IdentityNumberCorrected() | NameCorrected():
            yield Put((LAST,), position=recorded.position)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, IdentityNumberCorrected, NameCorrected})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


async def position(c: AsyncConnection) -> int:
    """Where in enrolment's log the last change stands; 0 before any."""
    return int(await c.scalar(sa.select(TABLE.c.position)) or 0)
