"""Messages with whom they go to and what they say: only for the moment of sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.clock import utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.keyring import Erased
from contracts.envelope import Sealed
from contracts.person import Contact
from notify.domain.code import DERIVED_BY, Code, Issued, digits
from notify.domain.message import RecordFailure
from notify.domain.stages import Failed, HandedOver, Released
from notify.domain.template import TEMPLATES, Template, digest_unnamed, render
from notify.projections import contacts

Open: TypeAlias = Released | HandedOver | Failed
"""A message that may be sent, or that a provider may have; failed is one that was given up and is tried again."""


class ContactNotKnown(Exception):
    """Enrolment's log may not have been read that far: the job comes again."""


@dataclass(frozen=True)
class Addressee:
    """The opened contact, which has a mobile, and the sealed openid of who is bound."""

    contact: Contact
    openid: Sealed | None = None


@dataclass(frozen=True)
class Letter:
    """A message with whom it goes to and what it says."""

    message_id: str
    message: Open
    addressee: Addressee
    template: Template
    variables: dict[str, str]
    text: str

    @property
    def contact(self) -> Contact:
        """Whom it goes to."""
        return self.addressee.contact

    @property
    def digest(self) -> str:
        """Of the text with `{name}` in the name's place."""
        return digest_unnamed(self.template, self.variables)


async def address(recipient_ids: Sequence[str], context: Context) -> dict[str, Addressee | str]:
    """Whom each message goes to, or the code of the failure; who is not known yet is missing."""
    async with context.reads.connection() as c:
        found = await contacts.reach(c, [*dict.fromkeys(recipient_ids)])
    answers: dict[str, Addressee | str] = {}
    sealed: list[tuple[str, contacts.Reach, Sealed]] = []
    for recipient_id, reach in found.items():
        if reach.died:
            answers[recipient_id] = "recipient-deceased"
        elif reach.contact is not None:
            sealed.append((recipient_id, reach, reach.contact))
        elif reach.known:
            answers[recipient_id] = "no-mobile"
    opened = await context.keyring.open_many(
        [(contact, Contact, recipient_id, reach.field) for recipient_id, reach, contact in sealed]
    )
    for (recipient_id, reach, _), contact in zip(sealed, opened, strict=True):
        if isinstance(contact, Erased):
            answers[recipient_id] = "contact-erased"
        else:
            answers[recipient_id] = Addressee(contact, reach.openid) if contact.mobile else "no-mobile"
    return answers


async def write(
    messages: Mapping[str, Open], codes: Mapping[str, Code], context: Context
) -> dict[str, Letter | RecordFailure | ContactNotKnown]:
    """The letter of each message, or why there is none."""
    found = await address([message.content.recipient_id for message in messages.values()], context)
    return {
        message_id: await _write(message_id, message, found.get(message.content.recipient_id), codes, context)
        for message_id, message in messages.items()
    }


async def _write(
    message_id: str, message: Open, addressee: Addressee | str | None, codes: Mapping[str, Code], context: Context
) -> Letter | RecordFailure | ContactNotKnown:
    if addressee is None:
        return ContactNotKnown()
    if isinstance(addressee, str):
        return RecordFailure(message_id, addressee)
    content = message.content
    template = TEMPLATES[content.template_code, content.template_version]
    variables = dict(content.variables)
    if template.is_code:
        code = codes[content.code_id]
        if not isinstance(code, Issued) or utc_text(context.clock.now()) >= code.expires_at:
            return RecordFailure(message_id, "code-expired")
        variables["code"] = digits(await context.keyring.blind_index(DERIVED_BY, content.code_id))
    try:
        text = render(template, addressee.contact.name, variables)
    except Rejected:
        return RecordFailure(message_id, "content-refused")
    return Letter(message_id, message, addressee, template, variables, text)
