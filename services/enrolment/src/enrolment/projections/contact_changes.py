"""Read model `contact_changes`: since when a person is reached at another mobile than the roster's, if at all."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.enrolment.people import ContactChanged, ErasureBegun
from contracts.envelope import Event

NAME = "contact_changes"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("changed_on", sa.Text, nullable=False),
)
"""An ISO date; the mobile itself stays sealed in `members`."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person."""
    match recorded.event:
        case ContactChanged() as event:
            yield Put((event.person_id,), changed_on=event.effective_on)
        case ErasureBegun(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({ContactChanged, ErasureBegun})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)
