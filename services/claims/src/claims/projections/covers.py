"""Read model `covers`: who is covered by which plan, from when to when, through which organisation now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from claims.domain.benefits import Cover
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
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
        case CoverageWithdrawn() as event:
            yield Remove((event.person_id, event.plan_code))
        case CoverageMoved() as event:
            yield Patch((event.person_id, event.plan_code), occupation=event.occupation, org_path=event.org_path)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, CoverageWithdrawn, CoverageMoved})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class CoverRow(msgspec.Struct, frozen=True):
    """A person's cover of one plan; `earlier` are those that ended before it, of any plan: code and end."""

    plan_version: int
    effective_on: str
    ends_on: str
    org_path: str
    earlier: tuple[tuple[str, str], ...] = ()

    @property
    def cover(self) -> Cover:
        """As the rules read it."""
        earlier = tuple((plan_code, date.fromisoformat(ended_on)) for plan_code, ended_on in self.earlier)
        return Cover(date.fromisoformat(self.effective_on), date.fromisoformat(self.ends_on), earlier)


async def of_person(c: AsyncConnection, person_id: str, plan_code: str) -> CoverRow | None:
    """The person's cover of the plan, if there is one."""
    return (await of_people(c, [person_id], plan_code)).get(person_id)


async def of_people(c: AsyncConnection, person_ids: Sequence[str], plan_code: str) -> dict[str, CoverRow]:
    """The covers of several people of one plan, of those who have one."""
    columns = ("person_id", "plan_code", "plan_version", "effective_on", "ends_on", "org_path")
    query = sa.select(*(TABLE.c[name] for name in columns)).where(TABLE.c.person_id.in_(person_ids))
    covers: dict[str, dict[str, CoverRow]] = {}
    for person_id, plan, *row in await c.execute(query):
        covers.setdefault(person_id, {})[plan] = CoverRow(*row)
    return {
        person_id: msgspec.structs.replace(own[plan_code], earlier=_before(own, plan_code))
        for person_id, own in covers.items()
        if plan_code in own
    }


def _before(own: dict[str, CoverRow], plan_code: str) -> tuple[tuple[str, str], ...]:
    starts = own[plan_code].effective_on
    return tuple(
        sorted((plan, row.ends_on) for plan, row in own.items() if plan != plan_code and row.ends_on <= starts)
    )


async def paths_of(c: AsyncConnection, person_id: str) -> list[str]:
    """Through which organisations the person is or was covered, the latest cover first."""
    query = sa.select(TABLE.c.org_path).where(TABLE.c.person_id == person_id).order_by(TABLE.c.effective_on.desc())
    return list((await c.execute(query)).scalars())
