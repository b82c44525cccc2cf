"""What a row shares with people of other files: a mobile, or a name with birth date and sex (domain 5.4); warnings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from chassis import lookup
from chassis.keyring import Keyring
from chassis.log import Log
from enrolment.domain.row import Checked
from enrolment.intake.index import MOBILE, NAME_BORN, mobile_key, name_born_key
from enrolment.intake.people import ROWS_PER_TURN, Chunk, People

MOBILE_SHARED = "W_MOBILE_SHARED"
SAME_NAME_BIRTH = "W_SAME_NAME_BIRTH"
Keys = Mapping[int, bytes]
Owners = Mapping[bytes, Sequence[str]]


async def marked(chunk: Chunk, people: People, *, log: Log, keyring: Keyring) -> list[Checked]:
    """The rows, with a warning where officers' look-up finds others; needs `index.ensure`.

    One question a scope and chunk. The index lags behind an import, so rows of the same file are the survey's to tell.
    """
    mobiles: dict[int, bytes] = {}
    births: dict[int, bytes] = {}
    for number, row in enumerate(row for row in chunk.rows if not row.errors):
        if row.mobile:
            mobiles[row.row_no] = mobile_key(keyring, row.mobile)
        if row.born:
            births[row.row_no] = name_born_key(keyring, row.name, row.born, row.sex)
        if number % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    shared = crowded(mobiles, await _owners(log, MOBILE, mobiles), people.known, chunk.plan.people_per_mobile_max)
    alike = doubtful(births, await _owners(log, NAME_BORN, births), people.known)
    return [_with_warnings(row, shared, alike) for row in chunk.rows]


def crowded(keys: Keys, owners: Owners, known: Mapping[int, str], people_max: int) -> set[int]:
    """Rows whose mobile more than `people_max` people use, those of these rows among them."""
    users: dict[bytes, set[str]] = {key: {*found} for key, found in owners.items()}
    for row_no, key in keys.items():
        if key in users:
            users[key].add(known.get(row_no, f"row {row_no}"))
    return {row_no for row_no, key in keys.items() if len(users.get(key, ())) > people_max}


def doubtful(keys: Keys, owners: Owners, known: Mapping[int, str]) -> set[int]:
    """Rows that somebody else, under another number, shares name, birth date and sex with."""
    return {row_no for row_no, key in keys.items() if {*owners.get(key, ())} - {known.get(row_no)}}


async def _owners(log: Log, scope: str, keys: Keys) -> Owners:
    return await lookup.owners(log.pool, scope, list({*keys.values()})) if keys else {}


def _with_warnings(row: Checked, shared: set[int], alike: set[int]) -> Checked:
    told = ((MOBILE_SHARED, shared), (SAME_NAME_BIRTH, alike))
    more = tuple(code for code, rows in told if row.row_no in rows and code not in row.warnings)
    return row._replace(warnings=(*row.warnings, *more)) if more else row
