"""How a reaction tells somebody something: one message for each cause and recipient."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import environment
from chassis.clock import utc_text
from chassis.execute import Session
from notify.domain.message import MESSAGE, QueueMessage
from notify.domain.quiet_hours import QuietHours
from notify.domain.template import TEMPLATES, Template, check_variables, latest
from notify.projections import approvals, contacts, deceased
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
        if await deceased.has_died(c, recipient_id) or await contacts.has_died(c, recipient_id):
            return
        template = await wording(c, template_code)
    message_id = f"{cause}-{recipient_id}"
    command = message(session, message_id, recipient_id, template, claim_id, variables, not_before)
    await session.decide(MESSAGE, message_id, command)


async def wording(c: AsyncConnection, code: str) -> Template:
    """The newest approved version of a text; while none is, the newest, which then waits for its approval."""
    version = await approvals.newest(c, code)
    template = TEMPLATES.get((code, version)) if version else None
    return template or latest(code)


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
    check_variables(template, variables)
    return QueueMessage(
        message_id=message_id,
        recipient_id=recipient_id,
        claim_id=claim_id,
        template_code=template.code,
        template_version=template.version,
        variables=variables,
        decided_at=utc_text(session.now),
        send_after=send_after(template, not_before),
        lane=template.lane,
        channel=template.channel,
    )


def day_text(day: str) -> str:
    """An ISO date as it stands in a message: 2022-07-03 -> `7月3日`."""
    when = date.fromisoformat(day)
    return f"{when.month}月{when.day}日"


def full_day_text(when: date) -> str:
    """A date with its year, where the year is not this one for sure."""
    return f"{when.year}年{when.month}月{when.day}日"
