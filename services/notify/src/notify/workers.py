"""What leaves notify: one message to the SMS provider, its receipt back, and the end of quiet hours."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from http import HTTPStatus

import httpx
import msgspec
import structlog

from chassis.clock import utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Contended, Session
from chassis.keyring import Erased
from chassis.log import Recorded
from chassis.sweep import Sweep
from chassis.worker import Worker
from contracts.notify.v1 import MessageReleased
from contracts.person import Contact
from notify.domain.message import (
    GIVEN_UP,
    MESSAGE,
    Content,
    Failed,
    MessageCommand,
    PostponeMessage,
    RecordDelivery,
    RecordFailure,
    RecordSending,
    Released,
    ReleaseMessage,
)
from notify.domain.quiet_hours import QuietHours
from notify.domain.template import TEMPLATES, render, segments
from notify.projections import claimant_contacts, contacts, deceased, messages

CHANNEL = "SMS"
SEND_ATTEMPTS_MAX = 60
SEND_RETRY_DELAY_MS = 1_000
"""Together a minute: longer than a tail needs to read a whole roster, or a provider to restart."""
RELEASE_INTERVAL_MS = 500
RECEIPT_INTERVAL_MS = 1_000
RECEIPTS_MAX = 200
"""So many messages are asked about in one round."""
REFUSED_FOR_GOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
DELIVERED = "DELIVRD"


class ContactNotKnown(Exception):
    """Enrolment's log may not have been read that far: the job comes again."""


class ProviderAway(Exception):
    """The provider did not take the message; nothing is said about it here, since it is personal."""


class Taken(msgspec.Struct, frozen=True):
    """The provider's answer."""

    reference: str


class Receipt(msgspec.Struct, frozen=True):
    """The provider's word on one message."""

    message_id: str
    status: str


class Receipts(msgspec.Struct, frozen=True):
    """The provider's words, oldest first."""

    receipts: list[Receipt]


async def send(recorded: Recorded, context: Context) -> None:
    """Send one released message, once. Raises ContactNotKnown or ProviderAway to be tried again."""
    event = recorded.event
    assert isinstance(event, MessageReleased)

    async def look(session: Session) -> Released | Failed | None:
        message = await session.load(MESSAGE, event.message_id)
        if isinstance(message, Released):
            return message
        # A parked job that someone tries again.
        return message if isinstance(message, Failed) and message.code == GIVEN_UP else None

    message = (await context.executor.run(look)).value
    if message is None:
        return
    command = await _attempt(event.message_id, message.content, context)
    await context.executor.execute(MESSAGE, event.message_id, command)


async def _attempt(message_id: str, content: Content, context: Context) -> MessageCommand:
    """Hand the message to the provider, or know why not; the answer is what is to be recorded."""
    quiet = QuietHours(context.settings.quiet_from_h, context.settings.quiet_until_h)
    now = context.clock.now()
    if quiet.covers(now):
        return PostponeMessage(message_id, utc_text(quiet.release(now)))
    try:
        contact = await _contact(content.recipient_id, context)
    except Erased:
        return RecordFailure(message_id, "contact-erased")
    if isinstance(contact, str):
        return RecordFailure(message_id, contact)
    template = TEMPLATES[content.template_code, content.template_version]
    try:
        text = render(template, contact.name, dict(content.variables))
    except Rejected:
        return RecordFailure(message_id, "content-refused")
    reference = await _hand_over(message_id, contact.mobile, text, context)
    if reference is None:
        return RecordFailure(message_id, "provider-refused")
    return RecordSending(message_id, CHANNEL, reference, segments(text))


async def _contact(recipient_id: str, context: Context) -> Contact | str:
    """The opened contact, or the code of the failure. Raises ContactNotKnown, Erased."""
    async with context.reads.connection() as c:
        if await deceased.has_died(c, recipient_id) or await contacts.has_died(c, recipient_id):
            return "recipient-deceased"
        known, sealed = await claimant_contacts.find(c, recipient_id)
        field = claimant_contacts.FIELD
        if not known:
            known, sealed, field = await contacts.find(c, recipient_id)
    if not known:
        raise ContactNotKnown
    if sealed is None:
        return "no-mobile"
    contact = await context.keyring.open(sealed, Contact, subject=recipient_id, field=field)
    return contact if contact.mobile else "no-mobile"


async def _hand_over(message_id: str, mobile: str, text: str, context: Context) -> str | None:
    """The provider's reference, None when it refuses for good. Raises ProviderAway."""
    settings = context.settings
    try:
        answer = await context.http.post(
            f"{settings.sms_url}/messages",
            json={"id": message_id, "mobile": mobile, "text": text},
            timeout=settings.sms_timeout_ms / 1000,
        )
    except httpx.HTTPError as error:
        raise ProviderAway(type(error).__name__) from None
    if answer.status_code in REFUSED_FOR_GOOD:
        return None
    if answer.is_error:
        raise ProviderAway(str(answer.status_code))
    return msgspec.json.decode(answer.content, type=Taken).reference


async def give_up(recorded: Recorded, context: Context) -> None:
    """After the last attempt: the failure stands in the list that people work off."""
    event = recorded.event
    assert isinstance(event, MessageReleased)
    await context.executor.execute(MESSAGE, event.message_id, RecordFailure(event.message_id, GIVEN_UP))


async def release(message_id: str, session: Session) -> None:
    """Let go what waited for the end of quiet hours."""
    await session.decide(MESSAGE, message_id, ReleaseMessage(message_id, utc_text(session.now)))


async def collect_receipts(context: Context) -> None:
    """Ask for the receipts of sent messages, for ever; a provider that is away is asked again."""
    while True:
        await asyncio.sleep(RECEIPT_INTERVAL_MS / 1000)
        since = context.clock.now() - timedelta(hours=context.settings.receipt_wait_h)
        async with context.reads.connection() as c:
            waiting = await messages.awaiting_receipt(c, since, RECEIPTS_MAX)
        try:
            for message_id in waiting:
                await collect_receipt(message_id, context)
        except (httpx.HTTPError, msgspec.DecodeError, Contended) as error:
            structlog.get_logger().warning("receipts-not-read", error=type(error).__name__)


async def collect_receipt(message_id: str, context: Context) -> None:
    """Record the provider's first word on one message, if there is one. Raises httpx.HTTPError."""
    settings = context.settings
    answer = await context.http.get(
        f"{settings.sms_url}/receipts", params={"message_id": message_id}, timeout=settings.sms_timeout_ms / 1000
    )
    answer.raise_for_status()
    receipts = msgspec.json.decode(answer.content, type=Receipts).receipts
    if not receipts:
        return
    status = receipts[0].status
    command: MessageCommand = (
        RecordDelivery(message_id, status) if status == DELIVERED else RecordFailure(message_id, "undelivered")
    )
    await context.executor.execute(MESSAGE, message_id, command)


WORKERS: tuple[Worker, ...] = (
    Worker(
        name="notify-sms",
        event=MessageReleased,
        attempts_max=SEND_ATTEMPTS_MAX,
        retry_delay_ms=SEND_RETRY_DELAY_MS,
        run=send,
        exhausted=give_up,
    ),
)
SWEEPS: tuple[Sweep, ...] = (Sweep(name="release", due=messages.due, act=release, interval_ms=RELEASE_INTERVAL_MS),)
BACKGROUND = (collect_receipts,)
