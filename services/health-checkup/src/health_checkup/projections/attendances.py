"""Who was invited to a stop, who booked which slot, who came."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.clock import from_text, utc_text
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.stops import (
    BookingCancelled,
    InvitationDeclined,
    MemberMissed,
    WaitingListJoined,
    WaitingListLeft,
)
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
    sa.Column("ticket_id", sa.Text, nullable=True),
    sa.Column("attended_at", sa.Text, nullable=True),
    sa.Column("missed_at", sa.Text, nullable=True),
    sa.Column("walk_in", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("declined", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("waiting", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("entries", sa.Integer, nullable=False, server_default=sa.text("0")),
)
"""`wave` is empty for whoever was not invited, `slot_id` without a booking, `attended_at` and `missed_at` are business
time in UTC; `entries` counts waiting lists joined and check-ins, which make a row where there is none."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop and member, made by the invitation, by waiting, or, for a walk-in, by the check-in."""
    match recorded.event:
        case MemberInvited() as event:
            yield Put(_key(event), wave=event.wave)
        case InvitationDeclined() as event:
            yield Patch(_key(event), declined=True)
        case WaitingListJoined() as event:
            yield Count(_key(event), entries=1)
            yield Patch(_key(event), waiting=True)
        case WaitingListLeft() as event:
            yield Patch(_key(event), waiting=False)
        case SlotBooked() as event:
            yield Patch(_key(event), slot_id=event.slot_id, ticket_id=event.ticket_id, waiting=False, declined=False)
        case BookingCancelled() as event:
            yield Patch(_key(event), slot_id=None, ticket_id=None, missed_at=None)
        case MemberAttended() as event:
            at = utc_text(from_text(event.seen_at)) if event.seen_at else recorded.header.time
            yield Count(_key(event), entries=1)
            yield Patch(_key(event), attended_at=at, walk_in=event.walk_in, waiting=False, missed_at=None)
        case MemberMissed() as event:
            yield Patch(_key(event), missed_at=recorded.header.time)
        case _:
            pass


Personal = (
    MemberInvited
    | InvitationDeclined
    | WaitingListJoined
    | WaitingListLeft
    | SlotBooked
    | BookingCancelled
    | MemberAttended
    | MemberMissed
)


def _key(event: Personal) -> tuple[str, str, str]:
    return (event.campaign, event.stop_id, event.person_id)


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
    missed: int


async def totals(c: AsyncConnection, campaign: str, actor: Actor) -> Totals:
    """Sum over the actor's subtree; an empty campaign means all."""
    t, s = TABLE.c, stops.TABLE.c
    query = (
        sa.select(
            sa.func.count(sa.distinct(s.stop_id)),
            sa.func.count(t.wave),
            sa.func.count(t.slot_id),
            sa.func.count(t.attended_at),
            sa.func.count().filter(t.walk_in),
            sa.func.count(t.missed_at),
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
    ticket_id: str = ""
    waiting: bool = False


async def of_stop(c: AsyncConnection, stop_id: str, after: str, limit: int) -> list[Attendance]:
    """Who was invited or came, in the order of their ids, after one."""
    t = TABLE.c
    columns = (t.person_id, t.slot_id, t.attended_at, t.ticket_id, t.waiting)
    query = sa.select(*columns).where(t.stop_id == stop_id, t.person_id > after)
    rows = await c.execute(query.order_by(t.person_id).limit(limit))
    return [
        Attendance(person, slot or "", at or "", ticket or "", waiting) for person, slot, at, ticket, waiting in rows
    ]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
