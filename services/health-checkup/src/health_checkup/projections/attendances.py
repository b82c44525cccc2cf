"""Who was invited to a stop, who booked which slot, who came."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.v1 import MemberAttended, MemberInvited, SlotBooked
from health_checkup.projections import stops

NAME = "attendances"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("campaign", sa.Text, primary_key=True),
    sa.Column("stop_id", sa.Text, primary_key=True, index=True),
    sa.Column("person_id", sa.Text, primary_key=True, index=True),
    sa.Column("wave", sa.Integer, nullable=True),
    sa.Column("slot_id", sa.Text, nullable=True),
    sa.Column("attended_at", sa.Text, nullable=True),
)
"""`wave` is empty for walk-ins, `slot_id` without a booking, `attended_at` (business time, UTC) for no-shows."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop and member, made by the invitation or, for a walk-in, by the check-in."""
    match recorded.event:
        case MemberInvited() as event:
            yield Put((event.campaign, event.stop_id, event.person_id), wave=event.wave)
        case SlotBooked() as event:
            yield Patch((event.campaign, event.stop_id, event.person_id), slot_id=event.slot_id)
        case MemberAttended() as event:
            key = (event.campaign, event.stop_id, event.person_id)
            at = recorded.header.time
            yield Put(key, attended_at=at) if event.walk_in else Patch(key, attended_at=at)
        case _:
            pass


class StopCounts(msgspec.Struct, frozen=True):
    """Numbers of one stop; `taken` by slot."""

    invited: int
    booked: int
    attended: int
    taken: dict[str, int]


async def counts(c: AsyncConnection, stop_id: str) -> StopCounts:
    """How many were invited, booked, came."""
    t = TABLE.c
    totals = sa.select(sa.func.count(t.wave), sa.func.count(t.slot_id), sa.func.count(t.attended_at))
    invited, booked, attended = (await c.execute(totals.where(t.stop_id == stop_id))).one()
    by_slot = sa.select(t.slot_id, sa.func.count()).where(t.stop_id == stop_id, t.slot_id.is_not(None))
    taken = dict([*(await c.execute(by_slot.group_by(t.slot_id)))])
    return StopCounts(invited, booked, attended, taken)


class Totals(msgspec.Struct, frozen=True):
    """Numbers of many stops; walk-ins are among the attended."""

    stops: int
    invited: int
    booked: int
    attended: int
    walk_ins: int


async def totals(c: AsyncConnection, campaign: str, actor: Actor) -> Totals:
    """Sum over the actor's subtree; an empty campaign means all."""
    t, s = TABLE.c, stops.TABLE.c
    query = (
        sa.select(
            sa.func.count(sa.distinct(s.stop_id)),
            sa.func.count(t.wave),
            sa.func.count(t.slot_id),
            sa.func.count(t.attended_at),
            sa.func.count().filter(t.attended_at.is_not(None), t.wave.is_(None)),
        )
        .join_from(stops.TABLE, TABLE, t.stop_id == s.stop_id, isouter=True)
        .where(in_subtree(s.org_path, actor), sa.or_(sa.literal(campaign) == "", s.campaign == campaign))
    )
    return Totals(*(await c.execute(query)).one())


class Attendance(msgspec.Struct, frozen=True):
    """One member at one stop; empty texts where it has not come to that."""

    person_id: str
    slot_id: str
    attended_at: str


async def of_stop(c: AsyncConnection, stop_id: str, after: str, limit: int) -> list[Attendance]:
    """Who was invited or came, in the order of their ids, after one."""
    t = TABLE.c
    query = sa.select(t.person_id, t.slot_id, t.attended_at).where(t.stop_id == stop_id, t.person_id > after)
    rows = await c.execute(query.order_by(t.person_id).limit(limit))
    return [Attendance(person, slot or "", at or "") for person, slot, at in rows]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
