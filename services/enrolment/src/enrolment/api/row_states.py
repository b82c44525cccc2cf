"""The state of each row of a batch (domain 5.1), put together from what several read models know of it."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from enrolment.domain.division import organization_name
from enrolment.projections import covers, members, places, roster_problems
from enrolment.projections.places import Place
from enrolment.projections.roster_problems import Found

VALID, WARNING, ERROR, DUPLICATE = "VALID", "WARNING", "ERROR", "DUPLICATE"
REPLACED, ACTIVE, TERMINATED = "REPLACED", "ACTIVE", "TERMINATED"
DUPLICATES = frozenset({"E_DUP_IN_FILE", "E_DUP_ACTIVE"})
CLEAN = Found((), (), "")


class Former(msgspec.Struct, frozen=True):
    """A person who had the seat of the row before: REPLACED, and by nobody else's choice CANCELLED or TERMINATED."""

    person_id: str
    state: str


class RowView(msgspec.Struct, frozen=True):
    """One row. `state`: VALID, WARNING, ERROR, DUPLICATE, ACTIVE, TERMINATED or CANCELLED.

    `holder` names the organisation through which the person is covered already; `former` are those replaced.
    """

    row_no: int
    state: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    holder: str
    person_id: str
    former: list[Former]


async def row_states(c: AsyncConnection, batch_id: str, after: int, until: int, *, named: bool) -> list[RowView]:
    """The decided rows beyond `after` up to `until`; ids of people for those who may look at them (`named`)."""
    problems = await roster_problems.of_batch(c, batch_id, after, until)
    covered = await covers.of_rows(c, batch_id, after, until)
    seats: dict[int, list[Place]] = {}
    for place in await places.of_rows(c, batch_id, after, until):
        seats.setdefault(place.row_no, []).append(place)
    dead = set(await members.died(c, [*covered.values()]))
    rows = []
    for row_no in sorted({*problems, *covered, *seats}):
        found = problems.get(row_no, CLEAN)
        state, person_id = _state(found, covered.get(row_no, ""), seats.get(row_no, []), dead)
        former = [
            Former(one.person_id if named else "", one.withdrawn)
            for one in seats.get(row_no, [])
            if one.withdrawn and one.person_id != person_id
        ]
        holder = organization_name(found.holder) if found.holder else ""
        rows.append(RowView(row_no, state, found.errors, found.warnings, holder, person_id if named else "", former))
    return rows


def _state(found: Found, covered: str, seats: list[Place], dead: set[str]) -> tuple[str, str]:
    """The row's state, and whose it is."""
    if covered:
        return (TERMINATED if covered in dead else ACTIVE), covered
    current = next((one for one in seats if not one.withdrawn), None)
    if current is not None:
        return (WARNING if found.warnings else VALID), current.person_id
    last = next((one for one in seats if one.withdrawn != REPLACED), None)
    if last is not None:
        return last.withdrawn, last.person_id
    if DUPLICATES & set(found.errors):
        return DUPLICATE, ""
    return (ERROR if found.errors else WARNING), ""
