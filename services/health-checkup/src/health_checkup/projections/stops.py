"""The stops: where, when, which slots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.clock import SHANGHAI
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.stops import StopClosed
from contracts.health_checkup.v1 import Slot, StopOpened
from health_checkup.domain.rules import rules_of

NAME = "stops"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("campaign", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("division_code", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("date", sa.Text, nullable=False),
    sa.Column("package", sa.Text, nullable=False),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("slots", sa.LargeBinary, nullable=False),
    sa.Column("prefecture", sa.Text, nullable=False),
    sa.Column("route_id", sa.Text, nullable=False),
    sa.Column("visit_id", sa.Text, nullable=False),
    sa.Column("ends_at", sa.Text, nullable=False),
    sa.Column("closes_at", sa.Text, nullable=False, index=True),
    sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""`closes_at` is local `YYYY-MM-DDTHH:MM`."""


class StopRow(msgspec.Struct, frozen=True):
    """One stop; `capacity` is the seats of all slots."""

    stop_id: str
    campaign: str
    org_path: str
    division_code: str
    place: str
    date: str
    package: str
    capacity: int
    slots: tuple[Slot, ...]
    prefecture: str
    route_id: str
    visit_id: str
    ends_at: str
    closes_at: str
    closed: bool


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop."""
    match recorded.event:
        case StopOpened() as event:
            rules = rules_of(event.rules)
            yield Put(
                (event.stop_id,),
                campaign=event.campaign,
                org_path=event.org_path,
                division_code=event.division_code,
                place=event.place,
                date=event.date,
                package=event.package,
                capacity=sum(slot.capacity for slot in event.slots),
                slots=msgspec.json.encode(event.slots),
                prefecture=[*event.org_path.split("."), event.org_path][1],
                route_id=event.route_id,
                visit_id=event.visit_id,
                ends_at=event.ends_at,
                closes_at=f"{event.date}T{rules.closes_at}",
            )
        case StopClosed(stop_id=stop_id):
            yield Patch((stop_id,), closed=True)
        case _:
            pass


async def find(c: AsyncConnection, stop_id: str, actor: Actor | None = None) -> StopRow | None:
    """The stop, if it lies in the actor's subtree; without an actor, wherever it lies."""
    query = sa.select(TABLE).where(TABLE.c.stop_id == stop_id)
    if actor is not None:
        query = query.where(in_subtree(TABLE.c.org_path, actor))
    row = (await c.execute(query)).mappings().first()
    if row is None:
        return None
    return StopRow(**{**row, "slots": msgspec.json.decode(row["slots"], type=tuple[Slot, ...])})


async def to_close(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Stops whose day is over and that are not closed yet, longest first."""
    t = TABLE.c
    query = sa.select(t.stop_id).where(~t.closed, t.closes_at <= local_minute(now))
    return [*(await c.scalars(query.order_by(t.closes_at, t.stop_id).limit(limit)))]


def local_minute(moment: datetime) -> str:
    """Local `YYYY-MM-DDTHH:MM`, as the rules' times are."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
