"""Important abnormal results and how far their follow-up is; what was found stays sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.clock import local_day
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Actor, Sealed
from contracts.health_checkup.records import ContactAttempted, FindingOverdue, FindingReclassified, FindingWithdrawn
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded
from health_checkup.domain.finding import (
    CONFIRMED,
    CONTACTED,
    EXCLUDED,
    LOST,
    NEXT_STEPS,
    TO_CONTACT,
    WITHDRAWN,
)
from health_checkup.projections import exams, stops

NAME = "findings"
GOING_ON = tuple(NEXT_STEPS)
"""The stages after which another step is due."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("exam_id", sa.Text, nullable=False, index=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("finding_class", sa.Text, nullable=False),
    sa.Column("contact_by", sa.Text, nullable=False),
    sa.Column("due_by", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("raised_at", sa.Text, nullable=False),
    sa.Column("contacted_at", sa.Text, nullable=True),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempted_on", sa.Text, nullable=True),
    sa.Column("overdue_on", sa.Text, nullable=True),
    sa.Column("org_path", sa.Text, nullable=True),
)
"""`due_by` is the last day for the next step, `overdue_on` when that was escalated, both ISO dates.
`org_path` is where a self-service device stands; a check-up's findings lie where its stop does."""


class FindingView(msgspec.Struct, frozen=True):
    """One finding for its provider: whom to call, by when, how far it is."""

    finding_id: str
    person_id: str
    finding_class: str
    contact_by: str
    due_by: str
    stage: str
    raised_at: str
    contacted_at: str | None
    attempts: int
    attempted_on: str | None
    overdue_on: str | None


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a finding; `raised_at` and `contacted_at` are business times in UTC."""
    at = recorded.header.time
    match recorded.event:
        case FindingRaised() as event:
            yield Put(
                (event.finding_id,),
                exam_id=event.exam_id,
                person_id=event.person_id,
                finding_class=event.finding_class,
                contact_by=event.contact_by,
                due_by=event.contact_by,
                stage="TO_CONTACT",
                raised_at=at,
                contacted_at=None,
                detail=msgspec.json.encode(event.detail),
                attempts=0,
                attempted_on=None,
                overdue_on=None,
                org_path=event.org_path or None,
            )
        case FollowUpRecorded(finding_id=finding_id, outcome=outcome, due_by=due_by):
            yield Patch((finding_id,), stage=outcome, overdue_on=None)
            if outcome == CONTACTED:
                yield Patch((finding_id,), contacted_at=at)
            if due_by:
                yield Patch((finding_id,), due_by=due_by)
        case ContactAttempted(finding_id=finding_id, attempt=attempt, attempted_on=day):
            yield Patch((finding_id,), attempts=attempt, attempted_on=day)
        case FindingOverdue(finding_id=finding_id, overdue_on=day):
            yield Patch((finding_id,), overdue_on=day)
        case FindingReclassified() as event:
            yield Patch(
                (event.finding_id,),
                finding_class=event.finding_class,
                detail=msgspec.json.encode(event.detail),
                contact_by=event.contact_by,
                due_by=event.due_by,
                overdue_on=None,
            )
        case FindingWithdrawn(finding_id=finding_id):
            yield Patch((finding_id,), stage=WITHDRAWN)
        case _:
            pass


def _reached(provider: Actor) -> sa.ColumnElement[bool]:
    """The condition on findings, joined from the outside with their exams and stops."""
    return sa.or_(in_subtree(stops.TABLE.c.org_path, provider), in_subtree(TABLE.c.org_path, provider))


class FindingRow(msgspec.Struct, frozen=True):
    """One finding with what was found, sealed."""

    view: FindingView
    detail: Sealed


async def find(c: AsyncConnection, finding_id: str, provider: Actor) -> FindingRow | None:
    """A finding of the provider's subtree."""
    t = TABLE.c
    query = (
        sa.select(t.detail, *(t[name] for name in FindingView.__struct_fields__))
        .join_from(TABLE, exams.TABLE, exams.TABLE.c.exam_id == t.exam_id, isouter=True)
        .join(stops.TABLE, stops.TABLE.c.stop_id == exams.TABLE.c.stop_id, isouter=True)
        .where(_reached(provider), t.finding_id == finding_id)
    )
    row = (await c.execute(query)).mappings().first()
    if row is None:
        return None
    view = FindingView(**{name: row[name] for name in FindingView.__struct_fields__})
    return FindingRow(view, msgspec.json.decode(row["detail"], type=Sealed))


async def open_of(c: AsyncConnection, person_id: str) -> list[str]:
    """A person's findings whose follow-up has not ended, by id."""
    t = TABLE.c
    going_on = t.stage.in_(GOING_ON)
    return [
        *(await c.scalars(sa.select(t.finding_id).where(t.person_id == person_id, going_on).order_by("finding_id")))
    ]


async def overdue(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Whose next step is late, without anybody having been told."""
    t = TABLE.c
    late = sa.select(t.finding_id).where(
        t.stage.in_(GOING_ON), t.overdue_on.is_(None), t.due_by < local_day(now).isoformat()
    )
    return [*(await c.scalars(late.order_by(t.due_by, t.finding_id).limit(limit)))]


async def of_provider(
    c: AsyncConnection, provider: Actor, stage: str, after: str, limit: int, *, late: bool = False
) -> list[FindingView]:
    """Findings of the provider's subtree in the order of their ids; `late` those whose step due now was escalated."""
    t = TABLE.c
    query = (
        sa.select(*(t[name] for name in FindingView.__struct_fields__))
        .join_from(TABLE, exams.TABLE, exams.TABLE.c.exam_id == t.exam_id, isouter=True)
        .join(stops.TABLE, stops.TABLE.c.stop_id == exams.TABLE.c.stop_id, isouter=True)
        .where(_reached(provider), t.finding_id > after)
    )
    if stage:
        query = query.where(t.stage == stage)
    if late:
        query = query.where(t.overdue_on.is_not(None), t.stage.in_(GOING_ON))
    rows: Sequence[sa.RowMapping] = (await c.execute(query.order_by(t.finding_id).limit(limit))).mappings().all()
    return [FindingView(**row) for row in rows]


async def totals(c: AsyncConnection, campaign: str, actor: Actor) -> list[tuple[str, int, int, int]]:
    """By class in the actor's subtree: raised, followed up (contacted at least), ended."""
    t, e, s = TABLE.c, exams.TABLE.c, stops.TABLE.c
    query = (
        sa.select(
            t.finding_class,
            sa.func.count(),
            sa.func.count().filter(t.stage != TO_CONTACT),
            sa.func.count().filter(t.stage.in_((CONFIRMED, EXCLUDED, LOST))),
        )
        .join_from(TABLE, exams.TABLE, e.exam_id == t.exam_id)
        .join(stops.TABLE, s.stop_id == e.stop_id)
        .where(in_subtree(s.org_path, actor), sa.or_(sa.literal(campaign) == "", e.campaign == campaign))
        .where(t.stage != WITHDRAWN)
        .group_by(t.finding_class)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await c.execute(query)]


PROJECTION = Projection(NAME, 5, "health_checkup", TABLE, apply)
