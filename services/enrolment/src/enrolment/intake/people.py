"""Finds or prepares the people of a chunk of rows: keyed index, data keys, sealed values."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.clock import new_id
from chassis.keyring import Keyring
from chassis.log import Log
from contracts.envelope import Sealed
from contracts.person import Contact, Identity
from enrolment.domain.person import RegisterPerson
from enrolment.domain.person_stages import REGISTERED_CONTACT, REGISTERED_IDENTITY
from enrolment.domain.row import Checked

SCOPE = "person"
"""The reservation scope and the purpose of the keyed index: one person per identity number."""
IDENTITY_FIELD = REGISTERED_IDENTITY
CONTACT_FIELD = REGISTERED_CONTACT
ROWS_PER_TURN = 100
"""Sealing and indexing yield to other requests after this many rows."""


def person_key(keyring: Keyring, id_type: str, id_no: str) -> bytes:
    """The keyed index of a normalised number; never part of an event. Needs `ensure_purpose(SCOPE)`."""
    return keyring.blind_index_now(SCOPE, f"{id_type}|{id_no}")


@dataclass(frozen=True)
class People:
    """By row number: the index key of every good row, the ids of known people, the commands for new ones."""

    keys: Mapping[int, bytes]
    known: Mapping[int, str]
    fresh: Mapping[int, RegisterPerson]


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
        commands[row.row_no] = _register(row, person_id, keyring, decision_id)
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    return People(keys, known, commands)


def _register(row: Checked, person_id: str, keyring: Keyring, decision_id: str) -> RegisterPerson:
    identity: Sealed = keyring.seal_now(
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
    year = int(row.born[:4]) if row.born else 0
    return RegisterPerson(person_id=person_id, identity=identity, contact=contact, sex=row.sex, birth_year=year)
