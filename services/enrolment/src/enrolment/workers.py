"""What follows from the log by itself: keys of people are withheld or destroyed, batches start and end."""

from __future__ import annotations

from chassis.context import Context
from chassis.execute import Session
from chassis.log import Recorded
from chassis.sweep import Sweep
from chassis.worker import Worker
from contracts.enrolment.people import ErasureBegun, ProcessingRestricted, RestrictionLifted
from enrolment.domain.batch import BATCH
from enrolment.domain.batch_stages import ExpireBatch
from enrolment.domain.coverage import COVERAGE, Uncovered, coverage_id
from enrolment.domain.person import PERSON
from enrolment.domain.person_commands import CompleteErasure
from enrolment.domain.person_stages import Deceased, Erased, Erasing, Person, Registered, Restricted, Unknown
from enrolment.domain.plan import plans
from enrolment.intake import index
from enrolment.intake.held import work_off
from enrolment.intake.kept import CATEGORY as FILE_CATEGORY
from enrolment.intake.kept import subject_of
from enrolment.intake.leaving import request_erasure
from enrolment.projections import batch_chunks, batches, kin, rights

CATEGORIES = ("bank", "contact", "health", "identity")
"""Everything that is sealed for a person anywhere; `deploy/postgres/roles.yaml` lets enrolment alone destroy it."""
ATTEMPTS_MAX = 60
RETRY_DELAY_MS = 5_000
ROUNDS_MAX = 3
"""So often a person may change while the keys are being changed, before the job comes again."""
ERASURE_SWEEP_MS = 60_000
BATCH_SWEEP_MS = 1_000


class StillChanging(Exception):
    """The person has changed meanwhile: the job comes again."""


async def settle_keys(recorded: Recorded, context: Context) -> None:
    """Make the keyring say what the person's stream says now; whichever event asked, in whatever order they come."""
    event = recorded.event
    assert isinstance(event, ProcessingRestricted | RestrictionLifted | ErasureBegun)
    for _ in range(ROUNDS_MAX):
        before = await _person(context, event.person_id)
        await _settle(context, event.person_id, before)
        if type(await _person(context, event.person_id)) in (type(before), Erased):
            return
    raise StillChanging


async def _person(context: Context, person_id: str) -> Person:
    async def look(session: Session) -> Person:
        return await session.load(PERSON, person_id)

    return (await context.executor.run(look)).value


async def _settle(context: Context, person_id: str, person: Person) -> None:
    match person:
        case Restricted():
            await context.keyring.restrict(person_id, CATEGORIES)
        case Registered() | Deceased():
            await context.keyring.release(person_id, CATEGORIES)
        case Erasing():
            await _erase(context, person_id)
        case Unknown() | Erased():
            pass


async def _erase(context: Context, person_id: str) -> None:
    """Destroy the keys, the index rows, the files of rosters that named the person, and the keys of kin; then say so.

    A roster's file is kept for days and a person for years, so it has expired long since; its key goes for certain.
    For the same reason what claims said of the person's matters has been read long since.
    """
    for batch_id in await _batches(context, person_id):
        await context.keyring.destroy(subject_of(batch_id), (FILE_CATEGORY,))
    async with context.reads.connection() as c:
        kin_ids = await kin.of_person(c, person_id)
    for kin_id in kin_ids:
        await context.keyring.destroy(kin_id, CATEGORIES)
    await context.keyring.destroy(person_id, CATEGORIES)
    await index.forget(context, person_id)

    async def work(session: Session) -> None:
        command = CompleteErasure(person_id=person_id, categories=CATEGORIES, today=session.today.isoformat())
        await session.decide(PERSON, person_id, command)

    await context.executor.run(work)


async def _batches(context: Context, person_id: str) -> list[str]:
    async def look(session: Session) -> list[str]:
        states = await session.load_many(COVERAGE, [coverage_id(plan, person_id) for plan in plans()])
        return [state.batch_id for state in states.values() if not isinstance(state, Uncovered)]

    return (await context.executor.run(look)).value


async def work_chunk_off(key: str, session: Session) -> None:
    """One chunk, `<batch>-<first row>`: its people covered, or its seats given back."""
    batch_id, _, first_row = key.rpartition("-")
    await work_off(session, batch_id, int(first_row))


async def expire(batch_id: str, session: Session) -> None:
    """The period of a batch is over."""
    await session.decide(BATCH, batch_id, ExpireBatch(batch_id=batch_id, today=session.today.isoformat()))


WORKERS: tuple[Worker, ...] = tuple(
    Worker(name=name, event=event, attempts_max=ATTEMPTS_MAX, retry_delay_ms=RETRY_DELAY_MS, run=settle_keys)
    for name, event in (
        ("enrolment-restrict", ProcessingRestricted),
        ("enrolment-release", RestrictionLifted),
        ("enrolment-erase", ErasureBegun),
    )
)
SWEEPS: tuple[Sweep, ...] = (
    Sweep(name="erasures", due=rights.due, act=request_erasure, interval_ms=ERASURE_SWEEP_MS),
    Sweep(name="batch-chunks", due=batch_chunks.due, act=work_chunk_off, interval_ms=BATCH_SWEEP_MS),
    Sweep(name="batch-expiry", due=batches.over, act=expire, interval_ms=BATCH_SWEEP_MS),
)
