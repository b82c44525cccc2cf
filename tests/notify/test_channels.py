"""By which way a message goes: WeChat first where that reaches its reader, SMS else; limits of a number; mobiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from contracts.enrolment.people import ContactChanged, ErasureBegun
from contracts.notify.reaching import MobileCleared, MobileDoubted, MobileFailed, WechatUnbound
from contracts.notify.v1 import (
    MessageDiverted,
    MessageHandedOver,
    MessagePostponed,
    MessageReleased,
    MessageSeen,
    MessageSent,
    OrdinaryMessageReleased,
)
from notify.domain.message import MESSAGE, SeeMessage
from notify.domain.template import TEMPLATES
from notify.workers import forgetting, receipts, recording
from tests.notify.house import House

OPENID = "o-of-the-member-{}"


async def sent_by(house: House, message_id: str) -> list[str]:
    return [event.channel for event in await house.history(message_id) if isinstance(event, MessageSent)]


async def last(house: House, message_id: str) -> object:
    return (await house.history(message_id))[-1]


async def bound(house: House) -> str:
    """A registered member who follows the account; the openid."""
    await house.register()
    openid = OPENID.format(house.mobile)
    await house.bind(openid)
    return openid


async def test_whoever_follows_the_account_is_told_there_and_not_by_sms(house: House) -> None:
    openid = await bound(house)
    message_id = await house.report()
    await house.work(message_id)
    [notice] = await house.notices(openid)
    assert (notice["template_id"], notice["data"]) == ("checkup-report-ready", {"name": {"value": "某某某"}})
    assert await sent_by(house, message_id) == ["WECHAT"]
    assert await house.arrived() == []


async def test_whoever_does_not_follow_it_gets_an_sms_at_once(house: House) -> None:
    await house.register()
    message_id = await house.report()
    await house.work(message_id)
    assert await sent_by(house, message_id) == ["SMS"]
    assert len(await house.arrived()) == 1


async def test_money_goes_by_sms_whoever_follows_the_account(house: House) -> None:
    openid = await bound(house)
    await house.settle()
    await house.work(house.paid)
    assert await sent_by(house, house.paid) == ["SMS"]
    assert await house.notices(openid) == []


@pytest.mark.parametrize("suffix", ["no_quota_suffix", "not_following_suffix"])
async def test_without_a_quota_or_following_the_message_goes_by_sms(house: House, suffix: str) -> None:
    openid = await bound(house)
    await house.wechat_behaves(**{suffix: openid[-8:]})
    message_id = await house.report()
    await house.work(message_id)
    assert await house.notices(openid) == []
    assert await sent_by(house, message_id) == ["SMS"]
    handed = [event.channel for event in await house.history(message_id) if isinstance(event, MessageHandedOver)]
    assert handed == ["WECHAT", "SMS"]


async def test_a_token_that_is_no_longer_taken_is_renewed(house: House) -> None:
    openid = await bound(house)
    await house.wechat_behaves(forget_tokens=True)
    await house.work(await house.report())
    assert len(await house.notices(openid)) == 1


async def test_a_lost_answer_of_wechat_is_not_repeated_and_an_sms_follows_when_nobody_opens_it(house: House) -> None:
    openid = await bound(house)
    await house.wechat_behaves(lose=1)
    message_id = await house.report()
    await house.work(message_id)
    assert len(await house.notices(openid)) == 1
    await house.sweep("divert-unread")
    assert isinstance(await last(house, message_id), MessageSent), "It is not two hours yet."
    house.world.clock.advance(timedelta(hours=2))
    await house.sweep("divert-unread")
    assert isinstance(await last(house, message_id), MessageDiverted)
    await house.release_due()
    await house.work(message_id)
    assert len(await house.notices(openid)) == 1
    assert await sent_by(house, message_id) == ["WECHAT", "SMS"]
    assert len(await house.arrived()) == 1


async def test_what_was_opened_is_not_followed_by_an_sms(house: House) -> None:
    await bound(house)
    message_id = await house.report()
    await house.work(message_id)
    await house.context.executor.execute(MESSAGE, message_id, SeeMessage(message_id, house.member))
    assert isinstance((await house.history(message_id))[-1], MessageSeen)
    house.world.clock.advance(timedelta(hours=3))
    await house.sweep("divert-unread")
    assert isinstance(await last(house, message_id), MessageSeen)


async def test_an_unopened_notice_of_the_evening_is_followed_in_the_morning(house: House) -> None:
    await bound(house)
    house.world.clock.advance(timedelta(hours=10))  # eight in the evening
    message_id = await house.report()
    await house.work(message_id)
    house.world.clock.advance(timedelta(hours=2))
    await house.sweep("divert-unread")
    await house.release_due()
    assert isinstance(await last(house, message_id), MessageDiverted)
    house.world.clock.advance(timedelta(hours=10))
    await house.release_due()
    assert isinstance(await last(house, message_id), OrdinaryMessageReleased)


async def test_a_process_that_dies_between_handing_over_and_recording_does_not_tell_wechat_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    openid = await bound(house)
    message_id = await house.report()
    released = (await house.context.log.load(MESSAGE.stream(message_id)))[-1]
    await house.world.settled()

    async def die(*_: object, **__: object) -> dict[str, Exception]:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr(recording, "record", die)
        with pytest.raises(ConnectionResetError):
            await house.send(released)
    assert len(await house.notices(openid)) == 1, "It was taken, and never recorded."
    await house.send(released)
    assert len(await house.notices(openid)) == 1
    assert await sent_by(house, message_id) == ["WECHAT"]


async def test_an_erased_person_is_no_longer_bound(house: House) -> None:
    await bound(house)
    begun = ErasureBegun(person_id=house.member, begun_on="2022-02-20", by="u")
    for _ in range(2):
        await house.world.feed("enrolment", begun, f"person-{house.member}")
    events = [recorded.event for recorded in await house.context.log.load(f"binding-{house.member}")]
    assert events[1:] == [WechatUnbound(person_id=house.member, reason="erased")]


async def test_the_same_text_reaches_a_number_once_a_day(house: House) -> None:
    await house.register()
    await house.settle()
    await house.settle(attempt=2)
    second = f"paid-{house.payout}-2-{house.member}"
    await house.work(house.paid)
    await house.work(second)
    assert len(await house.arrived()) == 1
    postponed = (await house.history(second))[-1]
    assert (type(postponed), postponed.reason, postponed.send_after) == (
        MessagePostponed,
        "same-text",
        "2022-03-02T00:00:00.000000Z",
    )
    house.world.clock.advance(timedelta(hours=22))
    await house.release_due()
    await house.work(second)
    assert len(await house.arrived()) == 2


async def test_a_number_gets_no_more_than_its_share_of_a_day(house: House) -> None:
    await house.register()
    share = house.context.settings.number_day_max
    for attempt in range(share + 1):
        await house.settle(attempt=attempt + 1, amount_fen=100 + attempt)
        await house.work(f"paid-{house.payout}-{attempt + 1}-{house.member}")
    assert (await house.history(f"paid-{house.payout}-{share + 1}-{house.member}"))[-1].reason == "number-limit"
    assert len(await house.arrived()) == share


async def test_a_limit_of_the_provider_is_waited_for(house: House) -> None:
    await house.register()
    await house.settle()
    await house.behave(limit_suffix=house.mobile[-8:])
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1].reason == "provider-limit"
    await house.behave()
    house.world.clock.advance(timedelta(hours=22))
    await house.release_due()
    await house.work(house.paid)
    assert len(await house.arrived()) == 1


async def test_yesterdays_places_are_let_go(house: House) -> None:
    await house.register()
    await house.settle()
    await house.work(house.paid)
    count = "select count(*) from reservation where scope = 'sms-day-2022-03-01'"
    assert await house.context.log.pool.fetchval(count) > 0
    await forgetting.forget_before(house.context, house.world.clock.today() + timedelta(days=1))
    assert await house.context.log.pool.fetchval(count) == 0


async def mobile_events(house: House) -> list[object]:
    return [recorded.event for recorded in await house.context.log.load(f"mobile-{house.member}")]


async def fail_twice(house: House) -> None:
    await house.register()
    await house.behave(unreachable_suffix=house.mobile[-8:])
    for attempt in (1, 2):
        await house.settle(attempt=attempt)
        message_id = f"paid-{house.payout}-{attempt}-{house.member}"
        await house.work(message_id)
        await house.collect(message_id)
        await house.collect(message_id)
        house.world.clock.advance(timedelta(days=1))


async def test_two_failures_put_a_mobile_in_doubt_and_another_number_clears_it(house: House) -> None:
    await fail_twice(house)
    assert [type(event) for event in await mobile_events(house)] == [MobileFailed, MobileFailed, MobileDoubted]
    contact = await house.seal(house.member, "某某某", house.heirs_mobile, "enrolment.contact-changed.v1/contact")
    changed = ContactChanged(person_id=house.member, contact=contact, effective_on="2022-03-03", source="UNIT", by="u")
    await house.world.feed("enrolment", changed, f"person-{house.member}")
    assert (await mobile_events(house))[-1] == MobileCleared(person_id=house.member, reason="changed")


async def test_a_message_that_arrives_clears_the_mobile(house: House) -> None:
    await fail_twice(house)
    await house.world.settled()
    await house.behave()
    await house.settle(attempt=3)
    message_id = f"paid-{house.payout}-3-{house.member}"
    await house.work(message_id)
    await house.collect(message_id)
    assert (await mobile_events(house))[-1] == MobileCleared(person_id=house.member, reason="delivered")


async def test_a_number_gets_no_more_of_one_text_than_its_share_of_a_day(house: House) -> None:
    await house.register()
    settings = structs.replace(house.context.settings, template_day_max=2)
    context = replace(house.context, settings=settings)
    for attempt in (1, 2, 3):
        await house.settle(attempt=attempt, amount_fen=attempt)
        [released] = [
            recorded
            for recorded in await house.context.log.load(f"message-paid-{house.payout}-{attempt}-{house.member}")
            if isinstance(recorded.event, MessageReleased)
        ]
        await house.send(released, context)
    assert (await house.history(f"paid-{house.payout}-3-{house.member}"))[-1].reason == "number-limit"
    assert len(await house.arrived()) == 2
    other = await house.report()
    await house.work(other)
    assert len(await house.arrived()) == 3, "Another text is not one of them."


def test_no_more_texts_go_to_wechat_than_it_keeps() -> None:
    """At most 25 templates (domain 9.2)."""
    assert 0 < len({code for (code, _), template in TEMPLATES.items() if template.channel == "WECHAT"}) <= 25


def test_a_receipt_that_does_not_come_is_asked_for_more_and_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(receipts.time, "monotonic", lambda: now)
    patience, asked = receipts.Patience(), []
    while now < 3_600:
        if not patience.has("m"):
            asked.append(now)
        now += 1
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) == receipts.PATIENCE_S_MAX
    assert len(asked) < 20
