"""Read model `outreach_shipments`: stickers and leaflets as printed, sent and counted, the differences with them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.outreach import OutreachPrinted, OutreachReceived, OutreachSent
from contracts.envelope import Event

NAME = "outreach_shipments"
UNCOUNTED = -1

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("shipment_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("from_path", sa.Text, nullable=False),
    sa.Column("to_path", sa.Text, nullable=False),
    sa.Column("sent", sa.BigInteger, nullable=False),
    sa.Column("sent_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False, server_default=str(UNCOUNTED)),
    sa.Column("received_on", sa.Text, nullable=False, server_default=""),
    sa.Index("outreach_shipments_in_order", "position"),
)
"""The printer's delivery is the first row of a batch: from "" to the province, counted. `title` is there only."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a shipment."""
    match recorded.event:
        case OutreachPrinted() as event:
            yield Put(
                (event.batch_id, ""),
                title=event.title,
                from_path="",
                to_path=event.org_path,
                sent=event.copies,
                sent_on=event.printed_on,
                position=recorded.position,
                received=event.copies,
                received_on=event.printed_on,
            )
        case OutreachSent() as event:
            yield Put(
                (event.batch_id, event.shipment_id),
                title="",
                from_path=event.from_path,
                to_path=event.to_path,
                sent=event.copies,
                sent_on=event.sent_on,
                position=recorded.position,
            )
        case OutreachReceived() as event:
            key = (event.batch_id, event.shipment_id)
            yield Patch(key, received=event.copies, received_on=event.received_on)
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({OutreachPrinted, OutreachSent, OutreachReceived})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


class Shipment(msgspec.Struct, frozen=True):
    """A shipment; `received` is -1 until it was counted, else `sent` less `received` is what is missing."""

    batch_id: str
    shipment_id: str
    title: str
    from_path: str
    to_path: str
    sent: int
    sent_on: str
    received: int
    received_on: str
    position: int


def differs() -> sa.ColumnElement[bool]:
    """The condition that another number was counted than was sent."""
    return sa.and_(C.received != UNCOUNTED, C.received != C.sent)


def uncounted() -> sa.ColumnElement[bool]:
    """The condition that nobody has counted it yet."""
    return C.received == UNCOUNTED


async def page(c: AsyncConnection, wanted: sa.ColumnElement[bool], after: int, limit: int) -> list[Shipment]:
    """Shipments in the order they were sent, after a position."""
    columns = [C[name] for name in Shipment.__struct_fields__]
    query = sa.select(*columns).where(wanted, C.position > after).order_by(C.position).limit(limit)
    return [Shipment(*row) for row in await c.execute(query)]
