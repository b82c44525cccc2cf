"""In whose household the county has verified hardship: asked first (domain 8.2). No figure of it is kept."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.relief import ReliefFiled, ReliefVerified
from contracts.envelope import Event

NAME = "hardships"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("relief_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("verified", sa.Boolean, nullable=False, server_default=sa.false()),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a relief case."""
    match recorded.event:
        case ReliefFiled(relief_id=relief_id, person_id=person_id):
            yield Put((relief_id,), person_id=person_id)
        case ReliefVerified(relief_id=relief_id, confirmed=confirmed, hardship=hardship):
            yield Patch((relief_id,), verified=confirmed and bool(hardship))
        case _:
            pass


def in_hardship(person_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition on another table's person."""
    return sa.exists().where(TABLE.c.person_id == person_id, TABLE.c.verified)


EVENTS: frozenset[type[Event]] = frozenset({ReliefFiled, ReliefVerified})
PROJECTION = Projection(NAME, 1, "claims", TABLE, apply, events=EVENTS)
