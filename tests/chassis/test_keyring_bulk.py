"""Many keys at once, made by several at once, over connections that are cut."""

import asyncio
import time

import asyncpg

from chassis.clock import new_id
from chassis.keyring import (
    Erased,
)
from contracts.person import Contact, Identity
from tests.chassis.keyring_world import FIELD, IDENTITY, World, world

__all__ = ["world"]


async def test_two_processes_agree_on_one_key_whoever_wins(world: World) -> None:
    rings = [await world.connect() for _ in range(4)]
    pairs = [(f"p-race-{n}", category) for n in range(500) for category in ("identity", "contact")]
    orders = [pairs, pairs[::-1], pairs[::2] + pairs[1::2], pairs]
    await asyncio.gather(*(ring.ensure(order) for ring, order in zip(rings, orders, strict=True)))
    for subject, category in pairs[::50]:
        sealed = [
            ring.seal_now(IDENTITY, subject=subject, category=category, decision_id="d", field=FIELD) for ring in rings
        ]
        for ring in rings:
            opened = await ring.open_many([(each, Identity, subject, FIELD) for each in sealed])
            assert opened == [IDENTITY] * len(sealed)
    for ring in rings:
        await ring.close()


async def test_connections_cut_at_any_moment_lose_no_key(world: World) -> None:
    keyring = await world.connect()
    admin = await asyncpg.connect(world.admin_url)
    cut = 0
    subjects = [f"p-cut-{n}" for n in range(3_000)]
    done = asyncio.Event()

    async def make() -> None:
        try:
            for start in range(0, len(subjects), 100):
                await keyring.ensure((subject, "identity") for subject in subjects[start : start + 100])
        finally:
            done.set()

    making = asyncio.create_task(make())
    while not done.is_set() and cut < 10:
        cut += await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'keyring_enrolment'"
        )
        await asyncio.sleep(0.01)
    await making
    assert cut > 0, "nothing was cut"
    sealed = [
        keyring.seal_now(IDENTITY, subject=subject, category="identity", decision_id="d", field=FIELD)
        for subject in subjects
    ]
    fresh = await world.connect()
    opened = await fresh.open_many(
        [(each, Identity, subject, FIELD) for each, subject in zip(sealed, subjects, strict=True)]
    )
    assert opened == [IDENTITY] * len(subjects)
    for ring in (keyring, fresh):
        await ring.close()
    await admin.close()


async def test_many_are_opened_with_one_question_and_the_erased_one_stands_in_its_place(world: World) -> None:
    keyring = await world.connect()
    subjects = [f"p-m{n}" for n in range(20)]
    await keyring.ensure((subject, "identity") for subject in subjects)
    sealed = [
        keyring.seal_now(IDENTITY, subject=subject, category="identity", decision_id="d", field=FIELD)
        for subject in subjects
    ]
    await keyring.destroy("p-m7", ["identity"])
    fresh = await world.connect()
    answers = await fresh.open_many(
        [(each, Identity, subject, FIELD) for each, subject in zip(sealed, subjects, strict=True)]
    )
    assert isinstance(answers[7], Erased)
    assert [answer for answer in answers if not isinstance(answer, Erased)] == [IDENTITY] * 19
    await keyring.close()
    await fresh.close()


async def test_bulk_sealing_takes_microseconds_for_a_person(world: World) -> None:
    """The bound is far above the measure (45 on a small machine), so that only a row-by-row regression fails."""
    keyring = await world.connect()
    people, batch = 20_000, 5_000
    contact = Contact(name="测试甲", mobile="")
    started = time.perf_counter()
    for start in range(0, people, batch):
        subjects = [new_id() for _ in range(start, start + batch)]
        await keyring.ensure((subject, category) for subject in subjects for category in ("identity", "contact"))
        for subject in subjects:
            keyring.seal_now(IDENTITY, subject=subject, category="identity", decision_id="d", field=FIELD)
            keyring.seal_now(contact, subject=subject, category="contact", decision_id="d", field=FIELD)
    taken = time.perf_counter() - started
    assert taken / people < 0.000_500
    await keyring.close()
