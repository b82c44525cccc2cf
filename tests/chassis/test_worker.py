"""A job is a row: NATS wakes it, and losing all of NATS repeats nothing and forgets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import sqlalchemy as sa

import chassis.worker
from chassis.clock import FixedClock, new_id
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.log import Group, Recorded
from chassis.parked import DEADLINE_ATTEMPTS_MIN, count_parked, list_parked, retry_parked
from chassis.sweep import Sweep, Sweeps
from chassis.waking import Workers
from chassis.worker import Jobs, Worker
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import Postgres
from tests.chassis.library import BookLent, BookReturned, append
from tests.chassis.road import NOTES, Road, until

DURABLE = "library-post"


@pytest.fixture
async def road(postgres: Postgres, nats_server: Nats) -> AsyncIterator[Road]:
    road = await Road.open(postgres.admin_url, nats_server)
    yield road
    await road.close()


class Post:
    """A place outside the system: remembers every letter it was given."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.fail: dict[str, int] = {}
        self.given_up: list[str] = []

    async def run(self, recorded: Recorded, context: Context) -> None:  # noqa: ARG002
        assert isinstance(recorded.event, BookLent)
        book = recorded.event.book_id
        self.letters.append(book)
        if self.fail.get(book, 0) > 0:
            self.fail[book] -= 1
            raise RuntimeError("The post is closed.")

    async def exhausted(self, recorded: Recorded, context: Context) -> None:  # noqa: ARG002
        assert isinstance(recorded.event, BookLent)
        self.given_up.append(recorded.event.book_id)


def test_each_wait_is_longer_than_the_one_before_up_to_its_bound() -> None:
    worker = Worker("w", BookLent, 5, 1_000, Post().run, retry_growth=2.0, retry_delay_ms_max=5_000)
    assert [worker.delay_ms(attempt) for attempt in (1, 2, 3, 4, 1_000)] == [1_000, 2_000, 4_000, 5_000, 5_000]
    steady = Worker("w", BookLent, 5, 1_000, Post().run)
    assert {steady.delay_ms(attempt) for attempt in (1, 7, 1_000)} == {1_000}


def context_of(road: Road) -> Context:
    nothing: Any = cast("Any", None)
    executor = replace(road.executor, log=road.library)
    return Context(
        service="library",
        settings=nothing,
        log=road.library,
        executor=executor,
        reads=road.executor.reads,
        keyring=nothing,
        clock=FixedClock(datetime(2022, 1, 1, tzinfo=UTC)),
        projecting=nothing,
        verifier=nothing,
        http=nothing,
    )


async def workers_of(road: Road, post: Post, **options: Any) -> Workers:
    worker = Worker(DURABLE, BookLent, 3, 50, post.run, post.exhausted)
    workers = Workers([replace(worker, **options)], context_of(road), await road.broker("library"))
    await workers.start()
    road.closing.insert(0, workers.stop)
    return workers


async def lend(road: Road, *books: str) -> None:
    for book in books:
        events = [BookLent(book_id=book, reader="a"), BookReturned(book_id=book, reader="a")]
        await road.library.append(Group(appends=[append(f"book-{book}", 0, *events, ident=new_id())]))


async def states(road: Road) -> dict[str, int]:
    rows = await road.library.pool.fetch("select state, count(*) as n from job group by state")
    return {row["state"]: row["n"] for row in rows}


async def test_a_job_is_woken_by_nats_done_once_and_acknowledged(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 600)  # so that nothing but the wake-up can have done it
    await road.relay()
    post = Post()
    await workers_of(road, post)
    await lend(road, "a", "b", "c")
    await until(lambda: len(post.letters) == 3, "three letters")
    await until(lambda: _pending(road, 0), "all acknowledged")
    assert sorted(post.letters) == ["a", "b", "c"]
    await until(lambda: _states_are(road, {"done": 3}), "settled")


async def test_a_failing_job_is_tried_again_then_given_up_and_parked_while_others_go_on(road: Road) -> None:
    await road.relay()
    post = Post()
    post.fail = {"b": 1, "c": 99}
    await workers_of(road, post)
    await lend(road, "a", "b", "c", "d")
    await until(lambda: post.given_up == ["c"], "c is given up")
    await until(lambda: _states_are(road, {"done": 3, "parked": 1}), "settled")
    assert {book: post.letters.count(book) for book in "abcd"} == {"a": 1, "b": 2, "c": 3, "d": 1}
    row = await road.library.pool.fetchrow("select attempts, last_error from job where state = 'parked'")
    assert row["last_error"].startswith("RuntimeError at run:")
    assert "closed" not in row["last_error"], "messages may carry personal data"
    (waiting,) = await list_parked(road.library.pool, "library")
    assert (waiting.kind, waiting.waits_in, waiting.stream, waiting.attempts) == ("job", DURABLE, "book-c", 4)
    assert await count_parked(road.library.pool, "library") == {("job", DURABLE): 1}
    post.fail = {}
    assert await retry_parked(road.library.pool) == 1
    await until(lambda: _states_are(road, {"done": 4}), "worked off")


async def test_a_job_that_may_not_be_done_yet_is_put_off_as_often_as_it_takes(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 0)
    monkeypatch.setattr(chassis.worker, "SWEEP_EVERY_S", 0.02)
    asked = 0

    async def not_before_the_fifth(recorded: Recorded, context: Context) -> None:
        nonlocal asked
        asked += 1
        if asked < 5:
            raise chassis.worker.NotYet("Closed.")

    post = Post()
    await workers_of(road, post, run=not_before_the_fifth, attempts_max=1)
    await lend(road, "a")
    await until(lambda: _states_are(road, {"done": 1}), "done once it may")
    assert (asked, post.given_up) == (5, [])
    assert await road.library.pool.fetchval("select attempts from job") == 1


async def test_a_worker_does_no_more_at_once_than_it_says_and_waiting_is_no_attempt(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 0)
    monkeypatch.setattr(chassis.worker, "RUN_S_MAX", 0.5)
    busy = most = 0

    async def slowly(recorded: Recorded, context: Context) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.2)
        busy -= 1

    await workers_of(road, Post(), run=slowly, at_once_max=1, attempts_max=1)
    await lend(road, *"abcdef")
    await until(lambda: _states_are(road, {"done": 6}), "done one after the other")
    assert most == 1


async def test_what_waits_together_is_done_together_and_what_fails_fails_alone(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 0)
    monkeypatch.setattr(chassis.worker, "SWEEP_EVERY_S", 0.02)
    groups: list[list[str]] = []

    async def take(group: Sequence[Recorded], context: Context) -> dict[int, Exception]:
        books = {one.position: cast("BookLent", one.event).book_id for one in group}
        groups.append([*books.values()])
        if "z" in books.values():
            raise RuntimeError("All of them.")
        return {position: RuntimeError("This one.") for position, book in books.items() if book == "c"}

    post = Post()
    await lend(road, *"abcdefgh")
    await workers_of(road, post, run=None, run_many=take, group_max=4, at_once_max=1, attempts_max=2)
    await until(lambda: _states_are(road, {"done": 7, "parked": 1}), "done but for one")
    assert max(len(group) for group in groups) == 4, "More than one at once, and no more than the worker takes."
    times = {book: sum(book in group for group in groups) for book in "abcdefgh"}
    assert times == dict.fromkeys("abdefgh", 1) | {"c": 2}
    assert post.given_up == ["c"]
    await lend(road, *"yz")
    await until(lambda: _states_are(road, {"done": 8, "parked": 2}), "one that spoils its group harms no other")


async def test_whoever_asks_for_a_job_of_a_group_is_told_of_that_job(road: Road) -> None:
    async def take(group: Sequence[Recorded], context: Context) -> dict[int, Exception]:
        return {one.position: RuntimeError("No.") for one in group if cast("BookLent", one.event).book_id == "b"}

    await lend(road, *"ab")
    worker = Worker(DURABLE, BookLent, 3, 2_000, run_many=take, group_max=8)
    jobs = Jobs(worker, context_of(road))
    first, second, nowhere = await asyncio.gather(*(jobs.attempt(at, woken=True) for at in (1, 3, 99)))
    assert (first, second, nowhere) == (None, 2.0, chassis.worker.BUSY_DELAY_S)
    assert await jobs.attempt(3, woken=True) == chassis.worker.BUSY_DELAY_S, "Not yet again."
    assert await states(road) == {"done": 1, "waiting": 1}


async def test_without_nats_the_sweep_does_the_jobs(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 0)
    post = Post()
    await workers_of(road, post)  # no relay, so no stream and no wake-up
    await lend(road, "a", "b")
    await until(lambda: _states_are(road, {"done": 2}), "done by the sweep")
    assert sorted(post.letters) == ["a", "b"]


async def test_a_wiped_durable_replays_no_effect_and_the_next_job_is_still_woken(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = await road.relay()
    post = Post()
    await workers_of(road, post)
    await lend(road, "a", "b", "c")
    await until(lambda: _states_are(road, {"done": 3}), "three done")
    broker = await road.broker()
    await broker.api(f"CONSUMER.DELETE.LIBRARY.{DURABLE}")
    await until(lambda: _redelivered(road, 3), "the new durable delivered the old messages again and all are acked")
    assert sorted(post.letters) == ["a", "b", "c"]
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 600)
    await lend(road, "d")
    await until(lambda: post.letters[-1] == "d", "woken through the new durable")
    assert relay.status().state == "running"


async def test_two_replicas_do_each_job_once(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chassis.worker, "WAKE_GRACE_S", 0)  # sweep and wake-up compete as well
    await road.relay()
    post = Post()
    await workers_of(road, post)
    await workers_of(road, post)
    books = [f"n{n}" for n in range(60)]
    await lend(road, *books)
    await until(lambda: _states_are(road, {"done": 60}), "all done")
    assert sorted(post.letters) == sorted(books)


async def test_a_job_of_a_dead_process_is_taken_up_when_its_lease_ends(road: Road) -> None:
    post = Post()
    await lend(road, "a")
    header = road.library.catalog.header((await road.library.read(0, 1))[0].body)
    await road.library.pool.execute(
        "insert into job (durable, event_id, position, attempts, leased_until)"
        " values ($1, $2, 1, 1, clock_timestamp() + interval '1 second')",
        *(DURABLE, header.id),
    )
    workers = await workers_of(road, post)
    assert await workers.jobs[DURABLE].attempt(1, woken=True) == chassis.worker.BUSY_DELAY_S
    assert post.letters == []
    await until(lambda: post.letters == ["a"], "taken up")


async def test_a_deadline_is_acted_on_once_by_whichever_replica_leases_it(road: Road) -> None:
    due = [f"d{n}" for n in range(20)]

    async def due_of(connection: Any, now: datetime, limit: int) -> list[str]:
        assert (await connection.execute(sa.text("select 1"))).scalar_one() == 1
        return due[:limit]

    async def act(key: str, session: Session) -> None:
        if key == "d7":
            raise Rejected("too-late", "It is too late.")
        await session.decide(NOTES, key, key)

    sweep = Sweep("overdue", due_of, act, 10)
    clock = FixedClock(datetime(2022, 1, 1, tzinfo=UTC))
    replicas = [Sweeps([sweep], road.executor, clock) for _ in range(3)]
    await asyncio.gather(*(replica.once(sweep) for replica in replicas))
    await asyncio.gather(*(replica.once(sweep) for replica in replicas))
    assert await road.desk.head() == 19
    assert await count_parked(road.desk.pool, "desk") == {}, "it may still succeed by itself"
    for _ in range(DEADLINE_ATTEMPTS_MIN - 1):
        assert await retry_parked(road.desk.pool) == 0
        await road.desk.pool.execute("update sweep_lease set leased_until = '-infinity' where attempts > 0")
        await replicas[0].once(sweep)
    (waiting,) = await list_parked(road.desk.pool, "desk")
    assert (waiting.kind, waiting.waits_in, waiting.stream) == ("deadline", "overdue", "d7")
    assert waiting.error.split(" at ")[0] == "Rejected too-late"
    assert await retry_parked(road.desk.pool) == 1


async def test_a_turns_deadlines_are_one_append_and_one_that_fails_keeps_none_of_the_others(road: Road) -> None:
    due = [f"d{n}" for n in range(5)]
    asked: list[list[str]] = []

    async def due_of(connection: Any, now: datetime, limit: int) -> list[str]:
        return due

    async def ahead(keys: Sequence[str], session: Session) -> None:
        asked.append([*keys])
        await session.load_many(NOTES, keys)

    async def act(key: str, session: Session) -> None:
        if key == "d9":
            raise Rejected("too-late", "It is too late.")
        await session.decide(NOTES, key, key)

    sweep = Sweep("overdue", due_of, act, 10, ahead)
    sweeps = Sweeps([sweep], road.executor, FixedClock(datetime(2022, 1, 1, tzinfo=UTC)))
    assert await sweeps.once(sweep) == 5
    ids = {road.desk.catalog.header(one.body).id.rpartition(".")[0] for one in await road.desk.read(0, 10)}
    assert (asked, len(ids)) == ([due], 1), "One decision."
    due = [f"d{n}" for n in range(7, 11)]
    assert await sweeps.once(sweep) == 3
    assert await road.desk.head() == 8


async def _pending(road: Road, wanted: int) -> bool:
    broker = await road.broker()
    info = await broker.api(f"CONSUMER.INFO.LIBRARY.{DURABLE}")
    return int(info["num_ack_pending"]) == wanted and int(info["num_pending"]) == 0


async def _redelivered(road: Road, count: int) -> bool:
    broker = await road.broker()
    streams = (await broker.api("CONSUMER.NAMES.LIBRARY")).get("consumers") or []
    if DURABLE not in streams:
        return False
    info = await broker.api(f"CONSUMER.INFO.LIBRARY.{DURABLE}")
    return int(info["delivered"]["consumer_seq"]) >= count and info["num_ack_pending"] == 0


async def _states_are(road: Road, wanted: dict[str, int]) -> bool:
    return await states(road) == wanted
