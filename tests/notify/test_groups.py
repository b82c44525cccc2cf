"""What waits together is sent together: few appends, and still each message once, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.log import Recorded
from contracts.notify.v1 import MessageDelivered, MessageFailed, MessageHandedOver, MessagePostponed, MessageSent
from notify.domain.message import MESSAGE
from notify.workers import aliyun, limits, receipts, recording, sending
from notify.workers.letters import ContactNotKnown
from notify.workers.provider import ProviderAway, Sms
from tests.notify.house import House

PEOPLE = 5
TROUBLE = st.tuples(st.sampled_from(["fail", "lose", "die", "none"]), st.integers(1, 4))


async def neighbours(house: House, count: int = PEOPLE) -> list[House]:
    """People who are paid at once."""
    people = [house.for_new_people() for _ in range(count)]
    for one in people:
        await one.register()
        await one.settle()
    await house.world.settled()
    return people


async def released(people: Sequence[House]) -> list[Recorded]:
    """The newest release of each one's message."""
    found = []
    for one in people:
        recorded = await one.context.log.load(MESSAGE.stream(one.paid))
        found += [[event for event in recorded if isinstance(event.event, sending.RELEASES)][-1]]
    return found


async def decisions(people: Sequence[House], kind: type[Any]) -> list[str]:
    """Which append each one's event of a kind stands in."""
    logs = [await one.context.log.load(MESSAGE.stream(one.paid)) for one in people]
    return [one.header.id.rpartition(".")[0] for log in logs for one in log if isinstance(one.event, kind)]


async def test_a_group_is_one_append_before_the_provider_is_asked_and_one_after(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await neighbours(house)
    handed: list[int] = []
    really = aliyun.Aliyun.send

    async def look_first(provider: aliyun.Aliyun, sms: Sms) -> Any:
        handed.append(len(await decisions(people, MessageHandedOver)))
        return await really(provider, sms)

    monkeypatch.setattr(aliyun.Aliyun, "send", look_first)
    assert await sending.send(await released(people), house.context) == {}
    assert handed == [PEOPLE] * PEOPLE, "Whoever asks the provider has recorded it."
    for kind in (MessageHandedOver, MessageSent):
        appends = await decisions(people, kind)
        assert (len(appends), len(set(appends))) == (PEOPLE, 1)
    await house.world.settled()
    await receipts.collect({one.paid: one.member for one in people}, house.context)
    appends = await decisions(people, MessageDelivered)
    assert (len(appends), len(set(appends))) == (PEOPLE, 1)
    assert [len(await one.arrived()) for one in people] == [1] * PEOPLE


async def test_each_of_a_group_ends_as_it_would_alone(house: House) -> None:
    well, refused = await neighbours(house, 2)
    strange = house.for_new_people()
    await strange.settle()
    await house.behave(refuse_suffix=refused.mobile[-8:])
    group = await released([well, refused, strange])
    failures = await sending.send(group, house.context)
    assert {position: type(error) for position, error in failures.items()} == {group[-1].position: ContactNotKnown}
    assert isinstance((await well.history(well.paid))[-1], MessageSent)
    assert (await refused.history(refused.paid))[-1] == refused.failed(
        "provider-refused", "isv.BLACK_KEY_CONTROL_LIMIT"
    )
    assert len(await strange.history(strange.paid)) == 2


async def test_two_messages_of_a_group_to_one_number_take_a_place_each_and_one_text_goes_once(house: House) -> None:
    first, second = await neighbours(house, 2)
    twice = replace(second, mobile=first.mobile, member=second.heir)
    await twice.register()
    await twice.settle(payee_id=twice.member)
    other = replace(house.for_new_people(), mobile=first.mobile)
    await other.register()
    await other.settle(amount_fen=7)
    assert await sending.send(await released([first, twice, other]), house.context) == {}
    assert isinstance((await first.history(first.paid))[-1], MessageSent)
    waits = (await first.history(twice.paid))[-1]
    assert isinstance(waits, MessagePostponed)
    assert waits.reason == "same-text"
    assert isinstance((await other.history(other.paid))[-1], MessageSent)
    assert len(await first.arrived()) == 2


async def test_whoever_takes_a_place_of_the_number_meanwhile_costs_a_message_no_attempt(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = await neighbours(house, 1)
    second = replace(house.for_new_people(), mobile=first.mobile)
    await second.register()
    await second.settle(amount_fen=7)
    group, others = await released([first]), await released([second])
    take = limits.take

    async def be_late(*asked: Any) -> dict[str, str]:
        over = await take(*asked)
        monkeypatch.setattr(limits, "take", take)
        assert await sending.send(others, house.context) == {}
        return over

    monkeypatch.setattr(limits, "take", be_late)
    assert await sending.send(group, house.context) == {}
    assert len(await first.arrived()) == 2
    assert len(await decisions([first, second], MessageSent)) == 2


async def test_two_who_are_at_one_message_at_once_send_it_once(house: House) -> None:
    people = await neighbours(house)
    group = await released(people)
    failures = await asyncio.gather(*(sending.send(group, house.context) for _ in range(3)))
    assert [len(await one.arrived()) for one in people] == [1] * PEOPLE
    assert {type(error) for failed in failures for error in failed.values()} <= {sending.AtWork}
    assert await sending.send(group, house.context) == {}
    assert len(await decisions(people, MessageSent)) == PEOPLE


async def test_receipts_of_older_messages_come_in_behind_the_many_that_nobody_confirms(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "RECEIPTS_MAX", 2)
    monkeypatch.setattr(receipts, "INTERVAL_S", 0.01)
    house.world.clock.advance(timedelta(days=400))
    confirmed = await neighbours(house, 3)
    await sending.send(await released(confirmed), house.context)
    house.world.clock.advance(timedelta(minutes=1))
    silent = await neighbours(house, 3)
    await house.behave(silent=True)
    await sending.send(await released(silent), house.context)
    await house.world.settled()
    collecting = asyncio.create_task(receipts.collect_receipts(house.context))
    try:
        async with asyncio.timeout(20):
            while len(await decisions(confirmed, MessageDelivered)) < len(confirmed):  # noqa: ASYNC110 - it does not tell
                await asyncio.sleep(0.01)
    finally:
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)


@given(troubles=st.lists(TROUBLE, max_size=4), sizes=st.lists(st.integers(1, PEOPLE), min_size=4, max_size=4))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_happens_to_a_group_each_of_it_arrives_once(
    house: House, troubles: list[tuple[str, int]], sizes: list[int]
) -> None:
    house.world.clock.advance(timedelta(days=1))
    await house.behave()
    people = await neighbours(house)
    group = await released(people)
    for (trouble, times), size in zip(troubles, sizes, strict=False):
        await house.behave(**({trouble: times} if trouble in {"fail", "lose"} else {}))
        with pytest.MonkeyPatch.context() as dying:
            if trouble == "die":
                dying.setattr(recording, "record", _die)
            try:
                failures = await sending.send(group[:size], house.context)
            except ConnectionResetError:
                continue
        assert {type(error) for error in failures.values()} <= {ProviderAway}
    await house.behave()
    assert await sending.send(group, house.context) == {}
    assert [len(await one.arrived()) for one in people] == [1] * PEOPLE
    for one in people:
        kinds = Counter(type(event) for event in await one.history(one.paid))
        assert (kinds[MessageHandedOver], kinds[MessageSent], kinds[MessageFailed]) == (1, 1, 0)


async def _die(*_: object, **__: object) -> dict[str, Exception]:
    """The process ends before anything is recorded."""
    raise ConnectionResetError
