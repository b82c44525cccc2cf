"""Thousands wait, and a claim's message goes on: lanes, the bulk lane's pace, covers told a little at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec import structs

from chassis.clock import new_id, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.migrate import migrate
from chassis.worker import Jobs
from contracts.enrolment.batches import CoverageWithdrawn
from contracts.enrolment.v1 import CoverageGranted, DeathRecorded
from contracts.notify.v1 import BulkMessageReleased, MessageQueued, MessageReleased, MessageSent
from huzhu.runner.postgres import Postgres
from notify import workers
from notify.domain.message import MESSAGE, QueueMessage
from notify.domain.template import TEMPLATES
from notify.main import SERVICE
from notify.projections import messages
from notify.workers import covering, pacing, rounds
from notify.workers.provider import ProviderAway
from tests.notify.house import PROVIDERS, House, open_house
from tests.world import START, open_world

WAITING = 3_000
CHUNK = 500
STARTS, ENDS, RUN_OFF = covering.OCCASIONS


@pytest.fixture
async def house(
    postgres: Postgres, keyring_place: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A notify of its own for each test: thousands of messages would be in the others' way."""
    name = "t_" + new_id().replace("-", "")
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute(f"create database {name}")
    await admin.close()
    url = f"{postgres.admin_url.rpartition('/')[0]}/{name}"
    await migrate(url, service_role="postgres")
    world = await open_world(SERVICE, url, *keyring_place, PROVIDERS)
    house = await open_house(world, tmp_path_factory.mktemp("sms"))
    yield house.for_new_people()
    await house.close()
    await world.close()


async def queue_thousands(house: House, count: int) -> None:
    """Cover starts to one registered member: the lane does not care to whom."""

    async def work(session: Session, at: int) -> None:
        session.bulk = True
        keys = [f"cover-starts-{number:05}" for number in range(at, at + CHUNK)]
        await session.load_many(MESSAGE, keys)
        for number, key in enumerate(keys, start=at):
            variables = {"d1": "2022年1月1日", "d2": f"{2000 + number}年12月31日"}
            command = QueueMessage(
                message_id=key,
                recipient_id=house.member,
                claim_id="",
                template_code="cover-starts",
                template_version=1,
                variables=variables,
                decided_at=utc_text(session.now),
                send_after=utc_text(session.now),
                lane="bulk",
                channel="WECHAT",
            )
            await session.decide(MESSAGE, key, command)

    for start in range(0, count, CHUNK):
        await house.context.executor.run(lambda session, at=start: work(session, at))
    await house.world.settled()


async def test_a_claims_message_passes_thousands_that_wait(house: House) -> None:
    """Order, not time: between a payment and its message the bulk lane sends no more than is on its way already."""
    await house.register()
    await house.bind("o-bulk")
    await queue_thousands(house, WAITING)
    fillers = [asyncio.create_task(jobs.fill()) for jobs in house.lanes.values()]
    sweepers = [asyncio.create_task(_drain(house, jobs)) for jobs in house.lanes.values()]
    pace = asyncio.create_task(_release(house))
    try:
        await _until(house, lambda sent: len(sent) >= 60)
        await house.settle()
        await _until(house, lambda sent: house.paid in sent)
    finally:
        for task in (*fillers, *sweepers, pace):
            task.cancel()
        await asyncio.gather(*fillers, *sweepers, pace, return_exceptions=True)
    events = await whole_log(house)
    queued = next(
        n for n, event in enumerate(events) if isinstance(event, MessageQueued) and event.message_id == house.paid
    )
    sent = next(
        n for n, event in enumerate(events) if isinstance(event, MessageSent) and event.message_id == house.paid
    )
    between = [event for event in events[queued:sent] if isinstance(event, MessageSent)]
    bulk_per_s = house.context.settings.bulk_per_s
    assert len(between) <= 2 * bulk_per_s
    async with house.context.reads.connection() as c:
        assert await messages.count_waiting_bulk(c) > WAITING // 2, "Thousands still wait."


async def _drain(house: House, jobs: Jobs) -> None:
    """What a woken worker does, without a broker: every job at once, as many at a time as the lane allows."""
    while True:
        rows = await house.context.log.pool.fetch(
            "select position from job where durable = $1 and state = 'waiting' order by position limit 64",
            jobs.worker.name,
        )
        await asyncio.gather(*(jobs.attempt(row["position"], woken=True) for row in rows))
        await asyncio.sleep(0.01)


async def _release(house: House) -> None:
    while True:
        await house.sweep("release-bulk")
        await asyncio.sleep(0.01)


async def _until(house: House, reached: object) -> None:
    async with asyncio.timeout(60):
        while True:
            sent = {event.message_id for event in await whole_log(house) if isinstance(event, MessageSent)}
            if reached(sent):  # type: ignore[operator]
                return
            await asyncio.sleep(0.05)


async def whole_log(house: House) -> list[object]:
    events: list[object] = []
    at = 0
    while page := await house.context.log.read(at, 5_000):
        events += [house.context.log.recorded(one).event for one in page]
        at = page[-1].position
    return events


async def test_no_more_of_the_bulk_lane_is_let_go_than_has_room(house: House) -> None:
    await house.register()
    await queue_thousands(house, CHUNK)
    room = house.context.settings.bulk_per_s
    assert await house.sweep("release-bulk") == room
    assert await house.sweep("release-bulk") == 0, "Nothing was sent yet."
    first = (await house.context.log.load("message-cover-starts-00000"))[-1]
    assert isinstance(first.event, BulkMessageReleased)
    assert await house.lanes[BulkMessageReleased].attempt(first.position, woken=True) is None
    assert await house.sweep("release-bulk") == 1


async def test_the_bulk_lane_keeps_quiet_hours(house: House) -> None:
    await house.register()
    await queue_thousands(house, CHUNK)
    house.world.clock.set(START + timedelta(hours=11))
    assert await house.sweep("release-bulk") == 0


def test_every_lane_has_a_worker_and_a_durable_of_its_own() -> None:
    assert len({worker.event for worker in workers.WORKERS}) == len({worker.name for worker in workers.WORKERS}) == 4
    bulk = next(worker for worker in workers.WORKERS if worker.event is BulkMessageReleased)
    urgent = next(worker for worker in workers.WORKERS if worker.event is MessageReleased)
    assert bulk.at_once_max < urgent.at_once_max
    assert pacing.BULK_MAX < 200


def test_money_and_codes_go_first_papers_before_the_rest_and_rosters_last() -> None:
    lanes = {code: template.lane for (code, _), template in TEMPLATES.items()}
    assert {lanes["verification-code"], lanes["benefit-paid"], lanes["claim-approved"], lanes["payment-returned"]} == {
        "urgent"
    }
    assert {lanes["papers-needed"], lanes["claim-refused"], lanes["objection-received"]} == {"paper"}
    assert lanes["checkup-report-ready"] == "ordinary"
    assert {lanes["cover-starts"], lanes["match-found"], lanes["checkup-invitation"], lanes["cover-ends"]} == {"bulk"}


def covered(house: House, effective_on: str = "2022-02-15", ends_on: str = "2023-02-15") -> CoverageGranted:
    return CoverageGranted(
        plan_code="GS-NEF-2022",
        plan_version=1,
        person_id=house.member,
        batch_id="b",
        row_no=1,
        effective_on=effective_on,
        ends_on=ends_on,
        occupation="COURIER",
        org_path="620000.620600",
        division_code="620600",
    )


async def grant(house: House, **days: str) -> None:
    await house.register()
    await house.world.feed("enrolment", covered(house, **days), f"coverage-GS-NEF-2022-{house.member}")


async def told(house: House) -> list[str]:
    for occasion in covering.OCCASIONS:
        await covering.tell_chunk(house.context, occasion, 0)
        await house.world.settled()
    return [event.template_code for event in await house.queued()]


async def test_the_start_of_a_cover_is_told_once(house: House) -> None:
    await grant(house)
    assert await told(house) == ["cover-starts"]
    assert await told(house) == ["cover-starts"]
    [queued] = await house.queued()
    assert queued.variables == {"d1": "2022年2月15日", "d2": "2023年2月14日"}
    await house.work(queued.message_id)
    [message] = await house.arrived()
    assert "保障期2022年2月15日至2023年2月14日" in message["text"]


async def test_what_was_told_before_a_restart_is_passed_over_without_a_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [house, *(house.for_new_people() for _ in range(4))]
    for one in people:
        await grant(one)
    monkeypatch.setattr(covering, "CHUNK", 2)
    after, queued = 0, []
    while (chunk := await covering.tell_chunk(house.context, STARTS, after)).looked:
        after, queued = chunk.position, [*queued, chunk.queued]
        await house.world.settled()
    assert queued == [2, 2, 1]
    head = await house.context.log.head()
    monkeypatch.setattr(covering, "INTERVAL_S", 600)
    last = house.for_new_people()
    await grant(last)
    task = asyncio.create_task(covering.tell_covers(house.context))
    try:
        async with asyncio.timeout(20):
            while not await last.queued():  # noqa: ASYNC110 - the log is asked
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await house.context.log.head() == head + 1, "Nobody was told again."


async def test_a_cover_that_has_not_started_or_started_long_ago_is_not_told(house: House) -> None:
    await grant(house, effective_on="2022-03-02")
    assert await told(house) == []
    house.world.clock.set(START + timedelta(days=1))
    assert await told(house) == ["cover-starts"]
    other = house.for_new_people()
    await grant(other, effective_on="2022-01-01")
    assert await told(other) == []


async def test_nobody_is_told_of_a_cover_that_is_no_more_or_of_the_dead(house: House) -> None:
    await grant(house)
    gone = CoverageWithdrawn(
        plan_code="GS-NEF-2022", person_id=house.member, batch_id="b", row_no=1, reason="CANCELLED"
    )
    await house.world.feed("enrolment", gone, f"coverage-GS-NEF-2022-{house.member}")
    other = house.for_new_people()
    await grant(other)
    death = DeathRecorded(person_id=other.member, died_on="2022-02-20")
    await house.world.feed("enrolment", death, f"person-{other.member}")
    assert await told(house) == await told(other) == []


async def test_the_end_of_a_cover_is_told_a_month_ahead_and_the_run_off_after_it(house: House) -> None:
    await grant(house, effective_on="2021-04-01", ends_on="2022-04-01")
    assert await told(house) == []
    house.world.clock.set(START + timedelta(days=1))
    assert await told(house) == ["cover-ends"]
    house.world.clock.set(START + timedelta(days=31 + 60))
    assert await told(house) == ["cover-ends", "cover-run-off"]
    ends, run_off = await house.queued()
    assert ends.variables == {"d": "2022年3月31日"}
    last = date(2022, 3, 31) + timedelta(days=730)
    assert run_off.variables == {"d": f"{last.year}年{last.month}月{last.day}日"}


async def test_rosters_are_queued_no_further_ahead_than_the_lane_can_see(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grant(house)
    monkeypatch.setattr(covering, "WAITING_MAX", 3)
    await queue_thousands(house, CHUNK)
    chunk = await covering.tell_chunk(house.context, STARTS, 0)
    assert (chunk.looked, chunk.position) == (1, 0), "It comes back to the same place."
    assert not [event for event in await house.queued() if event.message_id.startswith("cover-starts-GS")]


@pytest.mark.parametrize("background", workers.BACKGROUND, ids=lambda one: one.__name__)
async def test_what_runs_beside_goes_on_where_nothing_is_to_be_told_and_nobody_to_be_asked(
    house: House, background: Callable[[Context], Coroutine[Any, Any, None]]
) -> None:
    """A part of a service that ends ends the service."""
    silent = structs.replace(house.context.settings, tell_cover_starts=False, sms_url="")
    task = asyncio.create_task(background(replace(house.context, settings=silent)))
    done, _ = await asyncio.wait({task}, timeout=0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not done


async def test_a_round_that_fails_is_followed_by_another_and_a_mistake_ends_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "RETRY_S", 0.0)
    failures = [ProviderAway("503"), ConnectionError(), Rejected("odd", "An odd case."), KeyError("a mistake")]

    async def one_round() -> float:
        raise failures.pop(0)

    with pytest.raises(KeyError):
        await rounds.for_ever("test", one_round)
    assert failures == []
