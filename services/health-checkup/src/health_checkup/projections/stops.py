"""The stops: where, when, which slots."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.v1 import Slot, StopOpened

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
)


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


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop."""
    match recorded.event:
        case StopOpened() as event:
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
            )
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


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
