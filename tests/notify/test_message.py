"""Specifications of a message: what it does, what it refuses, where it stays quiet."""

from __future__ import annotations

from chassis.testing import Spec
from contracts.notify.v1 import (
    MessageDelivered,
    MessageFailed,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSent,
)
from notify.domain.message import (
    MESSAGE,
    PostponeMessage,
    QueueMessage,
    RecordDelivery,
    RecordFailure,
    RecordSending,
    ReleaseMessage,
)

MESSAGE_ID = "paid-payout1-person1"
NOON = "2022-07-15T04:00:00.000000Z"
MORNING = "2022-07-16T00:00:00.000000Z"


def queue(send_after: str = NOON, **changes: object) -> QueueMessage:
    fields = {
        "message_id": MESSAGE_ID,
        "recipient_id": "person1",
        "claim_id": "claim1",
        "template_code": "benefit-paid",
        "template_version": 1,
        "variables": {"amt": "50,000.00", "tail": "1234"},
        "decided_at": NOON,
        "send_after": send_after,
    }
    return QueueMessage(**{**fields, **changes})


def queued(send_after: str = NOON) -> MessageQueued:
    return MessageQueued(
        message_id=MESSAGE_ID,
        recipient_id="person1",
        claim_id="claim1",
        template_code="benefit-paid",
        template_version=1,
        variables={"amt": "50,000.00", "tail": "1234"},
        send_after=send_after,
    )


RELEASED = MessageReleased(message_id=MESSAGE_ID)
SENT = MessageSent(message_id=MESSAGE_ID, channel="SMS", provider_reference="r1", segments=1)
DELIVERED = MessageDelivered(message_id=MESSAGE_ID, receipt="DELIVRD")
FAILED = MessageFailed(message_id=MESSAGE_ID, code="no-mobile")
SENDING = RecordSending(MESSAGE_ID, "SMS", "r1", 1)
spec = Spec(MESSAGE)


def test_a_message_by_day_is_released_at_once() -> None:
    spec.when(queue()).then(queued(), RELEASED)


def test_a_message_in_quiet_hours_only_waits() -> None:
    spec.when(queue(MORNING)).then(queued(MORNING))


def test_the_same_cause_tells_the_same_person_once() -> None:
    spec.given(queued(), RELEASED, SENT).when(queue()).then_nothing()


def test_one_cause_cannot_tell_two_different_things() -> None:
    spec.given(queued()).when(queue(variables={"amt": "1.00", "tail": "1234"})).then_rejected("message-differs")


def test_a_waiting_message_is_released_when_quiet_hours_end() -> None:
    spec.given(queued(MORNING)).when(ReleaseMessage(MESSAGE_ID, MORNING)).then(RELEASED)


def test_a_waiting_message_is_not_released_before_that() -> None:
    spec.given(queued(MORNING)).when(ReleaseMessage(MESSAGE_ID, NOON)).then_rejected("message-not-due")


def test_releasing_twice_changes_nothing() -> None:
    spec.given(queued(), RELEASED).when(ReleaseMessage(MESSAGE_ID, MORNING)).then_nothing()


def test_a_released_message_that_meets_quiet_hours_waits_again() -> None:
    postponed = MessagePostponed(message_id=MESSAGE_ID, send_after=MORNING)
    spec.given(queued(), RELEASED).when(PostponeMessage(MESSAGE_ID, MORNING)).then(postponed)
    spec.given(queued(), RELEASED, postponed).when(ReleaseMessage(MESSAGE_ID, MORNING)).then(RELEASED)
    spec.given(queued(), RELEASED, postponed).when(ReleaseMessage(MESSAGE_ID, NOON)).then_rejected("message-not-due")


def test_a_sent_message_is_not_postponed() -> None:
    spec.given(queued(), RELEASED, SENT).when(PostponeMessage(MESSAGE_ID, MORNING)).then_nothing()


def test_an_unknown_message_is_not_postponed() -> None:
    spec.when(PostponeMessage(MESSAGE_ID, MORNING)).then_rejected("message-unknown")


def test_a_sending_is_recorded() -> None:
    spec.given(queued(), RELEASED).when(SENDING).then(SENT)


def test_an_unreleased_message_cannot_have_been_sent() -> None:
    spec.given(queued(MORNING)).when(SENDING).then_rejected("message-not-released")


def test_a_message_without_a_mobile_cannot_have_been_sent() -> None:
    spec.given(queued(), RELEASED, FAILED).when(SENDING).then_rejected("message-failed")


def test_a_given_up_message_may_be_tried_again() -> None:
    given_up = MessageFailed(message_id=MESSAGE_ID, code="attempts-exhausted")
    postponed = MessagePostponed(message_id=MESSAGE_ID, send_after=MORNING)
    spec.given(queued(), RELEASED, given_up).when(SENDING).then(SENT)
    spec.given(queued(), RELEASED, given_up).when(PostponeMessage(MESSAGE_ID, MORNING)).then(postponed)
    spec.given(queued(), RELEASED, FAILED).when(PostponeMessage(MESSAGE_ID, MORNING)).then_nothing()


def test_a_sending_is_recorded_once() -> None:
    spec.given(queued(), RELEASED, SENT).when(SENDING).then_nothing()


def test_a_receipt_is_recorded_even_when_it_comes_after_the_last_attempt() -> None:
    spec.given(queued(), RELEASED, SENT).when(RecordDelivery(MESSAGE_ID, "DELIVRD")).then(DELIVERED)
    spec.given(queued(), RELEASED, FAILED).when(RecordDelivery(MESSAGE_ID, "DELIVRD")).then(DELIVERED)


def test_a_receipt_for_an_unknown_message_is_refused() -> None:
    spec.when(RecordDelivery(MESSAGE_ID, "DELIVRD")).then_rejected("message-unknown")


def test_a_second_receipt_changes_nothing() -> None:
    spec.given(queued(), RELEASED, SENT, DELIVERED).when(RecordDelivery(MESSAGE_ID, "DELIVRD")).then_nothing()


def test_a_failure_is_recorded_with_its_code() -> None:
    spec.given(queued(), RELEASED).when(RecordFailure(MESSAGE_ID, "no-mobile")).then(FAILED)


def test_a_failure_of_an_unknown_message_is_refused() -> None:
    spec.when(RecordFailure(MESSAGE_ID, "no-mobile")).then_rejected("message-unknown")


def test_what_arrived_has_not_failed() -> None:
    spec.given(queued(), RELEASED, SENT, DELIVERED).when(RecordFailure(MESSAGE_ID, "undelivered")).then_nothing()
