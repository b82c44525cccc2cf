"""Read model `outreach_bindings`: how many members have bound WeChat by a scene code, day by day, and not who."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from contracts.envelope import Event
from contracts.notify.reaching import WechatBound

NAME = "outreach_bindings"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("scene_code", sa.Text, primary_key=True),
    sa.Column("bound_on", sa.Text, primary_key=True),
    sa.Column("bindings", sa.BigInteger, nullable=False, server_default="0"),
)
"""An ISO date in Asia/Shanghai. A binding that is let go later stays counted."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a code and day."""
    match recorded.event:
        case WechatBound(scene_code=scene_code) if scene_code:
            day = local_day(from_text(recorded.header.time)).isoformat()
            yield Count((scene_code, day), bindings=1)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({WechatBound})
PROJECTION = Projection(name=NAME, version=1, source="notify", table=TABLE, apply=apply, events=EVENTS)
