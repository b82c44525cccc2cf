"""Read model `rights`: whose data are restricted, being erased or erased, and which erasures are due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_day
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.people import ErasureBegun, PersonErased, ProcessingRestricted, RestrictionLifted
from contracts.envelope import Event

NAME = "rights"
ACTIVE, RESTRICTED, ERASING, ERASED = "ACTIVE", "RESTRICTED", "ERASING", "ERASED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("standing", sa.Text, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("kept_until", sa.Text, nullable=False, server_default=""),
    sa.Index("rights_due", "kept_until"),
)
"""Whoever has no row is ACTIVE."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person whose data are not simply in use. ISO dates."""
    match recorded.event:
        case ProcessingRestricted() as event:
            yield Put(
                (event.person_id,),
                standing=RESTRICTED,
                since=event.from_on,
                reason=event.reason,
                kept_until=event.until,
            )
        case RestrictionLifted() as event:
            yield Remove((event.person_id,))
        case ErasureBegun() as event:
            yield Put((event.person_id,), standing=ERASING, since=event.begun_on)
        case PersonErased() as event:
            yield Put((event.person_id,), standing=ERASED, since=event.erased_on)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({ProcessingRestricted, RestrictionLifted, ErasureBegun, PersonErased})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Right(msgspec.Struct, frozen=True):
    """How a person's data stand: since when, why, and the day on which they are erased ("" for no such day)."""

    standing: str
    since: str
    reason: str
    kept_until: str


async def of_person(c: AsyncConnection, person_id: str) -> Right | None:
    """A person's row; None when the data are in use."""
    query = sa.select(TABLE.c.standing, TABLE.c.since, TABLE.c.reason, TABLE.c.kept_until)
    row = (await c.execute(query.where(TABLE.c.person_id == person_id))).first()
    return Right(*row) if row else None


async def restricted(c: AsyncConnection, people: Sequence[str]) -> frozenset[str]:
    """Those of the people whose data may not be used."""
    ids = sa.literal([*people], postgresql.ARRAY(sa.Text))
    return frozenset(await c.scalars(sa.select(TABLE.c.person_id).where(TABLE.c.person_id == sa.any_(ids))))


async def due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Whose erasure was asked for and need not wait any longer."""
    today = local_day(now).isoformat()
    query = sa.select(TABLE.c.person_id).where(TABLE.c.kept_until > "", TABLE.c.kept_until <= today)
    return [*await c.scalars(query.order_by(TABLE.c.kept_until, TABLE.c.person_id).limit(limit))]
