"""Read model `seats`: what was given for each plan and how many of its seats are taken."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from contracts.enrolment.batches import SeatsReleased
from contracts.enrolment.v1 import DonationReceived, SeatsReserved
from contracts.envelope import Event

NAME = "seats"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("given", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("donated_fen", sa.BigInteger, nullable=False, server_default="0"),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """Sums only."""
    match recorded.event:
        case DonationReceived() as event:
            yield Count((event.plan_code,), given=event.seats, donated_fen=event.amount_fen)
        case SeatsReserved() as event:
            yield Count((event.plan_code,), reserved=event.seats)
        case SeatsReleased() as event:
            yield Count((event.plan_code,), reserved=-event.seats)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({DonationReceived, SeatsReserved, SeatsReleased})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Seats(msgspec.Struct, frozen=True):
    """Seats given and taken; money in fen."""

    given: int = 0
    reserved: int = 0
    donated_fen: int = 0


async def of_plan(c: AsyncConnection, plan_code: str) -> Seats:
    """The sums of a plan; zeros before the first donation."""
    query = sa.select(TABLE.c.given, TABLE.c.reserved, TABLE.c.donated_fen).where(TABLE.c.plan_code == plan_code)
    row = (await c.execute(query)).first()
    return Seats(*row) if row is not None else Seats()
