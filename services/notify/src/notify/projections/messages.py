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
    BulkMessageReleased,
    MessageCancelled,
    MessageDelivered,
    MessageDiverted,
    MessageFailed,
    MessageHandedOver,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSeen,
    MessageSent,
    OrdinaryMessageReleased,
    PaperMessageReleased,
)
from notify.domain.stages import BULK, WECHAT

NAME = "messages"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("recipient_id", sa.Text, nullable=False, index=True),
    sa.Column("claim_id", sa.Text, nullable=False, index=True),
    sa.Column("template_code", sa.Text, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
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
    sa.Column("lane", sa.Text, nullable=False, server_default=""),
    sa.Column("channel", sa.Text, nullable=False, server_default=""),
    sa.Column("seen_at", sa.Text, nullable=True),
    sa.Column("variables", sa.Text, nullable=False, server_default="{}"),
    sa.Column("text_digest", sa.Text, nullable=True),
    sa.Index("messages_waiting", "state", "lane", "send_after"),
    sa.Index("messages_by_sending", "state", "sent_at", "message_id"),
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
                lane=event.lane,
                channel=event.channel,
                variables=msgspec.json.encode(event.variables, order="sorted").decode(),
            )
        case (
            MessageReleased(message_id=message_id)
            | PaperMessageReleased(message_id=message_id)
            | OrdinaryMessageReleased(message_id=message_id)
            | BulkMessageReleased(message_id=message_id)
        ):
            yield Patch((message_id,), state="released")
        case MessageHandedOver(message_id=message_id, text_digest=digest):
            yield Patch((message_id,), state="handed-over", text_digest=digest)
        case MessageDiverted(message_id=message_id, channel=channel, send_after=send_after):
            yield Patch((message_id,), state="queued", channel=channel, send_after=send_after)
        case MessageCancelled(message_id=message_id):
            yield Patch((message_id,), state="cancelled", ended_at=header.time)
        case MessageSeen(message_id=message_id):
            yield Patch((message_id,), seen_at=header.time)
        case MessagePostponed(message_id=message_id, send_after=send_after):
            yield Patch((message_id,), state="queued", send_after=send_after, ended_at=None, failure=None)
        case MessageSent(message_id=message_id, segments=segments, channel=channel):
            yield Patch(
                (message_id,),
                state="sent",
                channel=channel,
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
    """One message as officers see it; `channel` is the one it went by, or is to go by first."""

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
    lane: str
    channel: str
    seen_at: str | None
    text_digest: str | None


async def due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Messages that may go now, longest waiting first; those of the bulk lane wait for their pace."""
    waiting = sa.and_(TABLE.c.state == "queued", TABLE.c.lane != BULK, TABLE.c.send_after <= utc_text(now))
    query = sa.select(TABLE.c.message_id).where(waiting)
    return [*(await c.scalars(query.order_by(TABLE.c.send_after, TABLE.c.message_id).limit(limit)))]


async def due_bulk(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Messages of the bulk lane that may go now: no more than `limit` are on their way at once."""
    on_their_way = sa.select(sa.func.count()).where(
        TABLE.c.state.in_(("released", "handed-over")), TABLE.c.lane == BULK
    )
    room = limit - (await c.scalar(on_their_way) or 0)
    if room <= 0:
        return []
    waiting = sa.and_(TABLE.c.state == "queued", TABLE.c.lane == BULK, TABLE.c.send_after <= utc_text(now))
    query = sa.select(TABLE.c.message_id).where(waiting).order_by(TABLE.c.send_after, TABLE.c.message_id)
    return [*(await c.scalars(query.limit(room)))]


async def unread(c: AsyncConnection, sent_until: datetime, limit: int) -> list[str]:
    """Messages that went by WeChat by then and that nobody has opened."""
    query = sa.select(TABLE.c.message_id).where(
        TABLE.c.state == "sent",
        TABLE.c.channel == WECHAT,
        TABLE.c.seen_at.is_(None),
        TABLE.c.sent_at <= utc_text(sent_until),
    )
    return [*(await c.scalars(query.order_by(TABLE.c.sent_at, TABLE.c.message_id).limit(limit)))]


async def known(c: AsyncConnection, message_ids: Sequence[str]) -> set[str]:
    """Which of the messages have been queued."""
    return {*(await c.scalars(sa.select(TABLE.c.message_id).where(TABLE.c.message_id.in_(message_ids))))}


async def waiting_for(c: AsyncConnection, prefix: str, recipient_id: str) -> list[str]:
    """Messages to a person that still wait, whose ids begin so."""
    query = sa.select(TABLE.c.message_id).where(
        TABLE.c.recipient_id == recipient_id,
        TABLE.c.state == "queued",
        TABLE.c.message_id.startswith(prefix, autoescape=True),
    )
    return [*(await c.scalars(query))]


async def count_waiting_bulk(c: AsyncConnection) -> int:
    """How many messages of the bulk lane are queued."""
    query = sa.select(sa.func.count()).where(TABLE.c.state == "queued", TABLE.c.lane == BULK)
    return await c.scalar(query) or 0


class Told(msgspec.Struct, frozen=True):
    """A message as its recipient's list needs it."""

    message_id: str
    template_code: str
    template_version: int
    variables: dict[str, str]
    queued_at: str
    state: str
    seen_at: str | None


async def of_recipient(c: AsyncConnection, recipient_id: str, before: int, limit: int) -> list[tuple[int, Told]]:
    """What a person was told, newest first, with the position that continues the list."""
    t = TABLE.c
    query = sa.select(
        t.queued_position,
        t.message_id,
        t.template_code,
        t.template_version,
        t.variables,
        t.queued_at,
        t.state,
        t.seen_at,
    ).where(t.recipient_id == recipient_id, t.queued_position < before, t.state != "cancelled")
    rows = await c.execute(query.order_by(t.queued_position.desc()).limit(limit))
    return [
        (row[0], Told(row[1], row[2], row[3], msgspec.json.decode(row[4], type=dict[str, str]), *row[5:]))
        for row in rows
    ]


class Awaiting(msgspec.Struct, frozen=True):
    """A message that was sent and of which nothing more is known."""

    message_id: str
    recipient_id: str
    sent_at: str


async def awaiting_receipt(c: AsyncConnection, since: datetime, before: Awaiting | None, limit: int) -> list[Awaiting]:
    """Sent messages without a receipt, youngest first: from the youngest of all, or from the one `before`."""
    t = TABLE.c
    query = sa.select(t.message_id, t.recipient_id, t.sent_at).where(
        t.state == "sent", t.channel != WECHAT, t.sent_at >= utc_text(since)
    )
    if before is not None:
        query = query.where(sa.tuple_(t.sent_at, t.message_id) < sa.tuple_(before.sent_at, before.message_id))
    rows = await c.execute(query.order_by(t.sent_at.desc(), t.message_id.desc()).limit(limit))
    return [Awaiting(*row) for row in rows]


async def page(c: AsyncConnection, filters: dict[str, str], after: str, limit: int) -> list[MessageView]:
    """Messages after a cursor in the order of their ids; `filters` by column name."""
    shown = [TABLE.c[name] for name in MessageView.__struct_fields__]
    query = sa.select(*shown).where(
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
    sent_by_channel: dict[str, int]
    seen: int


async def summary(c: AsyncConnection) -> Summary:
    """Count by state, by failure code and by template."""
    t = TABLE.c
    totals = (
        await c.execute(
            sa.select(
                sa.func.count().filter(t.state.in_(("queued", "released", "handed-over"))),
                sa.func.count(t.sent_at),
                sa.func.count().filter(t.state == "delivered"),
                sa.func.coalesce(sa.func.sum(t.segments), 0),
                sa.func.count(t.seen_at),
            )
        )
    ).one()
    failed = await c.execute(sa.select(t.failure, sa.func.count()).where(t.state == "failed").group_by(t.failure))
    sent = await c.execute(
        sa.select(t.template_code, sa.func.count()).where(t.sent_at.is_not(None)).group_by(t.template_code)
    )
    channels = await c.execute(sa.select(t.channel, sa.func.count()).where(t.sent_at.is_not(None)).group_by(t.channel))
    return Summary(
        queued=totals[0],
        sent=totals[1],
        delivered=totals[2],
        segments=totals[3],
        failed=dict([*failed]),
        sent_by_template=dict([*sent]),
        sent_by_channel=dict([*channels]),
        seen=totals[4],
    )


PROJECTION = Projection(NAME, 3, "notify", TABLE, apply)
