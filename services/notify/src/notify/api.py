"""What notify answers: which messages are owed, sent, delivered or failed; never a text or a number.

A message belongs to no county, so the list is for those who see the whole of the province.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter

from chassis.auth import allow_province
from chassis.context import Context
from contracts.envelope import Actor
from notify.projections import messages
from notify.projections.messages import MessageView, Summary

READERS = ("office_reviewer", "office_rechecker", "office_head", "finance", "supervisor", "auditor", "service")
PAGE_MAX = 500
FILTER_PATTERN = r"^[A-Za-z0-9._-]{0,200}$"

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


ROUTES = [message_list, message_summary]
