"""One released message on its way: by WeChat where that reaches its reader, else by SMS; handed over once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import local_day, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.log import Recorded
from contracts.notify.v1 import BulkMessageReleased, MessageReleased, OrdinaryMessageReleased, PaperMessageReleased
from contracts.person import Contact, OpenId
from notify.domain.code import CODE, DERIVED_BY, Issued, digits
from notify.domain.message import (
    MESSAGE,
    HandOver,
    MessageCommand,
    PostponeMessage,
    RecordFailure,
    RecordSending,
)
from notify.domain.mobile import COUNTED, MOBILE, CountFailure
from notify.domain.quiet_hours import QuietHours
from notify.domain.stages import GIVEN_UP, SMS, WECHAT, Failed, HandedOver, Released
from notify.domain.template import TEMPLATES, Template, digest_unnamed, greeting, render, segments
from notify.projections import approvals, contacts, deceased, wechat_bindings
from notify.workers import limits, providers
from notify.workers.provider import NotNow, Refused, Sms, SmsProvider
from notify.workers.wechat import FateUnknown, Unreachable, WechatAway

RELEASES = (MessageReleased, PaperMessageReleased, OrdinaryMessageReleased, BulkMessageReleased)


class ContactNotKnown(Exception):
    """Enrolment's log may not have been read that far: the job comes again."""


@dataclass(frozen=True)
class Letter:
    """A message with whom it goes to and what it says: only for the moment of sending."""

    message_id: str
    message: Released | HandedOver | Failed
    contact: Contact
    template: Template
    variables: dict[str, str]
    text: str


async def send(recorded: Recorded, context: Context) -> None:
    """Send one released message, once. Raises ContactNotKnown or ProviderAway to be tried again."""
    event = recorded.event
    assert isinstance(event, RELEASES)

    async def look(session: Session) -> Released | HandedOver | Failed | None:
        message = await session.load(MESSAGE, event.message_id)
        if isinstance(message, Released | HandedOver):
            return message
        # A parked job that someone tries again.
        return message if isinstance(message, Failed) and message.code == GIVEN_UP else None

    message = (await context.executor.run(look)).value
    if message is not None:
        await record(await _attempt(event.message_id, message, context), message.content.recipient_id, context)


async def record(command: MessageCommand, recipient_id: str, context: Context) -> None:
    """Record what came of it; a failure that speaks against the number is counted there (domain 9.1)."""

    async def work(session: Session) -> None:
        decided = await session.decide(MESSAGE, command.message_id, command)
        if decided and isinstance(command, RecordFailure) and command.code in COUNTED:
            failure = CountFailure(recipient_id, command.message_id, context.settings.mobile_failures_max)
            await session.decide(MOBILE, recipient_id, failure)

    await context.executor.run(work)


async def _attempt(message_id: str, message: Released | HandedOver | Failed, context: Context) -> MessageCommand:
    """Hand the message to a provider, or know why not; the answer is what is to be recorded."""
    letter = await _letter(message_id, message, context)
    if not isinstance(letter, Letter):
        return letter
    provider = providers.sms(context)
    if isinstance(message, HandedOver) and message.channel == WECHAT:
        # Nothing can be asked there: whoever does not open it gets an SMS later (domain 9.2).
        return RecordSending(message_id, WECHAT, "", 0)
    if not isinstance(message, Released):
        fate = await provider.fate(message_id, letter.contact.mobile)
        if fate is not None:
            return RecordSending(message_id, SMS, fate.reference, segments(letter.text))
    quiet = QuietHours(context.settings.quiet_from_h, context.settings.quiet_until_h)
    now = context.clock.now()
    if quiet.covers(now) and not letter.template.is_code:
        return PostponeMessage(message_id, utc_text(quiet.release(now)), "quiet-hours")
    return await _by_wechat(letter, context) or await _by_sms(letter, provider, context)


async def _letter(message_id: str, message: Released | HandedOver | Failed, context: Context) -> Letter | RecordFailure:
    content = message.content
    try:
        contact = await contact_of(content.recipient_id, context)
    except Erased:
        return RecordFailure(message_id, "contact-erased")
    if isinstance(contact, str):
        return RecordFailure(message_id, contact)
    template = TEMPLATES[content.template_code, content.template_version]
    variables = dict(content.variables)
    if template.is_code:
        code = (await context.executor.run(lambda session: session.load(CODE, content.code_id))).value
        if not isinstance(code, Issued) or utc_text(context.clock.now()) >= code.expires_at:
            return RecordFailure(message_id, "code-expired")
        variables["code"] = digits(await context.keyring.blind_index(DERIVED_BY, content.code_id))
    try:
        text = render(template, contact.name, variables)
    except Rejected:
        return RecordFailure(message_id, "content-refused")
    return Letter(message_id, message, contact, template, variables, text)


async def contact_of(recipient_id: str, context: Context) -> Contact | str:
    """The opened contact, or the code of the failure. Raises ContactNotKnown, Erased."""
    async with context.reads.connection() as c:
        if await deceased.has_died(c, recipient_id) or await contacts.has_died(c, recipient_id):
            return "recipient-deceased"
        known, sealed, field = await contacts.reach(c, recipient_id)
    if not known:
        raise ContactNotKnown
    if sealed is None:
        return "no-mobile"
    contact = await context.keyring.open(sealed, Contact, subject=recipient_id, field=field)
    return contact if contact.mobile else "no-mobile"


async def _by_wechat(letter: Letter, context: Context) -> MessageCommand | None:
    """The notice's sending; None where WeChat does not reach the person now, so that it goes by SMS at once."""
    account = providers.wechat(context)
    if account is None or letter.message.content.channel != WECHAT or isinstance(letter.message, HandedOver):
        return None
    recipient_id = letter.message.content.recipient_id
    async with context.reads.connection() as c:
        bound = await wechat_bindings.find(c, recipient_id)
    if bound is None:
        return None
    try:
        opened = await context.keyring.open(bound[0], OpenId, subject=recipient_id, field=wechat_bindings.FIELD)
    except Erased:
        return None
    handing = HandOver(letter.message_id, WECHAT, account.name, digest_unnamed(letter.template, letter.variables))
    await context.executor.execute(MESSAGE, letter.message_id, handing)
    variables = {"name": greeting(letter.contact.name), **letter.variables}
    template_id = providers.wechat_template(context, letter.template.code)
    try:
        notice = await account.send(opened.openid, template_id, variables)
    except FateUnknown:
        return RecordSending(letter.message_id, WECHAT, "", 0)
    except WechatAway:
        return None
    return None if isinstance(notice, Unreachable) else RecordSending(letter.message_id, WECHAT, notice, 0)


async def _by_sms(letter: Letter, provider: SmsProvider, context: Context) -> MessageCommand:
    """The SMS's sending, refusal or waiting. Raises ProviderAway."""
    message_id, template = letter.message_id, letter.template
    async with context.reads.connection() as c:
        approval = await approvals.find(c, template.code, template.version)
    approved = (approvals.APPROVED, template.digest, provider.name)
    if approval is None or (approval.state, approval.text_digest, approval.provider) != approved:
        later = context.clock.now() + timedelta(minutes=context.settings.template_wait_m)
        return PostponeMessage(message_id, utc_text(later), "template-not-approved")
    handing = HandOver(message_id, SMS, provider.name, digest_unnamed(template, letter.variables))

    async def hand_over(session: Session) -> None:
        if await session.decide(MESSAGE, message_id, handing):
            await limits.take(session, context.settings, message_id, letter.contact.mobile, template.code, letter.text)

    try:
        await context.executor.run(hand_over)
    except limits.LimitReached as reached:
        return _tomorrow(letter, reached.reason, context)
    variables = (
        dict(letter.variables) if template.is_code else {"name": greeting(letter.contact.name), **letter.variables}
    )
    sms = Sms(message_id, letter.contact.mobile, template, approval.provider_code, variables, letter.text)
    answer = await provider.send(sms)
    if isinstance(answer, Refused):
        return RecordFailure(message_id, answer.code, answer.word)
    if isinstance(answer, NotNow):
        return _tomorrow(letter, "provider-limit", context)
    return RecordSending(message_id, SMS, answer.reference, segments(letter.text))


def _tomorrow(letter: Letter, reason: str, context: Context) -> MessageCommand:
    """What a number may not have today it gets tomorrow morning; a code is no use by then."""
    if letter.template.is_code:
        return RecordFailure(letter.message_id, "number-limit")
    settings = context.settings
    quiet = QuietHours(settings.quiet_from_h, settings.quiet_until_h)
    return PostponeMessage(letter.message_id, utc_text(quiet.morning_after(local_day(context.clock.now()))), reason)


async def give_up(recorded: Recorded, context: Context) -> None:
    """After the last attempt: the failure stands in the list that people work off."""
    event = recorded.event
    assert isinstance(event, RELEASES)
    await context.executor.execute(MESSAGE, event.message_id, RecordFailure(event.message_id, GIVEN_UP))
