"""Events of notify: what was told to whom, when, and with what result: the proof of notice."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class MessageQueued(Event, frozen=True, kw_only=True):
    """A message is owed to a person (domain 9.3). Stream `message-<key>`; the key names cause and recipient.

    `variables` hold nothing personal: claim number, amount, account tail, place. `send_after` is a business
    time in UTC: quiet hours end then (domain 9.1).
    """

    message_id: str
    recipient_id: str
    claim_id: str
    template_code: str
    template_version: int
    variables: dict[str, str]
    send_after: str


class MessageReleased(Event, frozen=True, kw_only=True):
    """The message may go out now. Stream `message-…`."""

    message_id: str


class MessagePostponed(Event, frozen=True, kw_only=True):
    """It was released, but quiet hours had begun before it could go out. Stream `message-…`."""

    message_id: str
    send_after: str


class MessageSent(Event, frozen=True, kw_only=True):
    """The provider took the message. Stream `message-…`. `segments` as billed (domain 9.1)."""

    message_id: str
    channel: str
    provider_reference: str
    segments: int


class MessageDelivered(Event, frozen=True, kw_only=True):
    """The provider's receipt says it arrived. Stream `message-…`."""

    message_id: str
    receipt: str


class MessageFailed(Event, frozen=True, kw_only=True):
    """It cannot be delivered. Stream `message-…`.

    `code`: no-mobile, recipient-deceased, contact-erased, content-refused, provider-refused, undelivered or
    attempts-exhausted.
    """

    message_id: str
    code: str


EVENTS: dict[str, type[Event]] = {
    "notify.message-queued.v1": MessageQueued,
    "notify.message-released.v1": MessageReleased,
    "notify.message-postponed.v1": MessagePostponed,
    "notify.message-sent.v1": MessageSent,
    "notify.message-delivered.v1": MessageDelivered,
    "notify.message-failed.v1": MessageFailed,
}
UPCASTERS: dict[str, Upcaster] = {}
