"""Who is reached by WeChat, and as whom: the sealed openid."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.envelope import Sealed
from contracts.notify.reaching import WechatBound, WechatUnbound

NAME = "wechat_bindings"
FIELD = "notify.wechat-bound.v1/openid"
"""The field it is sealed in."""
OPENIDS = "wechat-openid"
"""The scope in which an account belongs to one person, and the purpose of the index it is found by."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("openid", sa.LargeBinary, nullable=False),
    sa.Column("bound_at", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person who is bound."""
    match recorded.event:
        case WechatBound(person_id=person_id, openid=openid):
            yield Put((person_id,), openid=msgspec.json.encode(openid), bound_at=recorded.header.time)
        case WechatUnbound(person_id=person_id):
            yield Remove((person_id,))
        case _:
            pass


async def find(c: AsyncConnection, person_id: str) -> tuple[Sealed, str] | None:
    """The sealed openid and since when; None when the person is not bound."""
    row = (await c.execute(sa.select(TABLE.c.openid, TABLE.c.bound_at).where(TABLE.c.person_id == person_id))).first()
    return (msgspec.json.decode(row.openid, type=Sealed), row.bound_at) if row else None


PROJECTION = Projection(NAME, 1, "notify", TABLE, apply, events=frozenset({WechatBound, WechatUnbound}))
