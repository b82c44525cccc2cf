"""Who is covered, when and where: only covered members are invited or taken in (domain 8.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event
from contracts.organization import PROVINCE_CODE
from health_checkup.domain.rules import Priority, Rules
from health_checkup.projections import attendances, exams, hardships, inpatients, people

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


async def is_covered(c: AsyncConnection, person_id: str, on: str, subtree: str = PROVINCE_CODE) -> bool:
    """Whether the person is covered on an ISO date, in an organisation at or below the path `subtree`."""
    t = TABLE.c
    there = sa.or_(t.org_path == subtree, t.org_path.startswith(subtree + ".", autoescape=True))
    query = sa.select(t.person_id).where(t.person_id == person_id, t.effective_on <= on, t.ends_on > on, there)
    return (await c.scalar(query.limit(1))) is not None


async def organizations_of(c: AsyncConnection, person_id: str, on: str) -> set[str]:
    """The paths of every organisation, up to the province, that the person is covered in on an ISO date."""
    t = TABLE.c
    query = sa.select(t.org_path).distinct().where(t.person_id == person_id, t.effective_on <= on, t.ends_on > on)
    covers = [path.split(".") for path in await c.scalars(query)]
    return {".".join(parts[: depth + 1]) for parts in covers for depth in range(len(parts))}


async def covered_among(c: AsyncConnection, person_ids: Sequence[str], on: str) -> set[str]:
    """Who of them is covered on an ISO date and alive."""
    t = TABLE.c
    query = (
        sa.select(t.person_id)
        .join_from(TABLE, people.TABLE, people.TABLE.c.person_id == t.person_id)
        .where(t.person_id.in_(person_ids), t.effective_on <= on, t.ends_on > on, people.TABLE.c.died_on.is_(None))
    )
    return {*(await c.scalars(query))}


class Standing(msgspec.Struct, frozen=True):
    """How a member stands in the queue of a campaign: `behind` after too many no-shows."""

    covered: bool
    points: int
    behind: bool


def _points(priority: Priority, on: str) -> sa.ColumnElement[int]:
    """What speaks for asking somebody first, added up (domain 8.2)."""
    t, p = TABLE.c, people.TABLE.c
    born_by = int(on[:4]) - priority.age_from
    reasons: tuple[tuple[sa.ColumnElement[bool], int], ...] = (
        (p.birth_year.between(1, born_by), priority.age_points),
        (t.occupation.in_(priority.drivers), priority.driver_points),
        (t.occupation.in_(priority.night_work), priority.night_work_points),
        (hardships.in_hardship(t.person_id), priority.hardship_points),
        (inpatients.has_stay(t.person_id), priority.inpatient_points),
    )
    parts = [sa.case((holds, points), else_=0) for holds, points in reasons]
    return sum(parts[1:], start=parts[0])


def _missed(campaign: str, person_id: sa.ColumnElement[str]) -> sa.ScalarSelect[int]:
    """How often somebody has not come in the campaign."""
    a = attendances.TABLE.c
    mine = (a.campaign == campaign, a.person_id == person_id, a.missed_at.is_not(None))
    return sa.select(sa.func.count()).where(*mine).scalar_subquery()


async def standing(c: AsyncConnection, person_id: str, *, campaign: str, on: str, rules: Rules) -> Standing:
    """Of one member on the day of a stop; whoever is not covered stands nowhere."""
    t = TABLE.c
    query = (
        sa.select(sa.func.max(_points(rules.priority, on)), sa.func.max(_missed(campaign, t.person_id)))
        .join_from(TABLE, people.TABLE, people.TABLE.c.person_id == t.person_id)
        .where(t.person_id == person_id, t.effective_on <= on, t.ends_on > on, people.TABLE.c.died_on.is_(None))
    )
    points, missed = (await c.execute(query)).one()
    if points is None:
        return Standing(covered=False, points=0, behind=False)
    return Standing(covered=True, points=points, behind=missed >= rules.no_shows_before_back_of_queue)


async def candidates(
    c: AsyncConnection, *, campaign: str, divisions: str, on: str, rules: Rules, limit: int
) -> list[str]:
    """Covered members of a division (`620602`; `620600` takes its counties) to be asked now, best first.

    Who was asked, waits or has come is left out; who missed a seat is asked again, after the second time behind
    everybody. Then by points, then by a draw that is the same each time it is made (domain 8.2).
    """
    t, p, a = TABLE.c, people.TABLE.c, attendances.TABLE.c
    known = sa.exists().where(a.person_id == t.person_id, a.campaign == campaign, a.missed_at.is_(None))
    examined = sa.exists().where(exams.TABLE.c.person_id == t.person_id, exams.TABLE.c.campaign == campaign)
    where = t.division_code.startswith(divisions[:4]) if divisions.endswith("00") else t.division_code == divisions
    behind = _missed(campaign, t.person_id) >= rules.no_shows_before_back_of_queue
    draw = sa.func.md5(sa.literal(campaign) + t.person_id)
    query = (
        sa.select(t.person_id)
        .join_from(TABLE, people.TABLE, p.person_id == t.person_id)
        .where(where, t.effective_on <= on, t.ends_on > on, p.died_on.is_(None), ~p.restricted, ~known, ~examined)
        .group_by(t.person_id)
        .order_by(behind, sa.func.max(_points(rules.priority, on)).desc(), sa.func.min(draw))
        .limit(limit)
    )
    return [*(await c.scalars(query))]


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, CoverageWithdrawn, CoverageMoved})
PROJECTION = Projection(NAME, 2, "enrolment", TABLE, apply, events=EVENTS)
