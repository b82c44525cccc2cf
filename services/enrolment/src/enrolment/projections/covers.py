"""Read model `covers`: who is covered by which plan, through which organisation now, under which number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Remove, Write
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Actor, Event
from enrolment.domain.certificate import certificate_no

NAME = "covers"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("row_no", sa.Integer, nullable=False),
    sa.Column("effective_on", sa.Text, nullable=False),
    sa.Column("ends_on", sa.Text, nullable=False),
    sa.Column("occupation", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text, nullable=False),
    sa.Column("certificate_no", sa.Text, nullable=False),
    sa.Index("covers_certificate_no", "certificate_no"),
    sa.Index("covers_row", "batch_id", "row_no"),
    sa.Index("covers_org_path", "org_path", postgresql_ops={"org_path": "text_pattern_ops"}),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a cover."""
    match recorded.event:
        case CoverageGranted() as event:
            yield Put(
                (event.person_id, event.plan_code),
                plan_version=event.plan_version,
                batch_id=event.batch_id,
                row_no=event.row_no,
                effective_on=event.effective_on,
                ends_on=event.ends_on,
                occupation=event.occupation,
                org_path=event.org_path,
                division_code=event.division_code,
                certificate_no=certificate_no(event.plan_code, event.person_id),
            )
        case CoverageWithdrawn() as event:
            yield Remove((event.person_id, event.plan_code))
        case CoverageMoved() as event:
            yield Patch(
                (event.person_id, event.plan_code),
                occupation=event.occupation,
                org_path=event.org_path,
                division_code=event.division_code,
            )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({CoverageGranted, CoverageWithdrawn, CoverageMoved})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Cover(msgspec.Struct, frozen=True):
    """One cover. Dates are half-open ISO dates."""

    plan_code: str
    plan_version: int
    effective_on: str
    ends_on: str
    occupation: str
    org_path: str
    division_code: str
    certificate_no: str


class CoverCount(msgspec.Struct, frozen=True):
    """Covered people of one division and occupation."""

    division_code: str
    occupation: str
    people: int


_IDS = postgresql.ARRAY(sa.Text)
_SHOWN = [TABLE.c[name] for name in Cover.__struct_fields__]


async def of_person(c: AsyncConnection, person_id: str, actor: Actor | None) -> list[Cover]:
    """The person's covers within the actor's subtree; all of them for the person (actor None)."""
    query = sa.select(*_SHOWN).where(TABLE.c.person_id == person_id).order_by(TABLE.c.plan_code)
    if actor is not None:
        query = query.where(in_subtree(TABLE.c.org_path, actor))
    return [Cover(*row) for row in await c.execute(query)]


async def of_people(c: AsyncConnection, people: Sequence[str], actor: Actor | None) -> dict[str, list[Cover]]:
    """The covers of many people within the actor's subtree (None: everywhere), by person."""
    query = sa.select(TABLE.c.person_id, *_SHOWN).where(TABLE.c.person_id == sa.any_(sa.literal([*people], _IDS)))
    if actor is not None:
        query = query.where(in_subtree(TABLE.c.org_path, actor))
    found: dict[str, list[Cover]] = {}
    for person_id, *shown in await c.execute(query.order_by(TABLE.c.plan_code)):
        found.setdefault(person_id, []).append(Cover(*shown))
    return found


async def page(
    c: AsyncConnection, actor: Actor, *, org_path: str = "", found: sa.Select[Any] | None = None, after: str, limit: int
) -> list[str]:
    """People with a cover in the actor's subtree, in the order of their ids, after one of them.

    `org_path` narrows the subtree to a part of it, `found` to people that another query names.
    """
    query = sa.select(TABLE.c.person_id).distinct().where(in_subtree(TABLE.c.org_path, actor))
    if org_path:
        below = TABLE.c.org_path.startswith(org_path + ".", autoescape=True)
        query = query.where(sa.or_(TABLE.c.org_path == org_path, below))
    if found is not None:
        query = query.where(TABLE.c.person_id.in_(found))
    return [*await c.scalars(query.where(TABLE.c.person_id > after).order_by(TABLE.c.person_id).limit(limit))]


async def count(c: AsyncConnection, actor: Actor, plan_code: str) -> list[CoverCount]:
    """Covered people of the actor's subtree by work county and occupation."""
    people = sa.func.count().label("people")
    query = (
        sa.select(TABLE.c.division_code, TABLE.c.occupation, people)
        .where(TABLE.c.plan_code == plan_code, in_subtree(TABLE.c.org_path, actor))
        .group_by(TABLE.c.division_code, TABLE.c.occupation)
        .order_by(TABLE.c.division_code, TABLE.c.occupation)
    )
    return [CoverCount(*row) for row in await c.execute(query)]


async def covered(c: AsyncConnection, plan_code: str) -> int:
    """How many people the plan covers."""
    query = sa.select(sa.func.count()).select_from(TABLE).where(TABLE.c.plan_code == plan_code)
    return int((await c.execute(query)).scalar_one())


class Certified(msgspec.Struct, frozen=True):
    """The cover behind a certificate number, without the person's name."""

    person_id: str
    plan_code: str
    effective_on: str
    ends_on: str
    org_path: str


async def of_certificate(c: AsyncConnection, number: str) -> Certified | None:
    """The cover that bears the number."""
    columns = [TABLE.c[name] for name in Certified.__struct_fields__]
    row = (await c.execute(sa.select(*columns).where(TABLE.c.certificate_no == number))).first()
    return None if row is None else Certified(*row)


async def of_rows(c: AsyncConnection, batch_id: str, after: int, until: int) -> dict[int, str]:
    """Row number to the person covered through it, of the rows beyond `after` up to `until`."""
    query = sa.select(TABLE.c.row_no, TABLE.c.person_id).where(
        TABLE.c.batch_id == batch_id, TABLE.c.row_no > after, TABLE.c.row_no <= until
    )
    return {row.row_no: row.person_id for row in await c.execute(query)}
