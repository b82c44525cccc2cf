"""The stages of a message: queued, released, handed over, sent, then delivered, failed or cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from contracts.notify.v1 import (
    BulkMessageReleased,
    MessageCancelled,
    MessageDelivered,
    MessageDiverted,
    MessageFailed,
    MessageHandedOver,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSeen,
    MessageSent,
    OrdinaryMessageReleased,
    PaperMessageReleased,
)

SMS, WECHAT = "SMS", "WECHAT"
URGENT, PAPER, ORDINARY, BULK = "urgent", "paper", "ordinary", "bulk"
"""The lanes, first to last; none waits for another's queue (domain 9.3)."""
GIVEN_UP = "attempts-exhausted"
"""The one failure that a person may have tried again: it says nothing about the recipient."""

Release: TypeAlias = MessageReleased | PaperMessageReleased | OrdinaryMessageReleased | BulkMessageReleased
RELEASE: dict[str, Callable[..., Release]] = {
    URGENT: MessageReleased,
    PAPER: PaperMessageReleased,
    ORDINARY: OrdinaryMessageReleased,
    BULK: BulkMessageReleased,
}


@dataclass(frozen=True)
class Absent:
    """Nothing is owed yet."""


@dataclass(frozen=True)
class Content:
    """What was promised to whom, which never changes; the channel that is tried next; whether it was opened."""

    recipient_id: str
    template_code: str
    template_version: int
    variables: tuple[tuple[str, str], ...]
    lane: str = ""
    channel: str = SMS
    code_id: str = ""
    seen: bool = False


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
class HandedOver:
    """A provider may have it: it is asked before it is given the message again."""

    content: Content
    channel: str


@dataclass(frozen=True)
class Sent:
    """The provider took it."""

    content: Content
    channel: str


@dataclass(frozen=True)
class Delivered:
    """The receipt came."""

    content: Content


@dataclass(frozen=True)
class Failed:
    """Nobody will hear of it this way; `code` says why."""

    content: Content
    code: str


@dataclass(frozen=True)
class Cancelled:
    """It was no longer so before it was sent."""

    content: Content


Known: TypeAlias = Queued | Released | HandedOver | Sent | Delivered | Failed | Cancelled
Message: TypeAlias = Absent | Known
MessageEvent: TypeAlias = (
    MessageQueued
    | Release
    | MessagePostponed
    | MessageHandedOver
    | MessageSent
    | MessageDelivered
    | MessageDiverted
    | MessageFailed
    | MessageCancelled
    | MessageSeen
)


def evolve(message: Message, event: MessageEvent) -> Message:
    """Fold one event."""
    if isinstance(event, MessageQueued):
        variables = tuple(sorted(event.variables.items()))
        content = Content(
            event.recipient_id,
            event.template_code,
            event.template_version,
            variables,
            event.lane,
            event.channel,
            event.code_id,
        )
        return Queued(content, event.send_after)
    if isinstance(message, Absent):
        return message
    if isinstance(event, MessageSeen):
        return replace(message, content=replace(message.content, seen=True))
    return _moved(message.content, event)


def _moved(
    content: Content,
    event: Release
    | MessagePostponed
    | MessageHandedOver
    | MessageSent
    | MessageDelivered
    | MessageDiverted
    | MessageFailed
    | MessageCancelled,
) -> Known:
    match event:
        case MessageReleased() | PaperMessageReleased() | OrdinaryMessageReleased() | BulkMessageReleased():
            return Released(content)
        case MessagePostponed():
            return Queued(content, event.send_after)
        case MessageHandedOver():
            return HandedOver(content, event.channel)
        case MessageSent():
            return Sent(content, event.channel)
        case MessageDelivered():
            return Delivered(content)
        case MessageDiverted():
            return Queued(replace(content, channel=event.channel), event.send_after)
        case MessageFailed():
            return Failed(content, event.code)
        case MessageCancelled():
            return Cancelled(content)
