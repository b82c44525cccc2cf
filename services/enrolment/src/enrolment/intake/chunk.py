"""One chunk of a roster, decided as one group: rows recorded, seats taken, people registered and covered or held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from chassis.decider import Rejected
from chassis.execute import Session
from contracts.enrolment.v1 import RosterImported, RowProblem
from enrolment.domain.coverage import COVERAGE, GrantCoverage, Uncovered, coverage_id
from enrolment.domain.name_conflict import NAME_CONFLICT, OnHold
from enrolment.domain.person import PERSON
from enrolment.domain.person_stages import has_died, is_leaving
from enrolment.domain.plan import CITY_AND_OFFICE, Plan, plans
from enrolment.domain.roster import ROSTER, Importing, ImportRows, problems_found, problems_stream
from enrolment.domain.row import Checked
from enrolment.domain.seats import SEATS, UNDISTRIBUTED, ReserveSeats, Seats
from enrolment.intake.conflicts import raise_conflicts
from enrolment.intake.held import hold, open_batch
from enrolment.intake.people import Chunk, People, Seated, enter


class AlreadyImported(Exception):
    """Another importer has recorded these rows: nothing is to be appended."""


async def decide(session: Session, chunk: Chunk, people: People) -> int:
    """Decide a chunk; the number of people who got a seat. Raises AlreadyImported, Rejected('rows-out-of-order').

    The roster's own events come last, so whoever sees a roster finished finds its covers too.
    """
    session.bulk = True
    plan = chunk.plan
    rows, holders = await against_history(session, chunk.plan, chunk.rows, people)
    await raise_conflicts(session, chunk, people, rows)
    accepted, late = seated([row for row in rows if not row.errors], await session.load(SEATS, plan.code))
    if accepted:
        await session.decide(SEATS, plan.code, _reservation(chunk, accepted))
    if plan.confirmation == CITY_AND_OFFICE:
        await hold(session, chunk, people, accepted)
    else:
        for row, _ in accepted:
            await _cover(session, chunk, people, row)
    command = ImportRows(
        batch_id=chunk.batch_id,
        first_row=chunk.first_row,
        last_row=chunk.rows[-1].row_no,
        problems=tuple(_problems(rows, late, holders)),
    )
    if found := problems_found(command):
        session.append_new(problems_stream(command), found)
    roster = await session.load(ROSTER, chunk.batch_id)
    recorded = await session.decide(ROSTER, chunk.batch_id, command)
    if not recorded:
        raise AlreadyImported(chunk.batch_id)
    if plan.confirmation == CITY_AND_OFFICE and isinstance(recorded[-1], RosterImported):
        assert isinstance(roster, Importing)
        await open_batch(session, chunk, roster, recorded[-1])
    return len(accepted)


def seated(valid: Sequence[Checked], seats: Seats) -> tuple[list[Seated], set[int]]:
    """Who gets a seat, in the order of the file, and out of which account; the numbers of the rows that get none."""
    left: dict[str, int] = {}
    accepted: list[Seated] = []
    late: set[int] = set()
    for row in valid:
        account = seats.account_of(row.org_path)
        if account not in left:
            left[account] = seats.free(account)
        if left[account] > 0:
            left[account] -= 1
            accepted.append((row, account))
        else:
            late.add(row.row_no)
    return accepted, late


def _reservation(chunk: Chunk, accepted: Sequence[Seated]) -> ReserveSeats:
    return ReserveSeats(
        plan_code=chunk.plan.code,
        batch_id=chunk.batch_id,
        first_row=chunk.first_row,
        seats=len(accepted),
        quotas=dict(Counter(account for _, account in accepted if account != UNDISTRIBUTED)),
    )


async def _cover(session: Session, chunk: Chunk, people: People, row: Checked) -> None:
    plan = chunk.plan
    person_id, registered = enter(session, people, row)
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
    if not registered:
        await session.decide(COVERAGE, coverage_id(plan.code, person_id), grant)
        return
    session.append_new(COVERAGE.stream(coverage_id(plan.code, person_id)), COVERAGE.decide(grant, Uncovered()))


async def against_history(
    session: Session, plan: Plan, rows: Sequence[Checked], people: People
) -> tuple[list[Checked], dict[int, str]]:
    """The rows with the codes that only the people's own streams can show, and who covers already (domain 5.4)."""
    if not people.known:
        return list(rows), {}
    found = sorted(set(people.known.values()))
    persons = await session.load_many(PERSON, found)
    conflicts = await session.load_many(NAME_CONFLICT, found)
    covers = await _covers(session, plan.code, found)
    elsewhere: set[str] = set()
    for other in plans().values():
        if other.code != plan.code and _overlap(other, plan):
            elsewhere |= (await _covers(session, other.code, found)).keys()
    judged: list[Checked] = []
    holders: dict[int, str] = {}
    for row in rows:
        person_id = people.known.get(row.row_no)
        if person_id is None:
            judged.append(row)
            continue
        errors, warnings = row.errors, row.warnings
        if person_id in covers:
            errors = (*errors, "E_DUP_ACTIVE")
            holders[row.row_no] = covers[person_id]
        if is_leaving(persons[person_id]):
            # The number's index goes with the person's keys: the next attempt registers somebody new.
            raise Rejected("member-erased", "This person is being erased.")
        if has_died(persons[person_id]):
            errors = (*errors, "E_DECEASED")
        if people.names.get(row.row_no, row.name) != row.name or isinstance(conflicts[person_id], OnHold):
            errors = (*errors, "E_NAME_CONFLICT")
        if person_id in elsewhere:
            warnings = (*warnings, "W_OTHER_PLAN")
        judged.append(row._replace(errors=errors, warnings=warnings))
    return judged, holders


async def _covers(session: Session, plan_code: str, people: Sequence[str]) -> dict[str, str]:
    """Whom the plan covers or holds a seat for, with the code of the organisation through which."""
    ids: Mapping[str, str] = {coverage_id(plan_code, person_id): person_id for person_id in people}
    states = await session.load_many(COVERAGE, list(ids))
    return {
        ids[one]: state.org_path.rpartition(".")[2] for one, state in states.items() if not isinstance(state, Uncovered)
    }


def _overlap(one: Plan, other: Plan) -> bool:
    return one.period_start < other.period_end and other.period_start < one.period_end


def _problems(rows: Sequence[Checked], late: set[int], holders: Mapping[int, str]) -> list[RowProblem]:
    problems = []
    for row in rows:
        errors = ("E_QUOTA",) if row.row_no in late else row.errors
        if errors or row.warnings:
            holder = holders.get(row.row_no, "")
            problems.append(RowProblem(row_no=row.row_no, errors=errors, warnings=row.warnings, holder=holder))
    return problems
