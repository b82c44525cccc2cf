"""Specifications of a message: what it does, what it refuses, where it stays quiet."""

from __future__ import annotations

from msgspec.structs import replace

from chassis.testing import Spec
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
    PaperMessageReleased,
)
from notify.domain.message import (
    MESSAGE,
    CancelMessage,
    DivertMessage,
    HandOver,
    PostponeMessage,
    QueueMessage,
    RecordDelivery,
    RecordFailure,
    RecordSending,
    ReleaseMessage,
    SeeMessage,
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
        lane="urgent",
    )


RELEASED = MessageReleased(message_id=MESSAGE_ID)
SENT = MessageSent(message_id=MESSAGE_ID, channel="SMS", provider_reference="r1", segments=1)
DELIVERED = MessageDelivered(message_id=MESSAGE_ID, receipt="DELIVRD")
FAILED = MessageFailed(message_id=MESSAGE_ID, code="no-mobile", recipient_id="person1")
HANDED_OVER = MessageHandedOver(message_id=MESSAGE_ID, channel="SMS", provider="aliyun", text_digest="d")
BY_WECHAT = MessageSent(message_id=MESSAGE_ID, channel="WECHAT", provider_reference="7", segments=0)
SEEN = MessageSeen(message_id=MESSAGE_ID, recipient_id="person1")
CANCELLED = MessageCancelled(message_id=MESSAGE_ID, reason="superseded")
HANDING = HandOver(MESSAGE_ID, "SMS", "aliyun", "d")
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


def test_each_lane_has_a_release_of_its_own_and_bulk_waits_for_its_turn() -> None:
    paper = PaperMessageReleased(message_id=MESSAGE_ID)
    spec.when(queue(lane="paper")).then(replace(queued(), lane="paper"), paper)
    bulk = replace(queued(), lane="bulk")
    spec.when(queue(lane="bulk")).then(bulk)
    spec.given(bulk).when(ReleaseMessage(MESSAGE_ID, NOON)).then(BulkMessageReleased(message_id=MESSAGE_ID))


def test_a_message_from_before_there_were_lanes_is_released_as_it_was_then() -> None:
    spec.given(replace(queued(MORNING), lane="")).when(ReleaseMessage(MESSAGE_ID, MORNING)).then(RELEASED)


def test_a_message_is_handed_over_once_for_each_channel() -> None:
    spec.given(queued(), RELEASED).when(HANDING).then(HANDED_OVER)
    spec.given(queued(), RELEASED, HANDED_OVER).when(HANDING).then_nothing()
    by_wechat = replace(HANDED_OVER, channel="WECHAT")
    spec.given(queued(), RELEASED, by_wechat).when(HANDING).then(HANDED_OVER)
    spec.given(queued(), RELEASED, HANDED_OVER).when(SENDING).then(SENT)


def test_what_was_sent_is_not_handed_over_again() -> None:
    spec.given(queued(), RELEASED, SENT).when(HANDING).then_nothing()
    spec.given(queued(), RELEASED, SENT, DELIVERED).when(HANDING).then_nothing()


def test_a_message_that_waits_or_has_failed_is_not_handed_over() -> None:
    spec.given(queued(MORNING)).when(HANDING).then_rejected("message-not-released")
    spec.given(queued(), RELEASED, FAILED).when(HANDING).then_rejected("message-failed")


def test_a_notice_that_nobody_opened_waits_for_its_sms() -> None:
    diverted = MessageDiverted(message_id=MESSAGE_ID, channel="SMS", reason="unread", send_after=MORNING)
    spec.given(queued(), RELEASED, BY_WECHAT).when(DivertMessage(MESSAGE_ID, MORNING)).then(diverted)
    spec.given(queued(), RELEASED, BY_WECHAT, diverted).when(ReleaseMessage(MESSAGE_ID, MORNING)).then(RELEASED)


def test_a_notice_that_was_opened_or_went_by_sms_is_not_diverted() -> None:
    spec.given(queued(), RELEASED, BY_WECHAT, SEEN).when(DivertMessage(MESSAGE_ID, MORNING)).then_nothing()
    spec.given(queued(), RELEASED, SENT).when(DivertMessage(MESSAGE_ID, MORNING)).then_nothing()


def test_a_notice_that_does_not_exist_is_not_diverted() -> None:
    spec.when(DivertMessage(MESSAGE_ID, MORNING)).then_rejected("message-unknown")


def test_a_waiting_message_is_cancelled_once() -> None:
    spec.given(queued(MORNING)).when(CancelMessage(MESSAGE_ID)).then(CANCELLED)
    spec.given(queued(MORNING), CANCELLED).when(CancelMessage(MESSAGE_ID)).then_nothing()
    spec.given(queued(MORNING), CANCELLED).when(SENDING).then_rejected("message-cancelled")


def test_what_is_on_its_way_is_no_longer_cancelled_and_what_is_unknown_not_at_all() -> None:
    spec.given(queued(), RELEASED).when(CancelMessage(MESSAGE_ID)).then_nothing()
    spec.when(CancelMessage(MESSAGE_ID)).then_rejected("message-unknown")


def test_a_cancelled_message_that_is_so_again_is_queued_again() -> None:
    spec.given(queued(MORNING), CANCELLED).when(queue(MORNING)).then(queued(MORNING))


def test_a_message_is_seen_once_by_its_recipient_alone() -> None:
    spec.given(queued(), RELEASED, SENT).when(SeeMessage(MESSAGE_ID, "person1")).then(SEEN)
    spec.given(queued(), RELEASED, SENT, SEEN).when(SeeMessage(MESSAGE_ID, "person1")).then_nothing()
    spec.given(queued(), RELEASED, SENT).when(SeeMessage(MESSAGE_ID, "person2")).then_rejected("message-unknown")


def test_a_postponed_message_says_why() -> None:
    postponed = MessagePostponed(message_id=MESSAGE_ID, send_after=MORNING, reason="number-limit")
    command = PostponeMessage(MESSAGE_ID, MORNING, "number-limit")
    spec.given(queued(), RELEASED, HANDED_OVER).when(command).then(postponed)
