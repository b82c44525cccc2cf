"""The SMS provider's stand-in: what it takes, what it shows, how it misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient

from simulators.sms.app import make_app

MESSAGE = {"id": "paid-1", "mobile": "10000000001", "text": "您好"}


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[AsyncTestClient]:
    async with AsyncTestClient(make_app(tmp_path, {})) as client:
        yield client


async def arrived(provider: AsyncTestClient) -> list[dict[str, object]]:
    return (await provider.get("/messages")).json()["messages"]


async def test_the_same_id_arrives_once(provider: AsyncTestClient) -> None:
    first = await provider.post("/messages", json=MESSAGE)
    again = await provider.post("/messages", json=MESSAGE)
    assert first.json() == again.json()
    [message] = await arrived(provider)
    assert message["text"] == "【甘肃互助保障】您好"
    assert message["attempts"] == 2


async def test_another_text_under_the_same_id_is_a_conflict(provider: AsyncTestClient) -> None:
    await provider.post("/messages", json=MESSAGE)
    assert (await provider.post("/messages", json={**MESSAGE, "text": "别的"})).status_code == 409


async def test_a_planned_failure_takes_nothing_and_a_lost_answer_takes_it(provider: AsyncTestClient) -> None:
    await provider.post("/behaviour", json={"fail": 1})
    assert (await provider.post("/messages", json=MESSAGE)).status_code == 503
    assert await arrived(provider) == []
    await provider.post("/behaviour", json={"lose": 1})
    assert (await provider.post("/messages", json=MESSAGE)).status_code == 503
    assert len(await arrived(provider)) == 1
    assert (await provider.post("/messages", json=MESSAGE)).status_code == 200
    assert len(await arrived(provider)) == 1


async def test_refused_and_unreachable_numbers_are_told_apart(provider: AsyncTestClient) -> None:
    await provider.post("/behaviour", json={"refuse_suffix": "0001"})
    assert (await provider.post("/messages", json=MESSAGE)).status_code == 422
    await provider.post("/behaviour", json={"unreachable_suffix": "0001", "duplicate_receipts": True})
    assert (await provider.post("/messages", json=MESSAGE)).status_code == 200
    receipts = (await provider.get("/receipts", params={"message_id": "paid-1"})).json()["receipts"]
    assert [receipt["status"] for receipt in receipts] == ["UNDELIV", "UNDELIV"]
    later = (await provider.get("/receipts", params={"after": receipts[0]["number"]})).json()["receipts"]
    assert [receipt["number"] for receipt in later] == [receipts[1]["number"]]


async def test_what_it_took_survives_a_restart(tmp_path: Path) -> None:
    async with AsyncTestClient(make_app(tmp_path, {})) as client:
        await client.post("/messages", json=MESSAGE)
    async with AsyncTestClient(make_app(tmp_path, {})) as client:
        assert len(await arrived(client)) == 1
