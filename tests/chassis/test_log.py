"""The log: gapless, in commit order, one group's fate never another's."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from chassis.log import (
    CheckpointMove,
    CheckpointMoved,
    CommandRecord,
    CommandRepeated,
    Conflict,
    EmptyAppend,
    Group,
    Log,
    ParkedEvent,
    Reservation,
    Taken,
)
from tests.chassis.library import CATALOG, BookAdded, BookLent, group


@pytest.fixture
async def log(open_log) -> Log:
    return await open_log(CATALOG)


def added(number: int) -> BookAdded:
    return BookAdded(book_id=str(number))


async def test_positions_start_at_one_and_have_no_hole(log: Log) -> None:
    landed = await asyncio.gather(*(log.append(group(f"book-{n}", 0, added(n), added(n))) for n in range(50)))
    positions = sorted(p for one in landed for p in range(one.first, one.last + 1))
    assert positions == list(range(1, 101))
    assert [stored.position for stored in await log.read(0, 1000)] == positions


async def test_what_is_read_back_is_what_was_written(log: Log) -> None:
    one = group("book-1", 0, added(1))
    await log.append(one)
    (stored,) = await log.read(0, 10)
    assert stored.body == one.appends[0].events[0].body
    assert log.recorded(stored).event == added(1)


async def test_a_conflict_writes_nothing_of_its_group_and_spares_its_neighbours(log: Log) -> None:
    await log.append(group("book-0", 0, added(0)))
    wrong = group("book-0", 0, added(0), command=CommandRecord("k", b"h", b"a", None))
    others = [group(f"book-{n}", 0, added(n)) for n in range(1, 20)]
    answers = await asyncio.gather(log.append(wrong), *(log.append(one) for one in others), return_exceptions=True)
    assert isinstance(answers[0], Conflict)
    assert not [answer for answer in answers[1:] if isinstance(answer, BaseException)]
    assert await log.answered("k") is None
    assert await log.head() == 20


async def test_two_groups_on_one_stream_at_once_give_one_conflict(log: Log) -> None:
    answers = await asyncio.gather(
        log.append(group("book-1", 0, added(1))), log.append(group("book-1", 0, added(1))), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Appended", "Conflict"]


async def test_two_processes_on_one_stream_give_conflict_never_an_error(log: Log, open_log) -> None:
    other = await open_log(CATALOG)
    for version in range(20):
        answers = await asyncio.gather(
            log.append(group("book-1", version, added(1))),
            other.append(group("book-1", version, added(1))),
            *(log.append(group(f"left-{version}-{n}", 0, added(n))) for n in range(5)),
            *(other.append(group(f"right-{version}-{n}", 0, added(n))) for n in range(5)),
            return_exceptions=True,
        )
        assert sorted(type(answer).__name__ for answer in answers) == ["Appended"] * 11 + ["Conflict"]
    assert await log.head() == 20 * 11


async def test_a_repeated_command_is_refused_and_its_answer_kept(log: Log) -> None:
    record = CommandRecord("key", b"hash", b"answer", None)
    await log.append(group("book-1", 0, added(1), command=record))
    with pytest.raises(CommandRepeated):
        await log.append(group("book-2", 0, added(2), command=record))
    known = await log.answered("key")
    assert known is not None
    assert (known.answer, known.position) == (b"answer", 1)
    assert await log.head() == 1


async def test_a_command_answers_with_its_own_last_position(log: Log) -> None:
    groups = [
        group(f"book-{n}", 0, *[added(n)] * (n + 1), command=CommandRecord(f"k{n}", b"", b"", None)) for n in range(5)
    ]
    landed = await asyncio.gather(*(log.append(one) for one in groups))
    for number, one in enumerate(landed):
        known = await log.answered(f"k{number}")
        assert known is not None
        assert known.position == one.last


async def test_a_reserved_key_has_one_owner(log: Log) -> None:
    claim = Reservation("isbn", b"1", "book-1")
    await log.append(group("book-1", 0, added(1), reservations=[claim]))
    await log.append(group("book-1", 1, BookLent(book_id="1", reader="r"), reservations=[claim]))
    with pytest.raises(Taken) as refused:
        await log.append(group("book-2", 0, added(2), reservations=[Reservation("isbn", b"1", "book-2")]))
    assert refused.value.owner == "book-1"
    assert await log.reserved("isbn", [b"1", b"2"]) == {b"1": "book-1"}


async def test_a_key_may_be_reserved_again_by_its_owner_without_an_event(log: Log) -> None:
    claim = Reservation("isbn", b"1", "book-1")
    await log.append(Group(reservations=[claim]))
    await log.append(Group(reservations=[claim]))
    with pytest.raises(Taken):
        await log.append(Group(reservations=[Reservation("isbn", b"1", "book-2")]))
    assert await log.head() == 0


async def test_a_checkpoint_moves_by_compare_and_set_with_the_events_it_caused(log: Log) -> None:
    await log.append(group("book-1", 0, added(1), moves=[CheckpointMove("inbox", "shop", 0, 7)]))
    with pytest.raises(CheckpointMoved):
        await log.append(group("book-2", 0, added(2), moves=[CheckpointMove("inbox", "shop", 0, 8)]))
    await log.append(Group(moves=[CheckpointMove("inbox", "shop", 7, 9)]))
    assert await log.checkpoint("inbox", "shop") == 9
    assert await log.head() == 1


async def test_an_event_that_is_parked_moves_the_checkpoint_with_it(log: Log) -> None:
    parked = ParkedEvent("inbox", "shop", 1, "order-1", b"{}", "boom")
    await log.append(Group(parked=[parked], moves=[CheckpointMove("inbox", "shop", 0, 1)]))
    assert await log.pool.fetchval("select count(*) from parked where state = 'waiting'") == 1


async def test_an_append_without_events_is_refused(log: Log) -> None:
    with pytest.raises(EmptyAppend):
        await log.append(Group())
    with pytest.raises(EmptyAppend):
        await log.append(group("book-1", 0))


async def test_a_cancelled_caller_does_not_cancel_the_write(log: Log) -> None:
    task = asyncio.create_task(log.append(group("book-1", 0, added(1))))
    await asyncio.sleep(0)
    task.cancel()
    await log.append(group("book-2", 0, added(2)))
    assert {stored.position for stored in await log.read(0, 10)} == {1, 2}


async def test_nobody_changes_or_removes_an_event(log: Log, database: str) -> None:
    await log.append(group("book-1", 0, added(1)))
    for statement in ("update event set type = 'x'", "delete from event", "truncate event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await log.pool.execute(statement)


async def test_a_bulk_append_lets_interactive_ones_go_first(log: Log) -> None:
    bulk = [group(f"bulk-{n}", 0, *[added(n)] * 500, bulk=True) for n in range(6)]
    order: list[str] = []

    async def noted(name: str, one: Group) -> None:
        await log.append(one)
        order.append(name)

    tasks = [asyncio.create_task(noted("bulk", one)) for one in bulk]
    tasks += [asyncio.create_task(noted("person", group(f"p-{n}", 0, added(n)))) for n in range(5)]
    await asyncio.gather(*tasks)
    assert order.index("person") <= 1
    assert order[-1] == "bulk"


async def test_lost_connections_during_appends_lose_and_repeat_nothing(log: Log, database: str) -> None:
    """Sessions are ended again and again while appends run; every append is answered and stands once."""
    killer = await asyncpg.connect(database)
    done = asyncio.Event()
    ended = 0

    async def end_sessions() -> None:
        nonlocal ended
        while not done.is_set():
            ended += await killer.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and query like '%log_append%'"
            )
            await asyncio.sleep(0.005)

    task = asyncio.create_task(end_sessions())
    rounds = 0
    while rounds < 20 or (ended < 3 and rounds < 500):
        start, rounds = rounds * 30, rounds + 1
        await asyncio.gather(*(log.append(group(f"book-{n}", 0, added(n))) for n in range(start, start + 30)))
    done.set()
    await task
    await killer.close()
    assert ended > 0
    stored = await log.read(0, 20_000)
    assert [one.position for one in stored] == list(range(1, rounds * 30 + 1))
    assert len({log.recorded(one).header.subject for one in stored}) == rounds * 30
