"""Gives the seat of a row to another person, or gives it back (domain 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from contracts.enrolment.batches import HeldRow
from enrolment.domain.batch import BATCH
from enrolment.domain.batch_stages import Absent, Active, Batch, ReplaceRow, WithdrawRow
from enrolment.domain.coverage import COVERAGE, ReserveCoverage, coverage_id
from enrolment.domain.plan import Plan, plans
from enrolment.domain.row import Checked
from enrolment.intake.chunk import against_history
from enrolment.intake.conflicts import raise_conflicts
from enrolment.intake.held import grant, row_of, withdraw, withdraw_cover
from enrolment.intake.people import SCOPE, Chunk, enter, prepare
from enrolment.projections import person_claims


@dataclass(frozen=True)
class Change:
    """Who changes which row of which batch, and why."""

    batch_id: str
    row_no: int
    reason: str
    by: str
    by_head: bool = False


async def replace_row(session: Session, context: Context, change: Change, row: Checked) -> str:
    """Give the seat to the person of `row`; their id. Raises Rejected: row-without-seat, row-faulty, those of BATCH."""
    plan, former = await _held(session, change)
    if row.errors:
        raise _faulty(row)
    await context.keyring.ensure_purpose(SCOPE)
    people = await prepare([row], log=context.log, keyring=context.keyring, decision_id=session.decision_id)
    if people.known.get(row.row_no) == former.person_id:
        return former.person_id
    (judged,), _ = await against_history(session, plan, [row], people)
    await raise_conflicts(session, Chunk(change.batch_id, plan, [row]), people, [judged])
    if judged.errors:
        raise _faulty(judged)
    person_id, _ = enter(session, people, row)
    async with session.reads.connection() as c:
        claimed = plan.code in await person_claims.plans_claimed(c, former.person_id)
    new = HeldRow(
        row_no=change.row_no,
        person_id=person_id,
        occupation=row.occupation,
        org_path=row.org_path,
        division_code=row.division_code,
        quota=former.quota,
    )
    command = ReplaceRow(
        batch_id=change.batch_id,
        former_person_id=former.person_id,
        row=new,
        reason=change.reason,
        by=change.by,
        by_head=change.by_head,
        claimed=claimed,
        today=session.today.isoformat(),
    )
    await session.decide(BATCH, change.batch_id, command)
    await withdraw_cover(session, plan, change.batch_id, former, "REPLACED")
    batch: Batch = await session.load(BATCH, change.batch_id)
    if isinstance(batch, Active):
        await grant(session, plan, change.batch_id, new, session.today.isoformat())
    else:
        reserve = ReserveCoverage(
            plan_code=plan.code,
            person_id=person_id,
            batch_id=change.batch_id,
            row_no=change.row_no,
            org_path=new.org_path,
        )
        await session.decide(COVERAGE, coverage_id(plan.code, person_id), reserve)
    return person_id


async def withdraw_row(session: Session, change: Change) -> None:
    """Give the seat of a row back, once. Raises Rejected: row-without-seat, those of BATCH."""
    batch: Batch = await session.load(BATCH, change.batch_id)
    if not isinstance(batch, Absent) and change.row_no in batch.listed.withdrawn:
        return
    plan, row = await _held(session, change)
    command = WithdrawRow(
        batch_id=change.batch_id,
        row_no=change.row_no,
        person_id=row.person_id,
        reason=change.reason,
        by=change.by,
        today=session.today.isoformat(),
    )
    await session.decide(BATCH, change.batch_id, command)
    await withdraw(session, plan, change.batch_id, [row], "CANCELLED")


async def _held(session: Session, change: Change) -> tuple[Plan, HeldRow]:
    batch: Batch = await session.load(BATCH, change.batch_id)
    if isinstance(batch, Absent):
        raise Rejected("batch-unknown", "There is no such batch, or its rows are not yet imported.", "batch_id")
    row = await row_of(session, change.batch_id, batch.listed, change.row_no)
    if row is None:
        raise Rejected("row-without-seat", "This row has no seat.", "row_no")
    return plans()[batch.listed.plan_code], row


def _faulty(row: Checked) -> Rejected:
    return Rejected("row-faulty", f"The new row cannot be covered: {' '.join(row.errors)}.")
