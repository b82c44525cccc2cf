"""A hotline ticket: opened by the hotline, assigned to an organisation, answered, closed (domain 10, service)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.claims.tickets import TicketAnswered, TicketAssigned, TicketClosed, TicketOpened
from contracts.envelope import Sealed

SATISFACTION_MAX = 5
NOT_ASKED = 0

# State


@dataclass(frozen=True)
class Absent:
    """No such ticket."""


@dataclass(frozen=True)
class Open:
    """Waits for an answer of the organisation at `org_path`."""

    opened: TicketOpened
    org_path: str


@dataclass(frozen=True)
class Answered:
    """Answered; the caller has still to be told."""

    opened: TicketOpened
    org_path: str
    answered: TicketAnswered


@dataclass(frozen=True)
class Closed:
    """The caller was told."""

    opened: TicketOpened
    org_path: str
    closed: TicketClosed


Ticket = Absent | Open | Answered | Closed
TicketEvent = TicketOpened | TicketAssigned | TicketAnswered | TicketClosed


def evolve(ticket: Ticket, event: TicketEvent) -> Ticket:
    """Fold one event."""
    match event, ticket:
        case TicketOpened(), _:
            return Open(event, event.org_path)
        case TicketAssigned(), Open(opened, _):
            return Open(opened, event.org_path)
        case TicketAnswered(), Open(opened, org_path):
            return Answered(opened, org_path, event)
        case TicketClosed(), Answered(opened, org_path, _):
            return Closed(opened, org_path, event)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(ticket).__name__}")


# Commands


@dataclass(frozen=True)
class OpenTicket:
    """Take a question down; `categories` are those that the hotline knows, `unkept`: words that no key can keep."""

    opened: TicketOpened
    categories: frozenset[str]
    unkept: bool = False


@dataclass(frozen=True)
class AssignTicket:
    """Say which organisation answers."""

    org_path: str
    by: str


@dataclass(frozen=True)
class AnswerTicket:
    """Answer it, on an ISO date; `unkept`: words that no key can keep."""

    answer: Sealed | None
    today: str
    by: str
    unkept: bool = False


@dataclass(frozen=True)
class CloseTicket:
    """The caller was told; `satisfaction` 1 to 5, or 0 where none was given."""

    satisfaction: int
    today: str
    by: str


TicketCommand = OpenTicket | AssignTicket | AnswerTicket | CloseTicket


def decide(command: TicketCommand, ticket: Ticket) -> list[TicketEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case OpenTicket():
            return _open(command, ticket)
        case AssignTicket():
            return _assign(command, ticket)
        case AnswerTicket():
            return _answer(command, ticket)
        case CloseTicket():
            return _close(command, ticket)


def _open(command: OpenTicket, ticket: Ticket) -> list[TicketEvent]:
    if not isinstance(ticket, Absent):
        return []
    opened = command.opened
    if opened.category not in command.categories:
        raise Rejected("category-not-listed", "The hotline knows no such category.", "category")
    if command.unkept:
        raise _wordless()
    return [opened]


def _wordless() -> Rejected:
    return Rejected("text-without-person", "Words are kept of a named person only, under that person's key.", "text")


def _assign(command: AssignTicket, ticket: Ticket) -> list[TicketEvent]:
    match ticket:
        case Absent():
            raise Rejected("ticket-unknown", "No such ticket.")
        case Open(opened, org_path):
            if org_path == command.org_path:
                return []
            return [TicketAssigned(ticket_id=opened.ticket_id, org_path=command.org_path, by=command.by)]
        case Answered() | Closed():
            raise Rejected("ticket-answered", "The ticket has been answered.")


def _answer(command: AnswerTicket, ticket: Ticket) -> list[TicketEvent]:
    match ticket:
        case Absent():
            raise Rejected("ticket-unknown", "No such ticket.")
        case Open(opened, _):
            if command.answer is None and opened.person_id:
                raise Rejected("answer-missing", "Say what is answered.", "text")
            if command.unkept:
                raise _wordless()
            answered = TicketAnswered(
                ticket_id=opened.ticket_id,
                answer=command.answer,
                answered_on=command.today,
                by=command.by,
                person_id=opened.person_id,
            )
            return [answered]
        case Answered(answered=TicketAnswered(by=by)) if by == command.by:
            return []
        case Answered() | Closed():
            raise Rejected("ticket-answered", "The ticket has been answered.")


def _close(command: CloseTicket, ticket: Ticket) -> list[TicketEvent]:
    if not NOT_ASKED <= command.satisfaction <= SATISFACTION_MAX:
        raise Rejected("satisfaction-unclear", "Satisfaction is 1 to 5.", "satisfaction")
    match ticket:
        case Absent():
            raise Rejected("ticket-unknown", "No such ticket.")
        case Open():
            raise Rejected("ticket-unanswered", "What has not been answered is not closed.")
        case Answered(opened, _, _):
            closed = TicketClosed(
                ticket_id=opened.ticket_id,
                satisfaction=command.satisfaction,
                closed_on=command.today,
                by=command.by,
            )
            return [closed]
        case Closed(closed=closed):
            if closed.satisfaction == command.satisfaction:
                return []
            raise Rejected("ticket-closed", "The ticket was closed otherwise.")


TICKET: Decider[TicketCommand, Ticket, TicketEvent] = Decider("ticket", Absent(), evolve, decide)
