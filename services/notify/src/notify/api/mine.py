"""A member's own messages in the app: the texts made at the time of asking, and which were opened (domain 9.3)."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import local_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased
from contracts.envelope import Actor
from contracts.person import Contact
from notify.api.messages import KEY_PATTERN
from notify.domain.message import MESSAGE, SeeMessage
from notify.domain.template import ANONYMOUS_NAME, TEMPLATES, render
from notify.projections import contacts, messages
from notify.projections.messages import Told

PAGE_MAX = 100
POSITION_MAX = 2**62


class OwnMessage(msgspec.Struct, frozen=True):
    """One message as its recipient reads it; `told_at` is +08:00."""

    message_id: str
    text: str
    told_at: str
    seen: bool


class OwnMessages(msgspec.Struct, frozen=True):
    """Newest first; `next_before` goes on, 0 at the end. `unseen` counts those of this page."""

    messages: list[OwnMessage]
    unseen: int
    next_before: int


class Seen(msgspec.Struct, frozen=True):
    """It was opened."""

    message_id: str


@get("/mine")
async def own_messages(
    actor: Actor,
    context: Context,
    before: Annotated[int, QueryParameter(ge=0, le=POSITION_MAX)] = POSITION_MAX,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = 20,
) -> OwnMessages:
    """What the asking member was told, whichever way it went; never a code."""
    allow(actor, "member")
    async with context.reads.connection() as c:
        rows = await messages.of_recipient(c, actor.sub, before, limit)
        reach = (await contacts.reach(c, [actor.sub]))[actor.sub]
    name = ANONYMOUS_NAME
    if reach.contact is not None:
        with contextlib.suppress(Erased):
            name = (await context.keyring.open(reach.contact, Contact, subject=actor.sub, field=reach.field)).name
    shown = [one for _, told in rows if (one := _shown(told, name)) is not None]
    next_before = rows[-1][0] if len(rows) == limit else 0
    return OwnMessages(shown, sum(not one.seen for one in shown), next_before)


def _shown(told: Told, name: str) -> OwnMessage | None:
    template = TEMPLATES[told.template_code, told.template_version]
    if template.is_code:
        return None
    try:
        text = render(template, name, told.variables)
    except Rejected:
        return None
    return OwnMessage(told.message_id, text, local_text(told.queued_at), told.seen_at is not None)


@post("/mine/{message_id:str}/seen", status_code=200)
async def see_message(
    message_id: Annotated[str, PathParameter(pattern=KEY_PATTERN)],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[Seen]:
    """The member opened it; somebody else's message does not exist."""
    allow(actor, "member")

    async def work(session: Session) -> Seen:
        await session.decide(MESSAGE, message_id, SeeMessage(message_id, actor.sub))
        return Seen(message_id)

    return await context.command(request, actor, work)


ROUTES: list[ControllerRouterHandler] = [own_messages, see_message]
