"""Read model `covers`: who is covered by which plan, from when to when, through which organisation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from claims.domain.benefits import Cover
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event

NAME = "covers"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("effective_on", sa.Text, nullable=False),
    sa.Column("ends_on", sa.Text, nullable=False),
    sa.Column("occupation", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
)
"""Dates are ISO dates, half-open."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a cover."""
    match recorded.event:
        case CoverageGranted() as event:
            yield Put(
                (event.person_id, event.plan_code),
                plan_version=event.plan_version,
                effective_on=event.effective_on,
                ends_on=event.ends_on,
                occupation=event.occupation,
                org_path=event.org_path,
            )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class CoverRow(msgspec.Struct, frozen=True):
    """A person's cover of one plan."""

    plan_version: int
    effective_on: str
    ends_on: str
    org_path: str

    @property
    def cover(self) -> Cover:
        """As the rules read it."""
        return Cover(date.fromisoformat(self.effective_on), date.fromisoformat(self.ends_on))


async def of_person(c: AsyncConnection, person_id: str, plan_code: str) -> CoverRow | None:
    """The person's cover of the plan, if there is one."""
    columns = [TABLE.c[name] for name in CoverRow.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.person_id == person_id, TABLE.c.plan_code == plan_code)
    row = (await c.execute(query)).first()
    return CoverRow(*row) if row else None


async def paths_of(c: AsyncConnection, person_id: str) -> list[str]:
    """Through which organisations the person is or was covered, the latest cover first."""
    query = sa.select(TABLE.c.org_path).where(TABLE.c.person_id == person_id).order_by(TABLE.c.effective_on.desc())
    return list((await c.execute(query)).scalars())
