"""A plan that asks for confirmations: rows are held, confirmed, paid for, and covered when the period starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.sweep import Sweeps
from contracts.enrolment.batches import (
    BatchActivated,
    BatchOpened,
    BatchRowsActivated,
    CoverageReserved,
    CoverageWithdrawn,
    SeatsReleased,
)
from contracts.enrolment.v1 import CoverageGranted, PersonRegistered, RosterRowsImported
from enrolment.domain.plan import CITY_AND_OFFICE, plans
from enrolment.projections import batch_chunks
from enrolment.workers import SWEEPS
from tests.enrolment.conftest import WAIT_S_MAX, Running, World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.test_api import call, code_of
from tests.enrolment.test_import import csv_of, generated, history, of_kind

STARTED = datetime(2022, 1, 1, 2, 0, tzinfo=UTC)
ENDED = datetime(2023, 1, 1, 2, 0, tzinfo=UTC)
TURNS_MAX = 50
COUNTY = asks("county_clerk", "620725", "county")
CITY = asks("city_clerk", "620700", "city")
OFFICE = asks("office_reviewer", "620000", "office")
FINANCE = asks("finance", "620000", "finance")
HEAD = asks("office_head", "620000", "head")


@pytest.fixture(autouse=True)
def _confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plans(), PLAN_CODE, replace(plans()[PLAN_CODE], confirmation=CITY_AND_OFFICE))


async def swept(running: Running) -> None:
    """Whatever is due is done."""
    sweeps = Sweeps(SWEEPS, running.context.executor, running.context.clock)
    for _ in range(TURNS_MAX):
        await running.settled()
        done = [await sweeps.once(sweep) for sweep in SWEEPS]
        if not any(done):
            assert not await running.context.log.pool.fetch("select * from sweep_lease where attempts > 0")
            return
    raise AssertionError("it never ends")


async def step(running: Running, batch_id: str, name: str, who: dict[str, str], **body: str) -> str:
    answer = await call(running, "POST", f"/rosters/{batch_id}/{name}", who, **({"json": body} if body else {}))
    assert answer.status_code == 200, answer.text
    await running.settled()
    stage: str = answer.json()["stage"]
    view = await call(running, "GET", f"/rosters/{batch_id}", HEAD)
    assert view.json()["stage"] == stage or stage == "FUNDED"
    return stage


async def sent(running: Running, content: bytes, organization: str = "620725", who: dict[str, str] = COUNTY) -> str:
    batch_id: str = (await running.send(content, organization, **who)).json()["batch_id"]
    await running.imported(batch_id)
    return batch_id


async def funded(running: Running, batch_id: str) -> None:
    assert await step(running, batch_id, "confirm-by-city", CITY) == "CITY_CONFIRMED"
    assert await step(running, batch_id, "confirm-by-office", OFFICE) == "OFFICE_CONFIRMED"
    assert await step(running, batch_id, "fund", FINANCE) == "FUNDED"


async def states(running: Running, batch_id: str) -> list[tuple[int, str]]:
    rows = (await call(running, "GET", f"/rosters/{batch_id}/rows?limit=500", COUNTY)).json()["rows"]
    return [(row["row_no"], row["state"]) for row in rows]


def people() -> bytes:
    first = worker(1, name="张三")
    return csv_of(first, worker(2, name="李四", mobile=""), worker(3, name=""), worker(1, name="张三"))


async def test_a_list_is_held_confirmed_paid_for_and_covered_at_the_start(world: World) -> None:
    running = await world.start(chunk_rows=2)
    await running.donate(10)
    batch_id = await sent(running, people())
    events = await history(running)
    assert len(of_kind(events, CoverageReserved)) == len(of_kind(events, PersonRegistered)) == 2
    assert not of_kind(events, CoverageGranted)
    assert await states(running, batch_id) == [(1, "VALID"), (2, "WARNING"), (3, "ERROR"), (4, "DUPLICATE")]
    early = await call(running, "POST", f"/rosters/{batch_id}/confirm-by-city", CITY)
    assert code_of(early)[:2] == (409, "batch-has-errors")
    assert await step(running, batch_id, "settle-errors", COUNTY) == "READY"
    await funded(running, batch_id)
    await swept(running)
    assert not of_kind(await history(running), CoverageGranted), "the period has not started"
    running.context.clock.set(STARTED)
    await swept(running)
    events = await history(running)
    assert [one.event.row_no for one in of_kind(events, CoverageGranted)] == [1, 2]
    (done,) = of_kind(events, BatchActivated)
    assert (done.event.people, done.header.actorsub) == (2, "system")
    assert await states(running, batch_id) == [(1, "ACTIVE"), (2, "ACTIVE"), (3, "ERROR"), (4, "DUPLICATE")]
    running.context.clock.set(ENDED)
    await swept(running)
    view = (await call(running, "GET", f"/rosters/{batch_id}", HEAD)).json()
    assert (view["stage"], view["state"]) == ("EXPIRED", "IMPORTED")


async def test_who_may_not_confirm_is_refused(world: World) -> None:
    running = await world.start()
    await running.donate(10)
    batch_id = await sent(running, csv_of(worker(1)))

    async def refused(name: str, who: dict[str, str]) -> tuple[int, str]:
        return code_of(await call(running, "POST", f"/rosters/{batch_id}/{name}", who))[:2]

    assert await refused("confirm-by-city", asks("city_clerk", "620600", "x")) == (404, "roster-unknown")
    assert await refused("confirm-by-city", asks("county_clerk", "620725", "x")) == (403, "role-not-allowed")
    assert await refused("confirm-by-city", OFFICE) == (403, "confirmation-not-yours")
    assert await refused("confirm-by-city", asks("city_clerk", "620700", "county")) == (409, "confirmed-by-sender")
    assert await refused("confirm-by-office", OFFICE) == (409, "batch-not-confirmed")
    assert await refused("fund", CITY) == (403, "role-not-allowed")
    assert await refused("fund", FINANCE) == (409, "batch-not-confirmed")
    await step(running, batch_id, "confirm-by-city", CITY)
    assert await refused("confirm-by-office", asks("office_head", "620000", "city")) == (
        409,
        "confirmed-by-same-person",
    )


async def test_a_province_wide_list_is_confirmed_by_the_office_twice(world: World) -> None:
    running = await world.start()
    await running.donate(10)
    batch_id = await sent(running, csv_of(worker(1)), "620000", HEAD)
    assert await step(running, batch_id, "confirm-by-city", OFFICE) == "CITY_CONFIRMED"
    other = asks("office_rechecker", "620000", "rechecker")
    assert await step(running, batch_id, "confirm-by-office", other) == "OFFICE_CONFIRMED"


async def test_a_cancelled_list_gives_every_seat_back_and_its_people_can_be_sent_again(world: World) -> None:
    running = await world.start(chunk_rows=2)
    await running.donate(3)
    quota = {"plan": PLAN_CODE, "organization": "620700", "seats": 2}
    await call(running, "POST", "/quotas", HEAD, json=quota)
    rows = [worker(n, name=name) for n, name in enumerate(("张三", "李四", "王五"))]
    batch_id = await sent(running, csv_of(*rows))
    assert (await states(running, batch_id))[-1] == (3, "ERROR"), "the quota is two"
    assert await step(running, batch_id, "cancel", HEAD, reason="sent twice") == "CANCELLED"
    await swept(running)
    assert [one.event.quotas for one in of_kind(await history(running), SeatsReleased)] == [{"620000.620700": 2}]
    left = (await call(running, "GET", f"/quotas?plan={PLAN_CODE}", CITY)).json()["quotas"]
    assert (left[0]["reserved"], left[0]["free"]) == (0, 2)
    assert (await states(running, batch_id))[:2] == [(1, "CANCELLED"), (2, "CANCELLED")]
    again = await sent(running, csv_of(*rows[:2]))
    assert await states(running, again) == [(1, "VALID"), (2, "VALID")]


def substitute(n: int, name: str, **more: str) -> dict[str, str]:
    person = worker(n, name=name)
    return {
        "name": person.name, "id_no": person.id_no, "occupation": person.occupation, "mobile": person.mobile,
        "division_code": person.division_code, "reason": "left the trade", **more,
    }  # fmt: skip


async def test_another_person_takes_a_seat_before_the_start_and_is_covered_in_its_place(world: World) -> None:
    running = await world.start()
    await running.donate(2)
    batch_id = await sent(running, csv_of(worker(1, name="张三"), worker(2, name="李四")))
    path = f"/rosters/{batch_id}/rows/2/replace"
    answer = await call(running, "POST", path, COUNTY, json=substitute(3, "王五"))
    again = await call(running, "POST", path, COUNTY, json=substitute(3, "王五"))
    assert answer.status_code == again.status_code == 200, answer.text
    assert answer.json() == again.json()
    assert "王五" not in answer.text
    await running.settled()
    rows = (await call(running, "GET", f"/rosters/{batch_id}/rows", COUNTY)).json()["rows"]
    assert [row["state"] for row in rows[1]["former"]] == ["REPLACED"]
    await funded(running, batch_id)
    running.context.clock.set(STARTED)
    await swept(running)
    events = await history(running)
    covered = {one.event.row_no: one.event.person_id for one in of_kind(events, CoverageGranted)}
    assert covered[2] == answer.json()["person_id"]
    assert len(covered) == 2
    # 李四 has no seat any more, so another list may name the person.
    third = worker(2, name="李四")
    await running.donate(1)
    assert await states(running, await sent(running, csv_of(third))) == [(1, "VALID")]


async def test_a_substitute_who_cannot_be_covered_is_refused(world: World) -> None:
    running = await world.start()
    await running.donate(3)
    batch_id = await sent(running, csv_of(worker(1, name="张三"), worker(2, name="李四")))
    path = f"/rosters/{batch_id}/rows/2/replace"
    covered = await call(running, "POST", path, COUNTY, json=substitute(1, "张三"))
    wrong = await call(running, "POST", path, COUNTY, json=substitute(3, "王五", id_no="6.2E+17"))
    nobody = await call(running, "POST", f"/rosters/{batch_id}/rows/3/replace", COUNTY, json=substitute(3, "王五"))
    assert code_of(covered)[:2] == code_of(wrong)[:2] == (409, "row-faulty")
    assert code_of(nobody)[:2] == (409, "row-without-seat")
    assert worker(1).id_no not in covered.text


async def test_after_the_start_the_office_head_alone_replaces(world: World) -> None:
    running = await world.start()
    await running.donate(1)
    batch_id = await sent(running, csv_of(worker(1, name="张三")))
    await funded(running, batch_id)
    running.context.clock.set(STARTED)
    await swept(running)
    path = f"/rosters/{batch_id}/rows/1/replace"
    refused = await call(running, "POST", path, COUNTY, json=substitute(3, "王五"))
    assert code_of(refused)[:2] == (409, "replacement-needs-office-head")
    answer = await call(running, "POST", path, HEAD, json=substitute(3, "王五"))
    assert answer.status_code == 200
    await running.settled()
    granted = of_kind(await history(running), CoverageGranted)[-1].event
    assert (granted.person_id, granted.effective_on) == (answer.json()["person_id"], "2022-01-01")
    counts = (await call(running, "GET", f"/covers/count?plan={PLAN_CODE}", HEAD)).json()
    assert counts["people"] == 1


async def test_a_row_typed_by_mistake_gives_its_seat_back_once(world: World) -> None:
    running = await world.start()
    await running.donate(2)
    batch_id = await sent(running, csv_of(worker(1, name="张三"), worker(2, name="李四")))
    path = f"/rosters/{batch_id}/rows/1/withdraw"
    for _ in range(2):
        answer = await call(running, "POST", path, COUNTY, json={"reason": "typed by mistake"})
        assert answer.status_code == 200, answer.text
    await running.settled()
    events = await history(running)
    assert len(of_kind(events, SeatsReleased)) == len(of_kind(events, CoverageWithdrawn)) == 1
    assert await states(running, batch_id) == [(1, "CANCELLED"), (2, "VALID")]


async def test_who_dies_before_the_start_is_not_covered_and_the_seat_is_free(world: World) -> None:
    running = await world.start()
    await running.donate(2)
    batch_id = await sent(running, csv_of(worker(1, name="张三"), worker(2, name="李四")))
    await funded(running, batch_id)
    from enrolment.domain.person import PERSON, RecordDeath  # noqa: PLC0415

    first = of_kind(await history(running), PersonRegistered)[0].event.person_id
    death = RecordDeath(person_id=first, died_on="2021-12-31", today="2021-12-31")
    await running.context.executor.execute(PERSON, first, death)
    running.context.clock.set(STARTED)
    await swept(running)
    assert await states(running, batch_id) == [(1, "TERMINATED"), (2, "ACTIVE")]
    assert [one.event.seats for one in of_kind(await history(running), SeatsReleased)] == [1]


@pytest.mark.parametrize("chunk_rows", [7, 40])
async def test_an_import_killed_on_the_way_holds_the_same_rows_and_covers_the_same_people(
    world: World, tmp_path: Path, chunk_rows: int
) -> None:
    content = generated(tmp_path, 120, 8, "heavy")
    running = await world.start(chunk_rows=chunk_rows)
    await running.donate(1_000)
    batch_id = (await running.send(content)).json()["batch_id"]
    async with asyncio.timeout(WAIT_S_MAX):
        while not of_kind(await history(running), RosterRowsImported):
            await running.context.log.grown(running.context.log.known_head, 0.05)
    await running.kill()
    running = await world.start(chunk_rows=chunk_rows + 3)
    view = await running.imported(batch_id)
    events = await history(running)
    (opened,) = of_kind(events, BatchOpened)
    assert opened.event.valid == view["valid"] == len(of_kind(events, CoverageReserved))
    held = {(one.event.row_no, one.event.person_id) for one in of_kind(events, CoverageReserved)}
    await step(running, batch_id, "settle-errors", HEAD)
    await step(running, batch_id, "confirm-by-city", OFFICE)
    await step(running, batch_id, "confirm-by-office", asks("office_rechecker", "620000", "rechecker"))
    await step(running, batch_id, "fund", FINANCE)
    running.context.clock.set(STARTED)
    await running.settled()
    # Killed again, with some chunks covered and some not.
    sweeps = Sweeps(SWEEPS, running.context.executor, running.context.clock)
    (chunks,) = [sweep for sweep in SWEEPS if sweep.name == "batch-chunks"]
    working = asyncio.create_task(sweeps.once(chunks))
    async with asyncio.timeout(WAIT_S_MAX):
        while not of_kind(await history(running), BatchRowsActivated):
            await running.context.log.grown(running.context.log.known_head, 0.05)
    working.cancel()
    await asyncio.wait({working})
    await running.kill()
    running = await world.start(importing=False)
    running.context.clock.set(STARTED)
    # The lease of the killed one has not run out; a later sweep may take it.
    await running.context.log.pool.execute("update sweep_lease set leased_until = '-infinity'")
    await swept(running)
    covered = [(one.event.row_no, one.event.person_id) for one in of_kind(await history(running), CoverageGranted)]
    assert len(covered) == len(set(covered))
    assert set(covered) == held
    async with running.context.reads.connection() as c:
        assert await batch_chunks.due(c, STARTED, 10) == []
