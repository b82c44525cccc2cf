"""A message owed to one person for one cause: queued, released, sent, delivered or failed, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.notify.v1 import (
    MessageDelivered,
    MessageFailed,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSent,
)


@dataclass(frozen=True)
class Absent:
    """Nothing is owed yet."""


@dataclass(frozen=True)
class Content:
    """What was promised to whom; it never changes."""

    recipient_id: str
    template_code: str
    template_version: int
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Queued:
    """Waits for `send_after`, RFC 3339 in UTC."""

    content: Content
    send_after: str


@dataclass(frozen=True)
class Released:
    """May go out now."""

    content: Content


@dataclass(frozen=True)
class Sent:
    """The provider took it."""

    content: Content


@dataclass(frozen=True)
class Delivered:
    """The receipt came."""

    content: Content


@dataclass(frozen=True)
class Failed:
    """Nobody will hear of it this way; `code` says why."""

    content: Content
    code: str


GIVEN_UP = "attempts-exhausted"
"""The one failure that a person may have tried again: it says nothing about the recipient."""

Known: TypeAlias = Queued | Released | Sent | Delivered | Failed
Message: TypeAlias = Absent | Known
MessageEvent: TypeAlias = (
    MessageQueued | MessageReleased | MessagePostponed | MessageSent | MessageDelivered | MessageFailed
)


def evolve(message: Message, event: MessageEvent) -> Message:
    """Fold one event."""
    if isinstance(event, MessageQueued):
        variables = tuple(sorted(event.variables.items()))
        content = Content(event.recipient_id, event.template_code, event.template_version, variables)
        return Queued(content, event.send_after)
    if isinstance(message, Absent):
        return message
    return _moved(message.content, event)


def _moved(
    content: Content, event: MessageReleased | MessagePostponed | MessageSent | MessageDelivered | MessageFailed
) -> Known:
    match event:
        case MessageReleased():
            return Released(content)
        case MessagePostponed():
            return Queued(content, event.send_after)
        case MessageSent():
            return Sent(content)
        case MessageDelivered():
            return Delivered(content)
        case MessageFailed():
            return Failed(content, event.code)


@dataclass(frozen=True)
class QueueMessage:
    """Owe a message. Times are RFC 3339 in UTC; not later than `decided_at` means it may go at once."""

    message_id: str
    recipient_id: str
    claim_id: str
    template_code: str
    template_version: int
    variables: dict[str, str]
    decided_at: str
    send_after: str


@dataclass(frozen=True)
class ReleaseMessage:
    """Let a waiting message go; `now` is RFC 3339 in UTC."""

    message_id: str
    now: str


@dataclass(frozen=True)
class PostponeMessage:
    """Keep back a released message that would now arrive in quiet hours, until `send_after`."""

    message_id: str
    send_after: str


@dataclass(frozen=True)
class RecordSending:
    """The provider took the message."""

    message_id: str
    channel: str
    provider_reference: str
    segments: int


@dataclass(frozen=True)
class RecordDelivery:
    """The provider's receipt says that it arrived."""

    message_id: str
    receipt: str


@dataclass(frozen=True)
class RecordFailure:
    """It cannot be sent or did not arrive; `code` as in MessageFailed."""

    message_id: str
    code: str


MessageCommand: TypeAlias = (
    QueueMessage | ReleaseMessage | PostponeMessage | RecordSending | RecordDelivery | RecordFailure
)


def _queue(command: QueueMessage, message: Message) -> list[MessageEvent]:
    if not isinstance(message, Absent):
        asked = (command.recipient_id, command.template_code, tuple(sorted(command.variables.items())))
        told = (message.content.recipient_id, message.content.template_code, message.content.variables)
        if asked == told:
            return []
        raise Rejected("message-differs", "Another text is already recorded under this cause and recipient.")
    queued = MessageQueued(
        message_id=command.message_id,
        recipient_id=command.recipient_id,
        claim_id=command.claim_id,
        template_code=command.template_code,
        template_version=command.template_version,
        variables=command.variables,
        send_after=command.send_after,
    )
    if command.send_after > command.decided_at:
        return [queued]
    return [queued, MessageReleased(message_id=command.message_id)]


def _release(command: ReleaseMessage | PostponeMessage, message: Known) -> list[MessageEvent]:
    match message, command:
        case Queued(_, send_after), ReleaseMessage():
            if send_after > command.now:
                raise Rejected("message-not-due", "The quiet hours are not over.")
            return [MessageReleased(message_id=command.message_id)]
        case ((Released() | Failed(code="attempts-exhausted")), PostponeMessage()):
            return [MessagePostponed(message_id=command.message_id, send_after=command.send_after)]
        case _:
            return []


def _sent(command: RecordSending, message: Known) -> list[MessageEvent]:
    match message:
        case Queued():
            raise Rejected("message-not-released", "The message has not been released.")
        case Failed(code=code) if code != GIVEN_UP:
            raise Rejected("message-failed", "The message cannot reach its recipient.")
        case Released() | Failed():
            return [
                MessageSent(
                    message_id=command.message_id,
                    channel=command.channel,
                    provider_reference=command.provider_reference,
                    segments=command.segments,
                )
            ]
        case Sent() | Delivered():
            return []


def _delivered(command: RecordDelivery, message: Known) -> list[MessageEvent]:
    match message:
        case Queued():
            raise Rejected("message-not-released", "The message has not been released.")
        case Released() | Sent() | Failed():
            return [MessageDelivered(message_id=command.message_id, receipt=command.receipt)]
        case Delivered():
            return []


def decide(command: MessageCommand, message: Message) -> list[MessageEvent]:
    """One cause tells one person one thing, once; what the provider says is recorded as it says it."""
    match command, message:
        case QueueMessage(), _:
            return _queue(command, message)
        case _, Absent():
            raise Rejected("message-unknown", "No such message.")
        case ((ReleaseMessage() | PostponeMessage()), _):
            return _release(command, message)
        case RecordSending(), _:
            return _sent(command, message)
        case RecordDelivery(), _:
            return _delivered(command, message)
        case RecordFailure(), (Delivered() | Failed()):
            return []
        case RecordFailure(), _:
            return [MessageFailed(message_id=command.message_id, code=command.code)]


MESSAGE = Decider[MessageCommand, Message, MessageEvent]("message", Absent(), evolve, decide)
