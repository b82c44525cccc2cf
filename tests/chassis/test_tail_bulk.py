"""A tail whose source writes in bulk stands back, then reads pages, then follows the stream again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import chassis.tail.tail
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.chassis.road import Pages, Road, grow, grow_bulk, until


@pytest.fixture
async def road(postgres: Postgres, nats_server: Nats) -> AsyncIterator[Road]:
    road = await Road.open(postgres.admin_url, nats_server)
    yield road
    await road.close()


async def test_a_tail_that_is_far_behind_reads_pages_and_then_follows_the_stream(road: Road) -> None:
    head = await grow_bulk(road.library, 1_200)
    relay = await road.relay()
    await until(lambda: relay.status().position == head, "published")
    pages = Pages(road)
    await road.tail(pages.read, far_behind=500)
    await road.assert_settled()
    assert 1 <= len(pages.asked) <= 2
    await grow(road.library, 10)
    await road.assert_settled()
    assert len(pages.asked) <= 2, "the last ten came by the stream"


async def test_a_tail_stands_back_while_its_source_writes_in_bulk_and_no_longer_than_its_bound(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.tail.tail, "BURST_EVENTS", 100)
    monkeypatch.setattr(chassis.tail.tail, "BURST_LOOK_S", 0.1)
    relay = await road.relay()
    pages = Pages(road)
    tail = await road.tail(pages.read, far_behind=50)
    await grow(road.library, 3)
    await road.assert_settled()
    writing = asyncio.create_task(_write_on(road))
    await until(lambda: tail.status().reason == "The source writes in bulk.", "it stands back")
    stood = tail.status().position
    await until(lambda: relay.status().position > stood + 500, "the source has gone on")
    assert tail.status().position == stood
    writing.cancel()
    await road.assert_settled()
    assert pages.asked, "what had piled up was read in pages"
    monkeypatch.setattr(chassis.tail.tail, "BURST_WAIT_S_MAX", 0.2)
    writing = asyncio.create_task(_write_on(road))
    await until(lambda: tail.status().position > stood + 600, "a source that never pauses is read all the same")
    writing.cancel()
    await road.assert_settled()


async def _write_on(road: Road) -> None:
    while True:
        await grow_bulk(road.library, 150)
        await asyncio.sleep(0.05)  # a source at work, not one that fills a disk


async def test_many_small_appends_within_a_second_are_a_bulk_write_too(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.tail.tail, "BURST_EVENTS", 100)
    monkeypatch.setattr(chassis.tail.tail, "BURST_S", 60.0)
    await road.relay()
    pages = Pages(road)
    tail = await road.tail(pages.read)
    await grow(road.library, 3)
    await road.assert_settled()
    for _ in range(10):
        head = await grow(road.library, 10)
        await until(lambda head=head: tail.status().position >= head, "taken as it came")
    await until(lambda: tail.status().reason == "The source writes in bulk.", "it stands back")
    await road.assert_settled()
