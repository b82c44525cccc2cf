"""Finds or prepares the people of a chunk of rows: keyed index, data keys, sealed values."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.clock import new_id
from chassis.execute import Session
from chassis.keyring import Keyring
from chassis.log import Log, Recorded
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.envelope import Sealed
from contracts.person import Contact, Identity
from enrolment.domain.name_conflict import NAME_CONFLICT
from enrolment.domain.person import PERSON, RegisterPerson, Unknown
from enrolment.domain.plan import Plan
from enrolment.domain.row import Checked

SCOPE = "person"
"""The reservation scope and the purpose of the keyed index: one person per identity number."""
IDENTITY_FIELD = "enrolment.person-registered.v1/identity"
CONTACT_FIELD = "enrolment.person-registered.v1/contact"
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
    """The name of each known person as it stands in the newest event that tells one."""
    found = sorted(set(known.values()))
    if not found:
        return {}
    streams = {person_id: [PERSON.stream(person_id), NAME_CONFLICT.stream(person_id)] for person_id in found}
    histories = await log.load_many([stream for both in streams.values() for stream in both])
    questions = []
    for person_id, both in streams.items():
        history = sorted((one for stream in both for one in histories[stream]), key=lambda one: one.position)
        told = [_identity_of(one) for one in history]
        if sealed := [one for one in told if one is not None]:
            questions.append((sealed[-1][0], Identity, person_id, sealed[-1][1]))
    opened = await keyring.open_many(questions)
    names = {
        question[2]: identity.name
        for question, identity in zip(questions, opened, strict=True)
        if isinstance(identity, Identity)
    }
    return {row_no: names[person_id] for row_no, person_id in known.items() if person_id in names}


def _identity_of(recorded: Recorded) -> tuple[Sealed, str] | None:
    """The sealed identity that an event gives a person, and the field it was sealed for; a mere claim gives none."""
    event = recorded.event
    if isinstance(event, NameConflictFound):
        return None
    if isinstance(event, NameConflictResolved):
        return (event.identity, IDENTITY_FIELD) if event.identity else None
    identity = getattr(event, "identity", None)
    return (identity, f"{recorded.header.type}/identity") if isinstance(identity, Sealed) else None


def seal_person(row: Checked, person_id: str, keyring: Keyring, decision_id: str) -> tuple[Sealed, Sealed]:
    """A row's identity and contact, sealed for a person whose keys are ensured."""
    identity = keyring.seal_now(
        Identity(name=row.name, id_type=row.id_type, id_no=row.id_no, employer=row.employer, remarks=row.remarks),
        subject=person_id,
        category="identity",
        decision_id=decision_id,
        field=IDENTITY_FIELD,
    )
    contact = keyring.seal_now(
        Contact(name=row.name, mobile=row.mobile),
        subject=person_id,
        category="contact",
        decision_id=decision_id,
        field=CONTACT_FIELD,
    )
    return identity, contact


def register(row: Checked, person_id: str, keyring: Keyring, decision_id: str) -> RegisterPerson:
    """The command that enters the row's person, whose keys are ensured."""
    identity, contact = seal_person(row, person_id, keyring, decision_id)
    year = int(row.born[:4]) if row.born else 0
    return RegisterPerson(person_id=person_id, identity=identity, contact=contact, sex=row.sex, birth_year=year)
