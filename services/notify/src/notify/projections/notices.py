"""What officers are told in the app: pool alerts and the daily digest of waiting tasks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import scope
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Actor
from contracts.notify.reaching import NoticePosted

NAME = "notices"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("notice_id", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("posted_on", sa.Text, nullable=False, index=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a notice and role."""
    match recorded.event:
        case NoticePosted() as event:
            for role in event.roles:
                yield Put(
                    (event.notice_id, role),
                    kind=event.kind,
                    org_path=event.org_path,
                    facts=msgspec.json.encode(event.facts, order="sorted").decode(),
                    posted_on=event.posted_on,
                    position=recorded.position,
                )
        case _:
            pass


class NoticeView(msgspec.Struct, frozen=True):
    """One notice as an officer reads it."""

    notice_id: str
    kind: str
    org_path: str
    facts: dict[str, str]
    posted_on: str


async def for_officer(c: AsyncConnection, actor: Actor, limit: int) -> list[NoticeView]:
    """The newest notices to one of the actor's roles at the actor's own organisation."""
    t = TABLE.c
    query = (
        sa.select(t.notice_id, t.kind, t.org_path, t.facts, t.posted_on, t.position)
        .where(t.role.in_(actor.roles), t.org_path == scope(actor))
        .distinct()
        .order_by(t.position.desc(), t.notice_id)
        .limit(limit)
    )
    return [
        NoticeView(row[0], row[1], row[2], msgspec.json.decode(row[3], type=dict[str, str]), row[4])
        for row in await c.execute(query)
    ]


PROJECTION = Projection(NAME, 1, "notify", TABLE, apply, events=frozenset({NoticePosted}))
