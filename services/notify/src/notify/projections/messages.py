"""Every message and how far it came: no text, no number; the cause joins it with what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import utc_text
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.notify.v1 import (
    MessageDelivered,
    MessageFailed,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSent,
)

NAME = "messages"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("recipient_id", sa.Text, nullable=False, index=True),
    sa.Column("claim_id", sa.Text, nullable=False, index=True),
    sa.Column("template_code", sa.Text, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("send_after", sa.Text, nullable=False),
    sa.Column("queued_at", sa.Text, nullable=False),
    sa.Column("sent_at", sa.Text, nullable=True),
    sa.Column("ended_at", sa.Text, nullable=True),
    sa.Column("failure", sa.Text, nullable=True),
    sa.Column("segments", sa.Integer, nullable=True),
    sa.Column("cause_source", sa.Text, nullable=False),
    sa.Column("cause_position", sa.BigInteger, nullable=False),
    sa.Column("queued_position", sa.BigInteger, nullable=False),
    sa.Column("sent_position", sa.BigInteger, nullable=True),
)
"""Times are business times in UTC; positions join with the logs, where the real times stand."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a message."""
    header, event = recorded.header, recorded.event
    match event:
        case MessageQueued():
            yield Put(
                (event.message_id,),
                recipient_id=event.recipient_id,
                claim_id=event.claim_id,
                template_code=event.template_code,
                template_version=event.template_version,
                state="queued",
                send_after=event.send_after,
                queued_at=header.time,
                cause_source=header.causesource,
                cause_position=header.causeposition,
                queued_position=recorded.position,
            )
        case MessageReleased(message_id=message_id):
            yield Patch((message_id,), state="released")
        case MessagePostponed(message_id=message_id, send_after=send_after):
            yield Patch((message_id,), state="queued", send_after=send_after, ended_at=None, failure=None)
        case MessageSent(message_id=message_id, segments=segments):
            yield Patch(
                (message_id,),
                state="sent",
                sent_at=header.time,
                segments=segments,
                sent_position=recorded.position,
                ended_at=None,
                failure=None,
            )
        case MessageDelivered(message_id=message_id):
            yield Patch((message_id,), state="delivered", ended_at=header.time, failure=None)
        case MessageFailed(message_id=message_id, code=code):
            yield Patch((message_id,), state="failed", ended_at=header.time, failure=code)
        case _:
            pass


class MessageView(msgspec.Struct, frozen=True):
    """One message as officers see it."""

    message_id: str
    recipient_id: str
    claim_id: str
    template_code: str
    template_version: int
    state: str
    send_after: str
    queued_at: str
    sent_at: str | None
    ended_at: str | None
    failure: str | None
    segments: int | None
    cause_source: str
    cause_position: int
    queued_position: int
    sent_position: int | None


async def due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Messages whose quiet hours are over, longest waiting first."""
    query = sa.select(TABLE.c.message_id).where(TABLE.c.state == "queued", TABLE.c.send_after <= utc_text(now))
    return [*(await c.scalars(query.order_by(TABLE.c.send_after, TABLE.c.message_id).limit(limit)))]


async def awaiting_receipt(c: AsyncConnection, since: datetime, limit: int) -> list[str]:
    """Sent messages without a receipt, youngest first, so that those nobody confirms never block others."""
    query = sa.select(TABLE.c.message_id).where(TABLE.c.state == "sent", TABLE.c.sent_at >= utc_text(since))
    return [*(await c.scalars(query.order_by(TABLE.c.sent_at.desc(), TABLE.c.message_id).limit(limit)))]


async def page(c: AsyncConnection, filters: dict[str, str], after: str, limit: int) -> list[MessageView]:
    """Messages after a cursor in the order of their ids; `filters` by column name."""
    query = sa.select(TABLE).where(
        TABLE.c.message_id > after, *(TABLE.c[name] == value for name, value in filters.items())
    )
    rows: Sequence[sa.RowMapping] = (await c.execute(query.order_by(TABLE.c.message_id).limit(limit))).mappings().all()
    return [MessageView(**row) for row in rows]


class Summary(msgspec.Struct, frozen=True):
    """Counts of messages; `sent` counts every message the provider took, whatever became of it."""

    queued: int
    sent: int
    delivered: int
    segments: int
    failed: dict[str, int]
    sent_by_template: dict[str, int]


async def summary(c: AsyncConnection) -> Summary:
    """Count by state, by failure code and by template."""
    t = TABLE.c
    totals = (
        await c.execute(
            sa.select(
                sa.func.count().filter(t.state.in_(("queued", "released"))),
                sa.func.count(t.sent_at),
                sa.func.count().filter(t.state == "delivered"),
                sa.func.coalesce(sa.func.sum(t.segments), 0),
            )
        )
    ).one()
    failed = await c.execute(sa.select(t.failure, sa.func.count()).where(t.state == "failed").group_by(t.failure))
    sent = await c.execute(
        sa.select(t.template_code, sa.func.count()).where(t.sent_at.is_not(None)).group_by(t.template_code)
    )
    return Summary(
        queued=totals[0],
        sent=totals[1],
        delivered=totals[2],
        segments=totals[3],
        failed=dict([*failed]),
        sent_by_template=dict([*sent]),
    )


PROJECTION = Projection(NAME, 1, "notify", TABLE, apply)
