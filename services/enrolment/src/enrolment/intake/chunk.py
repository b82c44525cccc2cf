"""One chunk of a roster, decided as one group: rows recorded, seats taken, people registered and covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.decider import Rejected
from chassis.execute import Session
from contracts.enrolment.v1 import RowProblem
from enrolment.domain.coverage import COVERAGE, Covered, GrantCoverage, Uncovered, coverage_id
from enrolment.domain.person import PERSON, Unknown
from enrolment.domain.person_stages import has_died, is_leaving
from enrolment.domain.plan import Plan, plans
from enrolment.domain.roster import ROSTER, ImportRows, problems_found, problems_stream
from enrolment.domain.row import Checked
from enrolment.domain.seats import SEATS, ReserveSeats
from enrolment.intake.people import SCOPE, People


class AlreadyImported(Exception):
    """Another importer has recorded these rows: nothing is to be appended."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of one roster."""

    batch_id: str
    plan: Plan
    rows: Sequence[Checked]

    @property
    def first_row(self) -> int:
        """The number of its first row."""
        return self.rows[0].row_no


async def decide(session: Session, chunk: Chunk, people: People) -> int:
    """Decide a chunk; the number of people covered. Raises AlreadyImported, Rejected('rows-out-of-order').

    The roster's own events come last, so whoever sees a roster finished finds its covers too.
    """
    session.bulk = True
    plan = chunk.plan
    rows = await _against_history(session, chunk, people)
    free = (await session.load(SEATS, plan.code)).free
    valid = [row for row in rows if not row.errors]
    accepted = valid[:free]
    late = {row.row_no for row in valid[free:]}
    if accepted:
        await session.decide(
            SEATS,
            plan.code,
            ReserveSeats(plan_code=plan.code, batch_id=chunk.batch_id, first_row=chunk.first_row, seats=len(accepted)),
        )
    for row in accepted:
        await _cover(session, chunk, people, row)
    command = ImportRows(
        batch_id=chunk.batch_id,
        first_row=chunk.first_row,
        last_row=chunk.rows[-1].row_no,
        problems=tuple(_problems(rows, late)),
    )
    if found := problems_found(command):
        session.append_new(problems_stream(command), found)
    if not await session.decide(ROSTER, chunk.batch_id, command):
        raise AlreadyImported(chunk.batch_id)
    return len(accepted)


async def _cover(session: Session, chunk: Chunk, people: People, row: Checked) -> None:
    plan = chunk.plan
    registration = people.fresh.get(row.row_no)
    person_id = registration.person_id if registration else people.known[row.row_no]
    grant = GrantCoverage(
        plan_code=plan.code,
        plan_version=plan.version,
        person_id=person_id,
        batch_id=chunk.batch_id,
        row_no=row.row_no,
        effective_on=plan.period_start.isoformat(),
        ends_on=plan.period_end.isoformat(),
        occupation=row.occupation,
        org_path=row.org_path,
        division_code=row.division_code,
    )
    if registration is None:
        await session.decide(COVERAGE, coverage_id(plan.code, person_id), grant)
        return
    session.append_new(PERSON.stream(person_id), PERSON.decide(registration, Unknown()))
    session.append_new(COVERAGE.stream(coverage_id(plan.code, person_id)), COVERAGE.decide(grant, Uncovered()))
    session.reserve(SCOPE, people.keys[row.row_no], person_id)


async def _against_history(session: Session, chunk: Chunk, people: People) -> list[Checked]:
    """The rows with the codes that only the people's own streams can show (domain 5.4)."""
    if not people.known:
        return list(chunk.rows)
    found = sorted(set(people.known.values()))
    persons = await session.load_many(PERSON, found)
    covers = await _covers(session, chunk.plan.code, found)
    elsewhere: set[str] = set()
    for other in plans().values():
        if other.code != chunk.plan.code and _overlap(other, chunk.plan):
            elsewhere |= await _covers(session, other.code, found)
    rows = []
    for row in chunk.rows:
        person_id = people.known.get(row.row_no)
        if person_id is None:
            rows.append(row)
            continue
        errors, warnings = row.errors, row.warnings
        if person_id in covers:
            errors = (*errors, "E_DUP_ACTIVE")
        if is_leaving(persons[person_id]):
            # The number's index goes with the person's keys: the next attempt registers somebody new.
            raise Rejected("member-erased", "This person is being erased.")
        if has_died(persons[person_id]):
            errors = (*errors, "E_DECEASED")
        if person_id in elsewhere:
            warnings = (*warnings, "W_OTHER_PLAN")
        rows.append(row._replace(errors=errors, warnings=warnings))
    return rows


async def _covers(session: Session, plan_code: str, people: Sequence[str]) -> set[str]:
    """Which of the people the plan covers."""
    ids: Mapping[str, str] = {coverage_id(plan_code, person_id): person_id for person_id in people}
    states = await session.load_many(COVERAGE, list(ids))
    return {ids[one] for one, state in states.items() if isinstance(state, Covered)}


def _overlap(one: Plan, other: Plan) -> bool:
    return one.period_start < other.period_end and other.period_start < one.period_end


def _problems(rows: Sequence[Checked], late: set[int]) -> list[RowProblem]:
    problems = []
    for row in rows:
        errors = ("E_QUOTA",) if row.row_no in late else row.errors
        if errors or row.warnings:
            problems.append(RowProblem(row_no=row.row_no, errors=errors, warnings=row.warnings))
    return problems
