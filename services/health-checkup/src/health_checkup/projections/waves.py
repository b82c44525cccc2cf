"""The waves of invitations, and until when they are answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import utc_text
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.health_checkup.stops import WaveClosed
from contracts.health_checkup.v1 import MemberInvited

NAME = "waves"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("wave", sa.Integer, primary_key=True),
    sa.Column("answer_by", sa.Text, nullable=False, index=True),
)
"""Waves whose time is not over yet, or whose end has not been recorded; `answer_by` in UTC."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an open wave."""
    match recorded.event:
        case MemberInvited(stop_id=stop_id, wave=wave, answer_by=answer_by) if answer_by:
            yield Put((stop_id, wave), answer_by=answer_by)
        case WaveClosed(stop_id=stop_id, wave=wave):
            yield Remove((stop_id, wave))
        case _:
            pass


async def over(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """`<stop>/<wave>` of waves whose time to answer is over, longest first."""
    t = TABLE.c
    query = sa.select(t.stop_id, t.wave).where(t.answer_by <= utc_text(now)).order_by(t.answer_by, t.stop_id, t.wave)
    return [f"{stop_id}/{wave}" for stop_id, wave in await c.execute(query.limit(limit))]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
