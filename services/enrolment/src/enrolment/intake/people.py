"""Finds or prepares the people of a chunk of rows: keyed index, data keys, sealed values."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.clock import new_id
from chassis.execute import Session
from chassis.keyring import Keyring
from chassis.log import Log
from contracts.person import Contact, Identity
from enrolment.domain.person import PERSON
from enrolment.domain.person_commands import RegisterPerson
from enrolment.domain.person_stages import (
    REGISTERED_CONTACT,
    REGISTERED_IDENTITY,
    Deceased,
    Person,
    Registered,
    Unknown,
)
from enrolment.domain.plan import Plan
from enrolment.domain.row import Checked

SCOPE = "person"
"""The reservation scope and the purpose of the keyed index: one person per identity number."""
ROWS_PER_TURN = 100
"""Sealing and indexing yield to other requests after this many rows."""


def person_key(keyring: Keyring, id_type: str, id_no: str) -> bytes:
    """The keyed index of a normalised number; never part of an event. Needs `ensure_purpose(SCOPE)`."""
    return keyring.blind_index_now(SCOPE, f"{id_type}|{id_no}")


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


Seated: TypeAlias = tuple[Checked, str]
"""A row and the account that it has its seat from."""


@dataclass(frozen=True)
class People:
    """By row number: the index key of every good row, the ids of known people, the commands for new ones.

    `names` are those that known people are registered under; one that was erased is missing.
    """

    keys: Mapping[int, bytes]
    known: Mapping[int, str]
    fresh: Mapping[int, RegisterPerson]
    names: Mapping[int, str]


async def prepare(rows: Sequence[Checked], *, log: Log, keyring: Keyring, decision_id: str) -> People:
    """Look up the people of rows without errors; make keys and seal for those nobody knows yet.

    Keys are committed before anything is sealed; those of people who are refused later stay unused.
    """
    good = [row for row in rows if not row.errors]
    keys: dict[int, bytes] = {}
    for number, row in enumerate(good):
        keys[row.row_no] = person_key(keyring, row.id_type, row.id_no)
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    holders = await log.reserved(SCOPE, list(keys.values()))
    known = {row_no: holders[key] for row_no, key in keys.items() if key in holders}
    fresh = [(row, new_id()) for row in good if row.row_no not in known]
    await keyring.ensure([(person_id, category) for _, person_id in fresh for category in ("identity", "contact")])
    commands: dict[int, RegisterPerson] = {}
    for number, (row, person_id) in enumerate(fresh):
        commands[row.row_no] = register(row, person_id, keyring, decision_id)
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    return People(keys, known, commands, await _registered_names(known, log, keyring))


def enter(session: Session, people: People, row: Checked) -> tuple[str, bool]:
    """The person of a good row, registered in this session if nobody knew them; and whether they were."""
    registration = people.fresh.get(row.row_no)
    if registration is None:
        return people.known[row.row_no], False
    session.append_new(PERSON.stream(registration.person_id), PERSON.decide(registration, Unknown()))
    session.reserve(SCOPE, people.keys[row.row_no], registration.person_id)
    return registration.person_id, True


async def _registered_names(known: Mapping[int, str], log: Log, keyring: Keyring) -> dict[int, str]:
    """The name that each known person is registered under now; of one whose data may not be used, none."""
    found = sorted(set(known.values()))
    if not found:
        return {}
    histories = await log.load_many([PERSON.stream(person_id) for person_id in found])
    questions = []
    for person_id in found:
        state: Person = PERSON.initial
        for recorded in histories[PERSON.stream(person_id)]:
            state = PERSON.evolve(state, recorded.event)  # type: ignore[arg-type]
        standing = state.before if isinstance(state, Deceased) else state
        if isinstance(standing, Registered):
            questions.append((standing.identity.sealed, Identity, person_id, standing.identity.field))
    opened = await keyring.open_many(questions)
    names = {
        question[2]: identity.name
        for question, identity in zip(questions, opened, strict=True)
        if isinstance(identity, Identity)
    }
    return {row_no: names[person_id] for row_no, person_id in known.items() if person_id in names}


def identity_of(row: Checked) -> Identity:
    """What a row says of who its person is."""
    return Identity(name=row.name, id_type=row.id_type, id_no=row.id_no, employer=row.employer, remarks=row.remarks)


def register(row: Checked, person_id: str, keyring: Keyring, decision_id: str) -> RegisterPerson:
    """The command that enters the row's person, whose keys are ensured."""
    identity = keyring.seal_now(
        identity_of(row), subject=person_id, category="identity", decision_id=decision_id, field=REGISTERED_IDENTITY
    )
    contact = keyring.seal_now(
        Contact(name=row.name, mobile=row.mobile),
        subject=person_id,
        category="contact",
        decision_id=decision_id,
        field=REGISTERED_CONTACT,
    )
    year = int(row.born[:4]) if row.born else 0
    return RegisterPerson(person_id=person_id, identity=identity, contact=contact, sex=row.sex, birth_year=year)
