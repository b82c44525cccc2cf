"""Read model `claims_for_information`: what unit and county are told at once of mobile and phoned filings (4.4)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from claims.domain.reviews import COUNTY_REVIEW, UNION_CODE_LENGTH, UNIT_REVIEW
from contracts.claims.relief import ReliefFiled
from contracts.claims.v1 import ClaimFiled

NAME = "claims_for_information"
INFORMED = {"MEMBER_MOBILE": (UNIT_REVIEW, COUNTY_REVIEW), "HOTLINE": (UNIT_REVIEW, COUNTY_REVIEW)}
"""Which levels hear of a filing by which channel; the others have filed it themselves, or see it on their way."""

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("level", sa.Text, primary_key=True),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("filed_on", sa.Text, nullable=False),
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("must_act", sa.Boolean, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("claims_for_information_by_path", "org_path"),
)
"""`org_path` is that of the level; `must_act` when the level is also a step of the case's way."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a level that is told."""
    match recorded.event:
        case ClaimFiled() as event:
            for level in INFORMED.get(event.channel, ()):
                path = _path_of(event.org_path, level)
                if path:
                    yield Put(
                        (event.claim_id, level),
                        org_path=path,
                        claim_no=event.claim_no,
                        kind=event.incident.kind,
                        channel=event.channel,
                        filed_on=event.filed_on,
                        urgent=event.urgent,
                        must_act=level in event.steps,
                        position=recorded.position,
                    )
        case ReliefFiled() as event:
            for level in INFORMED.get(event.channel, ()):
                path = _path_of(event.org_path, level)
                if path:
                    yield Put(
                        (event.relief_id, level),
                        org_path=path,
                        claim_no=event.relief_no,
                        kind=event.kind,
                        channel=event.channel,
                        filed_on=event.filed_on,
                        urgent=False,
                        must_act=level == COUNTY_REVIEW,
                        position=recorded.position,
                    )
        case _:
            pass


def _path_of(org_path: str, level: str) -> str:
    """The path of the unit's or county's organisation above a member; "" when there is none."""
    codes = org_path.split(".")
    for place, code in enumerate(codes):
        unit = len(code) == UNION_CODE_LENGTH
        county = not unit and place > 0 and not code.endswith("00")
        if (level == UNIT_REVIEW and unit) or (level == COUNTY_REVIEW and county):
            return ".".join(codes[: place + 1])
    return ""


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


class ForInformation(msgspec.Struct, frozen=True):
    """A filing that a level is told of."""

    claim_id: str
    level: str
    claim_no: str
    kind: str
    channel: str
    filed_on: str
    urgent: bool
    must_act: bool
    position: int


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], level: str, after: int, limit: int
) -> list[ForInformation]:
    """What a level within the visible organisations is told of, in the order of filing, after a position."""
    columns = [C[name] for name in ForInformation.__struct_fields__]
    chosen = sa.and_(visible, C.level == level, C.position > after)
    rows = await c.execute(sa.select(*columns).where(chosen).order_by(C.position).limit(limit))
    return [ForInformation(*row) for row in rows]
