"""Events of claims: what people ask the hotline 12351, from the call to the answer (domain 10, service)."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster


class TicketOpened(Event, frozen=True, kw_only=True):
    """The hotline took a question down. Stream `ticket-<id>`.

    `person_id` is "" for a caller who is not named: then `text` is None and the category says what it is about.
    `org_path` is where the person is covered, else the hotline's own; `due_on` an ISO date, in working days.
    """

    ticket_id: str
    category: str
    person_id: str
    org_path: str
    text: Sealed | None
    opened_on: str
    due_on: str
    by: str


class TicketAssigned(Event, frozen=True, kw_only=True):
    """An organisation is to answer; a later assignment replaces it. Stream `ticket-<id>`."""

    ticket_id: str
    org_path: str
    by: str


class TicketAnswered(Event, frozen=True, kw_only=True):
    """The question was answered, in words where the caller is named. Stream `ticket-<id>`.

    `person_id` is the caller's, "" where nobody is named or the event is from before it stood here.
    """

    ticket_id: str
    answer: Sealed | None
    answered_on: str
    by: str
    person_id: str = ""


class TicketClosed(Event, frozen=True, kw_only=True):
    """The hotline told the caller. Stream `ticket-<id>`. `satisfaction` 1 (not at all) to 5, 0 where none was given."""

    ticket_id: str
    satisfaction: int
    closed_on: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.ticket-opened.v1": TicketOpened,
    "claims.ticket-assigned.v1": TicketAssigned,
    "claims.ticket-answered.v1": TicketAnswered,
    "claims.ticket-closed.v1": TicketClosed,
}
UPCASTERS: dict[str, Upcaster] = {}
