"""Mobiles that do not take messages: failures in a row, and which are in doubt (domain 9.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.notify.reaching import MobileCleared, MobileDoubted, MobileFailed

NAME = "mobiles"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.Text, nullable=False),
    sa.Column("doubted_at", sa.Text, nullable=True, index=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person whose mobile failed since it last worked."""
    match recorded.event:
        case MobileFailed(person_id=person_id, failures=1):
            yield Put((person_id,), failures=1, failed_at=recorded.header.time, doubted_at=None)
        case MobileFailed(person_id=person_id, failures=failures):
            yield Patch((person_id,), failures=failures, failed_at=recorded.header.time)
        case MobileDoubted(person_id=person_id):
            yield Patch((person_id,), doubted_at=recorded.header.time)
        case MobileCleared(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


async def failing(c: AsyncConnection, people: Sequence[str]) -> set[str]:
    """Those of the people whose mobile has failed since it last worked."""
    return {*(await c.scalars(sa.select(TABLE.c.person_id).where(TABLE.c.person_id.in_(people))))}


PROJECTION = Projection(NAME, 1, "notify", TABLE, apply, events=frozenset({MobileFailed, MobileDoubted, MobileCleared}))
