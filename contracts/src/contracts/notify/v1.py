"""Events of notify: what was told to whom, when, and with what result: the proof of notice."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class MessageQueued(Event, frozen=True, kw_only=True):
    """A message is owed to a person (domain 9.3). Stream `message-<key>`; the key names cause and recipient.

    `variables` hold nothing personal: claim number, amount, account tail, place. `send_after` is a business
    time in UTC: quiet hours end then (domain 9.1). `lane`: urgent, paper, ordinary or bulk, "" from before there were
    lanes. `channel` is the one tried first: SMS or WECHAT. A message that carries a code names it in `code_id`.
    """

    message_id: str
    recipient_id: str
    claim_id: str
    template_code: str
    template_version: int
    variables: dict[str, str]
    send_after: str
    lane: str = ""
    channel: str = "SMS"
    code_id: str = ""


class MessageReleased(Event, frozen=True, kw_only=True):
    """The message may go out now, before all others: codes and money. Stream `message-…`.

    Before there were lanes, every message.
    """

    message_id: str


class PaperMessageReleased(Event, frozen=True, kw_only=True):
    """A message about papers and decisions may go out now. Stream `message-…`."""

    message_id: str


class OrdinaryMessageReleased(Event, frozen=True, kw_only=True):
    """A message that is neither urgent nor about papers may go out now. Stream `message-…`."""

    message_id: str


class BulkMessageReleased(Event, frozen=True, kw_only=True):
    """One message of thousands may go out now: let go at a bounded pace, behind all others. Stream `message-…`."""

    message_id: str


class MessagePostponed(Event, frozen=True, kw_only=True):
    """It was released, but may not go out before `send_after`. Stream `message-…`.

    `reason`: quiet-hours, template-not-approved, number-limit, same-text or provider-limit; "" is quiet hours.
    """

    message_id: str
    send_after: str
    reason: str = ""


class MessageHandedOver(Event, frozen=True, kw_only=True):
    """It is being given to a provider; until the answer is recorded, nobody knows whether it was taken.

    Stream `message-…`. `text_digest` is the SHA-256 of the text with `{name}` in the place of the name.
    """

    message_id: str
    channel: str
    provider: str
    text_digest: str


class MessageSent(Event, frozen=True, kw_only=True):
    """The provider took the message. Stream `message-…`. `segments` as billed (domain 9.1), 0 for WeChat.

    `provider_reference` is "" where the provider does not say whether it took it (WeChat, after a lost answer).
    """

    message_id: str
    channel: str
    provider_reference: str
    segments: int


class MessageDelivered(Event, frozen=True, kw_only=True):
    """The provider's receipt says it arrived. Stream `message-…`."""

    message_id: str
    receipt: str


class MessageDiverted(Event, frozen=True, kw_only=True):
    """It goes by SMS, at `send_after`, since WeChat did not reach its reader (domain 9.2). Stream `message-…`.

    `reason`: unread.
    """

    message_id: str
    channel: str
    reason: str
    send_after: str


class MessageFailed(Event, frozen=True, kw_only=True):
    """It cannot be delivered. Stream `message-…`.

    `code`: no-mobile, recipient-deceased, contact-erased, content-refused, provider-refused, mobile-invalid,
    undelivered, code-expired, number-limit or attempts-exhausted. `receipt` is the provider's own word.
    """

    message_id: str
    code: str
    recipient_id: str = ""
    receipt: str = ""


class MessageCancelled(Event, frozen=True, kw_only=True):
    """What it says is no longer so; it was not sent. Stream `message-…`. `reason`: superseded."""

    message_id: str
    reason: str


class MessageSeen(Event, frozen=True, kw_only=True):
    """Its recipient opened it in the app. Stream `message-…`."""

    message_id: str
    recipient_id: str


EVENTS: dict[str, type[Event]] = {
    "notify.message-queued.v1": MessageQueued,
    "notify.message-released.v1": MessageReleased,
    "notify.paper-message-released.v1": PaperMessageReleased,
    "notify.ordinary-message-released.v1": OrdinaryMessageReleased,
    "notify.bulk-message-released.v1": BulkMessageReleased,
    "notify.message-postponed.v1": MessagePostponed,
    "notify.message-handed-over.v1": MessageHandedOver,
    "notify.message-sent.v1": MessageSent,
    "notify.message-delivered.v1": MessageDelivered,
    "notify.message-diverted.v1": MessageDiverted,
    "notify.message-failed.v1": MessageFailed,
    "notify.message-cancelled.v1": MessageCancelled,
    "notify.message-seen.v1": MessageSeen,
}
UPCASTERS: dict[str, Upcaster] = {}
