"""How a reaction tells somebody something: one message for each cause and recipient."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from chassis import environment
from chassis.clock import utc_text
from chassis.execute import Session
from notify.domain.message import MESSAGE, QueueMessage, promised
from notify.domain.quiet_hours import QuietHours
from notify.domain.template import Template
from notify.projections import approvals, contacts
from notify.settings import Settings

WHOLE_PERCENT = 100


@cache
def settings() -> Settings:
    """Read once; a reaction gets no settings handed."""
    return environment.read(Settings)


def send_after(template: Template, not_before: datetime) -> str:
    """When a text may go out: outside quiet hours, but a code at once; RFC 3339 in UTC."""
    if template.is_code:
        return utc_text(not_before)
    return utc_text(QuietHours(settings().quiet_from_h, settings().quiet_until_h).release(not_before))


async def tell(
    session: Session, cause: str, recipient_id: str, template_code: str, claim_id: str = "", **variables: str
) -> None:
    """Queue one message to go out as soon as it may; a deceased member gets none (domain 12.17)."""
    await tell_later(session, cause, recipient_id, template_code, claim_id, variables, session.now)


async def tell_later(
    session: Session,
    cause: str,
    recipient_id: str,
    template_code: str,
    claim_id: str,
    variables: dict[str, str],
    not_before: datetime,
) -> None:
    """Queue one message to go out at `not_before` at the earliest; a deceased member gets none (domain 12.17)."""
    async with session.reads.connection() as c:
        if await contacts.died_among(c, [recipient_id]):
            return
        template = await approvals.wording(c, template_code)
    message_id = f"{cause}-{recipient_id}"
    command = message(session, message_id, recipient_id, template, claim_id, variables, not_before)
    await session.decide(MESSAGE, message_id, command)


def message(
    session: Session,
    message_id: str,
    recipient_id: str,
    template: Template,
    claim_id: str,
    variables: dict[str, str],
    not_before: datetime,
) -> QueueMessage:
    """A message outside quiet hours. Raises Rejected `variable-invalid`."""
    after = send_after(template, not_before)
    return promised(template, message_id, recipient_id, claim_id, variables, utc_text(session.now), after)
