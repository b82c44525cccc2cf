"""Important abnormal results and how far their follow-up is; what was found stays sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded
from health_checkup.projections import exams, stops

NAME = "findings"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("exam_id", sa.Text, nullable=False, index=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("finding_class", sa.Text, nullable=False),
    sa.Column("contact_by", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("raised_at", sa.Text, nullable=False),
    sa.Column("contacted_at", sa.Text, nullable=True),
    sa.Column("detail", sa.LargeBinary, nullable=False),
)


class FindingView(msgspec.Struct, frozen=True):
    """One finding for its provider: whom to call, by when, how far it is."""

    finding_id: str
    person_id: str
    finding_class: str
    contact_by: str
    stage: str
    raised_at: str
    contacted_at: str | None


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
                stage="TO_CONTACT",
                raised_at=at,
                detail=msgspec.json.encode(event.detail),
            )
        case FollowUpRecorded(finding_id=finding_id, outcome="CONTACTED"):
            yield Patch((finding_id,), stage="CONTACTED", contacted_at=at)
        case FollowUpRecorded(finding_id=finding_id, outcome=outcome):
            yield Patch((finding_id,), stage=outcome)
        case _:
            pass


async def of_provider(c: AsyncConnection, provider: Actor, stage: str, after: str, limit: int) -> list[FindingView]:
    """Findings of the provider's subtree in the order of their ids."""
    t = TABLE.c
    query = (
        sa.select(*(t[name] for name in FindingView.__struct_fields__))
        .join_from(TABLE, exams.TABLE, exams.TABLE.c.exam_id == t.exam_id)
        .join(stops.TABLE, stops.TABLE.c.stop_id == exams.TABLE.c.stop_id)
        .where(in_subtree(stops.TABLE.c.org_path, provider), t.finding_id > after)
    )
    if stage:
        query = query.where(t.stage == stage)
    rows: Sequence[sa.RowMapping] = (await c.execute(query.order_by(t.finding_id).limit(limit))).mappings().all()
    return [FindingView(**row) for row in rows]


async def totals(c: AsyncConnection, campaign: str, actor: Actor) -> list[tuple[str, int, int, int]]:
    """By class in the actor's subtree: raised, followed up (contacted at least), ended."""
    t, e, s = TABLE.c, exams.TABLE.c, stops.TABLE.c
    query = (
        sa.select(
            t.finding_class,
            sa.func.count(),
            sa.func.count().filter(t.stage != "TO_CONTACT"),
            sa.func.count().filter(t.stage.in_(("CONFIRMED", "EXCLUDED", "LOST"))),
        )
        .join_from(TABLE, exams.TABLE, e.exam_id == t.exam_id)
        .join(stops.TABLE, s.stop_id == e.stop_id)
        .where(in_subtree(s.org_path, actor), sa.or_(sa.literal(campaign) == "", e.campaign == campaign))
        .group_by(t.finding_class)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await c.execute(query)]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
