"""Lectures and trainings with their figures: signed up, came."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.lectures import (
    LectureAnnounced,
    LectureAttended,
    LectureCalledOff,
    LectureListJoined,
    LectureListLeft,
    LectureReplayPublished,
    LectureSeatReturned,
    LectureSeatTaken,
)

NAME = "lectures"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("lecture_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("date", sa.Text, nullable=False, index=True),
    sa.Column("starts_at", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
    sa.Column("seats", sa.Integer, nullable=False),
    sa.Column("signed_up", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("came", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("replay", sa.Text, nullable=True),
    sa.Column("waiting", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("called_off", sa.Text, nullable=True),
)


class LectureRow(msgspec.Struct, frozen=True):
    """One lecture; `date` is an ISO date, times are local `HH:MM`."""

    lecture_id: str
    kind: str
    topic: str
    division_code: str
    place: str
    date: str
    starts_at: str
    ends_at: str
    seats: int
    signed_up: int
    came: int
    replay: str | None
    waiting: int
    called_off: str | None


SHOWN = [TABLE.c[name] for name in LectureRow.__struct_fields__]


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a lecture."""
    match recorded.event:
        case LectureAnnounced() as event:
            yield Put(
                (event.lecture_id,),
                kind=event.kind,
                topic=event.topic,
                org_path=event.org_path,
                division_code=event.division_code,
                place=event.place,
                date=event.date,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                seats=event.seats,
            )
        case LectureSeatTaken(lecture_id=lecture_id, waited=waited):
            yield Count((lecture_id,), signed_up=1, waiting=-1 if waited else 0)
        case LectureListJoined(lecture_id=lecture_id):
            yield Count((lecture_id,), waiting=1)
        case LectureListLeft(lecture_id=lecture_id):
            yield Count((lecture_id,), waiting=-1)
        case LectureCalledOff(lecture_id=lecture_id, reason=reason):
            yield Patch((lecture_id,), called_off=reason)
        case LectureSeatReturned(lecture_id=lecture_id):
            yield Count((lecture_id,), signed_up=-1)
        case LectureAttended(lecture_id=lecture_id):
            yield Count((lecture_id,), came=1)
        case LectureReplayPublished(lecture_id=lecture_id, url=url):
            yield Patch((lecture_id,), replay=url)
        case _:
            pass


async def find(c: AsyncConnection, lecture_id: str, actor: Actor | None = None) -> LectureRow | None:
    """The lecture, if it lies in the actor's subtree; without an actor, wherever it lies."""
    query = sa.select(*SHOWN).where(TABLE.c.lecture_id == lecture_id)
    if actor is not None:
        query = query.where(in_subtree(TABLE.c.org_path, actor))
    row = (await c.execute(query)).mappings().first()
    return None if row is None else LectureRow(**row)


async def listed(c: AsyncConnection, since: str, after: str, limit: int, actor: Actor | None) -> list[LectureRow]:
    """Lectures from an ISO date on, by date and id; `after` is `<date>.<id>` of the last one seen, or ""."""
    t = TABLE.c
    query = sa.select(*SHOWN).where(t.date >= since)
    if after:
        date, _, lecture_id = after.partition(".")
        query = query.where(sa.tuple_(t.date, t.lecture_id) > sa.tuple_(sa.literal(date), sa.literal(lecture_id)))
    if actor is not None:
        query = query.where(in_subtree(t.org_path, actor))
    rows = (await c.execute(query.order_by(t.date, t.lecture_id).limit(limit))).mappings()
    return [LectureRow(**row) for row in rows]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
