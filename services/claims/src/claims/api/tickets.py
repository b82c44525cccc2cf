"""Tickets of the hotline 12351 over HTTP: taken down, assigned, answered, closed; the member sees the own ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow, in_subtree
from chassis.clock import local_day, new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT, REVIEWERS
from claims.api.notes import open_notes, seal_note
from claims.api.queries import PAGE_ROWS, After, Filter, Flag, Limit
from claims.api.shapes import Asked, PersonId, Text
from claims.domain.ticket import TICKET, Absent, AnswerTicket, AssignTicket, CloseTicket, OpenTicket, TicketCommand
from claims.intake.working_days import after_working_days
from claims.projections import covers, tickets
from claims.projections.tickets import TicketFigure, TicketRow
from contracts.claims.tickets import TicketOpened
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within

HOTLINE = "hotline_agent"
ANSWERERS = (HOTLINE, *REVIEWERS)
ASSIGNERS = (HOTLINE, *OFFICE, "city_clerk", "county_clerk")
AnyRequest = Request[Any, Any, Any]
TicketId = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
State = Annotated[Literal["", "OPEN", "ANSWERED", "CLOSED"], QueryParameter(name="state")]


class TicketAsked(Asked, frozen=True, kw_only=True):
    """A question: its category, who asks where that is known, and then in which words."""

    category: Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]{1,39}$")]
    person_id: PersonId = ""
    text: Text = ""


class AssignmentAsked(Asked, frozen=True, kw_only=True):
    """The code of the organisation that answers."""

    org: Annotated[str, Meta(pattern=r"^[0-9]{6,13}$")]


class AnswerAsked(Asked, frozen=True, kw_only=True):
    """The answer; empty where no person is named."""

    text: Text = ""


class ClosingAsked(Asked, frozen=True, kw_only=True):
    """How satisfied the caller is, 1 to 5; 0 where nobody was asked."""

    satisfaction: Annotated[int, Meta(ge=0, le=5)] = 0


class ToldTicket(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket that was acted on."""

    ticket_id: str


class TicketPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tickets in the order they were opened; `next_after` goes on, 0 at the end."""

    tickets: list[TicketRow]
    next_after: int


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket with what was asked and answered."""

    ticket: TicketRow
    text: str
    answer: str


class OwnTickets(msgspec.Struct, frozen=True, kw_only=True):
    """A member's tickets in the order they were opened; `next_after` goes on, 0 at the end."""

    tickets: list[TicketView]
    next_after: int


class TicketFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by category."""

    figures: list[TicketFigure]


@post("/tickets", status_code=201)
async def open_ticket(
    data: JSONBody[TicketAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[ToldTicket]:
    """The hotline takes a question down."""
    allow(actor, HOTLINE)
    ticket_id = new_id()
    settings = context.settings

    async def work(session: Session) -> ToldTicket:
        org_path = actor.org_path
        if data.person_id:
            org_path = await _place_of(session, data.person_id, actor)
        text = await seal_note(session, data.person_id, data.text) if data.person_id else None
        opened = TicketOpened(
            ticket_id=ticket_id,
            category=data.category,
            person_id=data.person_id,
            org_path=org_path,
            text=text,
            opened_on=session.today.isoformat(),
            due_on=after_working_days(session.today, settings.ticket_workdays).isoformat(),
            by=actor.sub,
        )
        categories = frozenset(settings.ticket_categories.split(","))
        await session.decide(
            TICKET, ticket_id, OpenTicket(opened, categories, unkept=_unkept(data.text, data.person_id))
        )
        return ToldTicket(ticket_id=ticket_id)

    return await context.command(request, actor, work, status=201)


def _unkept(text: str, person_id: str) -> bool:
    return bool(text.strip()) and not person_id


async def _place_of(session: Session, person_id: str, actor: Actor) -> str:
    """Where the person is covered. Raises Problem person-unknown, also for somebody outside the subtree."""
    async with session.reads.connection() as c:
        paths = await covers.paths_of(c, person_id)
    if not paths or not within(paths[0], actor.org_path):
        raise Problem(404, "person-unknown", "No such person is covered in your organisation.", "person_id")
    return paths[0]


@post("/tickets/{ticket_id:str}/assign", status_code=200)
async def assign_ticket(
    ticket_id: TicketId, data: JSONBody[AssignmentAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[ToldTicket]:
    """An organisation within the asker's is to answer."""
    allow(actor, *ASSIGNERS)
    try:
        org_path = path_of(data.org)
    except UnknownOrganization as unknown:
        raise Problem(422, "org-unknown", str(unknown), "org") from unknown
    if not within(org_path, actor.org_path):
        raise Problem(404, "org-unknown", "No such organisation within yours.", "org")

    async def command(_session: Session, _person_id: str) -> TicketCommand:
        return AssignTicket(org_path, actor.sub)

    return await _act(ticket_id, request, actor, context, command)


@post("/tickets/{ticket_id:str}/answer", status_code=200)
async def answer_ticket(
    ticket_id: TicketId, data: JSONBody[AnswerAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[ToldTicket]:
    """The organisation it is assigned to, or one above it, answers."""
    allow(actor, *ANSWERERS)

    async def command(session: Session, person_id: str) -> TicketCommand:
        answer = await seal_note(session, person_id, data.text) if person_id else None
        return AnswerTicket(answer, session.today.isoformat(), actor.sub, _unkept(data.text, person_id))

    return await _act(ticket_id, request, actor, context, command)


@post("/tickets/{ticket_id:str}/close", status_code=200)
async def close_ticket(
    ticket_id: TicketId, data: JSONBody[ClosingAsked], request: AnyRequest, actor: Actor, context: Context
) -> Response[ToldTicket]:
    """The hotline has told the caller."""
    allow(actor, HOTLINE)

    async def command(session: Session, _person_id: str) -> TicketCommand:
        return CloseTicket(data.satisfaction, session.today.isoformat(), actor.sub)

    return await _act(ticket_id, request, actor, context, command)


async def _act(
    ticket_id: str,
    request: AnyRequest,
    actor: Actor,
    context: Context,
    command: Callable[[Session, str], Awaitable[TicketCommand]],
) -> Response[ToldTicket]:
    """Decide a command on a ticket within the asker's subtree; `command` is told whose ticket it is."""

    async def work(session: Session) -> ToldTicket:
        ticket = await session.load(TICKET, ticket_id)
        if isinstance(ticket, Absent) or not within(ticket.org_path, actor.org_path):
            raise Problem(404, "ticket-unknown", "No such ticket in your organisation.")
        await session.decide(TICKET, ticket_id, await command(session, ticket.opened.person_id))
        return ToldTicket(ticket_id=ticket_id)

    return await context.command(request, actor, work)


@get("/tickets")
async def ticket_list(
    actor: Actor,
    context: Context,
    ticket_state: State = "",
    category: Filter = "",
    overdue: Flag = False,
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> TicketPage:
    """The tickets within the asker's subtree; `overdue` those that should have been answered before today."""
    allow(actor, *ANSWERERS, *OVERSIGHT)
    rows_max = min(limit, context.settings.page_rows_max)
    wanted = [in_subtree(tickets.C.org_path, actor)]
    if ticket_state:
        wanted.append(tickets.C.state == ticket_state)
    if category:
        wanted.append(tickets.C.category == category)
    if overdue:
        wanted.append(tickets.overdue(_today(context)))
    async with context.reads.connection() as c:
        rows = [row for row, _, _ in await tickets.page(c, sa.and_(*wanted), after, rows_max)]
    return TicketPage(tickets=rows, next_after=rows[-1].position if len(rows) == rows_max else 0)


@get("/tickets/mine")
async def own_tickets(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> OwnTickets:
    """What the member asked the hotline, and what was answered."""
    allow(actor, "member")
    rows_max = min(limit, context.settings.page_rows_max)
    views = await _views(context, tickets.C.person_id == actor.sub, after, rows_max)
    return OwnTickets(tickets=views, next_after=views[-1].ticket.position if len(views) == rows_max else 0)


@get("/tickets/figures")
async def ticket_figures(actor: Actor, context: Context) -> TicketFigures:
    """Tickets, answers, what is overdue, and the ratings, by category, within the asker's subtree."""
    allow(actor, *ANSWERERS, *OVERSIGHT)
    async with context.reads.connection() as c:
        rows = await tickets.figures(c, in_subtree(tickets.C.org_path, actor), _today(context))
    return TicketFigures(figures=rows)


@get("/tickets/{ticket_id:str}")
async def ticket_view(ticket_id: TicketId, actor: Actor, context: Context) -> TicketView:
    """One ticket with its words, for those who answer."""
    allow(actor, *ANSWERERS)
    wanted = sa.and_(tickets.C.ticket_id == ticket_id, in_subtree(tickets.C.org_path, actor))
    views = await _views(context, wanted, 0, 1)
    if not views:
        raise Problem(404, "ticket-unknown", "No such ticket in your organisation.")
    return views[0]


async def _views(context: Context, wanted: sa.ColumnElement[bool], after: int, rows_max: int) -> list[TicketView]:
    async with context.reads.connection() as c:
        rows = await tickets.page(c, wanted, after, rows_max)
    opened = await open_notes(context, [note for _, text, answer in rows for note in (text, answer)])
    words = zip(rows, opened[::2], opened[1::2], strict=True)
    return [TicketView(ticket=row, text=text, answer=answer) for (row, _, _), text, answer in words]


def _today(context: Context) -> str:
    return local_day(context.clock.now()).isoformat()


ROUTES: list[ControllerRouterHandler] = [
    open_ticket,
    assign_ticket,
    answer_ticket,
    close_ticket,
    ticket_list,
    own_tickets,
    ticket_figures,
    ticket_view,
]
