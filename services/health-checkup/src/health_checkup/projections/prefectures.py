"""What each prefecture may seat in a campaign, and what its stops have taken of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Write
from contracts.health_checkup.campaigns import PrefectureSeatsGranted, StopSeatsReleased, StopSeatsReserved

NAME = "prefectures"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("campaign", sa.Text, primary_key=True),
    sa.Column("prefecture", sa.Text, primary_key=True),
    sa.Column("granted", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default=sa.text("0")),
)


class Quota(msgspec.Struct, frozen=True):
    """One prefecture's seats: `reserved` by its stops, booked or not."""

    prefecture: str
    granted: int
    reserved: int


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a campaign and prefecture."""
    match recorded.event:
        case PrefectureSeatsGranted() as event:
            key = (event.campaign, event.prefecture)
            return [Count(key, reserved=0), Patch(key, granted=event.seats)]
        case StopSeatsReserved() as event:
            return [Count((event.campaign, event.prefecture), reserved=event.seats)]
        case StopSeatsReleased() as event:
            return [Count((event.campaign, event.prefecture), reserved=-event.seats)]
        case _:
            return []


async def of_campaign(c: AsyncConnection, campaign: str) -> list[Quota]:
    """Every prefecture with a quota, by its code."""
    t = TABLE.c
    query = sa.select(t.prefecture, t.granted, t.reserved).where(t.campaign == campaign).order_by(t.prefecture)
    return [Quota(*row) for row in await c.execute(query)]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
