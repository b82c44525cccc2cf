"""Read model `reachability`: who is bound to WeChat, and whose mobile is in doubt, as notify says; for counts alone."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.envelope import Event
from contracts.notify.reaching import MobileCleared, MobileDoubted, WechatBound, WechatUnbound

NAME = "reachability"
WECHAT, MOBILE_DOUBTED = "WECHAT", "MOBILE_DOUBTED"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("what", sa.Text, primary_key=True),
    sa.Column("since", sa.Text, nullable=False),
)
"""`since` is the business time in UTC."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a person and what is so."""
    match recorded.event:
        case WechatBound(person_id=person_id):
            yield Put((person_id, WECHAT), since=recorded.header.time)
        case WechatUnbound(person_id=person_id):
            yield Remove((person_id, WECHAT))
        case MobileDoubted(person_id=person_id):
            yield Put((person_id, MOBILE_DOUBTED), since=recorded.header.time)
        case MobileCleared(person_id=person_id):
            yield Remove((person_id, MOBILE_DOUBTED))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({WechatBound, WechatUnbound, MobileDoubted, MobileCleared})
PROJECTION = Projection(name=NAME, version=1, source="notify", table=TABLE, apply=apply, events=EVENTS)


def so(person_id: sa.ColumnElement[str], what: str) -> sa.ColumnElement[bool]:
    """The condition that it is so of a person."""
    return sa.exists().where(TABLE.c.person_id == person_id, TABLE.c.what == what)
