"""Finds rows that name a registered person otherwise, and puts the person on hold (domain 5.4)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.execute import Session
from chassis.keyring import Erased
from enrolment.domain.name_conflict import CLAIMED_IDENTITY, NAME_CONFLICT, RaiseNameConflict
from enrolment.domain.row import Checked
from enrolment.intake.people import SCOPE, Chunk, People, identity_of, person_key

E_NAME_CONFLICT = "E_NAME_CONFLICT"
OTHERWISE_GOOD = frozenset({E_NAME_CONFLICT, "E_DUP_IN_FILE", "E_DUP_ACTIVE"})
"""A row with any other fault proves nothing about a name."""


async def raise_conflicts(session: Session, chunk: Chunk, people: People, rows: Sequence[Checked]) -> None:
    """One hold for each person whom a row of the chunk names otherwise, however many rows do."""
    renamed = [row for row in rows if E_NAME_CONFLICT in row.errors and OTHERWISE_GOOD.issuperset(row.errors)]
    if not renamed:
        return
    persons = await _persons(session, people, renamed)
    for row in renamed:
        person_id = persons.get(row.row_no)
        if person_id is None or people.names.get(row.row_no) == row.name:
            continue  # the first row of the number was refused itself, or this row bears the registered name
        try:
            identity = await session.keyring.seal(
                identity_of(row),
                subject=person_id,
                category="identity",
                decision_id=session.decision_id,
                field=CLAIMED_IDENTITY,
            )
        except Erased:
            continue  # of whoever is erased or restricted nothing new is written
        command = RaiseNameConflict(
            person_id=person_id,
            plan_code=chunk.plan.code,
            batch_id=chunk.batch_id,
            row_no=row.row_no,
            org_path=row.org_path,
            identity=identity,
        )
        await session.decide(NAME_CONFLICT, person_id, command)


async def _persons(session: Session, people: People, renamed: Sequence[Checked]) -> dict[int, str]:
    """By row: the known person of its number, or the one whom an earlier row of this very chunk registers."""
    unknown = {
        row.row_no: person_key(session.keyring, row.id_type, row.id_no)
        for row in renamed
        if row.row_no not in people.known
    }
    here = {people.keys[row_no]: command.person_id for row_no, command in people.fresh.items()}
    holders = {**await session.reserved(SCOPE, list(unknown.values())), **here}
    found = {row_no: holders[key] for row_no, key in unknown.items() if key in holders}
    return {**people.known, **found}
