"""No message twice: whatever is redelivered, lost, refused for a while, or receipted twice, on the real stand-in."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.parked import retry_parked
from contracts.notify.v1 import MessageDelivered, MessageFailed, MessageSent
from notify.domain.message import MESSAGE
from notify.workers import sending
from notify.workers.provider import ProviderAway
from tests.notify.house import House

STEP = st.one_of(
    st.just(("cause", 0)),
    st.just(("work", 0)),
    st.tuples(st.just("send"), st.integers(1, 3)),
    st.tuples(st.just("fail"), st.integers(1, 3)),
    st.tuples(st.just("lose"), st.integers(1, 3)),
    st.tuples(st.just("wechat_lose"), st.integers(1, 2)),
    st.just(("receipt", 0)),
    st.just(("unread", 0)),
    st.just(("night", 0)),
    st.just(("retry", 0)),
    st.just(("see", 0)),
)
EXAMPLES = 40


class Walk:
    """One member's message through what happens to it."""

    def __init__(self, house: House, *, by_wechat: bool) -> None:
        self.house = house
        self.by_wechat = by_wechat
        self.message_id = f"report-{house.claim}-{house.member}" if by_wechat else house.paid

    async def cause(self, _: int) -> None:
        """The cause comes, or comes again."""
        await (self.house.report() if self.by_wechat else self.house.settle())

    async def work(self, _: int) -> None:
        """The job runs to its end."""
        if await self.released():
            await self.house.work(self.message_id)

    async def send(self, times: int) -> None:
        """The job is redelivered, whatever became of it: the worker is entered again from every release so far."""
        for recorded in (await self.released()) * times:
            try:
                await self.house.world.settled()
                await self.house.send(recorded)
            except ProviderAway:
                pass

    async def fail(self, times: int) -> None:
        await self.house.behave(fail=times, duplicate_receipts=True)

    async def lose(self, times: int) -> None:
        await self.house.behave(lose=times, duplicate_receipts=True)

    async def wechat_lose(self, times: int) -> None:
        await self.house.wechat_behaves(lose=times)

    async def receipt(self, _: int) -> None:
        if await self.house.history(self.message_id):
            for _ in range(2):
                with contextlib.suppress(ProviderAway):
                    await self.house.collect(self.message_id)

    async def unread(self, _: int) -> None:
        self.house.world.clock.advance(timedelta(hours=2))
        await self.house.sweep("divert-unread")
        await self.house.release_due()

    async def night(self, _: int) -> None:
        self.house.world.clock.advance(timedelta(hours=7))
        await self.house.release_due()

    async def retry(self, _: int) -> None:
        await retry_parked(self.house.context.log.pool)

    async def see(self, _: int) -> None:
        async with self.house.world.client("member", sub=self.house.member) as client:
            await client.post(f"/mine/{self.message_id}/seen")

    async def released(self) -> list[object]:
        recorded = await self.house.context.log.load(MESSAGE.stream(self.message_id))
        return [one for one in recorded if isinstance(one.event, sending.RELEASES)]

    async def heal(self) -> None:
        """Everybody behaves: what is owed is told."""
        await self.house.behave(duplicate_receipts=True)
        await self.house.wechat_behaves()
        await self.cause(0)
        for _ in range(3):
            await self.night(0)
            await retry_parked(self.house.context.log.pool)
            await self.work(0)


async def check(house: House, steps: list[tuple[str, int]], *, by_wechat: bool) -> None:
    await house.register()
    openid = f"o-of-{house.mobile}"
    await house.bind(openid)
    walk = Walk(house, by_wechat=by_wechat)
    for name, number in steps:
        await getattr(walk, name)(number)
    await walk.heal()
    arrived, noticed = await house.arrived(), await house.notices(openid)
    assert len(arrived) <= 1
    assert len(noticed) <= 1
    assert arrived or noticed, "What is owed is told."
    history = await house.history(walk.message_id)
    sent = Counter(event.channel for event in history if isinstance(event, MessageSent))
    assert set(sent.values()) == {1}
    assert sent["SMS"] == len(arrived)
    assert sent["WECHAT"] == len(noticed)
    assert sum(isinstance(event, MessageDelivered) for event in history) <= 1
    assert not isinstance(history[-1], MessageFailed)


@given(steps=st.lists(STEP, max_size=12), by_wechat=st.booleans())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_message_arrives_twice_whatever_is_lost_or_redelivered(
    house: House, steps: list[tuple[str, int]], by_wechat: bool
) -> None:
    house.world.clock.advance(timedelta(days=1))
    await house.behave(duplicate_receipts=True)
    await house.wechat_behaves()
    await check(house.for_new_people(), steps, by_wechat=by_wechat)
