"""A message owed to one person for one cause: what may be done with it, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.notify.v1 import (
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
)
from notify.domain.stages import (
    BULK,
    GIVEN_UP,
    RELEASE,
    SMS,
    URGENT,
    WECHAT,
    Absent,
    Cancelled,
    Delivered,
    Failed,
    HandedOver,
    Known,
    Message,
    MessageEvent,
    Queued,
    Release,
    Released,
    Sent,
    evolve,
)
from notify.domain.template import Template, check_variables


@dataclass(frozen=True)
class QueueMessage:
    """Owe a message. Times are RFC 3339 in UTC; not later than `decided_at` means it may go at once.

    A message of the bulk lane always waits for its turn.
    """

    message_id: str
    recipient_id: str
    claim_id: str
    template_code: str
    template_version: int
    variables: dict[str, str]
    decided_at: str
    send_after: str
    lane: str = URGENT
    channel: str = SMS
    code_id: str = ""


@dataclass(frozen=True)
class ReleaseMessage:
    """Let a waiting message go; `now` is RFC 3339 in UTC."""

    message_id: str
    now: str


@dataclass(frozen=True)
class PostponeMessage:
    """Keep back a released message until `send_after`, for a `reason` as in MessagePostponed."""

    message_id: str
    send_after: str
    reason: str = ""


@dataclass(frozen=True)
class HandOver:
    """Give the message to a provider; recorded before it is done."""

    message_id: str
    channel: str
    provider: str
    text_digest: str


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
class DivertMessage:
    """Nobody opened it where it was sent: let it go by SMS, at `send_after`."""

    message_id: str
    send_after: str
    reason: str = "unread"


@dataclass(frozen=True)
class RecordFailure:
    """It cannot be sent or did not arrive; `code` and `receipt` as in MessageFailed."""

    message_id: str
    code: str
    receipt: str = ""


@dataclass(frozen=True)
class CancelMessage:
    """What it says is no longer so: let it not go out, if there is still time."""

    message_id: str
    reason: str = "superseded"


@dataclass(frozen=True)
class SeeMessage:
    """The recipient opened it."""

    message_id: str
    recipient_id: str


MessageCommand: TypeAlias = (
    QueueMessage
    | ReleaseMessage
    | PostponeMessage
    | HandOver
    | RecordSending
    | RecordDelivery
    | DivertMessage
    | RecordFailure
    | CancelMessage
    | SeeMessage
)


def promised(
    template: Template,
    message_id: str,
    recipient_id: str,
    claim_id: str,
    variables: dict[str, str],
    decided_at: str,
    send_after: str,
    code_id: str = "",
) -> QueueMessage:
    """A message in the words of a template, by its lane and channel. Raises Rejected `variable-invalid`."""
    if not code_id:
        check_variables(template, variables)
    return QueueMessage(
        message_id=message_id,
        recipient_id=recipient_id,
        claim_id=claim_id,
        template_code=template.code,
        template_version=template.version,
        variables=variables,
        decided_at=decided_at,
        send_after=send_after,
        lane=template.lane,
        channel=template.channel,
        code_id=code_id,
    )


def _queue(command: QueueMessage, message: Message) -> list[MessageEvent]:
    if not isinstance(message, Absent | Cancelled):
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
        lane=command.lane,
        channel=command.channel,
        code_id=command.code_id,
    )
    if command.send_after > command.decided_at or command.lane == BULK:
        return [queued]
    return [queued, released(command.lane, command.message_id)]


def released(lane: str, message_id: str) -> Release:
    """The event that wakes the worker of a lane; before there were lanes, everything was the first's."""
    return RELEASE.get(lane, MessageReleased)(message_id=message_id)


def _wait(command: ReleaseMessage | PostponeMessage | DivertMessage, message: Known) -> list[MessageEvent]:
    match message, command:
        case Queued(content, send_after), ReleaseMessage():
            if send_after > command.now:
                raise Rejected("message-not-due", "The message may not go out yet.")
            return [released(content.lane, command.message_id)]
        case ((Released() | HandedOver() | Failed(code="attempts-exhausted")), PostponeMessage()):
            return [
                MessagePostponed(message_id=command.message_id, send_after=command.send_after, reason=command.reason)
            ]
        case Sent(content, channel), DivertMessage() if channel == WECHAT and not content.seen:
            return [
                MessageDiverted(
                    message_id=command.message_id, channel=SMS, reason=command.reason, send_after=command.send_after
                )
            ]
        case _:
            return []


def _demand_open(message: Known) -> None:
    match message:
        case Queued():
            raise Rejected("message-not-released", "The message has not been released.")
        case Failed(code=code) if code != GIVEN_UP:
            raise Rejected("message-failed", "The message cannot reach its recipient.")
        case Cancelled():
            raise Rejected("message-cancelled", "The message is not to be sent any more.")
        case _:
            pass


def _send(command: HandOver | RecordSending, message: Known) -> list[MessageEvent]:
    _demand_open(message)
    match message, command:
        case ((Sent() | Delivered()), _):
            return []
        case HandedOver(channel=channel), HandOver() if channel == command.channel:
            return []
        case _, HandOver():
            return [
                MessageHandedOver(
                    message_id=command.message_id,
                    channel=command.channel,
                    provider=command.provider,
                    text_digest=command.text_digest,
                )
            ]
        case _, RecordSending():
            return [
                MessageSent(
                    message_id=command.message_id,
                    channel=command.channel,
                    provider_reference=command.provider_reference,
                    segments=command.segments,
                )
            ]


def _ended(command: RecordDelivery | RecordFailure | CancelMessage, message: Known) -> list[MessageEvent]:
    match message, command:
        case ((Delivered() | Cancelled()), _):
            return []
        case Queued(), RecordDelivery():
            raise Rejected("message-not-released", "The message has not been released.")
        case _, RecordDelivery():
            return [MessageDelivered(message_id=command.message_id, receipt=command.receipt)]
        case Failed(), _:
            return []
        case Queued(), CancelMessage():
            return [MessageCancelled(message_id=command.message_id, reason=command.reason)]
        case _, CancelMessage():
            return []
        case _, RecordFailure():
            recipient_id = message.content.recipient_id
            return [
                MessageFailed(
                    message_id=command.message_id,
                    code=command.code,
                    recipient_id=recipient_id,
                    receipt=command.receipt,
                )
            ]


def _see(command: SeeMessage, message: Known) -> list[MessageEvent]:
    if message.content.recipient_id != command.recipient_id:
        raise Rejected("message-unknown", "No such message.")
    if message.content.seen:
        return []
    return [MessageSeen(message_id=command.message_id, recipient_id=command.recipient_id)]


def decide(command: MessageCommand, message: Message) -> list[MessageEvent]:
    """One cause tells one person one thing, once; what the provider says is recorded as it says it."""
    match command, message:
        case QueueMessage(), _:
            return _queue(command, message)
        case _, Absent():
            raise Rejected("message-unknown", "No such message.")
        case ((ReleaseMessage() | PostponeMessage() | DivertMessage()), _):
            return _wait(command, message)
        case ((HandOver() | RecordSending()), _):
            return _send(command, message)
        case SeeMessage(), _:
            return _see(command, message)
        case ((RecordDelivery() | RecordFailure() | CancelMessage()), _):
            return _ended(command, message)


MESSAGE = Decider[MessageCommand, Message, MessageEvent]("message", Absent(), evolve, decide)
