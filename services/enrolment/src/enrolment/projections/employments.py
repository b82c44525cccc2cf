"""Read model `employments`: for whom and as what a person has worked since the registration (domain 5.6)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.enrolment.people import EmploymentChanged
from contracts.envelope import Event, Sealed

NAME = "employments"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("effective_on", sa.Text, primary_key=True),
    sa.Column("employer", sa.LargeBinary),
    sa.Column("occupation", sa.Text, nullable=False),
    sa.Column("organization", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a change; the last of a day counts. The employer stays sealed."""
    match recorded.event:
        case EmploymentChanged() as event:
            yield Put(
                (event.person_id, event.effective_on),
                employer=msgspec.json.encode(event.employer) if event.employer else None,
                occupation=event.occupation,
                organization=event.organization,
                division_code=event.division_code,
                source=event.source,
            )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({EmploymentChanged})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class EmploymentRow(msgspec.Struct, frozen=True):
    """One change, the employer decoded and not opened. An ISO date."""

    effective_on: str
    employer: Sealed | None
    occupation: str
    organization: str
    division_code: str
    source: str


async def of_person(c: AsyncConnection, person_id: str) -> list[EmploymentRow]:
    """A person's changes, oldest first."""
    query = sa.select(TABLE).where(TABLE.c.person_id == person_id).order_by(TABLE.c.effective_on)
    return [
        EmploymentRow(
            row.effective_on,
            msgspec.json.decode(row.employer, type=Sealed) if row.employer else None,
            row.occupation,
            row.organization,
            row.division_code,
            row.source,
        )
        for row in await c.execute(query)
    ]
