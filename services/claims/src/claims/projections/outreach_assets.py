"""Read model `outreach_assets`: what is posted where, and how often its code was scanned."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Projection, Put, Write
from contracts.claims.outreach import OutreachPosted, OutreachScanned
from contracts.envelope import Event

NAME = "outreach_assets"
PREFECTURE_LEVEL = 1

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("scene_code", sa.Text, primary_key=True),
    sa.Column("asset_type", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("prefecture", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("posted_on", sa.Text, nullable=False),
    sa.Column("posted_by", sa.Text, nullable=False),
    sa.Column("photo_id", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("scans", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("outreach_assets_in_order", "position"),
)
"""`prefecture` is its code, the province's for what the province itself posted."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an asset."""
    match recorded.event:
        case OutreachPosted() as event:
            yield Put(
                (event.scene_code,),
                asset_type=event.asset_type,
                org_path=event.org_path,
                prefecture=prefecture_of(event.org_path),
                place=event.place,
                posted_on=event.posted_on,
                posted_by=event.by,
                photo_id=event.photo_id,
                position=recorded.position,
                scans=0,
            )
        case OutreachScanned() as event:
            yield Count((event.scene_code,), scans=1)
        case _:
            pass


def prefecture_of(org_path: str) -> str:
    """The code of the prefecture on a path, or the province's."""
    codes = org_path.split(".")
    return codes[min(PREFECTURE_LEVEL, len(codes) - 1)]


EVENTS: frozenset[type[Event]] = frozenset({OutreachPosted, OutreachScanned})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


class AssetRow(msgspec.Struct, frozen=True):
    """An asset and how often it was scanned."""

    scene_code: str
    asset_type: str
    org_path: str
    place: str
    posted_on: str
    posted_by: str
    photo_id: str
    scans: int
    position: int


class OutreachFigure(msgspec.Struct, frozen=True):
    """Assets of one type in one prefecture: how many are posted, how many of them were ever scanned, and the scans."""

    prefecture: str
    asset_type: str
    posted: int
    reached: int
    scans: int


async def page(c: AsyncConnection, wanted: sa.ColumnElement[bool], after: int, limit: int) -> list[AssetRow]:
    """Assets in the order they were posted, after a position."""
    columns = [C[name] for name in AssetRow.__struct_fields__]
    query = sa.select(*columns).where(wanted, C.position > after).order_by(C.position).limit(limit)
    return [AssetRow(*row) for row in await c.execute(query)]


async def figures(c: AsyncConnection, wanted: sa.ColumnElement[bool]) -> list[OutreachFigure]:
    """Counts by prefecture and type."""
    group = (C.prefecture, C.asset_type)
    scanned = sa.func.count().filter(C.scans > 0)
    scans = sa.cast(sa.func.sum(C.scans), sa.BigInteger)
    query = sa.select(*group, sa.func.count(), scanned, scans).where(wanted).group_by(*group).order_by(*group)
    return [OutreachFigure(*row) for row in await c.execute(query)]
