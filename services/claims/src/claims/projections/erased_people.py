"""Read model `erased_people`: whose erasure has begun, so that keyed indexes of theirs can be let go."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.enrolment.people import ErasureBegun
from contracts.envelope import Event

NAME = "erased_people"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("begun_on", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person; it is never taken back."""
    match recorded.event:
        case ErasureBegun() as event:
            yield Put((event.person_id,), begun_on=event.begun_on)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({ErasureBegun})
PROJECTION = Projection(NAME, 1, "enrolment", TABLE, apply, events=EVENTS)
