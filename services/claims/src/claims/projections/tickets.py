"""Read model `tickets`: what the hotline was asked, who is to answer until when, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.tickets import TicketAnswered, TicketAssigned, TicketClosed, TicketOpened
from contracts.envelope import Event, Sealed

NAME = "tickets"
OPEN, ANSWERED, CLOSED = "OPEN", "ANSWERED", "CLOSED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=True),
    sa.Column("opened_on", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default=OPEN),
    sa.Column("answer", sa.LargeBinary, nullable=True),
    sa.Column("answered_on", sa.Text, nullable=False, server_default=""),
    sa.Column("satisfaction", sa.Integer, nullable=False, server_default="0"),
    sa.Index("tickets_by_person", "person_id", "position"),
    sa.Index("tickets_in_order", "state", "position"),
)
"""`text` and `answer` are sealed; `org_path` is who answers; a `satisfaction` of 0 is none."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a ticket."""
    match recorded.event:
        case TicketOpened() as event:
            yield Put(
                (event.ticket_id,),
                category=event.category,
                person_id=event.person_id,
                org_path=event.org_path,
                text=_bytes(event.text),
                opened_on=event.opened_on,
                due_on=event.due_on,
                position=recorded.position,
            )
        case TicketAssigned() as event:
            yield Patch((event.ticket_id,), org_path=event.org_path)
        case TicketAnswered() as event:
            answer = _bytes(event.answer)
            yield Patch((event.ticket_id,), state=ANSWERED, answer=answer, answered_on=event.answered_on)
        case TicketClosed() as event:
            yield Patch((event.ticket_id,), state=CLOSED, satisfaction=event.satisfaction)
        case _:
            pass


def _bytes(note: Sealed | None) -> bytes | None:
    return msgspec.json.encode(note) if note else None


EVENTS: frozenset[type[Event]] = frozenset({TicketOpened, TicketAssigned, TicketAnswered, TicketClosed})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


class TicketRow(msgspec.Struct, frozen=True):
    """A ticket: OPEN, ANSWERED or CLOSED; nothing that was said."""

    ticket_id: str
    category: str
    person_id: str
    org_path: str
    opened_on: str
    due_on: str
    state: str
    answered_on: str
    satisfaction: int
    position: int


class TicketFigure(msgspec.Struct, frozen=True):
    """Tickets of one category: all, answered or closed, overdue and unanswered, rated and the sum of the ratings."""

    category: str
    opened: int
    answered: int
    overdue: int
    rated: int
    satisfaction_sum: int


def overdue(today: str) -> sa.ColumnElement[bool]:
    """The condition that a ticket should have been answered before today."""
    return sa.and_(C.state == OPEN, C.due_on < today)


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], after: int, limit: int
) -> list[tuple[TicketRow, Sealed | None, Sealed | None]]:
    """Tickets in the order they were opened, after a position, with question and answer as they are sealed."""
    columns = [C[name] for name in TicketRow.__struct_fields__]
    query = sa.select(*columns, C.text, C.answer).where(visible, C.position > after).order_by(C.position).limit(limit)
    return [(TicketRow(*row), _sealed(text), _sealed(answer)) for *row, text, answer in await c.execute(query)]


async def figures(c: AsyncConnection, visible: sa.ColumnElement[bool], today: str) -> list[TicketFigure]:
    """Counts by category."""
    query = sa.select(
        C.category,
        sa.func.count(),
        sa.func.count().filter(C.state != OPEN),
        sa.func.count().filter(overdue(today)),
        sa.func.count().filter(C.satisfaction > 0),
        sa.func.coalesce(sa.func.sum(C.satisfaction), 0),
    )
    rows = await c.execute(query.where(visible).group_by(C.category).order_by(C.category))
    return [TicketFigure(*row) for row in rows]


def _sealed(note: bytes | None) -> Sealed | None:
    return msgspec.json.decode(note, type=Sealed) if note else None
