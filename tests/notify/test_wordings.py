"""Only approved texts leave; an invitation may have to say how to refuse; reminders; a second provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from chassis.clock import from_text
from contracts.health_checkup.stops import BookingCancelled, WaitingListLeft
from contracts.health_checkup.v1 import MemberInvited, Slot, SlotBooked, StopOpened
from contracts.notify.v1 import MessageCancelled, MessageDelivered, MessagePostponed, MessageQueued, MessageSent
from contracts.payments.owing import PayeeReminded
from notify.domain.approval import APPROVAL, RecordApproval, RecordRefusal, SubmitTemplate, stream_key
from notify.domain.template import TEMPLATES, Template, latest, segments
from notify.projections import approvals
from notify.settings import Settings
from notify.workers import approving, providers, receipts
from notify.workers.provider import ProviderAway
from tests.notify.house import House

EVENING = "2022-07-14T10:00:00.000000Z"
"""Six o'clock in Lanzhou."""


@pytest.fixture
def reworded(monkeypatch: pytest.MonkeyPatch) -> Template:
    """A second version of a text, that nobody has approved."""
    second = replace(latest("benefit-paid"), version=2, text="{name}您好,互助金{amt}元已打入尾号{tail}的银行卡。")
    monkeypatch.setitem(TEMPLATES, ("benefit-paid", 2), second)
    return second


async def submit(house: House, template: Template) -> str:
    """Give a version in; the key of its approval."""
    code = await providers.sms(house.context).submit(template)
    key = stream_key(template.code, template.version)
    asking = SubmitTemplate(template.code, template.version, template.digest, "aliyun", code, "system")
    await house.context.executor.execute(APPROVAL, key, asking)
    return key


async def test_the_newest_approved_wording_is_used_while_a_newer_one_waits(house: House, reworded: Template) -> None:
    await house.register()
    await house.settle()
    [queued] = await house.queued()
    assert queued.template_version == 1
    async with house.context.reads.connection() as c:
        assert (await approvals.wording(c, "benefit-paid")).version == 1
    assert reworded.version == 2


async def test_a_message_in_words_that_are_not_approved_waits_and_goes_when_they_are(
    house: House, reworded: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def newest(*_: object) -> Template:
        return reworded

    monkeypatch.setattr(approvals, "wording", newest)
    await house.register()
    await house.settle()
    await house.work(house.paid)
    waiting = (await house.history(house.paid))[-1]
    assert (type(waiting), waiting.reason) == (MessagePostponed, "template-not-approved")
    assert await house.arrived() == []
    key = await submit(house, reworded)
    refused = RecordRefusal("benefit-paid", 2, "内容不规范")
    await house.context.executor.execute(APPROVAL, key, refused)
    house.world.clock.advance(timedelta(minutes=15))
    await house.release_due()
    await house.work(house.paid)
    assert await house.arrived() == [], "What was refused is not sent."
    await submit(house, reworded)
    await house.context.executor.execute(APPROVAL, key, RecordApproval("benefit-paid", 2, "aliyun"))
    house.world.clock.advance(timedelta(minutes=15))
    await house.release_due()
    await house.work(house.paid)
    [message] = await house.arrived()
    assert message["text"] == "【甘肃互助保障】某某某您好,互助金150,000.00元已打入尾号1234的银行卡。"


async def test_what_waits_for_a_refused_text_goes_out_once_the_office_has_it_given_in_again(
    house: House, reworded: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = replace(reworded, version=3)
    monkeypatch.setitem(TEMPLATES, ("benefit-paid", 3), third)

    async def newest(*_: object) -> Template:
        return third

    monkeypatch.setattr(approvals, "wording", newest)
    await house.behave(refuse_template="benefit-paid.v3")
    await approving.submit_and_review(house.context)
    await house.register()
    await house.settle()
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1].reason == "template-not-approved"
    async with house.world.client("office_head", sub="head-1") as head:
        [notice] = [one for one in (await head.get("/notices")).json()["notices"] if one["kind"] == "template-refused"]
        assert notice["facts"] == {"template": "benefit-paid", "version": "3", "reason": "内容不规范"}
        path = "/templates/benefit-paid/versions/3/reopening"
        answer = await head.post(path, json={"reason": "补充了资质证明"})
        assert (answer.status_code, answer.json()) == (200, {"code": "benefit-paid", "version": 3})
        await house.world.settled()
        [shown] = [one for one in (await head.get("/templates")).json()["templates"] if one["version"] == 3]
        assert (shown["state"], shown["reason"]) == ("reopened", "补充了资质证明")
        await house.behave()
        await approving.submit_and_review(house.context)
        assert (await head.post(path, json={"reason": "r"})).json()["code"] == "template-not-refused"
    await house.world.settled()
    house.world.clock.advance(timedelta(minutes=15))
    await house.release_due()
    await house.work(house.paid)
    assert len(await house.arrived()) == 1


async def test_the_head_of_the_office_alone_has_a_text_given_in_again_and_only_one_there_is(house: House) -> None:
    body = {"reason": "r"}
    for role in ("office_reviewer", "finance", "auditor", "member"):
        async with house.world.client(role) as client:
            answer = await client.post("/templates/benefit-paid/versions/1/reopening", json=body)
            assert answer.status_code == 403
    async with house.world.client("office_head") as client:
        answer = await client.post("/templates/benefit-paid/versions/99/reopening", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "template-unknown")
        answer = await client.post("/templates/benefit-paid/versions/1/reopening", json={"reason": ""})
        assert answer.status_code == 400


async def test_a_text_that_was_changed_after_its_approval_is_not_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.register()
    await house.settle()
    changed = replace(latest("benefit-paid"), text="{name}您好,恭喜,{amt}元已打入尾号{tail}的卡。")
    monkeypatch.setitem(TEMPLATES, ("benefit-paid", 1), changed)
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1].reason == "template-not-approved"


async def invite(house: House) -> str:
    stop = f"stop-{house.claim}"
    event = MemberInvited(
        stop_id=stop, campaign="2022", person_id=house.member, place="凉州区总工会门", date="2022-07-15", wave=1
    )
    await house.world.feed("health_checkup", event, f"stop-{stop}")
    [queued] = await house.queued()
    await house.work(queued.message_id)
    [message] = await house.arrived()
    return str(message["text"])


async def test_an_invitation_is_a_notice_unless_it_counts_as_promotion(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.register()
    assert not (await invite(house)).endswith("拒收请回复R")
    promoting = msgspec.structs.replace(Settings(), invitations_promote=True)
    monkeypatch.setattr("notify.inbox.decisions.settings", lambda: promoting)
    other = house.for_new_people()
    await other.register()
    text = await invite(other)
    assert text.endswith("拒收请回复R")
    assert segments(text.removeprefix("【甘肃互助保障】")) == 2
    assert latest("checkup-invitation-promotion").kind == "promotion"


async def stop(house: House) -> str:
    stop_id = f"truck-{house.claim}"
    opened = StopOpened(
        stop_id=stop_id,
        campaign="2022",
        org_path="620000.620600",
        division_code="620600",
        place="武威肿瘤医院",
        date="2022-07-15",
        package="BASIC.v1",
        slots=(Slot(slot_id="s1", starts_at="08:30", capacity=9),),
    )
    await house.world.feed("health_checkup", opened, f"stop-{stop_id}")
    return stop_id


async def book(house: House, stop_id: str, slot_id: str, starts_at: str) -> None:
    booked = SlotBooked(stop_id=stop_id, campaign="2022", person_id=house.member, slot_id=slot_id, starts_at=starts_at)
    await house.world.feed("health_checkup", booked, f"stop-{stop_id}")
    await house.world.settled()


async def test_a_booking_is_reminded_of_on_the_evening_before_and_another_slot_replaces_it(house: House) -> None:
    await house.register()
    stop_id = await stop(house)
    await book(house, stop_id, "s1", "08:30")
    await book(house, stop_id, "s2", "09:00")
    first, second = await house.queued()
    assert (first.send_after, second.send_after) == (EVENING, EVENING)
    assert second.variables == {"time": "09:00", "place": "见公众号"}, "A hospital is withheld."
    assert isinstance((await house.history(first.message_id))[-1], MessageCancelled)
    house.world.clock.set(from_text(EVENING))
    await house.release_due()
    await house.work(second.message_id)
    [message] = await house.arrived()
    assert "您预约的体检在明天09:00" in message["text"]


async def test_whoever_books_after_the_evening_is_not_reminded(house: House) -> None:
    await house.register()
    stop_id = await stop(house)
    house.world.clock.set(from_text(EVENING) + timedelta(minutes=1))
    await book(house, stop_id, "s1", "08:30")
    assert await house.queued() == []


async def give_seat(house: House, stop_id: str, ticket_id: str) -> None:
    """A seat from the waiting list."""
    given = SlotBooked(
        stop_id=stop_id,
        campaign="2022",
        person_id=house.member,
        slot_id="s1",
        starts_at="08:30",
        ticket_id=ticket_id,
        waited=True,
        place="凉州区总工会门",
        date="2022-07-15",
    )
    await house.world.feed("health_checkup", given, f"stop-{stop_id}")
    await house.world.settled()


async def test_a_seat_from_the_waiting_list_is_told_at_once_and_reminded_of_later(house: House) -> None:
    await house.register()
    await give_seat(house, await stop(house), "t1")
    told, reminder = await house.queued()
    assert (told.template_code, reminder.template_code) == ("checkup-seat", "checkup-reminder")
    assert reminder.send_after == EVENING
    await house.work(told.message_id)
    [message] = await house.arrived()
    assert message["text"] == (
        "【甘肃互助保障】某某某您好,您候补的免费体检已有名额:7月15日08:30,见公众号。"
        "请空腹并携带身份证,不能到请取消预约。"
    ), "A hospital is withheld."


async def test_whoever_waited_in_vain_is_told_and_whoever_left_or_sits_elsewhere_is_not(house: House) -> None:
    await house.register()
    stop_id = await stop(house)
    for reason in ("WITHDRAWN", "BOOKED_ELSEWHERE", "NOT_COVERED", "STOP_OVER"):
        left = WaitingListLeft(stop_id=stop_id, campaign="2022", person_id=house.member, reason=reason)
        await house.world.feed("health_checkup", left, f"stop-{stop_id}")
        await house.world.settled()
    uncovered, over = await house.queued()
    assert {uncovered.template_code, over.template_code} == {"checkup-waiting-ended"}
    await house.work(over.message_id)
    [message] = await house.arrived()
    assert message["text"] == (
        "【甘肃互助保障】某某某您好,您候补的7月15日免费体检未能安排名额,候补已结束,今后安排请留意公众号。咨询12351。"
    )


async def test_whoever_gives_the_seat_back_is_not_reminded_and_may_take_another(house: House) -> None:
    await house.register()
    stop_id = await stop(house)
    await book(house, stop_id, "s1", "08:30")
    other = house.for_new_people()
    await other.register()
    await book(other, stop_id, "s1", "08:30")
    cancelled = BookingCancelled(
        stop_id=stop_id, campaign="2022", person_id=house.member, slot_id="s1", reason="BY_MEMBER"
    )
    for _ in range(2):
        await house.world.feed("health_checkup", cancelled, f"stop-{stop_id}")
        await house.world.settled()
    [reminder] = await house.queued()
    assert isinstance((await house.history(reminder.message_id))[-1], MessageCancelled)
    assert len(await house.history(reminder.message_id)) == 2, "Once."
    [others] = await other.queued()
    assert len(await other.history(others.message_id)) == 1, "Another's reminder stays."
    await give_seat(house, stop_id, "t2")
    assert [one.template_code for one in await house.queued()][1:] == ["checkup-seat", "checkup-reminder"]


async def test_the_second_provider_fits_the_port(house: House) -> None:
    """Whole texts, its own ids, no approval: every text is given in anew, and a lost answer is asked about."""
    await house.register()
    settings = msgspec.structs.replace(house.context.settings, sms_provider="plain")
    context = replace(house.context, settings=settings)
    await approving.submit_and_review(context)
    await house.world.settled()
    try:
        await house.settle()
        released = (await house.context.log.load(f"message-{house.paid}"))[-1]
        await house.behave(lose=1)
        with pytest.raises(ProviderAway):
            await house.send(released, context)
        await house.send(released, context)
        await receipts.collect({house.paid: house.member}, context)
        [message] = await house.arrived()
        assert message["attempts"] == 1
        assert [type(event) for event in (await house.history(house.paid))[-2:]] == [MessageSent, MessageDelivered]
    finally:
        await approving.submit_and_review(house.context)
        await house.world.settled()


async def test_a_queued_message_names_its_lane_and_first_channel(house: House) -> None:
    await house.register()
    message_id = await house.report()
    queued = (await house.history(message_id))[0]
    assert isinstance(queued, MessageQueued)
    assert (queued.lane, queued.channel) == ("ordinary", "WECHAT")


async def test_who_owes_an_account_is_reminded_once_for_each_day_of_the_list(house: House) -> None:
    await house.register()
    for day in (3, 3, 10):
        reminded = PayeeReminded(
            payout_id=house.payout,
            claim_id=house.claim,
            claim_no="GS2022000123",
            person_id=house.member,
            payee_id=house.member,
            amount_fen=164_000,
            attempt=1,
            reason="ACCOUNT_CLOSED",
            day=day,
        )
        await house.world.feed("payments", reminded, f"payout-{house.payout}")
    first, second = await house.queued()
    assert (first.template_code, first.lane, first.variables) == ("payment-reminder", "urgent", {"amt": "1,640.00"})
    assert second.message_id == f"account-{house.payout}-1-10-{house.member}"
    await house.work(first.message_id)
    [message] = await house.arrived()
    assert len(message["text"]) <= 70
