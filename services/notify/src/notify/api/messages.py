"""Which messages are owed, sent, delivered or failed, and the proof of each; never a name or a number.

A message belongs to no county, so the list is for those who see the whole of the province.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.context import Context
from chassis.web.problem import Problem
from contracts.envelope import Actor
from contracts.notify.v1 import MessageQueued
from notify.domain.message import MESSAGE
from notify.domain.template import SIGNATURE, TEMPLATES
from notify.projections import messages
from notify.projections.messages import MessageView, Summary

READERS = ("office_reviewer", "office_rechecker", "office_head", "finance", "supervisor", "auditor", "service")
PROVERS = ("office_head", "supervisor", "auditor", "service")
PAGE_MAX = 500
PROOF_MAX = 200
FILTER_PATTERN = r"^[A-Za-z0-9._-]{0,200}$"
KEY_PATTERN = r"^[A-Za-z0-9._-]{1,200}$"
SHOWN = (
    *("send_after", "lane", "channel", "reason", "provider", "text_digest"),
    *("provider_reference", "segments", "receipt", "code"),
)
"""What of an event is shown in a history."""

Filter = Annotated[str, QueryParameter(pattern=FILTER_PATTERN)]


class MessagePage(msgspec.Struct, frozen=True):
    """Messages in the order of their ids; `next_after` continues the list, empty at its end."""

    messages: list[MessageView]
    next_after: str


@get("/messages")
async def message_list(
    *,
    actor: Actor,
    context: Context,
    message_state: Annotated[str, QueryParameter(name="state", pattern=FILTER_PATTERN)] = "",
    template_code: Filter = "",
    claim_id: Filter = "",
    recipient_id: Filter = "",
    failure: Filter = "",
    after: Filter = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 100,
) -> MessagePage:
    """Messages by state, template, claim, recipient or failure; the failed ones are the list to work off."""
    allow_province(actor, *READERS)
    asked = {
        "state": message_state,
        "template_code": template_code,
        "claim_id": claim_id,
        "recipient_id": recipient_id,
        "failure": failure,
    }
    async with context.reads.connection() as c:
        page = await messages.page(c, {name: value for name, value in asked.items() if value}, after, limit)
    return MessagePage(page, page[-1].message_id if len(page) == limit else "")


@get("/summary")
async def message_summary(actor: Actor, context: Context) -> Summary:
    """Counts: queued, sent, delivered, failed by code, sent by template."""
    allow_province(actor, *READERS)
    async with context.reads.connection() as c:
        return await messages.summary(c)


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened to a message: what, when (business time), and the event's own facts."""

    what: str
    at: str
    facts: dict[str, str | int]


class MessageProof(msgspec.Struct, frozen=True):
    """What was told to whom, in which words, when, and with what result.

    `wording` is the text as approved, placeholders in it; `text_digest` the SHA-256 of what was handed over, `{name}`
    in the place of the name.
    """

    message: MessageView
    wording: str
    variables: dict[str, str]
    history: list[Happening]


class Proof(msgspec.Struct, frozen=True):
    """Everything that one person, or the people of one claim, were told."""

    messages: list[MessageProof]
    complete: bool


@get("/messages/{message_id:str}")
async def message_proof(
    message_id: Annotated[str, PathParameter(pattern=KEY_PATTERN)], actor: Actor, context: Context
) -> MessageProof:
    """One message with its whole history."""
    allow_province(actor, *READERS)
    async with context.reads.connection() as c:
        [*found] = await messages.page(c, {"message_id": message_id}, "", 1)
    if not found:
        raise Problem(404, "message-unknown", "No such message.")
    return await _proof(found[0], context)


@get("/proof")
async def proof(actor: Actor, context: Context, person_id: Filter = "", claim_id: Filter = "") -> Proof:
    """The proof of notice for a person or a claim; not `complete` when there are more than PROOF_MAX messages."""
    allow_province(actor, *PROVERS)
    asked = {name: value for name, value in (("recipient_id", person_id), ("claim_id", claim_id)) if value}
    if not asked:
        raise Problem(400, "nothing-asked", "Name a person or a claim.", "person_id")
    async with context.reads.connection() as c:
        found = await messages.page(c, asked, "", PROOF_MAX + 1)
    shown = sorted(found[:PROOF_MAX], key=lambda one: one.queued_position)
    return Proof([await _proof(one, context) for one in shown], len(found) <= PROOF_MAX)


async def _proof(view: MessageView, context: Context) -> MessageProof:
    history = await context.log.load(MESSAGE.stream(view.message_id))
    variables: dict[str, str] = {}
    happened = []
    for recorded in history:
        event = recorded.event
        if isinstance(event, MessageQueued):
            variables = event.variables
        facts = {name: getattr(event, name) for name in SHOWN if getattr(event, name, "") != ""}
        happened.append(Happening(type(event).__name__, recorded.header.time, facts))
    template = TEMPLATES[view.template_code, view.template_version]
    return MessageProof(view, SIGNATURE + template.text, variables, happened)


ROUTES: list[ControllerRouterHandler] = [message_list, message_summary, message_proof, proof]
