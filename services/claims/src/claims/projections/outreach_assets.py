"""Read model `outreach_assets`: what is posted where, and how often its code was scanned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.cells import within
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from claims.projections import outreach_bindings, outreach_scans
from contracts.claims.outreach import OutreachPosted, OutreachScanned, OutreachTakenDown
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
    sa.Column("late_scans", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("taken_on", sa.Text, nullable=False, server_default=""),
    sa.Column("taken_by", sa.Text, nullable=False, server_default=""),
    sa.Index("outreach_assets_in_order", "position"),
)
"""`prefecture` is its code, the province's for what the province itself posted; `late_scans` came after `taken_on`."""
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
        case OutreachTakenDown() as event:
            yield Patch((event.scene_code,), taken_on=event.taken_on, taken_by=event.by)
        case OutreachScanned() as event:
            yield Count((event.scene_code,), scans=1, late_scans=int(event.taken_down))
        case _:
            pass


def prefecture_of(org_path: str) -> str:
    """The code of the prefecture on a path, or the province's."""
    codes = org_path.split(".")
    return codes[min(PREFECTURE_LEVEL, len(codes) - 1)]


EVENTS: frozenset[type[Event]] = frozenset({OutreachPosted, OutreachTakenDown, OutreachScanned})
PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply, events=EVENTS)


class AssetRow(msgspec.Struct, frozen=True):
    """An asset, how often it was scanned, `late_scans` of it after it was taken down (`taken_on`, "" while it stands).

    `bindings` are the members who have bound WeChat by its code.
    """

    scene_code: str
    asset_type: str
    org_path: str
    place: str
    posted_on: str
    posted_by: str
    photo_id: str
    scans: int
    position: int
    late_scans: int
    taken_on: str
    taken_by: str
    bindings: int


class OutreachFigure(msgspec.Struct, frozen=True):
    """Assets of one type in one prefecture that could be seen on one of the days; what happened on those days.

    `posted` of them all, `reached` were scanned; `scans`, `late_scans` after the taking down, `bindings` that followed.
    """

    prefecture: str
    asset_type: str
    posted: int
    reached: int
    scans: int
    late_scans: int
    bindings: int


def _bindings() -> sa.ColumnElement[int]:
    b = outreach_bindings.C
    found = sa.select(sa.func.coalesce(sa.func.sum(b.bindings), 0)).where(b.scene_code == C.scene_code)
    return sa.cast(found.correlate(TABLE).scalar_subquery(), sa.BigInteger)


async def page(c: AsyncConnection, wanted: sa.ColumnElement[bool], after: int, limit: int) -> list[AssetRow]:
    """Assets in the order they were posted, after a position."""
    columns = [C[name] if name in C else _bindings() for name in AssetRow.__struct_fields__]
    query = sa.select(*columns).where(wanted, C.position > after).order_by(C.position).limit(limit)
    return [AssetRow(*row) for row in await c.execute(query)]


async def figures(
    c: AsyncConnection, wanted: sa.ColumnElement[bool], first: str = "", last: str = ""
) -> list[OutreachFigure]:
    """Counts by prefecture and type, of the days from `first` to `last`, both counted; "" bounds nothing."""
    s, b = outreach_scans.C, outreach_bindings.C
    sums = (sa.func.sum(s.scans).label("scans"), sa.func.sum(s.late_scans).label("late_scans"))
    scanned = sa.select(s.scene_code, *sums).where(*within(s.scanned_on, first, last)).group_by(s.scene_code).subquery()
    bound = sa.select(b.scene_code, sa.func.sum(b.bindings).label("bindings"))
    bound_by = bound.where(*within(b.bound_on, first, last)).group_by(b.scene_code).subquery()
    standing = [*[C.posted_on <= last] * bool(last), *[sa.or_(C.taken_on == "", C.taken_on >= first)] * bool(first)]
    happened = sa.or_(scanned.c.scans > 0, bound_by.c.bindings > 0)
    joined = TABLE.outerjoin(scanned, scanned.c.scene_code == C.scene_code)
    group = (C.prefecture, C.asset_type)
    counts = [
        sa.func.count().filter(*standing) if standing else sa.func.count(),
        sa.func.count().filter(scanned.c.scans > 0),
        *(_summed(column) for column in (scanned.c.scans, scanned.c.late_scans, bound_by.c.bindings)),
    ]
    query = sa.select(*group, *counts).select_from(joined.outerjoin(bound_by, bound_by.c.scene_code == C.scene_code))
    query = query.where(wanted, sa.or_(sa.and_(sa.true(), *standing), happened)).group_by(*group).order_by(*group)
    return [OutreachFigure(*row) for row in await c.execute(query)]


def _summed(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
