"""Who is covered, when and where: only covered members are invited or taken in (domain 8.2)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event
from health_checkup.projections import attendances, exams, people

NAME = "eligible"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("effective_on", sa.Text, nullable=False),
    sa.Column("ends_on", sa.Text, nullable=False),
    sa.Column("occupation", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text, nullable=False, index=True),
)
"""Half-open ISO dates: covered from `effective_on` until before `ends_on`."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a cover, where it is now: who moves is invited there."""
    match recorded.event:
        case CoverageGranted() as event:
            yield Put(
                (event.plan_code, event.person_id),
                effective_on=event.effective_on,
                ends_on=event.ends_on,
                occupation=event.occupation,
                org_path=event.org_path,
                division_code=event.division_code,
            )
        case CoverageWithdrawn() as event:
            yield Remove((event.plan_code, event.person_id))
        case CoverageMoved() as event:
            yield Patch(
                (event.plan_code, event.person_id),
                occupation=event.occupation,
                org_path=event.org_path,
                division_code=event.division_code,
            )
        case _:
            pass


async def is_covered(c: AsyncConnection, person_id: str, on: str) -> bool:
    """Whether the person is covered on an ISO date."""
    t = TABLE.c
    query = sa.select(t.person_id).where(t.person_id == person_id, t.effective_on <= on, t.ends_on > on)
    return (await c.scalar(query.limit(1))) is not None


async def candidates(
    c: AsyncConnection,
    *,
    campaign: str,
    divisions: str,
    on: str,
    priority_occupations: Iterable[str],
    priority_age: int,
    limit: int,
) -> list[str]:
    """Covered members of a division (`620602`; `620600` takes its counties) not yet invited or examined.

    First those of the priority occupations, then from `priority_age` years on, then by a draw that is the
    same each time it is made (domain 8.2).
    """
    t, p = TABLE.c, people.TABLE.c
    born_by = int(on[:4]) - priority_age
    asked = sa.exists().where(attendances.TABLE.c.person_id == t.person_id, attendances.TABLE.c.campaign == campaign)
    examined = sa.exists().where(exams.TABLE.c.person_id == t.person_id, exams.TABLE.c.campaign == campaign)
    where = t.division_code.startswith(divisions[:4]) if divisions.endswith("00") else t.division_code == divisions
    urgency = sa.case((t.occupation.in_([*priority_occupations]), 0), (p.birth_year.between(1, born_by), 1), else_=2)
    draw = sa.func.md5(sa.literal(campaign) + t.person_id)
    query = (
        sa.select(t.person_id)
        .join_from(TABLE, people.TABLE, p.person_id == t.person_id)
        .where(where, t.effective_on <= on, t.ends_on > on, p.died_on.is_(None), ~p.restricted, ~asked, ~examined)
        .group_by(t.person_id)
        .order_by(sa.func.min(urgency), sa.func.min(draw))
        .limit(limit)
    )
    return [*(await c.scalars(query))]


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, CoverageWithdrawn, CoverageMoved})
PROJECTION = Projection(NAME, 2, "enrolment", TABLE, apply, events=EVENTS)
