"""Read model `quotas`: the seats of each organisation that has a quota, and how many of them rows have taken."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Write
from contracts.enrolment.batches import QuotaSet, SeatsReleased
from contracts.enrolment.v1 import SeatsReserved
from contracts.envelope import Actor, Event

NAME = "quotas"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("org_path", sa.Text, primary_key=True),
    sa.Column("organization", sa.Text, nullable=False, server_default=""),
    sa.Column("given", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """A quota is set as a whole; what rows take and give back is counted."""
    match recorded.event:
        case QuotaSet() as event:
            key = (event.plan_code, event.org_path)
            yield Count(key, reserved=0)
            yield Patch(key, organization=event.organization, given=event.seats)
        case SeatsReserved() as event:
            for path, seats in event.quotas.items():
                yield Count((event.plan_code, path), reserved=seats)
        case SeatsReleased() as event:
            for path, seats in event.quotas.items():
                yield Count((event.plan_code, path), reserved=-seats)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({QuotaSet, SeatsReserved, SeatsReleased})
PROJECTION = Projection(name=NAME, version=1, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Quota(msgspec.Struct, frozen=True):
    """One organisation's seats of a plan and those that rows have taken."""

    org_path: str
    organization: str
    given: int
    reserved: int


async def of_subtree(c: AsyncConnection, plan_code: str, actor: Actor) -> list[Quota]:
    """The quotas of the actor's subtree, each organisation before those below it."""
    columns = [TABLE.c[name] for name in Quota.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.plan_code == plan_code, in_subtree(TABLE.c.org_path, actor))
    return [Quota(*row) for row in await c.execute(query.order_by(TABLE.c.org_path))]
