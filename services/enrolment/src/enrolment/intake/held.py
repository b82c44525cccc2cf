"""Rows that wait for confirmation: held with their chunk, covered from the start, given back when cancelled."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from chassis.execute import Session
from contracts.enrolment.batches import HeldRow
from contracts.enrolment.v1 import RosterImported
from contracts.organization import path_of
from enrolment.domain.batch import BATCH
from enrolment.domain.batch_stages import Absent, ActivateRows, Batch, Cancelled, CancelRows, Funded, Listed, OpenBatch
from enrolment.domain.coverage import (
    COVERAGE,
    GrantCoverage,
    ReserveCoverage,
    Reserved,
    Uncovered,
    WithdrawCoverage,
    coverage_id,
)
from enrolment.domain.held_rows import HELD_ROWS, HoldRows, chunk_id
from enrolment.domain.person import PERSON
from enrolment.domain.person_stages import Person, has_died, is_leaving
from enrolment.domain.plan import Plan, plans
from enrolment.domain.roster import Importing
from enrolment.domain.seats import SEATS, UNDISTRIBUTED, ReleaseSeats
from enrolment.intake.people import Chunk, People, Seated, enter


async def hold(session: Session, chunk: Chunk, people: People, accepted: Sequence[Seated]) -> None:
    """Register the people of a chunk and reserve their covers."""
    held = []
    for row, account in accepted:
        person_id, registered = enter(session, people, row)
        reserve = ReserveCoverage(
            plan_code=chunk.plan.code,
            person_id=person_id,
            batch_id=chunk.batch_id,
            row_no=row.row_no,
            org_path=row.org_path,
        )
        key = coverage_id(chunk.plan.code, person_id)
        if registered:
            session.append_new(COVERAGE.stream(key), COVERAGE.decide(reserve, Uncovered()))
        else:
            await session.decide(COVERAGE, key, reserve)
        held.append(
            HeldRow(
                row_no=row.row_no,
                person_id=person_id,
                occupation=row.occupation,
                org_path=row.org_path,
                division_code=row.division_code,
                quota=account,
            )
        )
    if held:
        command = HoldRows(batch_id=chunk.batch_id, rows=tuple(held))
        session.append_new(
            HELD_ROWS.stream(chunk_id(chunk.batch_id, chunk.first_row)), HELD_ROWS.decide(command, HELD_ROWS.initial)
        )


async def open_batch(session: Session, chunk: Chunk, roster: Importing, imported: RosterImported) -> None:
    """The last row is decided: the batch waits for its confirmations."""
    command = OpenBatch(
        batch_id=chunk.batch_id,
        plan_code=chunk.plan.code,
        organization=roster.organization,
        org_path=path_of(roster.organization),
        valid=imported.valid,
        faulty=imported.rows - imported.valid,
        chunks=(*roster.chunks, chunk.first_row),
        starts_on=chunk.plan.period_start.isoformat(),
        ends_on=chunk.plan.period_end.isoformat(),
        sent_by=session.actor.sub,
    )
    await session.decide(BATCH, chunk.batch_id, command)


async def row_of(session: Session, batch_id: str, listed: Listed, row_no: int) -> HeldRow | None:
    """A row of a batch as it stands now; None when it has no seat."""
    if row_no in listed.withdrawn:
        return None
    if row_no in listed.replaced:
        return listed.replaced[row_no]
    place = bisect_right(listed.chunks, row_no)
    if not place:
        return None
    held = await session.load(HELD_ROWS, chunk_id(batch_id, listed.chunks[place - 1]))
    return next((row for row in held if row.row_no == row_no), None)


async def work_off(session: Session, batch_id: str, first_row: int) -> None:
    """Cover the people of one chunk of a funded batch, or give the seats of a cancelled one back."""
    session.bulk = True
    batch: Batch = await session.load(BATCH, batch_id)
    if isinstance(batch, Absent):
        return
    rows = [
        row
        for one in await session.load(HELD_ROWS, chunk_id(batch_id, first_row))
        if (row := await row_of(session, batch_id, batch.listed, one.row_no)) is not None
    ]
    plan = plans()[batch.listed.plan_code]
    match batch:
        case Cancelled():
            command = CancelRows(batch_id=batch_id, first_row=first_row, rows=len(rows))
            if await session.decide(BATCH, batch_id, command):
                await withdraw(session, plan, batch_id, rows, "CANCELLED")
        case Funded(done=done) if first_row not in done:
            await _activate(session, plan, batch_id, first_row, rows)
        case _:
            return


async def _activate(session: Session, plan: Plan, batch_id: str, first_row: int, rows: Sequence[HeldRow]) -> None:
    persons = await session.load_many(PERSON, [row.person_id for row in rows])
    dead = [row for row in rows if _gone(persons[row.person_id])]
    alive = [row for row in rows if not _gone(persons[row.person_id])]
    command = ActivateRows(
        batch_id=batch_id,
        first_row=first_row,
        people=len(alive),
        terminated=len(dead),
        today=session.today.isoformat(),
    )
    covers = await session.load_many(COVERAGE, [coverage_id(plan.code, row.person_id) for row in rows])
    for row in alive:
        if isinstance(covers[coverage_id(plan.code, row.person_id)], Reserved):
            await grant(session, plan, batch_id, row, plan.period_start.isoformat())
    await withdraw(session, plan, batch_id, dead, "TERMINATED")
    await session.decide(BATCH, batch_id, command)


def _gone(person: Person) -> bool:
    """Dead, or nobody any more: not to be covered."""
    return has_died(person) or is_leaving(person)


async def grant(session: Session, plan: Plan, batch_id: str, row: HeldRow, effective_on: str) -> None:
    """Cover the person of a row from an ISO date on."""
    command = GrantCoverage(
        plan_code=plan.code,
        plan_version=plan.version,
        person_id=row.person_id,
        batch_id=batch_id,
        row_no=row.row_no,
        effective_on=effective_on,
        ends_on=plan.period_end.isoformat(),
        occupation=row.occupation,
        org_path=row.org_path,
        division_code=row.division_code,
    )
    await session.decide(COVERAGE, coverage_id(plan.code, row.person_id), command)


async def withdraw(session: Session, plan: Plan, batch_id: str, rows: Sequence[HeldRow], reason: str) -> None:
    """Take the covers of rows back and free their seats, in the accounts they came from."""
    if not rows:
        return
    await session.load_many(COVERAGE, [coverage_id(plan.code, row.person_id) for row in rows])
    for row in rows:
        await withdraw_cover(session, plan, batch_id, row, reason)
    release = ReleaseSeats(
        plan_code=plan.code,
        batch_id=batch_id,
        first_row=rows[0].row_no,
        last_row=rows[-1].row_no,
        seats=len(rows),
        quotas=dict(Counter(row.quota for row in rows if row.quota != UNDISTRIBUTED)),
    )
    await session.decide(SEATS, plan.code, release)


async def withdraw_cover(session: Session, plan: Plan, batch_id: str, row: HeldRow, reason: str) -> None:
    """Take the cover of one row back; its seat stays the row's."""
    command = WithdrawCoverage(
        plan_code=plan.code, person_id=row.person_id, batch_id=batch_id, row_no=row.row_no, reason=reason
    )
    await session.decide(COVERAGE, coverage_id(plan.code, row.person_id), command)
